# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule of a real daemon that is killed while its clock runs; and the long run of the year.

What the standing jobs should have done is worked out by Python's own zoneinfo.
"""
import datetime
import os
import pathlib
import random
import sqlite3
import subprocess
import threading
import time
import zoneinfo

import pytest

from harness import BUILD, PROPERTIES, Refused

ZONE = "Europe/Berlin"
START = 1_790_000_000                       # 2026-09-21
END = START + 60 * 86400                    # beyond the change of clocks in October
DAILY = {"checkpoint": "01:00:00", "links expire": "01:20:00", "backup": "02:30:00", "coming of age": "03:10:00", "retention": "03:30:00"}


def expected():
    """(kind, nominal, instant) of each standing job."""
    zone = zoneinfo.ZoneInfo(ZONE)
    day = datetime.date(2026, 9, 20)
    found = set()
    while day < datetime.date(2026, 11, 25):
        kinds = dict(DAILY, **({"database check": "04:00:00"} if day.weekday() == 6 else {}))
        for kind, hour in kinds.items():
            local = datetime.datetime.fromisoformat(f"{day}T{hour}")
            instant = int(local.replace(tzinfo=zone, fold=0).timestamp())
            if START < instant <= END:
                found.add((kind, local.isoformat(), instant))
        day += datetime.timedelta(days=1)
    return found


def advance_in_thread(daemon, until):
    """The reply, or the error that the kill of the daemon brings, ends up in the list."""
    ended = []

    def ask():
        try:
            ended.append(daemon.caller("root").manager("AdvanceClock", "x", (until,), seconds=60))
        except Exception as error:
            ended.append(error)
    thread = threading.Thread(target=ask)
    thread.start()
    return thread, ended


def test_a_daemon_that_is_killed_while_its_clock_runs(stopped_daemon):
    daemon = stopped_daemon
    dice = random.Random(10_25)
    daemon.configure(f'institution: {{ zone = "{ZONE}"; }};\n')
    kills = cut = 0
    for attempt in range(60):
        daemon.start(clock=START)
        now = daemon.caller("root").get("/org/mentorship1", "Manager", "Now")
        if attempt >= 16 or now >= END:
            break
        thread, ended = advance_in_thread(daemon, min(END, now + dice.randint(2, 8) * 86400))
        time.sleep(dice.uniform(0.0, 0.06))
        daemon.kill()
        thread.join()
        kills += 1
        cut += isinstance(ended[0], Exception)
    print(kills, "kills,", cut, "of them before the answer")
    assert kills >= 8 and cut >= 4
    daemon.caller("root").manager("AdvanceClock", "x", (END,), seconds=60)
    daemon.stop()
    with sqlite3.connect(f"file:{daemon.state}/mentorship.db?mode=ro", uri=True) as database:
        rows = database.execute("SELECT kind, nominal, due, done_at, state FROM job WHERE state <> 'waiting'").fetchall()
        waiting = database.execute("SELECT count(*) FROM job WHERE state = 'waiting'").fetchone()
    assert {row[4] for row in rows} == {"done"}
    assert all(row[2] == row[3] for row in rows)
    assert len(rows) == len(set(rows))
    assert {row[:3] for row in rows} == expected()
    assert waiting == (6,)


def test_an_institution_whose_zone_cannot_be_read_is_refused(stopped_daemon):
    stopped_daemon.configure('institution: { zone = "Europe/Nowhere"; };\n')
    with pytest.raises(RuntimeError) as refused:
        stopped_daemon.start()
    assert "Europe/Nowhere" in str(refused.value)


def test_a_zone_that_cannot_be_read_is_refused_at_reload(stopped_daemon):
    """The file is there, so `config check` has nothing to say; what stands in it is no zone."""
    daemon = stopped_daemon
    zones = daemon.directory / "zones"
    for name in ("Asia", "Europe"):
        (zones / name).mkdir(parents=True)
    (zones / "Asia/Kolkata").write_bytes(b"nothing that says what time it is")
    (zones / "Europe/Berlin").write_bytes(pathlib.Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes())
    for path in (zones, *zones.rglob("*")):
        path.chmod(0o755)
    daemon.configure('institution: { zone = "Europe/Berlin"; };\n')
    daemon.start(env={"TZDIR": str(zones)})
    root = daemon.caller("root")

    def level():
        return root.call("/org/freedesktop/LogControl1", PROPERTIES, "Get", "ss", ("org.freedesktop.LogControl1", "LogLevel"))
    before = level()
    assert before != "debug"
    for name, why in (("Asia/Kolkata", "Unavailable"), ("Europe/Nowhere", "InvalidField")):
        daemon.configure(f'institution: {{ zone = "{name}"; }};\nlog: {{ level = "debug"; }};\n')
        with pytest.raises(Refused) as refused:
            root.manager("Reload")
        assert refused.value.short == why and "institution.zone" in refused.value.message and name in refused.value.message
        assert level() == before
    daemon.configure('institution: { zone = "Europe/Berlin"; };\nlog: { level = "debug"; };\n')
    root.manager("Reload")
    assert level() == "debug"


@pytest.mark.campaign
@pytest.mark.limit(3600)
@pytest.mark.parametrize("seed", range(1, 5))
def test_a_year_with_very_many_kills(seed):
    program = BUILD / "unit/test_schedule_year"
    done = subprocess.run([program], env={**os.environ, "MENTORSHIP_YEAR_KILLS": "500", "MENTORSHIP_YEAR_SEED": str(seed)},
                          capture_output=True, text=True)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "500 kills: 0 missed, 0 double" in done.stdout
