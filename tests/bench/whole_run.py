# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole run from stored profiles: reading, scoring, solving, proving over all pairs, reasons, rows, commit. Each phase is named.

All pairs are eligible, the recipe has 12 criteria. Twice: skills drawn evenly, and popular ones (a few mentors whom nearly all want).
WHOLE_RUN="MENTORS MENTEES" makes it smaller; the limit of two minutes and 1 GB is that of 20,000 and 100,000.
"""
import os
import pwd
import random
import re
import sqlite3
import time

import fill
import harness

MENTORS, MENTEES = (int(n) for n in os.environ.get("WHOLE_RUN", "20000 100000").split())
SKILLS, TIMES = 300, ("monday", "tuesday", "wednesday", "thursday", "friday")
LINES = [("language", "must", None), ("availability", "must", "at_least=1"), ("traits", "very important", None), ("interests", "important", None),
         ("availability", "important", None), ("site", "nice to have", None), ("field", "important", None), ("department", "nice to have", None),
         ("mentee_wish", "very important", None), ("mentor_wish", "important", None), ("year", "nice to have", None),
         ("earlier", "nice to have", None), ("number:hours a month", "nice to have", None)]


def traits(draw, popular, mentor):
    """Rows (kind, name, level, number, side) of one person; everybody speaks English, so every pair is eligible."""
    def one(count):
        return int(count * draw.random() ** (4 if popular else 1))
    side = "offered" if mentor else "sought"
    yield "language", "English", 3, None, "offered"
    for name in {one(SKILLS) for _ in range(4)}:
        yield "skill", f"Skill {name}", draw.randint(1, 4), None, side
    for name in {one(100) for _ in range(3)}:
        yield "interest", f"Interest {name}", None, None, "offered"
    for kind, count in (("site", 20), ("field of study", 40), ("department", 60)):
        yield kind, f"{kind} {one(count)}", None, None, "offered"
    yield "year of study", f"Year {draw.randint(1, 6)}", None, None, "offered"
    yield "free", "hours a month", None, float(draw.randint(2, 12)), "offered"


def world(popular):
    def make(path):
        draw, db, count = random.Random(11), sqlite3.connect(path), MENTORS + MENTEES
        with db:
            fill.people(db, count)
            fill.programs(db)
            fill.staff(db, count)
            fill.many(db, "participant", ["id", "version", "program", "person", "name", "role", "capacity", "priority", "state"],
                      ((i, 1, 1, i, f"Given{i}", "mentor" if i <= MENTORS else "mentee", 5 if i <= MENTORS else 1, 0, "ready") for i in range(1, count + 1)))
            fill.many(db, "trait", ["version", "program", "participant", "person", "kind", "name", "level", "number", "side"],
                      ((1, 1, i, i, *row) for i in range(1, count + 1) for row in traits(draw, popular, i <= MENTORS)))
            fill.many(db, "availability", ["version", "program", "participant", "person", "weekday", "start", "end"],
                      ((1, 1, i, i, day, 60 * hour, 60 * (hour + draw.randint(1, 3))) for i in range(1, count + 1)
                       for day, hour in sorted({("monday", 8)} | {(draw.choice(TIMES[1:]), draw.randint(8, 18)) for _ in range(3)})))
            fill.many(db, "wish", ["version", "program", "participant", "person", "other", "rank", "state"],
                      ((1, 1, i, i, other, rank + 1, "stated") for i in range(MENTORS + 1, count + 1) if i % 3 == 0
                       for rank, other in enumerate({draw.randint(1, MENTORS) for _ in range(3)})))
            fill.many(db, "recipe", ["id", "version", "program", "name", "algorithm"], [(1, 1, 1, "whole", "optimal")])
            fill.many(db, "recipe_line", ["version", "program", "recipe", "criterion", "use", "parameters"], ((1, 1, 1, *line) for line in LINES))
            db.execute("UPDATE program SET recipe = 1, mentor_places = 5 WHERE id = 1")
        db.execute("ANALYZE")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    return make


def processor(pid):
    """Seconds of the processor that a process has used."""
    return sum(int(n) for n in open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")


def worker_use(daemon):
    """VmHWM of the worker in MB, and its seconds of the processor; zeros when there is none."""
    try:
        for child in open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read().split():
            status = open(f"/proc/{child}/status").read()
            if "mentorship-work" in status:
                return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024, processor(child)
    except (OSError, TypeError, IndexError):
        pass
    return 0, 0


def state_of(coord, run):
    return coord.get(run, "MatchRun", "State")


def one(bench, name, popular):
    daemon = harness.Daemon(bench.bus, bench.installed, bench.place / f"whole-{name}")
    daemon.start()
    daemon.stop()
    world(popular)(daemon.state / "mentorship.db")
    account = pwd.getpwnam("mentorship")
    for file in daemon.state.iterdir():
        os.chown(file, account.pw_uid, account.pw_gid)
    daemon.configure("limits: { calls_per_second = 1000000; };\nworker: { seconds = 7200; };\n")
    daemon.start()
    coord = bench.bus.caller("mt-coord")
    begin, use, own = time.monotonic(), [0, 0], processor(daemon.process.pid)
    made = coord.create("match_runs", {"program": f"{harness.TOP}/programs/1"})
    while (state := state_of(coord, made["object"])) in ("queued", "running"):
        use = [max(pair) for pair in zip(use, worker_use(daemon))]
        time.sleep(0.2)
    took = time.monotonic() - begin
    if state != "proposed":
        raise RuntimeError(f"the run is {state}: {coord.get(made['object'], 'MatchRun', 'Problem')}")
    for line in coord.get(made["task"], "Task", "Result").get("took", []):
        print(f"  whole-run-{name}: {line}", flush=True)
    placed = coord.get(made["object"], "MatchRun", "Placed")
    begin, taking = time.monotonic(), processor(daemon.process.pid)
    coord.verb(made["object"], "MatchRun.Commit")
    while state_of(coord, made["object"]) != "committed":
        time.sleep(0.2)
    commit, committing = time.monotonic() - begin, processor(daemon.process.pid)
    print(f"  whole-run-{name}: {MENTORS} mentors, {MENTEES} mentees, placed {placed}; computed and handed in {took:.1f} s, committed {commit:.1f} s", flush=True)
    print(f"  whole-run-{name}: of the processor: worker {use[1]:.1f} s, daemon {taking - own:.1f} s until proposed, {committing - taking:.1f} s "
          "to commit", flush=True)
    bench.say(f"whole-run-{name}", (took + commit) / 120, "<=", 1, took + commit, 120, "s, from the asking to the last match")
    bench.say(f"whole-run-{name}-memory", use[0] / 1024, "<=", 1, use[0], 1024, "MB, the worker")
    daemon.stop()


def whole_run(bench):
    one(bench, "random", False)
    one(bench, "popular", True)
