# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails a second: from rows of the outbox through daemon, host and smtp.so to a server, beside libcurl that sends as many of the same size.

Each round plans or moves a meeting of every pair over the bus, while the plugin is disabled: two mails a meeting, each of text, HTML
and a calendar's part. The clock runs from Plugin.Enable to the last mail that the server has accepted, so the start of the host is in
it. Every mail must have arrived once, to whom it was for.
"""
import email
import email.policy
import sqlite3
import subprocess
import time

import fill
import harness

ROUNDS, PAIRS, CONNECTIONS, FIRST = 5, 1500, 2, 100
MAILS = 2 * PAIRS
START = 1_900_000_000


class Sink:
    """The mail server of the bench, and what it has accepted."""

    def __init__(self, bench):
        self.kept = bench.place / "mail.eml"
        self.process = subprocess.Popen([bench.compiled("mail_sink"), self.kept], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def take(self):
        """Of the mails since the last time: when the last was accepted, and a list of (bytes, address, Message-ID)."""
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        count, last = self.process.stdout.readline().split()
        rows = [self.process.stdout.readline().split() for _ in range(int(count))]
        return float(last), [(int(size), address, name) for size, address, name in rows]

    def wait(self, count, seconds=300):
        """The same, when so many have come."""
        rows, at, end = [], 0, time.monotonic() + seconds
        while len(rows) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(rows)} of {count} mails within {seconds} s")
            time.sleep(0.05)
            last, more = self.take()
            rows += more
            at = last or at
        return at, rows

    def stop(self):
        harness.end(self.process)


def world(path):
    """One program, in which each pair of neighbours is a match under way."""
    db = sqlite3.connect(path)
    count = FIRST + MAILS
    with db:
        fill.people(db, count)
        fill.programs(db)
        fill.staff(db, count)
        db.execute("UPDATE person SET email = 'person' || id || '@example.org'")
        sides = [(p, "mentor" if p % 2 == 0 else "mentee", f"Given{p % 997:03d} {fill.FAMILY[p % 13]}{p}") for p in range(FIRST, count)]
        fill.many(db, "participant", ["id", "version", "program", "person", "name", "role", "capacity", "priority", "state"],
                  ((p, 1, 1, p, name, side, 1, 0, "ready") for p, side, name in sides))
        fill.many(db, "match", ["id", "version", "program", "kind", "state"], ((p // 2, 1, 1, "one-to-one", "active") for p, _, _ in sides[::2]))
        fill.many(db, "match_member", ["version", "program", "match", "participant", "person", "name", "side"],
                  ((1, 1, p // 2, p, p, name, side) for p, side, name in sides))
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def call_many(coord, calls):
    """All of them, a hundred at a time; gives the results."""
    found = []
    for i in range(0, len(calls), 100):
        for name, result in coord.manager("CallMany", "a(ossa{sv}a{sv})", (calls[i:i + 100],), seconds=60):
            if name:
                raise RuntimeError(f"{name}: {result}")
            found.append(result)
    return found


def parts(path, place):
    """The bodies of a mail's parts as files, for the peer."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    files = []
    for kind in ("plain", "html", "calendar"):
        part = next(part for part in message.walk() if part.get_content_type() == f"text/{kind}")
        files.append(place / f"part.{kind}")
        files[-1].write_bytes(part.get_payload(decode=True))
    return files


class Mails:
    def __init__(self, bench):
        self.bench, self.sink = bench, Sink(bench)
        self.daemon = bench.daemon("mail", world, plugins=("smtp",), smtp=(
            f'server = "127.0.0.1";\nport = {self.sink.port};\ntls = "none";\nsender = "mentoring@example.org";\nconnections = {CONNECTIONS};\n'))
        self.root, self.coord = bench.bus.caller("root"), bench.bus.caller("mt-coord")
        self.plugin = self.root.list("plugins", ["id"])[0][0][0]
        self.meetings = []

    def switch(self, verb):
        self.root.verb(f"{harness.TOP}/plugins/{self.plugin}", f"Plugin.{verb}")

    def cause(self):
        """A message to each side of every match."""
        if not self.meetings:
            self.meetings = [result["object"] for result in call_many(self.coord, [
                (f"{harness.TOP}/meetings", harness.COLLECTION, "Create", {"match": f"{harness.TOP}/matches/{p // 2}", "start": START,
                 "minutes": 60, "title": "To talk about the first weeks", "place": "Library, room 2"}, {}) for p in range(FIRST, FIRST + MAILS, 2)])]
            return
        self.moves = getattr(self, "moves", 0) + 1
        call_many(self.coord, [(path, f"{harness.NAME}.Meeting", "Move", {"start": START + 3600 * self.moves}, {}) for path in self.meetings])

    def ours(self):
        """Mails a second of one round."""
        self.switch("Disable")
        self.cause()
        self.sink.take()
        begin = time.monotonic()
        self.switch("Enable")
        last, rows = self.sink.wait(MAILS)
        time.sleep(0.3)
        rows += self.sink.take()[1]
        people = {f"person{p}@example.org" for p in range(FIRST, FIRST + MAILS)}
        if len(rows) != MAILS or {address for _, address, _ in rows} != people or len({name for _, _, name in rows}) != MAILS:
            raise RuntimeError(f"{len(rows)} mails, {len({address for _, address, _ in rows} & people)} of {MAILS} people, "
                               f"{len({name for _, _, name in rows})} Message-IDs: each was to arrive once")
        self.size = sum(size for size, _, _ in rows) / MAILS
        return MAILS / (last - begin)

    def peer(self, files):
        self.sink.take()
        done = subprocess.run([self.bench.compiled("mail_peer"), str(self.sink.port), str(MAILS), str(CONNECTIONS), *files], capture_output=True,
                              text=True, check=True)
        last, rows = self.sink.take()
        size = sum(size for size, _, _ in rows) / MAILS
        if len(rows) != MAILS or not 0.9 < size / self.size < 1.1:
            raise RuntimeError(f"the peer sent {len(rows)} mails of {size:.0f} bytes, ours are {self.size:.0f}")
        return MAILS / (last - float(done.stdout))

    def stop(self):
        self.daemon.stop()
        self.sink.stop()


def mail_rate(bench):
    mails = Mails(bench)
    mails.ours()                                     # a first round shows what a mail is, and is not counted
    files = parts(mails.sink.kept, bench.place)
    pairs = []
    for _ in range(ROUNDS):
        peer = mails.peer(files)
        pairs.append((mails.ours(), peer))
    mails.stop()
    ours, peer = sorted(pairs, key=lambda p: p[0] / p[1])[len(pairs) // 2]
    bench.say("mail-rate", ours / peer, ">=", 0.7, ours, peer, f"mails/s of {mails.size:.0f} bytes, {CONNECTIONS} connections")
