# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at random moments under load: what was acknowledged is there once, what was not is whole or absent.

Each round has 64 calls outstanding from four callers, Create and Update with keys, some in CallMany. The daemon is killed at
a random moment of it and started again. Then the file is looked at, not the daemon: every acknowledged Create is one row, every
acknowledged Update is the version it said; each row has its audit record, its links and its anchors; and the keys, sent again, give the
answers that were given. The audit chain is verified at the end of each round, every word of it.
"""
import os
import random
import subprocess
import time

import pytest

import harness
from harness import COLLECTION, NAME, TOP, Refused
from world import number, read_rows

ACCOUNTS = ["root", "mt-coord", "mt-coord2", "mt-admin"]
OUTSTANDING = 64


class Load:
    """What was sent, what was answered; survives the daemon."""

    def __init__(self, daemon, seed):
        self.daemon, self.random, self.seed = daemon, random.Random(seed), seed
        self.sent = {}                                           # key: (account, path, interface, member, arguments)
        self.answered = {}                                       # key: result
        self.people = []                                         # acknowledged Creates to change later
        self.serial = 0
        root = daemon.caller("root")
        for account in ACCOUNTS[1:]:
            person = root.create("people", {"given_name": account, "family_name": "Caller"})["object"]
            root.create("logins", {"person": person, "user_name": account})
            root.create("duties", {"person": person, "duty": "coordinator"})
        coord = daemon.caller("mt-coord")
        self.program = coord.create("programs", {"key": "load", "title": "Under load", "starts": "2026-01-01", "ends": "2027-01-01"})["object"]
        self.ground = len(daemon_rows(daemon, "SELECT id FROM person"))

    def next_call(self):
        self.serial += 1
        key = f"{self.seed}-{self.serial:08}"
        kind = self.random.random()
        if kind < 0.45 or not self.people:
            call = (f"{TOP}/people", COLLECTION, "Create", {"given_name": f"G{key}", "family_name": f"F{key}"})
        elif kind < 0.75:
            call = (self.random.choice(self.people), f"{NAME}.Person", "Update", {"given_name": f"G{key}", "family_name": f"F{key}"})
        else:
            call = (f"{TOP}/participants", COLLECTION, "Create", {"program": self.program, "person": self.random.choice(self.people),
                                                                  "role": "mentor", "motivation": key})
        account = self.random.choice(ACCOUNTS if call[2] == "Create" and call[0].endswith("people") else ACCOUNTS[1:])
        self.sent[key] = (account, *call)
        return key

    def start_call(self, key):
        account, path, interface, member, arguments = self.sent[key]
        return self.daemon.caller(account).start(path, interface, member, "a{sv}a{sv}", (arguments, {"key": key}), seconds=10)

    def note(self, key, pending):
        """Takes in an answer; False when there is none."""
        try:
            result = pending.result()[0]
        except Refused as error:
            if error.short in ("Conflict",) and "participants" in self.sent[key][1]:
                self.sent.pop(key)                               # twice the same person: one of them is refused, and stays so
                return True
            assert error.name.startswith("org.freedesktop.DBus.Error."), error
            return False
        if key in self.answered:
            assert result == self.answered[key], (key, "a second answer differs")
        self.answered[key] = result
        if self.sent[key][1].endswith("people"):
            self.people.append(result["object"])
        return True

    def burst(self, seconds):
        """Keeps calls outstanding until the kill, which comes after so many seconds of it."""
        waiting = [(key, self.start_call(key)) for key in (self.next_call() for _ in range(OUTSTANDING))]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            key, pending = waiting.pop(0)
            self.note(key, pending)
            key = self.next_call()
            waiting.append((key, self.start_call(key)))
        self.daemon.kill()
        for key, pending in waiting:
            self.note(key, pending)


def daemon_rows(daemon, sql, *values):
    return read_rows(daemon.state, sql, *values)


def look(load):
    """The database against what was acknowledged."""
    daemon = load.daemon
    people = {row["given_name"][1:]: row for row in daemon_rows(daemon, "SELECT * FROM person WHERE given_name LIKE 'G%'")}
    by_id = {row["id"]: row for row in people.values()}
    participants = {row["motivation"]: row for row in daemon_rows(daemon, "SELECT * FROM participant")}
    records = daemon_rows(daemon, "SELECT entity, record, verb, count(*) n, max(id) last FROM audit_record GROUP BY entity, record, verb")
    audit = {(row["entity"], row["record"], row["verb"]): row["n"] for row in records}
    for row in by_id.values():
        assert row["given_name"][1:] == row["family_name"][1:], "half of an Update"
        assert row["name"] == f"{row['given_name']} {row['family_name']}"
        updates = audit.get(("person", row["id"], "Update"), 0)
        assert audit[("person", row["id"], "Create")] == 1 and row["version"] == 1 + updates, row
    for row in participants.values():
        assert row["program"] == number(load.program) and row["name"] == by_id[row["person"]]["name"], "a copy that lags"
        assert audit[("participant", row["id"], "Create")] == 1
    latest = {}
    for key, result in load.answered.items():
        account, path, interface, member, arguments = load.sent[key]
        row_id = number(result["object"])
        if path.endswith("people"):
            assert row_id in by_id, (key, "an acknowledged Create is gone")
        elif path.endswith("participants"):
            assert participants[key]["id"] == row_id, (key, "an acknowledged Create is gone")
        else:
            assert by_id[row_id]["version"] >= result["version"], (key, "an acknowledged Update is gone")
            latest[row_id] = max(latest.get(row_id, (0, "")), (result["version"], key))
    for row_id, (version, key) in latest.items():
        if by_id[row_id]["version"] == version:
            assert by_id[row_id]["given_name"] == f"G{key}"
    made = [key for key in participants] + [row["id"] for row in by_id.values()]
    creates = sum(n for (entity, _, verb), n in audit.items() if verb == "Create" and entity in ("person", "participant"))
    assert creates == len(made) + load.ground, "a record without its row, or a row without its record"


def again(load, count=40):
    """After the restart the last keys are sent once more: answered ones give the same answer, others are done now, none twice."""
    keys = list(load.sent)[-count:]
    for key, pending in [(key, load.start_call(key)) for key in keys]:
        assert load.note(key, pending), key


def rounds(daemon, count, seed):
    daemon.configure("people: { minors = false; };\nlimits: { calls_in_flight = 4096; };\n")
    daemon.start()
    load = Load(daemon, seed)
    began = time.monotonic()
    for number_of_round in range(count):
        load.burst(load.random.uniform(0.0, 0.12))
        look(load)
        daemon.start()
        again(load)
        if number_of_round % 10 == 9 or number_of_round == count - 1:
            report = daemon.caller("root").manager("VerifyAudit", "a{sv}", ({},), seconds=60)
            assert report["whole"] and report["first_bad"] == 0, report
    look(load)
    spent = time.monotonic() - began
    print(f"{count} kills in {spent:.0f} s: {len(load.answered)} acknowledged calls, none lost, none twice, none by halves; seed {seed}")
    return load


PARTS, EACH = 4, 50                       # 200 kills in a test run; a database of its own for each part keeps the looks short


@pytest.mark.limit(400)
@pytest.mark.parametrize("part", range(PARTS))
def test_kill_under_load(stopped_daemon, part):
    """A part of the campaign, as many as a test run bears."""
    load = rounds(stopped_daemon, EACH, int(time.time()) * PARTS + part)
    assert len(load.answered) > 1000


@pytest.mark.campaign
@pytest.mark.limit(3600)
@pytest.mark.parametrize("part", range(10))
def test_kill_campaign(stopped_daemon, part):
    """2,000 in all; the database of one part grows to some ten thousand rows."""
    rounds(stopped_daemon, int(os.environ.get("MENTORSHIP_KILLS", "200")), int(time.time()) * 10 + part)


@pytest.mark.campaign
@pytest.mark.limit(3600)
@pytest.mark.parametrize("seed", range(1, 9))
def test_power_cuts(seed):
    """Disks as power cuts leave them, opened: tests/unit/test_power.c, many times over."""
    done = subprocess.run([harness.BUILD / "unit/test_power"], env={**os.environ, "MENTORSHIP_POWER_IMAGES": "500",
                          "MENTORSHIP_POWER_SEED": str(seed)}, capture_output=True, text=True)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "500 power cuts" in done.stdout


@pytest.mark.parametrize("at", range(4))
def test_kill_in_the_middle_of_a_match(world_for_kill, at):
    """Verbs that write many rows at once: the match, its members, messages and jobs stand together or not at all."""
    world = world_for_kill
    coord = world.caller("mt-coord")
    pending = [coord.start(world.matches["proposed"], f"{NAME}.Match", "Offer", "a{sv}a{sv}", ({}, {"key": "offer"})),
               coord.start(world.matches["active"], f"{NAME}.Match", "End", "a{sv}a{sv}", ({"close_reason": "other"}, {"key": "end"}))]
    time.sleep(0.002 * at)
    world.daemon.kill()
    done = []
    for one in pending:
        try:
            done.append(one.result()[0])
        except Refused:
            done.append(None)
    offered = world.rows("SELECT * FROM match WHERE id = ?", number(world.matches["proposed"]))[0]
    told = world.rows("SELECT * FROM message WHERE template_name = 'match-offered' AND about_id = ?", offered["id"])
    jobs = world.rows("SELECT * FROM job WHERE kind = 'offer unanswered' AND subject = ?", offered["id"])
    assert (offered["state"], len(told), len(jobs)) in (("proposed", 0, 0), ("offered", 2, 1))
    assert done[0] is None or offered["state"] == "offered"
    ended = world.rows("SELECT * FROM match WHERE id = ?", number(world.matches["active"]))[0]
    waiting = world.rows("SELECT * FROM job WHERE kind = 'check-in due' AND state = 'waiting' AND subject IN (SELECT id FROM match_member "
                         "WHERE match = ?)", ended["id"])
    assert (ended["state"], len(waiting)) in (("active", 1), ("ended_early", 0))
    assert done[1] is None or ended["state"] == "ended_early"
    world.start()
    again_done = world.caller("mt-coord").verb(world.matches["active"], "Match.End", {"close_reason": "other"}, options={"key": "end"})
    assert done[1] in (None, again_done)
    assert world.root.manager("VerifyAudit", "a{sv}", ({},))["whole"]


from world import built_world, world as world_for_kill      # noqa: E402,F401
