# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks: seen by their starter alone, told to nobody else, cancelled, limited; exports in sealed memory."""
import os

import pytest

from harness import COLLECTION, NAME, PROPERTIES, PYTHON, TOP, Refused, run, wait_until

PEOPLE = f"{TOP}/people"
TASK = f"{NAME}.Task"
CSV = "given_name,family_name\n" + "".join(f"G{i},F{i}\n" for i in range(2000))


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return str(caught.value)


@pytest.fixture
def coord(daemon):
    return daemon.coordinator()


def start_import(caller, scratch, text=CSV, **options):
    path = scratch / "people.csv"
    path.write_text(text)
    handle = os.open(path, os.O_RDONLY)
    try:
        return caller.call(PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"format": "csv", **options}), fds=[handle])["task"]
    finally:
        os.close(handle)


def test_a_task_runs_to_its_end(coord, scratch):
    coord.watch()
    task = start_import(coord, scratch)
    assert task.startswith(f"{TOP}/tasks/")
    wait_until(lambda: coord.get(task, "Task", "State") != "running", 30, "the end of the task")
    all_of_it = coord.get_all(task, "Task")
    assert set(all_of_it) == {"Kind", "Object", "Progress", "State", "Error", "Result", "Started"}
    assert all_of_it["State"] == "done" and all_of_it["Progress"] == 1.0, all_of_it
    told = [(member, values) for path, interface, member, values in coord.settle() if path == task and interface == TASK]
    assert told and told[-1] == ("Changed", (1.0, "done"))
    refused("WrongState", coord.call, task, TASK, "Cancel", "a{sv}", ({},))


def test_a_task_is_seen_by_its_starter_alone(daemon, coord, scratch):
    other = daemon.caller("mt-nobody")
    other.watch(match=True)
    task = start_import(coord, scratch)
    absent = f"{TOP}/tasks/12345"
    for path in (task, absent):
        refused("NotFound", other.get_all, path, "Task")
        refused("NotFound", other.get, path, "Task", "State")
        refused("NotFound", other.call, path, TASK, "Cancel", "a{sv}", ({},))
    assert daemon.caller("root").get(task, "Task", "Kind")
    wait_until(lambda: coord.get(task, "Task", "State") != "running", 30, "the end of the task")
    assert [signal for signal in other.settle() if signal[1] == TASK] == []


def test_a_task_is_seen_by_staff_of_its_object(daemon, coord, scratch):
    """Who coordinates the program of a matching sees how it comes on; other programs' staff, participants and polkit's admins do not."""
    root = daemon.caller("root")
    programs = [coord.create("programs", {"key": key, "title": key, "starter": "first-year-university"})["object"] for key in ("first", "second")]
    for account, program in (("mt-coord2", programs[0]), ("mt-mentor3", programs[1]), ("mt-mentee1", None)):
        person = root.create("people", {"given_name": account, "family_name": "X"})["object"]
        root.create("logins", {"person": person, "user_name": account})
        if program:
            root.create("duties", {"person": person, "duty": "coordinator", "program": program})
        else:
            coord.create("participants", {"program": programs[0], "person": person, "role": "mentee"})
    of_none = start_import(coord, scratch)
    coord.verb(programs[0], "Program.Update", {"starts": "2026-12-01", "ends": "2027-06-30"})
    coord.verb(programs[0], "Program.Open")
    made = coord.create("match_runs", {"program": programs[0]})
    task = made["task"]
    assert coord.get(task, "Task", "Object") == made["object"]
    colleague = daemon.caller("mt-coord2")
    assert colleague.get(task, "Task", "Kind") == coord.get(task, "Task", "Kind")
    assert "verb" in refused("NotAllowed", colleague.call, task, TASK, "Cancel", "a{sv}", ({},))
    for account, path in (("mt-mentor3", task), ("mt-mentee1", task), ("mt-admin", task), ("mt-nobody", task), ("mt-coord2", of_none)):
        caller = daemon.caller(account)
        refused("NotFound", caller.get_all, path, "Task")
        refused("NotFound", caller.call, path, TASK, "Cancel", "a{sv}", ({},))
    wait_until(lambda: coord.get(task, "Task", "State") != "running", 30, "the end of the task")
    assert colleague.get_all(task, "Task") == coord.get_all(task, "Task") == root.get_all(task, "Task")


def test_tasks_have_a_limit(daemon, coord, scratch):
    daemon.configure("limits: { tasks = 1; };\n")
    daemon.caller("root").manager("Reload")
    long = "given_name,family_name\n" + "".join(f"G{i},F{i}\n" for i in range(60000))
    task = start_import(coord, scratch, long)
    refused("LimitExceeded", start_import, coord, scratch)
    coord.call(task, TASK, "Cancel", "a{sv}", ({},))
    wait_until(lambda: coord.get(task, "Task", "State") in ("cancelled", "done"), 30, "the end of the task")
    start_import(coord, scratch)


def test_who_may_not_import(daemon, scratch):
    text = refused("NotAllowed", start_import, daemon.caller("mt-nobody"), scratch)
    assert text


EXPORT = """
import os, sys
from gi.repository import Gio, GLib
flags = Gio.DBusConnectionFlags
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
out, fds = bus.call_with_unix_fd_list_sync("org.mentorship1", "/org/mentorship1/people", "org.mentorship1.Collection", "Export",
    GLib.Variant("(a{sv})", ({"fields": GLib.Variant("as", ["id", "given_name", "state"]),
                              "filter": GLib.Variant("a(ssv)", [("id", ">", GLib.Variant("x", 1))])},)), None, 0, -1, None, None)
fd = fds.get(out.unpack()[0])
print(out.unpack()[1]["rows"])
try:
    os.write(fd, b"x")
    print("writable")
except OSError:
    print("sealed")
print(os.read(fd, 100000).decode(), end="")
"""


def test_export(daemon, coord):
    for name in ("Ann", "=cmd()", 'Q"uote', "A, B"):
        coord.create("people", {"given_name": name, "family_name": "X"})
    done = run("mt-coord", [PYTHON, "-c", EXPORT, daemon.bus.address])
    lines = done.stdout.splitlines()
    assert lines[:3] == ["4", "sealed", "id,given_name,state"], done.stderr
    assert sorted(lines[3:]) == ["2,Ann,active", "3,'=cmd(),active", '4,"Q""uote",active', '5,"A, B",active']


def test_export_refuses_like_list(coord):
    nothing = ("a{sv}", ({"fields": ("as", ["nose"])},))
    refused("InvalidField", coord.call, PEOPLE, COLLECTION, "Export", *nothing)
    refused("InvalidField", coord.call, PEOPLE, COLLECTION, "Export", "a{sv}", ({"fields": ("as", ["birth_date"])},))
    refused("InvalidField", coord.call, PEOPLE, COLLECTION, "Export", "a{sv}", ({"colour": "red"},))
    refused("InvalidField", coord.call, PEOPLE, COLLECTION, "Export", "a{sv}", ({"fields": "id"},))


def test_export_is_what_the_caller_may_read(daemon, coord):
    refused("NotAllowed", daemon.caller("mt-nobody").call, PEOPLE, COLLECTION, "Export", "a{sv}", ({"fields": ("as", ["given_name"])},))


def test_nobody_sets_a_task(coord, scratch):
    task = start_import(coord, scratch)
    refused("ReadOnly", coord.call, task, PROPERTIES, "Set", "ssv", (TASK, "State", "done"))
