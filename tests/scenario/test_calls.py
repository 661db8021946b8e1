# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls as clients make them: keys, versions, many at once, look-ups, subscriptions, what was missed, tasks; by each real client."""
import json
import os
import re
import time

import pytest

from harness import COLLECTION, MANAGER, NAME, PROPERTIES, PYTHON, TOP, Refused, run, wait_until
from world import DAY, NOW, built_world, number, world     # noqa: F401

PEOPLE = f"{TOP}/people"
NEW = {"given_name": "New", "family_name": "Comer"}


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return caught.value.message


def count(world, table):
    return world.rows(f'SELECT count(*) n FROM "{table}"')[0]["n"]


# ---- keys ----

def test_same_key_same_body_one_effect(world):
    """The answer is given again, whole, with what it caused; no row, record, message or job is made twice."""
    coord = world.caller("mt-coord")
    first = coord.verb(world.matches["proposed"], "Match.Offer", options={"key": "k"})
    assert first["messages"] == 2 and first["jobs"] == 2
    before = [count(world, table) for table in ("audit_record", "message", "job")]
    assert [coord.verb(world.matches["proposed"], "Match.Offer", options={"key": "k"}) for _ in range(3)] == [first] * 3
    assert [count(world, table) for table in ("audit_record", "message", "job")] == before


@pytest.mark.parametrize("change", ["argument", "object", "reason", "version", "for"])
def test_same_key_other_body(world, change):
    coord = world.caller("mt-coord")
    one, two = world.participants["lone", "a"], world.participants["proposed", "a"]
    coord.verb(one, "Participant.Update", {"motivation": "a"}, options={"key": "k", "reason": "r"})
    options, path, arguments = {"key": "k", "reason": "r"}, one, {"motivation": "a"}
    if change == "argument":
        arguments = {"motivation": "b"}
    elif change == "object":
        path = two
    elif change == "reason":
        options["reason"] = "s"
    elif change == "version":
        options["version"] = 99
    else:                                                        # the same for another verb that knows `for`
        coord.verb(two, "Participant.Pause", options={"key": "p"})
        refused("Conflict", coord.verb, two, "Participant.Pause", options={"key": "p", "for": world.people["proposed"]})
        return
    text = refused("Conflict", coord.verb, path, "Participant.Update", arguments, options=options)
    assert "key" in text
    assert world.rows("SELECT motivation FROM participant WHERE id = ?", number(two))[0]["motivation"] == "Beweggrundtext"


def test_a_key_is_of_caller_and_verb(world):
    coord, other = world.caller("mt-coord"), world.caller("mt-coord2")
    days = {"program": world.programs["a"], "from": "2027-02-01", "to": "2027-02-01", "name": "ice"}
    made = {caller.create("closed_days", days, options={"key": "same"})["object"] for caller in (coord, other)}
    assert len(made) == 2
    path = made.pop()
    coord.verb(path, "ClosedDays.Update", {"name": "snow"}, options={"key": "same"})       # another verb
    assert world.caller("mt-coord", 1).create("closed_days", days, options={"key": "same"})["object"]   # another connection: same caller
    assert count(world, "closed_days") == 4


def test_a_refused_call_uses_up_no_key(world):
    coord = world.caller("mt-coord")
    refused("WrongState", coord.verb, world.matches["active"], "Match.Offer", options={"key": "k"})
    assert coord.verb(world.matches["proposed"], "Match.Offer", options={"key": "k"})["messages"] == 2
    coord.verb(world.people["lone"], "Person.Update", {"language": "de"}, options={"key": "d", "dry_run": True})
    assert coord.verb(world.people["lone"], "Person.Update", {"language": "fr"}, options={"key": "d"})["version"] == 2


def test_a_key_is_kept_for_a_day(world):
    coord, root = world.caller("mt-coord"), world.root
    first = coord.create("people", NEW, options={"key": "k"})
    root.manager("AdvanceClock", "x", (NOW + DAY - 1,), seconds=60)
    assert coord.create("people", NEW, options={"key": "k"}) == first
    root.manager("AdvanceClock", "x", (NOW + DAY + 1,), seconds=60)
    assert coord.create("people", NEW, options={"key": "k"})["object"] != first["object"]


def test_the_same_key_twice_at_once(world):
    """Many copies of one call outstanding at once: one effect, one answer."""
    coord = world.caller("mt-coord")
    waiting = [coord.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", (NEW, {"key": "once"})) for _ in range(32)]
    answers, busy = [], 0
    for one in waiting:
        try:
            answers.append(one.result()[0])
        except Refused as error:
            assert error.short == "Busy"
            busy += 1
    assert answers and all(answer == answers[0] for answer in answers)
    assert len(world.rows("SELECT id FROM person WHERE given_name = 'New'")) == 1


def test_what_a_verb_answers_is_never_kept(world):
    """An answer with values in it takes no key, so nothing is read out of the store of answers."""
    officer = world.caller("mt-protection")
    refused("InvalidField", officer.verb, world.people["lone"], "Person.Disclose", {"fields": ["birth_date"]},
            options={"key": "k", "reason": "r"})
    refused("InvalidField", officer.verb, world.people["lone"], "Person.Export", options={"key": "k"})
    assert not [row for row in world.rows("SELECT * FROM replay") if "1971" in str(row)]


# ---- versions ----

def test_two_who_saw_the_same_version(world):
    one, two = world.caller("mt-coord"), world.caller("mt-coord2")
    seen = one.get(world.people["mt-mentor1"], "Person", "Version")
    waiting = [caller.start(world.people["mt-mentor1"], f"{NAME}.Person", "Update", "a{sv}a{sv}", ({"language": word}, {"version": seen}))
               for caller, word in ((one, "de"), (two, "fr"))]
    results = []
    for pending in waiting:
        try:
            results.append(pending.result()[0]["version"])
        except Refused as error:
            results.append(error.short)
            assert f"version {seen}, now {seen + 1}" in error.message
    assert sorted(map(str, results)) == sorted([str(seen + 1), "Conflict"])


def test_what_changes_nothing_keeps_the_version(world):
    coord = world.caller("mt-coord")
    before = count(world, "audit_record")
    done = coord.verb(world.people["lone"], "Person.Update", {"given_name": "Kunibert"})
    assert done["version"] == 1 and coord.get(world.people["lone"], "Person", "Version") == 1
    assert count(world, "audit_record") == before


# ---- the last place, twice at once ----

def test_two_acceptances_of_a_last_place(world):
    """A mentor with one place left, two offers, both last answers at once: exactly one wins and the other is told."""
    coord = world.caller("mt-coord")
    mentor = world.participants["mt-mentor1", "a"]
    coord.verb(mentor, "Participant.Update", {"capacity": 3})    # two are taken by running matches
    matches = [world.matches["proposed"], coord.create("matches", {
        "program": world.programs["a"], "mentor": mentor, "mentee": world.participants["lone", "a"]})["object"]]
    mentees = [world.people["proposed"], world.people["lone"]]
    for match, mentee in zip(matches, mentees):
        coord.verb(match, "Match.Offer")
        coord.verb(match, "Match.Accept", options={"for": mentee})
    caller = world.caller("mt-mentor1")
    waiting = [caller.start(match, f"{NAME}.Match", "Accept", "a{sv}a{sv}", ({}, {})) for match in matches]
    outcome = []
    for one in waiting:
        try:
            outcome.append(one.result()[0]["object"])
        except Refused as error:
            assert error.short == "Conflict" and "last place" in error.message, error
            outcome.append(error.short)
    assert sorted(outcome) == sorted([matches[outcome.index("Conflict") ^ 1], "Conflict"])
    states = [coord.get(match, "Match", "State") for match in matches]
    assert sorted(states) == ["accepted", "offered"]
    assert coord.get(mentor, "Participant", "Free") == 0


# ---- many at once ----

def test_call_many_is_a_hundred_calls_each_for_itself(world):
    coord = world.caller("mt-coord")
    calls = []
    for n in range(100):
        if n % 4 == 3:
            calls.append((PEOPLE, COLLECTION, "Create", {"given_name": f"Many{n}"}, {}))                 # lacks a name
        else:
            calls.append((PEOPLE, COLLECTION, "Create", {"given_name": f"Many{n}", "family_name": "Call"}, {"key": f"many-{n}"}))
    answers = coord.manager("CallMany", "a(ossa{sv}a{sv})", (calls,))
    assert [name == "" for name, _ in answers] == [n % 4 != 3 for n in range(100)]
    assert {name.rpartition(".")[2] for name, _ in answers} == {"", "InvalidField"}
    assert all("family_name" in str(result) for name, result in answers if name)
    assert len(world.rows("SELECT id FROM person WHERE given_name LIKE 'Many%'")) == 75
    again = coord.manager("CallMany", "a(ossa{sv}a{sv})", (calls,))
    assert [result for name, result in again if not name] == [result for name, result in answers if not name]
    assert len(world.rows("SELECT id FROM person WHERE given_name LIKE 'Many%'")) == 75


def test_call_many_passes_the_same_gate(world):
    """Order of refusal, versions, dry runs and roles are those of single calls; later ones see what earlier ones did."""
    person = world.people["lone"]
    calls = [(person, f"{NAME}.Person", "Update", {"language": "de"}, {"version": ("x", 1)}),
             (person, f"{NAME}.Person", "Update", {"language": "fr"}, {"version": ("x", 1)}),
             (person, f"{NAME}.Person", "Update", {"language": "fr"}, {"version": ("x", 2), "dry_run": True}),
             (person, f"{NAME}.Person", "Update", {"language": "it"}, {"version": ("x", 2)}),
             (f"{PEOPLE}/4000000", f"{NAME}.Person", "Update", {"nose": "it"}, {}),
             (world.programs["a"], f"{NAME}.Person", "Update", {}, {}), (TOP, MANAGER, "Backup", {}, {}),
             (f"{TOP}/match_runs", COLLECTION, "Create", {"program": world.programs["a"]}, {})]
    answers = world.caller("mt-coord").manager("CallMany", "a(ossa{sv}a{sv})", (calls,))
    assert [name.rpartition(".")[2] for name, _ in answers] == ["", "Conflict", "", "", "NotFound", "InvalidField", "InvalidField",
                                                               "InvalidField"]
    assert world.rows("SELECT language, version FROM person WHERE id = ?", number(person)) == [{"language": "it", "version": 3}]
    answers = world.caller("mt-observer").manager("CallMany", "a(ossa{sv}a{sv})", (calls[:1] + calls[4:5],))
    assert [name.rpartition(".")[2] for name, _ in answers] == ["NotAllowed", "NotFound"]
    answers = world.caller("mt-mentee2").manager("CallMany", "a(ossa{sv}a{sv})", (calls[:1] + calls[4:5],))
    assert len({json.dumps(answer) for answer in answers}) == 1          # hidden and absent alike


# ---- lists ----

def test_pages_while_rows_come_and_go(world):
    """Following cursors gives each row that was there throughout exactly once, whatever happens between the pages."""
    coord = world.caller("mt-coord")
    for n in range(60):
        coord.create("people", {"given_name": f"Page{n:02}", "family_name": "Turner"})
    throughout = {row["id"] for row in world.rows("SELECT id FROM person WHERE given_name LIKE 'Page%'")}
    for order in ("name", "-name", "family_name", "-family_name"):
        seen, cursor, turn = [], "", 0
        while True:
            rows, cursor = coord.list("people", ["id"], where=[("family_name", "=", "Turner")], order=order, cursor=cursor, limit=7)
            seen += [row[0] for row in rows]
            coord.create("people", {"given_name": f"Aaa{order[-1]}{turn}", "family_name": "Turner"})
            coord.create("people", {"given_name": f"Zzz{order[-1]}{turn}", "family_name": "Turner"})
            turn += 1
            if not cursor or turn > 40:
                break
        assert len(seen) == len(set(seen)) and throughout <= set(seen), order


@pytest.mark.parametrize("where, names", [
    ([("given_name", "=", "Kunibert")], {"Kunibert"}), ([("given_name", "in", ["Kunibert", "Ludmilla", "Nobody"])], {"Kunibert", "Ludmilla"}),
    ([("given_name", "prefix", "Qor")], {"Qorinna", "Qordula"}), ([("given_name", "contains", "tokar")], {"Ottokar"}),
    ([("id", "<", ("x", 3))], {"Qorinna", "Qordula"}), ([("given_name", ">=", "Yngvild")], {"Yngvild", "Zdenka"}),
    ([("external_id", "none", True)], set()), ([("email", "none", False), ("given_name", "prefix", "Z")], {"Zdenka"}),
    ([("given_name", "!=", "Zdenka"), ("given_name", ">", "Y")], {"Yngvild"}),
])
def test_filters(world, where, names):
    assert {row[0] for row in world.caller("mt-coord").list("people", ["given_name"], where=where)[0]} == names


def test_the_role_of_a_filter_narrows(world):
    both = world.caller("mt-mentor3")                            # coordinator of a, mentor in it
    assert {row[0] for row in both.list("matches", ["id"], where=[("as", "=", "mentor")])[0]} == {number(world.matches["own"])}
    assert number(world.matches["own"]) not in {row[0] for row in both.list("matches", ["id"], where=[("as", "=", "coordinator")])[0]}
    refused("NotAllowed", both.list, "matches", ["id"], where=[("as", "=", "data-protection officer")])
    refused("InvalidField", both.list, "matches", ["id"], where=[("as", "=", "king")])


# ---- subscriptions and what was missed ----

def test_signals_come_in_order_with_versions_and_changes_agrees(world):
    coord = world.caller("mt-coord")
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    last = coord.manager("Changes", "tu", (0, 1000))[0][-1][0]
    for n in range(20):
        coord.verb(world.people["lone"], "Person.Update", {"language": ["de", "fr"][n % 2]})
    told = [values for _, _, member, values in coord.settle(0.5)]
    assert [path for path, _, _ in told] == [world.people["lone"]] * 20
    assert [version for _, version, _ in told] == list(range(2, 22))
    sequences = [sequence for _, _, sequence in told]
    assert sequences == sorted(sequences) and len(set(sequences)) == 20
    missed, more = coord.manager("Changes", "tu", (last, 1000))
    assert [sequence for sequence, path, _ in missed if path == world.people["lone"]] == sequences and not more
    # a gap is filled from the last one that was seen
    later, _ = coord.manager("Changes", "tu", (sequences[9], 1000))
    assert [sequence for sequence, _, _ in later] == sequences[10:]


def test_what_is_undone_is_not_told(world):
    coord = world.caller("mt-coord")
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "matches"},))
    coord.verb(world.matches["proposed"], "Match.Offer", options={"dry_run": True})
    refused("WrongState", coord.verb, world.matches["active"], "Match.Offer")
    assert coord.settle(0.3) == []
    coord.verb(world.matches["proposed"], "Match.Offer")
    assert coord.wait_signal()[2] == "Changed"


def test_a_removed_row_is_told_to_who_saw_it(world):
    coord, mentee, other = world.caller("mt-coord"), world.caller("mt-mentee1"), world.caller("mt-mentee2")
    for caller in (coord, mentee, other):
        caller.watch()
        caller.manager("Subscribe", "a{sv}", ({"collection": "traits"},))
    mentee.verb(world.other["trait"], "Trait.Remove")
    for caller in (coord, mentee):
        path, _, member, values = caller.wait_signal()
        assert (member, values[0]) == ("Removed", world.other["trait"])
    assert other.settle(0.2) == []
    missed, _ = mentee.manager("Changes", "tu", (0, 1000))
    assert (world.other["trait"], "Removed") in [(path, signal) for _, path, signal in missed]
    missed, _ = other.manager("Changes", "tu", (0, 1000))
    assert world.other["trait"] not in [path for _, path, _ in missed]


def test_subscriptions_of_who_left_are_gone(world):
    """A hundred connections subscribe and go; the daemon keeps nothing and serves on."""
    script = ("import sys\nfrom gi.repository import Gio, GLib\n"
              "for _ in range(100):\n"
              "    c = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |"
              " Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)\n"
              "    c.call_sync('org.mentorship1', '/org/mentorship1', 'org.mentorship1.Manager', 'Subscribe',"
              " GLib.Variant('(a{sv})', ({'collection': GLib.Variant('s', 'people')},)), None, 0, -1, None)\n"
              "    c.close_sync(None)\n")
    world.daemon.configure("limits: { subscriptions = 8; };\n", "20-few.conf")
    world.root.manager("Reload")
    done = run("mt-coord", [PYTHON, "-c", script, world.bus.address])
    assert done.returncode == 0, done.stderr
    world.caller("mt-coord").manager("Subscribe", "a{sv}", ({"collection": "people"},))


# ---- the agenda ----

def test_the_agenda_is_oldest_first_and_shrinks_as_things_are_done(world):
    coord = world.caller("mt-coord2")
    agenda = coord.manager("Agenda", "a{sv}", ({},))
    assert all("since" in item for item in agenda), [item for item in agenda if "since" not in item]
    since = [item["since"] for item in agenda]
    assert since == sorted(since) and all({"kind", "object"} <= set(item) for item in agenda)
    waiting = [item for item in agenda if item["kind"] == "application to decide"]
    assert [item["object"] for item in waiting] == [world.participants["mt-mentee3", "a"]]
    assert coord.get(waiting[0]["object"], "Participant", "StateSince") == waiting[0]["since"]
    before = {item["object"] for item in agenda if item["kind"] == "mentee without mentor"}
    assert waiting[0]["object"] not in before
    coord.verb(waiting[0]["object"], "Participant.Accept")
    assert "application to decide" not in [item["kind"] for item in coord.manager("Agenda", "a{sv}", ({},))]
    mentee = world.caller("mt-mentee1")
    does = {"consent to answer": ("Consent.Give", {}), "check-in to answer": ("CheckIn.Answer", {"rating": 4}),
            "meeting to answer": ("Meeting.Accept", {}), "meeting to log": ("Meeting.Hold", {})}
    for item in mentee.manager("Agenda", "a{sv}", ({},)):
        if item["kind"] != "form to answer":          # test_wave.c has these
            verb, arguments = does[item["kind"]]
            mentee.verb(item["object"], verb, arguments)
    assert {item["kind"] for item in mentee.manager("Agenda", "a{sv}", ({},))} <= {"form to answer"}


# ---- tasks ----

def test_a_task_is_its_starters_and_staffs(world):
    """A matching runs in the worker; its task is watched by who asked and by staff of its program, and is not there for others."""
    coord, other, colleague = world.caller("mt-coord2"), world.caller("mt-mentor1"), world.caller("mt-coord")
    coord.watch()
    made = coord.create("match_runs", {"program": world.programs["a"]}, options={"key": "run"})
    task = made["task"]
    assert task.startswith(f"{TOP}/tasks/")
    refused("NotFound", other.get_all, task, "Task")
    refused("NotFound", other.call, task, f"{NAME}.Task", "Cancel", "a{sv}", ({},))
    refused("NotAllowed", colleague.call, task, f"{NAME}.Task", "Cancel", "a{sv}", ({},))
    assert world.root.get(task, "Task", "Kind") == colleague.get(task, "Task", "Kind") == "match"
    wait_until(lambda: coord.get(task, "Task", "State") in ("done", "failed"), 30, "the end of the task")
    got = coord.get_all(task, "Task")
    assert got["State"] == "done" and got["Error"] == "" and got["Progress"] == 1.0 and got["Object"] == made["object"], got
    told = [values for _, interface, member, values in coord.settle(0.2) if interface == f"{NAME}.Task" and member == "Changed"]
    assert told and told[-1][1] == "done" and [part for part, _ in told] == sorted(part for part, _ in told)
    assert not [signal for signal in other.settle(0.1) + colleague.settle(0.1)]
    assert coord.get(made["object"], "MatchRun", "State") == "proposed"
    again = coord.create("match_runs", {"program": world.programs["a"]}, options={"key": "run"})
    assert again["object"] == made["object"]


# ---- the real clients ----

def busctl(world, user, *args):
    done = world.bus.busctl(user, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_busctl(world):
    person = world.people["lone"]
    assert busctl(world, "mt-coord", "get-property", NAME, person, f"{NAME}.Person", "GivenName", "Version") == 's "Kunibert"\nx 1\n'
    told = busctl(world, "mt-coord", "call", NAME, person, f"{NAME}.Person", "Update", "a{sv}a{sv}", "2", "language", "s", "de",
                  "given_name", "s", "Kuno", "2", "version", "x", "1", "key", "s", "b1")
    assert '"version" x 2' in told and f'"object" o "{person}"' in told
    listed = json.loads(busctl(world, "mt-coord", "--json=short", "call", NAME, PEOPLE, COLLECTION, "List", "a(ssv)asssu", "1", "given_name",
                               "=", "s", "Kuno", "2", "id", "name", "", "", "10"))
    assert listed["data"][0]["data"] == [[number(person), "Kuno Plantowsky"]]
    shown = busctl(world, "mt-coord", "introspect", NAME, person)
    assert re.search(r'\.GivenName +property +s +"Kuno"', shown) and re.search(r"\.Update +method +a\{sv\}a\{sv\} +a\{sv\}", shown), shown
    done = world.bus.busctl("mt-nobody", "get-property", NAME, person, f"{NAME}.Person", "GivenName")
    assert done.returncode != 0 and "there is no such object" in done.stderr
    done = world.bus.busctl("mt-coord", "set-property", NAME, person, f"{NAME}.Person", "GivenName", "s", "Eve")
    assert done.returncode != 0 and "Update" in done.stderr


def test_gdbus(world):
    person = world.people["lone"]
    done = world.bus.gdbus("mt-coord", "call", "--dest", NAME, "--object-path", person, "--method", f"{NAME}.Person.Update",
                           "{'language': <'de'>}", "{'version': <int64 1>, 'reason': <'because'>}")
    assert "'version': <int64 2>" in done.stdout, done.stderr
    done = world.bus.gdbus("mt-coord", "call", "--dest", NAME, "--object-path", TOP, "--method", f"{MANAGER}.CallMany",
                           f"[(objectpath '{person}', '{NAME}.Person', 'Update', {{'language': <'fr'>}}, @a{{sv}} {{}})]")
    assert "('', {'object'" in done.stdout, done.stdout + done.stderr
    done = world.bus.gdbus("mt-coord", "introspect", "--dest", NAME, "--object-path", person, "--only-properties")
    assert "readonly s GivenName = 'Kunibert'" in done.stdout, done.stdout[:2000] + done.stderr
    assert "BirthDate" not in done.stdout
    done = world.bus.gdbus("mt-mentee2", "call", "--dest", NAME, "--object-path", person, "--method", f"{NAME}.Person.Update", "{}", "{}")
    assert done.returncode != 0 and "NotFound" in done.stderr


DASBUS = """
import sys
from dasbus.connection import AddressedMessageBus
from dasbus.error import DBusError
from gi.repository import GLib
bus = AddressedMessageBus(sys.argv[1])
manager = bus.get_proxy("org.mentorship1", "/org/mentorship1")
people = bus.get_proxy("org.mentorship1", "/org/mentorship1/people")
person = bus.get_proxy("org.mentorship1", sys.argv[2])
print(manager.WhoAmI()["uid"].unpack(), manager.Version != "")
done = person.Update({"language": GLib.Variant("s", "de")}, {"version": GLib.Variant("x", person.Version)})
print(person.Language, done["version"].unpack())
rows, following = people.List([("given_name", "=", GLib.Variant("s", "Kunibert"))], ["id", "name"], "", "", 5)
print(rows.unpack() if hasattr(rows, "unpack") else rows, repr(following))
try:
    person.Update({"given_name": GLib.Variant("x", 1)}, {})
except DBusError as error:
    print(error.dbus_name, "given_name" in str(error))
"""


def test_dasbus(world):
    person = world.people["lone"]
    done = run("mt-coord", [PYTHON, "-c", DASBUS, world.bus.address, person])
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["61002 True", "de 2", f"[({number(person)}, 'Kunibert Plantowsky')] ''",
                                        "org.mentorship1.Error.InvalidField True"]
