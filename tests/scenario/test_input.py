# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: an error that names what is wrong and how to mend it, nothing half done, and a daemon that serves on.

What is sent is generated from the interface as it is printed and from Describe, so that new methods and fields are tried too.
"""
import contextlib
import fcntl
import os
import socket
import time
import xml.etree.ElementTree

import pytest

from harness import COLLECTION, MANAGER, NAME, PROPERTIES, TOP, Refused, run
from world import built_world, shared_world, world     # noqa: F401

PEOPLE = f"{TOP}/people"
OURS = {"InvalidField", "LimitExceeded", "NotFound", "NotAllowed", "WrongState", "Conflict", "ReadOnly", "Unavailable"}


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return caught.value.message


def error_of(pending):
    try:
        pending.result()
        return ""
    except Refused as error:
        return error.short


def serves(world):
    assert world.caller("mt-coord").get(world.people["lone"], "Person", "GivenName") == "Kunibert"


# ---- wrong signatures, for every method that there is ----

WRONG = [("", ()), ("s", ("x",)), ("x", (1,)), ("v", (("s", "x"),)), ("a{ss}", ({"a": "b"},)), ("a{sv}a{ss}", ({}, {})), ("a{sv}a{sv}a{sv}", ({}, {}, {})),
         ("as", (["a"],)), ("ay", (b"abc",)), ("(sv)", (("a", ("s", "b")),)), ("a(ssv)asssub", ([], [], "", "", 1, True)), ("o", ("/",))]


def test_every_method_with_wrong_signatures(shared_world):
    world = shared_world
    printed = xml.etree.ElementTree.fromstring(world.daemon.run("--print", "bus").stdout)
    places = [(TOP, printed)]
    for node in printed.findall("node"):
        places.append((f"{TOP}/{node.get('name')}", node))
        places += [(f"{TOP}/{node.get('name')}/1", inner) for inner in node.findall("node")]
    tried, coord = 0, world.caller("mt-coord")
    for path, node in places:
        for interface in node.findall("interface"):
            for method in interface.findall("method"):
                right = "".join(arg.get("type") for arg in method.findall("arg") if arg.get("direction", "in") == "in")
                waiting = [(signature, coord.start(path, interface.get("name"), method.get("name"), signature, args))
                           for signature, args in WRONG if signature != right]
                for signature, pending in waiting:
                    with pytest.raises(Refused) as caught:
                        pending.result()
                    error = caught.value
                    where = (path, method.get("name"), signature, str(error))
                    tried += 1
                    if method.get("name") == "Create" and "the daemon alone makes records" in error.message:
                        continue
                    assert error.short in ("InvalidField", "NotFound"), where
                    assert error.short == "NotFound" or (right or "no arguments") in error.message, where
    assert tried > 1000
    for path, interface, member, signature, args in ((PEOPLE, PROPERTIES, "Get", "s", ("x",)), (PEOPLE, PROPERTIES, "GetAll", "", ()),
                                                     (PEOPLE, PROPERTIES, "Set", "ss", ("x", "y")),
                                                     (PEOPLE, "org.freedesktop.DBus.Introspectable", "Introspect", "s", ("x",))):
        refused("InvalidField", coord.call, path, interface, member, signature, args)
    serves(world)


# ---- wrong values, for every field that a verb takes ----

EVIL = {"control": "a\x07b", "escape": "a\x1b[31mb", "newline": "a\nb", "bidi": "a\u202eb", "isolate": "a\u2066b", "mark": "\ufeffa",
        "del": "a\x7fb", "c1": "a\u0085b", "line separator": "a\u2028b", "nonchar": "a\uffffb"}
TYPES = {"s": "text", "x": 7, "d": 1.5, "b": True, "as": ["a", "b"], "o": "/", "a{sv}": {}, "ay": b"bytes", "u": 7, "v": ("s", "x"),
         "(ss)": ("a", "b"), "a(ssv)": []}
FITS = {"text": {"s"}, "choice": {"s"}, "date": {"s"}, "link": {"o"}, "number": {"x", "u"}, "instant": {"x", "u"}, "real": {"d", "x", "u"},
        "words": {"as", "ao"}, "yesno": {"b"}}
EXTREMES = {"number": [("x", 2 ** 63 - 1), ("x", -2 ** 63), ("x", -1)], "instant": [("x", 2 ** 63 - 1), ("x", -2 ** 63)],
            "real": [("d", float("nan")), ("d", float("inf")), ("d", -float("inf")), ("d", -1.0), ("d", 1e308)],
            "date": ["", "0000-00-00", "2026-02-30", "26-1-1", "2026-1-1", "99999-01-01", "2026-01-01T00:00", "tomorrow", "2026-01-01 "],
            "choice": ["", "no such", "Mentor", "mentor "], "words": [("as", ["x" * 500] * 200), ("as", ["a\x07"]), ("as", ["a\nb"])],
            "text": ["x" * 100_000], "link": ["/org/mentorship1/people/0", "/org/mentorship1/people/01"], "yesno": []}


def takers(described):
    """(entity, verb, field as Describe has it) for everything that a caller can give."""
    for entity in described:
        fields = {field["name"]: field for field in entity["fields"]}
        for verb in entity["verbs"]:
            for name in verb["takes"]:
                yield entity, verb, fields[name]
            for field in verb["arguments"]:
                yield entity, verb, field


def who_may(world, entity, verb):
    """Callers, with objects, for whom the verb may get as far as its arguments."""
    collection = f"{TOP}/{entity['collection']}"
    for account in ("mt-coord", "root", "mt-protection", "mt-mentee1", "mt-safe"):
        if verb["on"] == "collection":
            yield account, collection, COLLECTION
            continue
        if entity["name"] == "person":                          # nobody is staff for their own record
            yield account, world.people["lone"], entity["interface"]
        for row in world.rows(f'SELECT id FROM "{entity["name"]}" LIMIT 20'):
            yield account, f"{collection}/{row['id']}", entity["interface"]


def first_who_may(world, entity, verb, cache):
    """The first of them whose unknown argument is refused as such."""
    key = (entity["name"], verb["name"])
    if key in cache:
        return cache[key]
    cache[key] = None
    for account, path, interface in who_may(world, entity, verb):
        try:
            world.caller(account).call(path, interface, verb["name"], "a{sv}a{sv}", ({"nose": 1}, {"dry_run": True, "reason": "r"}))
        except Refused as error:
            if error.short == "InvalidField" and "nose" in error.message:
                cache[key] = (account, path, interface)
                break
    return cache[key]


def test_every_field_with_wrong_values(shared_world):
    """Each field of each verb: values of other types, extremes, and texts with characters that must not get in. All are dry runs."""
    world, cache, calls = shared_world, {}, []
    described = world.root.manager("Describe", "a{sv}", ({},))
    for entity, verb, field in takers(described):
        found = first_who_may(world, entity, verb, cache)
        if not found:
            continue
        for signature, value in TYPES.items():
            if signature not in FITS[field["kind"]]:
                calls.append((found, verb, field, (signature, value), "InvalidField"))
        for value in EXTREMES[field["kind"]]:
            calls.append((found, verb, field, value, None))
        if field["kind"] == "text":
            for kind, text in EVIL.items():
                lines = "lines" in field["flags"] and kind == "newline"
                calls.append((found, verb, field, text, None if lines else "InvalidField"))
    untried = [key for key, found in cache.items() if not found]
    assert len(calls) > 2000 and not set(untried) - {("objection", "Create"), ("group_membership", "Create")}, untried
    waiting, wrong = [], []

    def take():
        call, pending = waiting.pop(0)
        try:
            pending.result()
            answer, text = "", ""
        except Refused as error:
            answer, text = error.short, error.message
        _, verb, field, value, want = call
        if (want and answer != want) or (answer and answer not in OURS) or (want == "InvalidField" and field["name"] not in text):
            wrong.append((verb["name"], field["name"], str(value)[:60], want, answer, text))
    for call in calls:
        (account, path, interface), verb, field, value, _ = call
        waiting.append((call, world.caller(account).start(path, interface, verb["name"], "a{sv}a{sv}",
                                                          ({field["name"]: value}, {"dry_run": True, "reason": "r"}))))
        if len(waiting) == 32:
            take()
    while waiting:
        take()
    assert not wrong[:5], f"{len(wrong)} of {len(calls)}"
    serves(world)


def test_evil_texts_in_options_and_filters(shared_world):
    coord = shared_world.caller("mt-coord")
    person = shared_world.people["lone"]
    for text in EVIL.values():
        if "\n" not in text:
            refused("InvalidField", coord.verb, person, "Person.Update", {"language": "de"}, options={"dry_run": True, "reason": text})
        refused("InvalidField", coord.verb, person, "Person.Update", {"language": "de"}, options={"key": text})
        for where in ([("given_name", "=", text)], [("given_name", "prefix", text)], [(text, "=", "x")], [("given_name", text, "x")]):
            assert error_of(coord.start(PEOPLE, COLLECTION, "List", "a(ssv)asssu", (where, ["id"], "", "", 5))) in ("", "InvalidField")
        assert error_of(coord.start(TOP, MANAGER, "Lookup", "ssu", ("people", text, 5))) in ("", "InvalidField")
        assert error_of(coord.start(PEOPLE, COLLECTION, "List", "a(ssv)asssu", ([], ["id"], text, "", 5))) == "InvalidField"
        assert error_of(coord.start(PEOPLE, COLLECTION, "List", "a(ssv)asssu", ([], ["id"], "", text, 5))) == "InvalidField"
    # none of them comes back in an error in a form that a terminal would obey
    for text in EVIL.values():
        with pytest.raises(Refused) as caught:
            coord.list("people", [text])
        assert not any(ord(char) < 32 or ord(char) in (0x7f, 0x202e, 0x2066, 0xfeff) for char in caught.value.message)
    serves(shared_world)


def nested(depth):
    value = ("s", "core")
    for _ in range(depth):
        value = ("v", value)
    return value


@pytest.mark.parametrize("what, error", [
    ("31 MB string", "LimitExceeded"), ("31 MB of keys", "LimitExceeded"), ("31 MB array", "LimitExceeded"), ("nested variants", "InvalidField"),
    ("a thousand keys", "LimitExceeded"), ("a filter of 300", "LimitExceeded"), ("a list of 5000", None),
])
def test_too_much(shared_world, what, error):
    coord, person = shared_world.caller("mt-coord"), shared_world.people["lone"]
    before = len(shared_world.rows("SELECT id FROM audit_record"))
    arguments = {"31 MB string": {"given_name": "x" * 31_000_000}, "31 MB of keys": {"k" * 31_000_000: 1},
                 "31 MB array": {"given_name": ("as", ["y" * 1000] * 31_000)}, "nested variants": {"given_name": nested(50)},
                 "a thousand keys": {f"key{n}": n for n in range(1000)}}
    start = time.monotonic()
    if what in arguments:
        refused(error, coord.verb, person, "Person.Update", arguments[what], seconds=60)
        refused(error, coord.create, "people", arguments[what], seconds=60)
    elif what == "a filter of 300":
        refused(error, coord.list, "people", ["id"], where=[("id", ">", ("x", n)) for n in range(300)])
    else:
        assert error_of(coord.start(PEOPLE, COLLECTION, "List", "a(ssv)asssu",
                                    ([("given_name", "in", [f"n{n}" for n in range(5000)])], ["id"], "", "", 5))) in ("LimitExceeded", "InvalidField", "")
    assert time.monotonic() - start < 20
    assert len(shared_world.rows("SELECT id FROM audit_record")) == before
    serves(shared_world)


def test_others_are_served_while_somebody_floods(shared_world):
    """31 MB messages one after another: another caller's small call never waits long."""
    flood, other = shared_world.caller("mt-mentor1"), shared_world.caller("mt-coord")
    waiting = [flood.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": "x" * 31_000_000}, {}), seconds=60) for _ in range(3)]
    slowest = 0
    for _ in range(50):
        start = time.monotonic()
        other.manager("WhoAmI")
        slowest = max(slowest, time.monotonic() - start)
    assert {error_of(one) for one in waiting} == {"LimitExceeded"}
    assert slowest < 2, slowest


def test_large_calls_that_wait(stopped_daemon, polkit):
    """64 calls of a megabyte that wait for polkit: more than libdbus holds, so most are refused and the others go on."""
    other = stopped_daemon.start().caller("root")
    other.manager("WhoAmI")
    polkit.freeze()
    try:
        waiting = [stopped_daemon.caller("mt-nobody").start(f"{TOP}/logins", COLLECTION, "Create", "a{sv}a{sv}", ({"user_name": "x" * 1_040_000}, {}),
                                                            seconds=60) for _ in range(64)]
        for _ in range(20):
            other.manager("WhoAmI", seconds=3)
        assert {error_of(one) for one in waiting[8:]} == {"LimitExceeded"}
    finally:
        polkit.freeze(False)
    assert "LimitExceeded" not in {error_of(one) for one in waiting[:8]}


def test_large_calls_of_many_that_wait(stopped_daemon, polkit):
    """Six users, each within their own limit: together they may hold no more than the daemon's, and the others go on."""
    stopped_daemon.start()
    other = stopped_daemon.caller("root")
    users = ["mt-nobody", "mt-coord", "mt-coord2", "mt-mentor1", "mt-mentee1", "mt-mentee2"]
    for user in users:
        stopped_daemon.caller(user).manager("WhoAmI")
    polkit.freeze()
    try:
        waiting = [stopped_daemon.caller(user).start(f"{TOP}/logins", COLLECTION, "Create", "a{sv}a{sv}", ({"user_name": "x" * 1_040_000}, {}),
                                                     seconds=60) for user in users for _ in range(7)]
        for _ in range(20):
            other.manager("WhoAmI", seconds=3)
    finally:
        polkit.freeze(False)
    errors = [error_of(one) for one in waiting]
    assert "LimitExceeded" not in errors[:14] and 4 <= errors.count("LimitExceeded") <= 20, errors


def test_duplicate_keys_and_numbers_at_the_edges(shared_world):
    coord, person = shared_world.caller("mt-coord"), shared_world.people["lone"]
    for limit in (0, 1, 2 ** 32 - 1):
        assert coord.list("people", ["id"], limit=limit)[0]
    for after in (0, 2 ** 63, 2 ** 64 - 1):
        assert error_of(coord.start(TOP, MANAGER, "Changes", "tu", (after, 2 ** 32 - 1))) in ("", "InvalidField")
    for version in (0, -1, 2 ** 63 - 1):
        refused("Conflict", coord.verb, person, "Person.Update", {"language": "de"}, options={"version": ("x", version)})
    assert error_of(coord.start(person, f"{NAME}.Person", "Update", "a{sv}a{sv}", ({"language": "de"}, {"version": ("x", -2 ** 63), "dry_run": True}))) in (
        "", "Conflict", "InvalidField")
    for until in (-2 ** 63, -1, 2 ** 63 - 1):
        assert error_of(coord.start(TOP, MANAGER, "SchedulePreview", "a{sv}", ({"until": ("x", until), "limit": ("x", 10)},), seconds=60)) in ("", "InvalidField", "LimitExceeded")
        assert error_of(shared_world.root.start(TOP, MANAGER, "AdvanceClock", "x", (until,), seconds=60)) in ("InvalidField", "LimitExceeded", "WrongState")
    script = ("import sys\nfrom gi.repository import Gio, GLib\n"
              "bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |"
              " Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)\n"
              "twice = GLib.VariantBuilder(GLib.VariantType('a{sv}'))\n"
              "for word in ('de', 'fr'):\n"
              "    twice.add_value(GLib.Variant.new_dict_entry(GLib.Variant('s', 'language'), GLib.Variant('v', GLib.Variant('s', word))))\n"
              "try:\n"
              "    bus.call_sync('org.mentorship1', sys.argv[2], 'org.mentorship1.Person', 'Update',"
              " GLib.Variant.new_tuple(twice.end(), GLib.Variant('a{sv}', {})), None, 0, -1, None)\n"
              "    print('done')\n"
              "except GLib.Error as error:\n"
              "    print(error.message)\n")
    done = run("mt-coord", ["/usr/bin/python3", "-c", script, shared_world.bus.address, person])
    assert "InvalidField" in done.stdout and "language" in done.stdout, done.stdout + done.stderr


# ---- descriptors ----

@pytest.fixture
def descriptors(scratch):
    """By name: descriptors that are no file to read, and what the error must say of them."""
    opened, made = [], {}

    def keep(name, fd, word):
        opened.append(fd)
        made[name] = (fd, word)
    read_end, write_end = os.pipe()
    opened.append(write_end)
    keep("pipe", read_end, "pipe")
    one, two = socket.socketpair()
    keep("socket", one.detach(), "socket")
    opened.append(two.detach())
    keep("directory", os.open(scratch, os.O_RDONLY), "directory")
    keep("device", os.open("/dev/zero", os.O_RDONLY), "device")
    keep("terminal", os.open("/dev/ptmx", os.O_RDWR), "device")
    os.mkfifo(scratch / "fifo")
    keep("fifo", os.open(scratch / "fifo", os.O_RDONLY | os.O_NONBLOCK), "pipe")
    (scratch / "file").write_text("given_name,family_name\nA,B\n")
    keep("path only", os.open(scratch / "file", os.O_PATH), "reading")
    keep("write only", os.open(scratch / "file", os.O_WRONLY), "reading")
    keep("event", os.eventfd(0), "")
    loose = os.memfd_create("loose", os.MFD_ALLOW_SEALING)
    os.write(loose, b"given_name,family_name\nA,B\n")
    keep("memfd without seals", loose, "seal")
    grows = os.memfd_create("grows", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(grows, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    keep("memfd that can grow", grows, "seal")
    shrinks = os.memfd_create("shrinks", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(shrinks, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    keep("memfd that can shrink", shrinks, "seal")
    (scratch / "large").touch()
    os.truncate(scratch / "large", 1 << 40)
    keep("a terabyte", os.open(scratch / "large", os.O_RDONLY), "larger")
    yield made
    for fd in opened:
        os.close(fd)


def test_descriptors_that_are_no_file(world, descriptors):
    coord = world.caller("mt-coord")
    imports = len(world.rows("SELECT id FROM import"))
    for name, (fd, word) in descriptors.items():
        with pytest.raises(Refused) as caught:
            coord.call(PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"format": "csv", "propose": True}), fds=[fd])
        assert caught.value.short in ("InvalidField", "LimitExceeded") and word in caught.value.message, (name, caught.value)
    refused("InvalidField", coord.call, PEOPLE, COLLECTION, "Import", "sa{sv}", ("/etc/passwd", {}))
    assert len(world.rows("SELECT id FROM import")) == imports
    serves(world)
