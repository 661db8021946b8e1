# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits, waits outside of transactions: polkit, names, credentials; quotas; a bus that goes away."""
import os
import signal
import subprocess
import time

import pytest

from harness import COLLECTION, MANAGER, NAME, PROPERTIES, TOP, Refused, run, wait_until

PEOPLE = f"{TOP}/people"
AUTH = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return str(caught.value)


def appoint(daemon, user="mt-coord", duty="coordinator", **more):
    """Root makes a person with a login and a duty of all."""
    root = daemon.caller("root")
    me = root.create("people", {"given_name": user, "family_name": "X"})["object"]
    root.create("logins", {"person": me, "user_name": user})
    if duty:
        root.create("duties", {"person": me, "duty": duty, **more})
    return me


# ---- polkit ----

def test_polkit_makes_an_admin(polkit, daemon):
    admin, nobody = daemon.caller("mt-admin"), daemon.caller("mt-nobody")
    assert admin.create("people", {"given_name": "A", "family_name": "B"})["object"] == f"{PEOPLE}/1"
    assert admin.manager("Backup", "a{sv}", ({},))["name"].startswith("mentorship-")
    refused(AUTH, nobody.create, "people", {"given_name": "A", "family_name": "B"})
    refused(AUTH, nobody.manager, "Backup", "a{sv}", ({},))
    assert len(daemon.caller("root").list_all("people", ["id"])) == 1


def test_who_allows_a_dialog_and_has_no_agent_is_refused_at_once(polkit, daemon):
    start = time.monotonic()
    refused("NotAllowed", daemon.caller("mt-nobody").manager, "Backup", "a{sv}", ({},), interactive=True)
    assert time.monotonic() - start < 5


def test_a_rule_that_says_no(polkit, daemon):
    polkit.rule('polkit.addRule(function(action, subject) { return polkit.Result.NO; });')
    polkit.restart()
    refused("NotAllowed", daemon.caller("mt-admin").manager, "Backup", "a{sv}", ({},))
    refused("NotAllowed", daemon.caller("mt-admin").create, "people", {"given_name": "A", "family_name": "B"})


def test_no_polkit_no_admin(daemon):
    refused("NotAllowed", daemon.caller("mt-admin").create, "people", {"given_name": "A", "family_name": "B"})
    refused("NotAllowed", daemon.caller("mt-admin").manager, "Backup", "a{sv}", ({},))
    assert daemon.caller("root").list_all("people", ["id"]) == []


def test_polkit_that_hangs_delays_only_its_caller(polkit, daemon):
    admin, root = daemon.caller("mt-admin"), daemon.caller("root")
    polkit.freeze()
    try:
        waiting = admin.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": "A", "family_name": "B"}, {}))
        behind = admin.start(TOP, PROPERTIES, "Get", "ss", (MANAGER, "Version"))
        start = time.monotonic()
        for _ in range(20):
            root.create("people", {"given_name": "C", "family_name": "D"})
        assert time.monotonic() - start < 3
        refused("NotAllowed", waiting.result)
        assert behind.result()
        assert len(root.list_all("people", ["id"])) == 20
    finally:
        polkit.freeze(False)


def test_who_leaves_while_polkit_thinks(polkit, daemon):
    root = daemon.caller("root")
    polkit.freeze()
    caller = daemon.caller("mt-admin", 1)
    caller.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": "A", "family_name": "B"}, {}))
    time.sleep(0.3)
    caller.close()
    daemon.bus.connected.pop(("mt-admin", 1))
    daemon.bus.callers.lent.remove(caller)
    caller.stop()
    polkit.freeze(False)
    time.sleep(0.3)
    assert root.list_all("people", ["id"]) == []


def test_call_many_asks_before_it_acts(polkit, daemon):
    make = (PEOPLE, COLLECTION, "Create", {"given_name": "A", "family_name": "B"}, {})
    answer = daemon.caller("mt-admin").manager("CallMany", "a(ossa{sv}a{sv})", ([make, make],))
    assert [name for name, _ in answer] == ["", ""]
    answer = daemon.caller("mt-nobody").manager("CallMany", "a(ossa{sv}a{sv})", ([make],))
    assert answer[0][0] == AUTH


# ---- names ----

def test_a_login_binds_by_name_and_uid(daemon):
    me = appoint(daemon)
    coord = daemon.caller("mt-coord")
    who = coord.manager("WhoAmI")
    assert who["person"] == me and "coordinator" in who["roles"]
    other = daemon.caller("mt-coord2")
    assert other.manager("WhoAmI")["person"] == "/"


def test_a_uid_outside_the_range_binds_nobody(daemon):
    appoint(daemon, "mt-outside")
    assert daemon.caller("mt-outside").manager("WhoAmI")["person"] == "/"


def test_a_login_that_ends_counts_at_once(daemon):
    appoint(daemon)
    coord, root = daemon.caller("mt-coord"), daemon.caller("root")
    assert coord.list_all("people", ["name"])
    root.verb(f"{TOP}/logins/1", "Login.End")
    assert coord.manager("WhoAmI")["person"] == "/"
    refused("NotAllowed", coord.list, "people", ["name"])


def test_a_duty_that_ends_counts_at_once(daemon):
    appoint(daemon)
    appoint(daemon, "mt-coord2")
    coord, root = daemon.caller("mt-coord"), daemon.caller("root")
    coord.create("people", {"given_name": "A", "family_name": "B"})
    assert len(coord.list_all("people", ["name"])) == 3
    root.verb(f"{TOP}/duties/1", "Duty.End")
    assert len(coord.list_all("people", ["name"])) == 1           # their own


def test_a_name_that_cannot_be_looked_up(daemon, scratch):
    """A user database that hangs refuses those whose name it would give, in two seconds, and delays nobody else."""
    appoint(daemon)
    coord, root = daemon.caller("mt-coord"), daemon.caller("root")
    hangs = scratch / "passwd"
    os.mkfifo(hangs)
    subprocess.run(["mount", "--bind", hangs, "/etc/passwd"], check=True)
    try:
        start = time.monotonic()
        waiting = coord.start(TOP, MANAGER, "WhoAmI")
        behind = coord.start(TOP, MANAGER, "WhoAmI")
        assert root.manager("WhoAmI")["uid"] == 0 and time.monotonic() - start < 1
        assert "look" in refused("Unavailable", waiting.result)
        refused("Unavailable", behind.result)
        assert 1.5 < time.monotonic() - start < 6
    finally:
        subprocess.run(["umount", "/etc/passwd"], check=True)
    time.sleep(1.2)
    assert "coordinator" in coord.manager("WhoAmI")["roles"]


# ---- quotas ----

def test_too_many_calls_in_flight(daemon):
    daemon.configure("limits: { calls_in_flight = 4; };\n")
    daemon.restart()
    root = daemon.caller("root")
    root.manager("WhoAmI")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    calls = [root.start(TOP, MANAGER, "VerifyAudit", "a{sv}", ({},)) for _ in range(8)]
    time.sleep(0.2)
    os.kill(daemon.process.pid, signal.SIGCONT)
    names = []
    for call in calls:
        try:
            call.result()
            names.append("")
        except Refused as error:
            names.append(error.short)
    assert names.count("") == 4 and names.count("LimitExceeded") == 4
    assert root.manager("WhoAmI")


def test_too_many_calls_in_a_second(daemon):
    daemon.configure("limits: { calls_per_second = 5; };\n")
    daemon.restart()
    nobody, root = daemon.caller("mt-nobody"), daemon.caller("root")
    calls = [nobody.start(TOP, PROPERTIES, "Get", "ss", (MANAGER, "Version")) for _ in range(60)]
    over = 0
    for call in calls:
        try:
            call.result()
        except Refused as error:
            over += error.short == "LimitExceeded"
    assert over >= 5
    assert root.manager("WhoAmI")["uid"] == 0
    time.sleep(0.5)
    assert nobody.get(TOP, "Manager", "Version")


def test_clients_come_and_go(stopped_daemon):
    """Nothing stays of those who left: one process, many connections."""
    # a build with ASan must not keep what was freed, or its memory tells nothing
    daemon = stopped_daemon.start(env={"ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"})
    script = ("import sys\nfrom gi.repository import Gio\n"
              "for _ in range(400):\n"
              "    c = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |"
              " Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)\n"
              "    c.call_sync('org.mentorship1', '/org/mentorship1', 'org.mentorship1.Manager', 'WhoAmI', None, None, 0, -1, None)\n"
              "    c.close_sync(None)\n")

    def rounds():
        done = run("mt-nobody", ["/usr/bin/python3", "-c", script, daemon.bus.address], seconds=60)
        assert done.returncode == 0, done.stderr
        with open(f"/proc/{daemon.process.pid}/statm") as sizes:
            return int(sizes.read().split()[1]) * 4
    first = rounds()
    assert rounds() - first < 1000                # KiB


# ---- the bus goes away ----

def test_the_bus_restarts(daemon):
    root = daemon.caller("root")
    done = root.create("people", {"given_name": "A", "family_name": "B"})
    pid = daemon.process.pid
    for _ in range(2):
        daemon.bus.kill()
        time.sleep(0.3)
        assert daemon.running
        daemon.bus.start()
        wait_until(lambda: daemon.bus.owner(NAME), 10, "the name")
        assert daemon.process.pid == pid and daemon.running
        assert daemon.caller("root").get(done["object"], "Person", "Source") == "local"
    daemon.caller("root").create("people", {"given_name": "C", "family_name": "D"})


def test_no_write_is_lost_with_the_bus(daemon):
    root = daemon.caller("root")
    root.create("people", {"given_name": "A", "family_name": "B"})
    calls = [root.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": f"N{i}", "family_name": "B"}, {"key": f"k{i}"}))
             for i in range(60)]
    answered = []
    daemon.bus.kill()
    for call in calls:
        try:
            values = call.result()
            answered.append(values[0]["object"])
        except Exception:                         # the connection is gone under the caller
            break
    daemon.bus.start()
    wait_until(lambda: daemon.bus.owner(NAME), 10, "the name")
    again = daemon.caller("root", 1)
    there = {f"{PEOPLE}/{row[0]}" for row in again.list_all("people", ["id"])}
    assert set(answered) <= there
    # keys make it safe to send everything again
    for i in range(60):
        again.create("people", {"given_name": f"N{i}", "family_name": "B"}, options={"key": f"k{i}"})
    assert len(again.list_all("people", ["id"])) == 61


def test_a_loss_that_shows_while_replies_are_sent(daemon):
    root = daemon.caller("root")
    root.manager("WhoAmI")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    for i in range(20):
        root.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": f"N{i}", "family_name": "B"}, {"key": f"k{i}"}))
    time.sleep(0.3)                               # they lie in the daemon's socket
    daemon.bus.kill()
    os.kill(daemon.process.pid, signal.SIGCONT)
    daemon.bus.start()
    wait_until(lambda: daemon.bus.owner(NAME), 10, "the name")
    made = daemon.caller("root").list_all("people", ["id"])
    assert len(made) in range(21) and daemon.running


def test_without_a_bus_it_does_not_start(stopped_daemon):
    stopped_daemon.bus.kill()
    stopped_daemon.expected = (1,)
    stopped_daemon.start(ready=None)
    assert stopped_daemon.wait() == 1
    assert "bus" in stopped_daemon.tail()
    stopped_daemon.bus.start()


# ---- administration ----

def test_reload(daemon):
    root = daemon.caller("root")
    daemon.configure("log: { level = \"debug\"; };\n")
    root.manager("Reload")
    path, interface = "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1"
    assert root.call(path, PROPERTIES, "Get", "ss", (interface, "LogLevel")) == "debug"
    daemon.configure("limits: { queue = \"many\"; };\n")
    assert "queue" in refused("InvalidField", root.manager, "Reload")
    assert daemon.running and root.manager("WhoAmI")
    refused("NotAllowed", daemon.caller("mt-nobody").manager, "Reload")


def test_verify_audit(daemon):
    root = daemon.caller("root")
    for i in range(30):
        root.create("people", {"given_name": f"N{i}", "family_name": "B"})
    report = root.manager("VerifyAudit", "a{sv}", ({},))
    assert report["whole"] is True and report["records"] == 30 and report["first_bad"] == 0
    refused("NotAllowed", daemon.caller("mt-nobody").manager, "VerifyAudit", "a{sv}", ({},))
    appoint(daemon, "mt-auditor", "auditor")
    assert daemon.caller("mt-auditor").manager("VerifyAudit", "a{sv}", ({},))["whole"] is True


def test_the_clock_of_a_simulated_database(stopped_daemon):
    daemon = stopped_daemon.start(clock=1_790_000_000)
    root = daemon.caller("root")
    assert root.get(TOP, "Manager", "Simulated") is True and root.get(TOP, "Manager", "Now") == 1_790_000_000
    refused("InvalidField", root.manager, "AdvanceClock", "x", (1_700_000_000,))
    refused("NotAllowed", daemon.caller("mt-nobody").manager, "AdvanceClock", "x", (1_790_000_100,))
    assert root.manager("AdvanceClock", "x", (1_790_000_100,))["now"] == 1_790_000_100
    assert root.get(TOP, "Manager", "Now") == 1_790_000_100


def test_a_real_clock_cannot_be_moved(daemon):
    refused("WrongState", daemon.caller("root").manager, "AdvanceClock", "x", (4_000_000_000,))


def test_resume_and_preview(daemon):
    root = daemon.caller("root")
    assert root.manager("Resume", "a{sv}", ({"dry_run": True},)).keys() == {"messages", "jobs"}
    refused("NotAllowed", daemon.caller("mt-nobody").manager, "Resume", "a{sv}", ({},))
    shown, more = root.manager("SchedulePreview", "a{sv}", ({"limit": 5},))
    all_of_it, more_still = root.manager("SchedulePreview", "a{sv}", ({},))
    assert more_still is False and all_of_it[:5] == shown
    assert root.manager("SchedulePreview", "a{sv}", ({"limit": len(all_of_it)},)) == (all_of_it, False)
    assert len(shown) == 5 and more is True and {"kind", "object", "due", "nominal", "zone"} == shown[0].keys()
    refused("InvalidField", root.manager, "SchedulePreview", "a{sv}", ({"limit": 0},))


def test_previews_cost_what_they_hold_up(daemon):
    """Ten thousand occurrences by each call, again and again: cut short, then refused; others are answered all the while."""
    daemon.configure("limits: { calls_per_second = 100; };\n")
    root = daemon.caller("root")
    root.manager("Reload")
    appoint(daemon)
    coord, other = daemon.caller("mt-coord"), daemon.caller("mt-nobody")
    far = {"until": ("x", root.get(TOP, "Manager", "Now") + 20 * 366 * 86400), "limit": ("x", 10000)}
    longest, refusals, cut = 0, 0, 0
    for _ in range(40):
        asked = coord.start(TOP, MANAGER, "SchedulePreview", "a{sv}", (far,))
        began = time.monotonic()
        other.get(TOP, "Manager", "Version")
        longest = max(longest, time.monotonic() - began)
        try:
            cut += asked.result()[1]
        except Refused as refused_:
            assert refused_.short == "LimitExceeded"
            refusals += 1
    assert cut >= 3 and refusals >= 20
    assert longest < 0.5                       # far more than a turn: sanitizers, and machines under load


# ---- signals ----

def seen(caller, seconds=0.3):
    """(signal, object) of what came, in order."""
    found = [(member, values[0]) for _, _, member, values in caller.settle(seconds)]
    caller.signals.clear()
    return found


def test_subscribe_to_a_collection(daemon):
    appoint(daemon)
    coord, other = daemon.caller("mt-coord"), daemon.caller("mt-nobody")
    for caller in (coord, other):
        caller.watch()
    number = coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    person = coord.create("people", {"given_name": "A", "family_name": "B"})["object"]
    coord.verb(person, "Person.Update", {"given_name": "C"})
    assert seen(coord) == [("Added", person), ("Changed", person)]
    assert seen(other, 0.1) == []
    coord.manager("Unsubscribe", "u", (number,))
    coord.verb(person, "Person.Update", {"given_name": "D"})
    assert seen(coord) == []
    refused("NotFound", coord.manager, "Unsubscribe", "u", (number,))


def test_signals_carry_version_and_sequence(daemon):
    appoint(daemon)
    coord = daemon.caller("mt-coord")
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    person = coord.create("people", {"given_name": "A", "family_name": "B"})["object"]
    path, interface, member, values = coord.wait_signal()
    assert (path, interface, member) == (PEOPLE, COLLECTION, "Added") and values[0] == person and values[1] == 1
    changes, _ = coord.manager("Changes", "tu", (values[2] - 1, 10))
    assert changes[0] == (values[2], person, "Added")


def test_who_loses_sight_by_a_verb_is_told_at_once(daemon):
    """Of a path and of a collection, a row each of many; and who keeps sight hears nothing."""
    root = daemon.caller("root")
    appoint(daemon)
    person = appoint(daemon, "mt-coord2", None)
    duty = root.create("duties", {"person": person, "duty": "coordinator"})["object"]
    coord, other = daemon.caller("mt-coord"), daemon.caller("mt-coord2")
    programs = [coord.create("programs", {"key": f"key-{i}", "title": "Title", "starter": "new-staff"})["object"] for i in range(3)]
    people = [coord.create("people", {"given_name": f"N{i}", "family_name": "B"})["object"] for i in range(200)]
    coord.watch()
    other.watch()
    for caller in (coord, other):
        caller.manager("Subscribe", "a{sv}", ({"collection": "people"},))
        caller.manager("Subscribe", "a{sv}", ({"paths": ("ao", people[:2])},))
        caller.manager("Subscribe", "a{sv}", ({"collection": "recipes", "filter": ("a(ssv)", [("name", "!=", "x")])},))
    recipes = [row[0] for row in coord.list_all("recipes", ["id"])]
    assert seen(other) == seen(coord) == []
    root.verb(duty, "Duty.End")
    told = seen(other, 1)
    assert {what for what, _ in told} == {"Removed"}
    assert sorted(row for _, row in told if row.startswith(PEOPLE)) == sorted([row for row in shown_to_all(people, person)] + people[:2])
    assert sum(row.startswith(f"{TOP}/recipes") for _, row in told) == len(recipes) == len(programs)
    assert seen(coord) == []
    coord.verb(people[0], "Person.Update", {"given_name": "Z"})
    assert seen(other) == [] and seen(coord) == [("Changed", people[0])] * 2


def shown_to_all(people, me):
    """Everybody but oneself, whom one sees for ever."""
    first = [f"{PEOPLE}/{i}" for i in range(1, int(people[0].rsplit("/", 1)[1]))]
    return [row for row in first + people if row != me]


def test_who_loses_sight_by_time_is_told_when_the_time_comes(stopped_daemon):
    daemon = stopped_daemon.start(clock=1_790_000_000)          # 2026-09-21
    appoint(daemon)
    me = appoint(daemon, "mt-coord2", to="2026-09-22")
    root, other, coord = daemon.caller("root"), daemon.caller("mt-coord2"), daemon.caller("mt-coord")
    for caller in (coord, other):
        caller.watch()
        caller.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    root.manager("AdvanceClock", "x", (1_790_121_599,), seconds=60)   # the last second of the 22nd
    assert seen(other) == []
    root.manager("AdvanceClock", "x", (1_790_121_600,), seconds=60)
    assert seen(other) == [("Removed", f"{PEOPLE}/{i}") for i in range(1, 4) if f"{PEOPLE}/{i}" != me][:1]
    assert seen(coord) == []


def test_a_login_that_ends_by_the_real_clock(daemon):
    """Nothing changes in the database; the timer stands at the end and wakes once."""
    root = daemon.caller("root")
    me = root.create("people", {"given_name": "Me", "family_name": "X"})["object"]
    root.create("duties", {"person": me, "duty": "coordinator"})
    root.create("logins", {"person": me, "user_name": "mt-coord", "until": ("x", int(time.time()) + 4)})
    coord = daemon.caller("mt-coord")
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    assert seen(coord, 0.5) == []
    _, _, member, values = coord.wait_signal(seconds=8)
    assert (member, values[0], values[1]) == ("Removed", me, 0) and seen(coord) == []


def test_who_a_login_made_is_nobody_at_once_when_it_ends(daemon):
    """Nobody subscribes and nothing changes; what is kept of a caller ends with the login."""
    root = daemon.caller("root")
    me = root.create("people", {"given_name": "Me", "family_name": "X"})["object"]
    end = int(time.time()) + 2
    root.create("logins", {"person": me, "user_name": "mt-coord", "until": ("x", end)})
    coord = daemon.caller("mt-coord")
    for _ in range(2):  # the first pins the uid, and what is kept is made anew behind it
        assert coord.manager("WhoAmI")["person"] == me
    time.sleep(max(0, end - time.time()))
    assert coord.manager("WhoAmI")["person"] == "/"


def test_a_filter(daemon):
    appoint(daemon)
    coord, root = daemon.caller("mt-coord"), daemon.caller("root")
    one = coord.create("people", {"given_name": "A", "family_name": "B"})["object"]
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "people", "filter": ("a(ssv)", [("state", "=", "active")])},))
    root.verb(one, "Person.Suspend", options={"reason": "test"})
    assert seen(coord) == [("Removed", one)]
    coord.verb(one, "Person.Update", {"given_name": "Z"})
    assert seen(coord) == []
    root.verb(one, "Person.Reinstate")
    assert seen(coord) == [("Added", one)]


def test_paths(daemon):
    appoint(daemon)
    coord = daemon.caller("mt-coord")
    one = coord.create("people", {"given_name": "A", "family_name": "B"})["object"]
    two = coord.create("people", {"given_name": "C", "family_name": "D"})["object"]
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"paths": ("ao", [one])},))
    coord.verb(two, "Person.Update", {"given_name": "Z"})
    coord.verb(one, "Person.Update", {"given_name": "Z"})
    assert seen(coord) == [("Changed", one)]
    refused("NotFound", coord.manager, "Subscribe", "a{sv}", ({"paths": ("ao", [f"{PEOPLE}/77"])},))
    refused("InvalidField", coord.manager, "Subscribe", "a{sv}", ({"paths": ("ao", [one]), "collection": "people"},))
    refused("InvalidField", coord.manager, "Subscribe", "a{sv}", ({},))
    refused("InvalidField", coord.manager, "Subscribe", "a{sv}", ({"collection": "fish"},))
    refused("InvalidField", coord.manager, "Subscribe", "a{sv}", ({"paths": "x"},))


def test_nobody_subscribes_to_what_they_do_not_see(daemon):
    appoint(daemon)
    coord, nobody = daemon.caller("mt-coord"), daemon.caller("mt-nobody")
    one = coord.create("people", {"given_name": "A", "family_name": "B"})["object"]
    refused("NotFound", nobody.manager, "Subscribe", "a{sv}", ({"paths": ("ao", [one])},))


def test_who_loses_sight_is_told_so(daemon):
    appoint(daemon)
    appoint(daemon, "mt-coord2")
    first, second, root = daemon.caller("mt-coord"), daemon.caller("mt-coord2"), daemon.caller("root")
    one = first.create("people", {"given_name": "A", "family_name": "B"})["object"]
    for caller in (first, second):
        caller.watch()
        caller.manager("Subscribe", "a{sv}", ({"collection": "people"},))
        caller.manager("Subscribe", "a{sv}", ({"paths": ("ao", [one])},))
    root.verb(f"{TOP}/duties/2", "Duty.End")
    assert sorted(seen(second)) == [("Removed", f"{PEOPLE}/1"), ("Removed", one), ("Removed", one)]
    first.verb(one, "Person.Update", {"given_name": "Z"})
    assert seen(second) == []
    assert seen(first) == [("Changed", one), ("Changed", one)]
    first.verb(one, "Person.Update", {"given_name": "Y"})
    assert seen(second) == []


def test_no_more_than_the_limit_of_subscriptions(daemon):
    daemon.configure("limits: { subscriptions = 2; };\n")
    daemon.restart()
    appoint(daemon)
    coord = daemon.caller("mt-coord")
    for _ in range(2):
        coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    refused("LimitExceeded", coord.manager, "Subscribe", "a{sv}", ({"collection": "people"},))


def test_nothing_is_broadcast(daemon):
    appoint(daemon)
    coord, other = daemon.caller("mt-coord"), daemon.caller("mt-nobody")
    other.watch(match=True)
    coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    coord.create("people", {"given_name": "Zebedee", "family_name": "B"})
    time.sleep(0.2)
    assert [signal for signal in other.settle() if signal[1] != "org.freedesktop.DBus"] == []
