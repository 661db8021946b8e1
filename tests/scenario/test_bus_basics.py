# SPDX-License-Identifier: GPL-3.0-or-later
"""The bus itself: paths, signatures, properties, errors, real clients; what is absent and what is hidden answer alike."""
import os
import re
import socket
from xml.etree import ElementTree

import pytest

from harness import COLLECTION, NAME, PROPERTIES, PYTHON, TOP, Refused, run, wait_until

PEOPLE = f"{TOP}/people"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return str(caught.value)


@pytest.fixture
def root(daemon):
    return daemon.caller("root")


@pytest.fixture
def coord(daemon):
    """A coordinator of all, as root appoints the first one."""
    return daemon.coordinator()


@pytest.fixture
def person(coord):
    return coord.create("people", {"given_name": "Ada", "family_name": "Lovelace"})["object"]


def test_who_am_i(daemon, root):
    assert root.manager("WhoAmI") == {"uid": 0, "person": "/", "roles": ["admin"]}
    assert daemon.caller("mt-nobody").manager("WhoAmI") == {"uid": 61016, "person": "/", "roles": []}


def test_manager_properties(root):
    got = root.get_all(TOP, "Manager")
    assert set(got) == {"Version", "InterfaceVersion", "Held", "Simulated", "Now"}
    assert got["InterfaceVersion"] == 1 and got["Held"] is False and got["Simulated"] is False
    assert root.get(TOP, "Manager", "Version") == got["Version"]


def test_create_get_list(coord, person):
    assert person == f"{PEOPLE}/2"
    assert coord.get(person, "Person", "GivenName") == "Ada"
    assert coord.get_all(person, "Person")["FamilyName"] == "Lovelace"
    rows, cursor = coord.list("people", ["id", "source", "state"], where=[("id", ">", 1)])
    assert rows == [(2, "local", "active")] and cursor == ""


def test_a_value_that_is_none(coord, person):
    assert "ExternalId" not in coord.get_all(person, "Person")
    assert coord.get(person, "Person", "ExternalId") == ""


def test_absent_and_hidden_answer_alike(daemon, root, person):
    outsider = daemon.caller("mt-nobody")
    answers = set()
    for path in (person, f"{PEOPLE}/77"):
        for ask in (lambda p=path: outsider.get_all(p, "Person"), lambda p=path: outsider.verb(p, "Person.Update", {"given_name": "X"})):
            with pytest.raises(Refused) as caught:
                ask()
            answers.add(str(caught.value))
    assert len(answers) == 1 and "NotFound" in answers.pop()
    same = {outsider.call(path, INTROSPECTABLE, "Introspect") for path in (person, f"{PEOPLE}/77")}
    assert len(same) == 1


@pytest.mark.parametrize("path, error", [
    (f"{TOP}/nothing", "UnknownObject"), (f"{PEOPLE}/0", "UnknownObject"), (f"{PEOPLE}/01", "UnknownObject"),
    (f"{PEOPLE}/1x", "UnknownObject"), (f"{PEOPLE}/99999999999999999999", "UnknownObject"), (f"{PEOPLE}/1/2", "UnknownObject"),
    (f"{TOP}x", "UnknownObject"), ("/org/mentorship2", "UnknownObject"), (f"{PEOPLE}/9223372036854775807", "NotFound"),
])
def test_paths(root, path, error):
    with pytest.raises(Refused) as caught:
        root.call(path, PROPERTIES, "GetAll", "s", ("",))
    assert caught.value.name.endswith("." + error)


def test_wrong_members(root, person):
    for interface, member, error in (("org.mentorship1.Program", "Update", "UnknownMethod"), (f"{NAME}.Person", "Fly", "UnknownMethod"),
                                     (f"{NAME}.Person", "Create", "UnknownMethod")):
        with pytest.raises(Refused) as caught:
            root.call(person, interface, member, "a{sv}a{sv}", ({}, {}))
        assert caught.value.name.endswith("." + error)
    with pytest.raises(Refused, match="UnknownProperty"):
        root.get(person, "Person", "Shoe")
    with pytest.raises(Refused, match="UnknownInterface"):
        root.get(person, "Program", "Id")


def test_set_points_to_update(coord, person):
    text = refused("ReadOnly", coord.call, person, PROPERTIES, "Set", "ssv", (f"{NAME}.Person", "GivenName", ("s", "Eve")))
    assert "Update" in text
    assert coord.get(person, "Person", "GivenName") == "Ada"


@pytest.mark.parametrize("signature, args", [("s", ("x",)), ("", ()), ("a{sv}", ({},)), ("a{ss}a{sv}", ({}, {})), ("a{sv}a{sv}s", ({}, {}, "x"))])
def test_wrong_signatures(coord, person, signature, args):
    text = refused("InvalidField", coord.call, person, f"{NAME}.Person", "Update", signature, args)
    assert "a{sv}a{sv}" in text


@pytest.mark.parametrize("value", [("d", 1.0), ("b", True), ("ay", b"abc"), ("a{ss}", {"a": "b"}), ("v", ("s", "x")), ("(s)", ("x",)), ("as", ["a"]), ("x", 4)])
def test_wrong_types_name_the_field(coord, person, value):
    text = refused("InvalidField", coord.verb, person, "Person.Update", {"given_name": value})
    assert "given_name" in text
    assert coord.get(person, "Person", "GivenName") == "Ada"


@pytest.mark.parametrize("options, word", [
    ({"versoin": 1}, "versoin"), ({"version": "1"}, "version"), ({"dry_run": 1}, "dry_run"), ({"for": "me"}, "for"),
    ({"for": f"{TOP}/programs/1"}, "for"), ({"key": ""}, "key"), ({"key": "x" * 200}, "key"), ({"reason": "a\x07b"}, "reason"),
])
def test_options(coord, person, options, word):
    assert word in refused("InvalidField", coord.verb, person, "Person.Update", {"given_name": "Eve"}, options=options)
    assert coord.get(person, "Person", "GivenName") == "Ada"


def test_bad_text(coord, person):
    for bad in ("a\x1b[31m", "a\u202eb", "\ufeffa", "a\nb"):
        refused("InvalidField", coord.verb, person, "Person.Update", {"given_name": bad})
    refused("LimitExceeded", coord.verb, person, "Person.Update", {"given_name": "x" * 31_000_000})
    assert coord.get(person, "Person", "GivenName") == "Ada"


def test_version_and_dry_run(coord, person):
    done = coord.verb(person, "Person.Update", {"given_name": "Eve"}, options={"version": 1, "dry_run": True})
    assert done["object"] == person and coord.get(person, "Person", "GivenName") == "Ada"
    done = coord.verb(person, "Person.Update", {"given_name": "Eve"}, options={"version": 1})
    assert done["version"] == 2
    refused("Conflict", coord.verb, person, "Person.Update", {"given_name": "Zoe"}, options={"version": 1})
    assert coord.get(person, "Person", "GivenName") == "Eve"


def test_keys(root):
    names = {"given_name": "Ada", "family_name": "Byron"}
    first = root.create("people", names, options={"key": "k1"})
    again = root.create("people", dict(reversed(names.items())), options={"key": "k1"})
    assert first == again and len(root.list_all("people", ["id"])) == 1
    refused("Conflict", root.create, "people", {"given_name": "Eve", "family_name": "Byron"}, options={"key": "k1"})
    assert root.create("people", names, options={"key": "k2"})["object"] != first["object"]



def test_call_many(coord, person):
    calls = [(person, f"{NAME}.Person", "Update", {"given_name": "One"}, {}),
             (f"{PEOPLE}/77", f"{NAME}.Person", "Update", {"given_name": "Two"}, {}),
             (PEOPLE, COLLECTION, "Create", {"given_name": "Three", "family_name": "C"}, {}),
             (person, f"{NAME}.Person", "Fly", {}, {}),
             (person, f"{NAME}.Person", "Update", {"given_name": ("d", 2.0)}, {})]
    answer = coord.manager("CallMany", "a(ossa{sv}a{sv})", (calls,))
    assert [name.rpartition(".")[2] for name, _ in answer] == ["", "NotFound", "", "InvalidField", "InvalidField"]
    assert answer[2][1]["object"] == f"{PEOPLE}/3" and answer[4][1]["field"] == "given_name"
    assert coord.get(person, "Person", "GivenName") == "One"
    refused("LimitExceeded", coord.manager, "CallMany", "a(ossa{sv}a{sv})", (calls[:1] * 101,))


def test_lookup_and_changes(root, person):
    other = root.create("people", {"given_name": "Grace", "family_name": "Hopper"})["object"]
    changes, more = root.manager("Changes", "tu", (0, 100))
    assert [(path, signal) for _, path, signal in changes][-2:] == [(person, "Added"), (other, "Added")] and not more
    later, more = root.manager("Changes", "tu", (changes[-2][0], 1))
    assert [path for _, path, _ in later] == [other] and not more
    some, more = root.manager("Changes", "tu", (0, 1))
    assert some == changes[:1] and more
    assert root.manager("Lookup", "ssu", ("people", "Gra", 10)) == [(other, "Grace Hopper")]
    refused("InvalidField", root.manager, "Lookup", "ssu", ("fish", "G", 10))


def test_describe(root):
    described = {entity["name"]: entity for entity in root.manager("Describe", "a{sv}", ({},))}
    person = described["person"]
    assert person["collection"] == "people" and person["interface"] == f"{NAME}.Person"
    fields = {field["name"]: field for field in person["fields"]}
    assert fields["given_name"]["member"] == "GivenName" and fields["given_name"]["kind"] == "text"
    assert "sealed" in fields["birth_date"]["flags"] and "member" not in fields["birth_date"]
    verbs = {verb["name"]: verb for verb in person["verbs"]}
    assert verbs["Create"]["on"] == "collection" and "given_name" in verbs["Create"]["takes"]
    assert "id" not in verbs["Update"]["takes"]


def test_every_property_says_that_it_is_not_signalled(daemon, root):
    done = daemon.run("--print", "bus")
    assert done.returncode == 0
    tree = ElementTree.fromstring(done.stdout)
    properties = list(tree.iter("property"))
    assert len(properties) > 50
    for item in properties:
        notes = {note.get("name"): note.get("value") for note in item.iter("annotation")}
        assert notes["org.freedesktop.DBus.Property.EmitsChangedSignal"] == "false" and item.get("access") == "read"
    for interface in tree.iter("interface"):
        assert interface.get("name").startswith(NAME)


def test_sealed_stands_nowhere(coord, person):
    with pytest.raises(Refused, match="UnknownProperty"):
        coord.get(person, "Person", "BirthDate")
    refused("InvalidField", coord.list, "people", ["birth_date"])
    refused("InvalidField", coord.list, "people", ["id"], where=[("birth_date", "=", "2000-01-01")])
    assert "BirthDate" not in coord.call(person, INTROSPECTABLE, "Introspect")


def test_list_refuses(root, person):
    refused("InvalidField", root.list, "people", ["nose"])
    refused("InvalidField", root.list, "people", ["id"], where=[("id", "~", 1)])
    refused("InvalidField", root.list, "people", ["id"], where=[("nose", "=", 1)])
    refused("InvalidField", root.list, "people", ["id"], cursor="rubbish")
    refused("LimitExceeded", root.list, "people", ["id"] * 60)


def test_pages(root):
    for number in range(25):
        root.create("people", {"given_name": f"P{number:02}", "family_name": "X"})
    seen, cursor, pages = [], "", 0
    while True:
        rows, cursor = root.list("people", ["id"], cursor=cursor, limit=10)
        seen += [row[0] for row in rows]
        pages += 1
        if not cursor:
            break
    assert sorted(seen) == list(range(1, 26)) and len(seen) == 25 and pages == 3


def test_a_page_ends_at_the_byte_budget(daemon):
    daemon.configure("limits: { reply_bytes = 16384; };\n")
    daemon.restart()
    root = daemon.caller("root")
    for number in range(600):
        root.create("people", {"given_name": f"Given{number:03}" + "n" * 50, "family_name": "F" * 50})
    rows, cursor = root.list("people", ["id", "version", "source", "state"], limit=1000)
    assert 0 < len(rows) < 600 and cursor
    seen = list(rows)
    while cursor:
        rows, cursor = root.list("people", ["id", "version", "source", "state"], limit=1000, cursor=cursor)
        assert rows
        seen += rows
    assert sorted(row[0] for row in seen) == list(range(1, 601))


def test_busctl(daemon, person):
    done = daemon.bus.busctl("mt-coord", "get-property", NAME, person, f"{NAME}.Person", "GivenName")
    assert done.stdout == 's "Ada"\n', done.stderr
    done = daemon.bus.busctl("root", "introspect", NAME, TOP)
    assert re.search(r"\.WhoAmI +method", done.stdout)
    done = daemon.bus.busctl("root", "tree", "--list", NAME)
    assert f"{TOP}/people" in done.stdout and f"{TOP}/people/1" not in done.stdout


def test_gdbus(daemon, person):
    done = daemon.bus.gdbus("mt-coord", "call", "--dest", NAME, "--object-path", person, "--method", f"{NAME}.Person.Update",
                            "{'given_name': <'Zoe'>}", "{'version': <int64 1>}")
    assert "'version': <int64 2>" in done.stdout, done.stderr
    done = daemon.bus.gdbus("root", "introspect", "--dest", NAME, "--object-path", person)
    assert "interface org.mentorship1.Person" in done.stdout


DASBUS = """
import sys
from dasbus.connection import AddressedMessageBus
from gi.repository import GLib
person = AddressedMessageBus(sys.argv[1]).get_proxy("org.mentorship1", sys.argv[2], interface_name="org.mentorship1.Person")
done = person.Update({"given_name": GLib.Variant("s", "Lou")}, {"version": GLib.Variant("x", 1)})
print(person.GivenName, done["version"].unpack())
"""


def test_dasbus(daemon, person):
    done = run("mt-coord", [PYTHON, "-c", DASBUS, daemon.bus.address, person])
    assert done.stdout == "Lou 2\n", done.stderr


def test_log_level_is_set_by_root_only(daemon, root):
    path, interface = "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1"
    assert root.call(path, PROPERTIES, "Get", "ss", (interface, "LogLevel")) == "info"
    refused("NotAllowed", daemon.caller("mt-admin").call, path, PROPERTIES, "Set", "ssv", (interface, "LogLevel", "debug"))
    root.call(path, PROPERTIES, "Set", "ssv", (interface, "LogLevel", "debug"))
    assert root.call(path, PROPERTIES, "Get", "ss", (interface, "LogLevel")) == "debug"
    refused("InvalidField", root.call, path, PROPERTIES, "Set", "ssv", (interface, "LogLevel", "loud"))


def test_import_takes_only_what_can_be_read_to_its_end(root, scratch):
    there = os.open(scratch, os.O_RDONLY)
    read_end, write_end = os.pipe()
    one, two = socket.socketpair()
    loose = os.memfd_create("loose", os.MFD_ALLOW_SEALING)
    os.write(loose, b"a,b\n")
    writable = os.open(scratch / "w", os.O_WRONLY | os.O_CREAT)
    for descriptor, word in ((there, "directory"), (read_end, "pipe"), (one.fileno(), "socket"), (loose, "memfd"), (writable, "reading")):
        text = refused("InvalidField", root.call, PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"format": "csv"}), fds=[descriptor])
        assert "file" in text and word in text
    refused("InvalidField", root.call, PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"colour": "red"}), fds=[loose])
    for descriptor in (there, read_end, write_end, loose, writable):
        os.close(descriptor)


def test_no_descriptor_stays_open(daemon, root, scratch):
    descriptors = f"/proc/{daemon.process.pid}/fd"
    (scratch / "f").write_text("x")
    handle = os.open(scratch / "f", os.O_RDONLY)
    before = len(os.listdir(descriptors))
    for _ in range(50):
        with pytest.raises(Refused):
            root.call(PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"colour": "red"}), fds=[handle])
    os.close(handle)
    wait_until(lambda: len(os.listdir(descriptors)) == before, what="descriptors given back")




def interfaces_of(xml):
    """The text of each interface of an introspection, by name."""
    return {name: text for text, name in re.findall(r'( <interface name="([^"]+)">\n.*? </interface>\n)', xml, re.DOTALL)}


def test_the_installed_interfaces_are_the_live_ones(root, installed, person):
    """One file for each interface; what is introspected is the file's text, wherever the interface stands."""
    files = {}
    for path in installed.path("usr/share/dbus-1/interfaces").iterdir():
        found = interfaces_of(path.read_text())
        assert list(found) == [path.stem]
        ElementTree.fromstring(path.read_text())
        files |= found
    entities = root.manager("Describe", "a{sv}", ({},))
    places = [TOP, f"{TOP}/tasks/1"] + [f"{TOP}/{entity['collection']}{more}" for entity in entities for more in ("", "/1")]
    seen = set()
    for place in places:
        for name, text in interfaces_of(root.call(place, INTROSPECTABLE, "Introspect")).items():
            if name.startswith(NAME + "."):
                assert text == files[name], (place, name)
                seen.add(name)
    assert seen == set(files) and {f"{NAME}.Manager", f"{NAME}.Collection", f"{NAME}.Task", f"{NAME}.Person"} < seen


def test_everything_in_the_interfaces_is_described(installed):
    for path in installed.path("usr/share/dbus-1/interfaces").iterdir():
        for member in ElementTree.parse(path).getroot().iter():
            if member.tag in ("method", "signal", "property"):
                notes = [note.get("value") for note in member.findall("annotation") if note.get("name") == "org.gtk.GDBus.DocString"]
                assert notes and notes[0], (path.name, member.get("name"))


def test_create_where_the_daemon_makes_the_records(coord):
    assert "the daemon alone" in refused("NotAllowed", coord.call, f"{TOP}/audit_records", f"{NAME}.Collection", "Create", "a{sv}a{sv}", ({}, {}))
