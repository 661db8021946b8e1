# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts: of the bus under load, of the daemon, of both at once. No acknowledged write is lost, none is done twice."""
import os
import time

import pytest

from harness import COLLECTION, MANAGER, NAME, TOP, Refused, wait_until
from world import built_world, number, read_rows, world     # noqa: F401

PEOPLE = f"{TOP}/people"


def send(caller, serial):
    return caller.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}",
                        ({"given_name": f"Given{serial}", "family_name": "Restart"}, {"key": f"key-{serial:05}"}), seconds=5)


def answers(pending):
    """Serial by object of the calls that were answered; the connection may be gone."""
    found = {}
    for serial, one in pending:
        try:
            found[serial] = one.result()[0]["object"]
        except (Refused, RuntimeError, TimeoutError):
            pass
    return found


def test_the_bus_restarts_under_load(daemon):
    """Three times in the middle of calls: the process stays, its name comes back, and keys make all calls safe to send again."""
    acknowledged, serial, pid = {}, 0, daemon.process.pid
    for cut in range(3):
        caller = daemon.caller("root", 100 + cut)
        caller.manager("WhoAmI")
        pending = []
        for _ in range(64):
            pending.append((serial, send(caller, serial)))
            serial += 1
        time.sleep(0.005 * cut)
        daemon.bus.kill()
        acknowledged |= answers(pending)
        time.sleep(0.1)
        daemon.bus.start()
        wait_until(lambda: daemon.bus.owner(NAME), 15, "the name")
        assert daemon.running and daemon.process.pid == pid
    fresh = daemon.caller("root", 200)
    final = {}
    for start in range(0, serial, 48):
        final |= answers([(n, send(fresh, n)) for n in range(start, min(serial, start + 48))])
    assert len(final) == serial
    assert all(final[n] == path for n, path in acknowledged.items())     # the very same objects
    rows = read_rows(daemon.state, "SELECT given_name, count(*) n FROM person GROUP BY given_name")
    assert len(rows) == serial and all(row["n"] == 1 for row in rows)
    assert fresh.manager("VerifyAudit", "a{sv}", ({},))["whole"]


def test_subscriptions_end_with_the_bus_and_changes_tell_what_was_missed(world):
    coord = world.caller("mt-coord")
    coord.watch()
    coord.manager("Subscribe", "a{sv}", ({"collection": "people"},))
    coord.verb(world.people["lone"], "Person.Update", {"language": "de"})
    last = coord.wait_signal()[3][2]
    world.bus.kill()
    world.bus.start()
    wait_until(lambda: world.bus.owner(NAME), 15, "the name")
    coord = world.caller("mt-coord", 1)
    coord.watch()
    coord.verb(world.people["lone"], "Person.Update", {"language": "fr"})
    assert coord.settle(0.3) == []                               # a new connection has not subscribed
    missed, more = coord.manager("Changes", "tu", (last, 100))
    assert [(path, signal) for _, path, signal in missed] == [(world.people["lone"], "Changed")] and not more


def test_a_stop_answers_first_and_a_start_knows_everything(world):
    coord = world.caller("mt-coord")
    pending = [coord.start(world.people["lone"], f"{NAME}.Person", "Update", "a{sv}a{sv}", ({"language": word}, {}))
               for word in ("de", "fr", "pl", "cs")]
    done = [one.result()[0]["version"] for one in pending]
    before = world.rows("SELECT * FROM person")
    world.restart()
    assert world.rows("SELECT * FROM person") == before and done == sorted(done)
    caller = world.caller("mt-coord")
    assert caller.get(world.people["lone"], "Person", "Language") == "cs"
    assert caller.get(world.people["lone"], "Person", "Version") == done[-1]
    assert world.root.get(TOP, "Manager", "Held") is False


def test_the_daemon_stops_while_calls_wait(world):
    """SIGTERM with calls outstanding: each was done and says so, or was not done."""
    coord = world.caller("mt-coord")
    pending = [(n, coord.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": f"Stop{n}", "family_name": "X"}, {"key": f"s{n}"})))
               for n in range(40)]
    assert world.daemon.stop() == 0
    told = answers(pending)
    there = {row["given_name"]: row["id"] for row in world.rows("SELECT given_name, id FROM person WHERE given_name LIKE 'Stop%'")}
    assert all(there[f"Stop{n}"] == number(path) for n, path in told.items())
    world.start()
    again = answers([(n, world.caller("mt-coord").start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}",
                      ({"given_name": f"Stop{n}", "family_name": "X"}, {"key": f"s{n}"}))) for n in range(40)])
    assert len(again) == 40 and all(again[n] == path for n, path in told.items())
    assert len(world.rows("SELECT id FROM person WHERE given_name LIKE 'Stop%'")) == 40


def test_keys_survive_the_daemon(world):
    coord = world.caller("mt-coord")
    done = coord.verb(world.matches["proposed"], "Match.Offer", options={"key": "offer"})
    world.daemon.kill()
    world.start()
    coord = world.caller("mt-coord")
    assert coord.verb(world.matches["proposed"], "Match.Offer", options={"key": "offer"}) == done
    with pytest.raises(Refused) as caught:
        coord.verb(world.matches["active"], "Match.Offer", options={"key": "offer"})
    assert caught.value.short == "Conflict"
