# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 in work that goes in slices: an import that is being taken, a proposal that is being committed.

Both go over hundreds of turns, so nearly every kill falls into the midst of one. The daemon is started again and left to itself: it
ends what it had begun, whole or undone, and no row twice. The dead are counted by where they stood when they died, so that a
test whose kills all come too early or too late is seen.
"""
import os
import random
import sqlite3
import sys
import time

import pytest

import harness
from harness import COLLECTION, ROOT, TOP, Refused, wait_until
from test_kill import daemon_rows

sys.path.insert(0, str(ROOT / "tests/bench"))
import fill  # noqa: E402

PEOPLE, PAIRS = 3000, 6000


def killed_at_random(daemon, coord, under_way, longest):
    """Kills at some moment of the work; says whether it was under way then."""
    time.sleep(random.random() * longest)
    try:
        midst = under_way()
    except Refused:
        midst = False
    daemon.kill()
    return midst


def whole(daemon):
    report = daemon.caller("root").manager("VerifyAudit", "a{sv}", ({},))
    assert report["whole"] and report["first_bad"] == 0, report


def start_import(coord, place, part):
    path = place / f"people{part}.csv"
    path.write_text("external_id,given_name,family_name,birth_date\n" +
                    "".join(f"p{part}-{i},Given{i},Family{part},1990-01-{i % 28 + 1:02}\n" for i in range(PEOPLE)))
    with open(path, "rb") as file:
        return coord.call(f"{TOP}/people", COLLECTION, "Import", "ha{sv}", (0, {"format": "csv", "take": True}), fds=[file.fileno()])["task"]


def imports(daemon, count):
    """Each import ends taken or undone, and then there are all of its people or none."""
    ends = {"taken": 0, "undone": 0, "failed": 0}
    midst = 0
    for part in range(count):
        coord = daemon.caller("mt-coord")
        task = start_import(coord, daemon.directory, part)
        seen = f"SELECT count(*) AS n FROM person WHERE family_name = 'Family{part}'"
        # nothing of it is taken while the file is read: half of the kills wait for its first row
        if part % 2:
            wait_until(lambda: daemon_rows(daemon, seen)[0]["n"] > 0, 30, what="the first row of the import")
        killed_at_random(daemon, coord, lambda: coord.get(task, "Task", "State") == "running", 0.25 if part % 2 else 1.0)
        midst += 0 < daemon_rows(daemon, seen)[0]["n"] < PEOPLE
        daemon.start()
        row = "SELECT state, created FROM import ORDER BY id DESC LIMIT 1"
        wait_until(lambda: daemon_rows(daemon, row)[0]["state"] in ends, 60, what="the import to end: " + str(daemon_rows(daemon, row)))
        state = daemon_rows(daemon, row)[0]["state"]
        ends[state] += 1
        assert daemon_rows(daemon, seen)[0]["n"] == (PEOPLE if state == "taken" else 0), state
        twice = daemon_rows(daemon, "SELECT external_id FROM person GROUP BY external_id HAVING count(*) > 1 AND external_id IS NOT NULL")
        assert not twice
        whole(daemon)
    print(f"{count} kills of imports: {midst} in the midst of taking; {ends}")
    return midst, ends


def proposed(daemon):
    """A run with PAIRS proposed pairs, laid into the stopped daemon's database."""
    path = daemon.state / "mentorship.db"
    account = path.stat()
    db = sqlite3.connect(path)
    with db:
        fill.people(db, 2 * PAIRS + 20_001)
        fill.programs(db)
        fill.proposal(db, PAIRS)
        fill.staff(db, 20_000)
    db.close()
    for file in daemon.state.iterdir():
        os.chown(file, account.st_uid, account.st_gid)


def commit(daemon, kills):
    """A run is killed again and again while it is committed; in the end each pair is one match."""
    run, midst = f"{TOP}/match_runs/1", 0
    daemon.caller("mt-coord").verb(run, "MatchRun.Commit")
    for _ in range(kills):
        killed_at_random(daemon, None, lambda: True, 0.15)
        state = daemon_rows(daemon, "SELECT state FROM match_run WHERE id = 1")[0]["state"]
        made = daemon_rows(daemon, "SELECT count(*) AS n FROM match")[0]["n"]
        midst += state == "committing" and 0 < made < PAIRS
        daemon.start()
    wait_until(lambda: daemon_rows(daemon, "SELECT state FROM match_run WHERE id = 1")[0]["state"] == "committed", 60, what="the commit to end")
    pairs = daemon_rows(daemon, "SELECT count(*) AS n, count(DISTINCT a.participant) AS mentors, count(DISTINCT b.participant) AS mentees FROM match m "
                        "JOIN match_member a ON a.match = m.id AND a.side = 'mentor' JOIN match_member b ON b.match = m.id AND b.side = 'mentee'")[0]
    assert (pairs["n"], pairs["mentors"], pairs["mentees"]) == (PAIRS, PAIRS, PAIRS)
    whole(daemon)
    print(f"{kills} kills of a commit, {midst} in its midst")
    return midst


@pytest.mark.limit(300)
def test_an_import_that_is_killed_ends_whole_or_undone(stopped_daemon):
    stopped_daemon.start()
    stopped_daemon.coordinator()
    midst, ends = imports(stopped_daemon, 10)
    assert midst and ends["taken"]


@pytest.mark.limit(300)
def test_a_commit_that_is_killed_goes_on(stopped_daemon):
    stopped_daemon.start()
    stopped_daemon.stop()
    proposed(stopped_daemon)
    stopped_daemon.start()
    assert commit(stopped_daemon, 10)


@pytest.mark.campaign
@pytest.mark.limit(3600)
def test_imports_killed_campaign(stopped_daemon):
    stopped_daemon.start()
    stopped_daemon.coordinator()
    midst, _ = imports(stopped_daemon, 100)
    assert midst > 20
