#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that misbehave, each under the name by which it is started (a symbolic link): what they do stands in the table below.

The link is descriptor 3, as the real worker has it.
"""
import json
import os
import resource
import struct
import sys
import time

LINK = 3


def cells(*values):
    body = struct.pack("<H", len(values))
    for value in values:
        if value is None:
            body += struct.pack("<I", 0xFFFFFFFF)
            continue
        value = value if isinstance(value, bytes) else str(value).encode()
        body += struct.pack("<I", len(value)) + value
    return struct.pack("<I", len(body)) + body


def send(*values):
    send_bytes(cells(*values))


def send_bytes(data):
    while data:
        data = data[os.write(LINK, data):]


def read_first():
    head = b""
    while len(head) < 4:
        head += os.read(LINK, 4 - len(head))
    length, body = struct.unpack("<I", head)[0], b""
    while len(body) < length:
        body += os.read(LINK, length - len(body))
    count, at, found = struct.unpack("<H", body[:2])[0], 2, []
    for _ in range(count):
        size = struct.unpack("<I", body[at:at + 4])[0]
        at += 4
        if size == 0xFFFFFFFF:
            found.append(None)
            continue
        found.append(body[at:at + size].decode())
        at += size
    return found


def hang():
    time.sleep(3600)


def pair(mentor, mentee, score=5, shares="", reasons="", alternatives="", sentence=""):
    return ("pair", mentor, mentee, score, shares, reasons, alternatives, sentence)


def result(placed, total, bound=None, digest="ab" * 32):
    return ("result", digest, 3, 2, 4, placed, total, total if bound is None else bound, "")


def people():
    """Ids as the test made them: two mentors, three mentees; from a file beside the link."""
    with open(os.path.join(os.path.dirname(sys.argv[0]), "people")) as file:
        return json.load(file)


def tells():
    """What it inherited, as the text of a failure."""
    first = read_first()
    ends, flags = {}, {}
    for fd in os.listdir("/proc/self/fd"):
        try:                                    # the listing's own is gone again
            ends[fd] = os.readlink(f"/proc/self/fd/{fd}")
            with open(f"/proc/self/fdinfo/{fd}") as file:
                flags[fd] = file.read().split("flags:\t")[1].split()[0]
        except OSError:
            ends.pop(fd, None)
    with open(os.path.join(os.path.dirname(sys.argv[0]), "told"), "w") as file:
        json.dump({"first": first, "fds": ends, "flags": flags, "environment": dict(os.environ),
                   "group": os.getpgid(0) == os.getpid()}, file)
    send("fail", -11, "told")


def many():
    mentor, mentee = people()["mentors"][0], people()["mentees"][0]
    for _ in range(1000000):
        send(*pair(mentor, mentee))


def flood():
    while True:
        send("progress", "0.5")


def child_holds_the_link():
    if os.fork() == 0:
        hang()
    os._exit(0)


def dies_midway():
    send(*pair(people()["mentors"][0], people()["mentees"][0]))
    time.sleep(0.2)
    os.kill(os.getpid(), 9)


def closes_but_lives():
    os.close(LINK)
    hang()


def with_people(make):
    def act():
        p = people()
        for frame in make(p["mentors"], p["mentees"], p):
            send(*frame)
        hang()
    return act


MISBEHAVIOUR = {
    "exits": lambda: None,
    "fails": lambda: sys.exit(3),
    "hangs": hang,
    "garbage": lambda: (send_bytes(b"\xff" * 4000), hang()),
    "cut": lambda: send_bytes(cells("progress", "0.5")[:7]),
    "too_long": lambda: (send_bytes(struct.pack("<I", 200 << 20) + b"x" * 100000), hang()),
    "too_many_cells": lambda: (send_bytes(struct.pack("<IH", 2 + 4 * 2000, 2000) + b"\xff" * 8000), hang()),
    "no_word": lambda: (send(None), hang()),
    "unknown_word": lambda: (send("launch", "1"), hang()),
    "many": many,
    "flood": flood,
    "child_holds_the_link": child_holds_the_link,
    "dies_midway": dies_midway,
    "closes_but_lives": closes_but_lives,
    "tells": tells,
    "never_reads": hang,
    "wrong_id": with_people(lambda o, e, p: [pair(4711, e[0])]),
    "other_program": with_people(lambda o, e, p: [pair(p["stranger"], e[0])]),
    "sides_swapped": with_people(lambda o, e, p: [pair(e[0], o[0])]),
    "negative_score": with_people(lambda o, e, p: [pair(o[0], e[0], -1)]),
    "huge_score": with_people(lambda o, e, p: [pair(o[0], e[0], 1000001)]),
    "no_number": with_people(lambda o, e, p: [pair(o[0], e[0], "five")]),
    "few_cells": with_people(lambda o, e, p: [("pair", o[0], e[0])]),
    "not_utf8": with_people(lambda o, e, p: [pair(o[0], e[0], reasons=b"\xc3\x28")]),
    "control": with_people(lambda o, e, p: [pair(o[0], e[0], sentence="a\x1b[2J")]),
    "bidirectional": with_people(lambda o, e, p: [pair(o[0], e[0], sentence="a\u202eb")]),
    "long_text": with_people(lambda o, e, p: [pair(o[0], e[0], reasons="x" * 100000)]),
    "bad_alternative": with_people(lambda o, e, p: [pair(o[0], e[0], alternatives="mentor 4711 5")]),
    "pair_twice": with_people(lambda o, e, p: [pair(o[0], e[0]), pair(o[0], e[0])]),
    "two_mentors": with_people(lambda o, e, p: [pair(o[0], e[0]), pair(o[1], e[0]), result(2, 10)]),
    "too_full": with_people(lambda o, e, p: [pair(o[1], e[0]), pair(o[1], e[1]), result(2, 10)]),
    "wrong_count": with_people(lambda o, e, p: [pair(o[0], e[0]), result(2, 5)]),
    "wrong_total": with_people(lambda o, e, p: [pair(o[0], e[0]), result(1, 6)]),
    "beyond_bound": with_people(lambda o, e, p: [pair(o[0], e[0]), result(1, 5, 4)]),
    "no_hash": with_people(lambda o, e, p: [result(0, 0, 0, "zz" * 32)]),
    "unplaced_stranger": with_people(lambda o, e, p: [("unplaced", p["stranger"], "", "", 0)]),
    "unplaced_by_stranger": with_people(lambda o, e, p: [("unplaced", e[0], "", "", p["stranger"])]),
    "objected": with_people(lambda o, e, p: [pair(o[0], e[1])]),
    "progress_nan": with_people(lambda o, e, p: [("progress", "nan")]),
    # of an import
    "row_of_login": lambda: (send("row", "login", "f", 2, "user_name", "root"), hang()),
    "row_of_nothing": lambda: (send("row", "shoe", "f", 2, "size", "9"), hang()),
    "field_of_nothing": lambda: (send("row", "person", "f", 2, "shoe", "9"), hang()),
    "odd_row": lambda: (send("row", "person", "f", 2, "given_name"), hang()),
    "done_with_more": lambda: (send("done", 7, 0), hang()),
    # well, for once
    "honest": with_people(lambda o, e, p: [pair(o[0], e[0]), result(1, 5)]),
}


def main():
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    MISBEHAVIOUR[os.path.basename(sys.argv[0])]()


main()
