# SPDX-License-Identifier: GPL-3.0-or-later
"""The exec plugin: what its program gets, how its ends are read, and which programs it does not run."""
import json
import os
import pathlib
import shutil
import time

import pytest

from harness import BUILD, wait_until
from host_world import World
from plugin_drive import drive

LETTER = {"address": "anna@uni.test", "name": "Anna\r\nX: y", "subject": "Grüße", "text": "Hallo\n", "message_id": "m1@uni.test"}


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "bin" / "program"
    path.parent.mkdir(mode=0o755)

    def write(body, mode=0o755):
        path.write_text("#!/bin/sh\n" + body.replace("OUT", str(tmp_path / "out")))
        path.chmod(mode)
        return path
    return write


def messages(place, path, count=1, **more):
    return drive(place, "exec", {"program": path, **more}, [{"deliver": LETTER}] * count)


def events(place, path, kinds, wanted="*", seconds=20, **more):
    lines = [{"event": {"sequence": 7 + i, "kind": kind, "version": 3}} for i, kind in enumerate(kinds)]
    return drive(place, "exec", {"program": path, "events": wanted, **more}, lines, seconds=seconds)


def out(place):
    return (place / "out").read_text()


@pytest.mark.parametrize("code, word", [(0, "SENT"), (75, "LATER"), (67, "REFUSED"), (68, "REFUSED"), (1, "BROKEN"), (66, "BROKEN"), (78, "BROKEN")])
def test_exits(program, tmp_path, code, word):
    assert messages(tmp_path, program(f"cat >/dev/null; exit {code}\n")).reports[1] == (word, f"exit {code}")


def test_a_signal_is_no_exit(program, tmp_path):
    assert messages(tmp_path, program("kill -SEGV $$\n")).reports[1][0] == "BROKEN"


def test_json(program, tmp_path):
    assert messages(tmp_path, program("cat >OUT\n")).reports[1][0] == "SENT"
    found = json.loads(out(tmp_path))
    assert found["kind"] == "message" and found["id"] == 1 and found["attempt"] == 1 and found["test"] is False
    assert {name: found[name] for name in LETTER} == LETTER and out(tmp_path).count("\n") == 1


def test_plain_text(program, tmp_path):
    assert messages(tmp_path, program("cat >OUT\n"), format="text").reports[1][0] == "SENT"
    head, body = out(tmp_path).split("\n\n", 1)
    assert body == "Hallo\n" and "Name: Anna  X: y" in head.split("\n") and not any(line.startswith("X:") for line in head.split("\n"))
    assert "Subject: Grüße" in head.split("\n")


def test_surroundings(program, tmp_path):
    """No environment of the host, no descriptor, a group of its own."""
    body = ("cat >/dev/null; o=$(readlink /proc/$$/fd/1) e=$(readlink /proc/$$/fd/2)\n"
            "{ env; echo fds; for fd in /proc/$$/fd/*; do readlink $fd; done; echo group $$ $(cut -d' ' -f5 /proc/$$/stat); echo $o $e; "
            "grep SigIgn /proc/$$/status; pwd; } >OUT\n")
    with open(tmp_path / "secret", "w", encoding="utf-8") as secret:      # as a library of the host might leave one open
        run = drive(tmp_path, "exec", {"program": program(body)}, [{"deliver": LETTER}], cwd=tmp_path, pass_fds=[secret.fileno()])
    assert run.reports[1][0] == "SENT"
    environment, rest = out(tmp_path).split("fds\n")
    assert {line.split("=")[0] for line in environment.split()} <= {"PATH", "LANG", "MENTORSHIP_RUN", "PWD", "_", "SHLVL", "OLDPWD"}
    assert "LANG=C.UTF-8" in environment and "CREDENTIALS" not in environment
    lines = rest.split("\n")
    group = next(line for line in lines if line.startswith("group")).split()
    assert group[1] == group[2] and lines[-2] == "/"
    open_ones = lines[:lines.index(" ".join(group))]
    assert all(line == "/dev/null" or line.startswith(("pipe:", str(tmp_path))) for line in open_ones) and str(tmp_path / "secret") not in open_ones, lines
    assert lines[-4] == "/dev/null /dev/null" and int(lines[-3].split()[1], 16) & 0x7fffffff == 0       # 32 and 33 are the C library's


def test_its_name_is_no_shell_line(tmp_path):
    path = tmp_path / "a; touch x $(id)"
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    assert messages(tmp_path, path).reports[1][0] == "SENT"


def test_what_it_does_not_read(program, tmp_path):
    long = {**LETTER, "text": "x" * 500_000}
    lines = [{"deliver": long}] * 3
    assert [word for word, _ in drive(tmp_path, "exec", {"program": program("exit 0\n")}, lines).reports.values()] == ["SENT"] * 3
    assert [word for word, _ in drive(tmp_path, "exec", {"program": program("sleep 0.3; wc -c >OUT\n")}, lines[:1]).reports.values()] == ["SENT"]
    assert int(out(tmp_path)) > 500_000


def test_time_is_over(program, tmp_path):
    """The whole group goes, also what had been sent to the background."""
    begin = time.monotonic()
    run = messages(tmp_path, program("sleep 61 & echo $! >OUT; sleep 62\n"), timeout=1)
    assert run.reports[1][0] == "UNKNOWN" and time.monotonic() - begin < 5
    assert gone(int(out(tmp_path)))


def test_nothing_outlives_it(program, tmp_path):
    run = messages(tmp_path, program("sleep 61 & echo $! >OUT; exit 0\n"))
    assert run.reports[1][0] == "SENT" and gone(int(out(tmp_path)))


@pytest.mark.parametrize("end, timeout", [("exit 0", 20), ("sleep 62", 1)])
@pytest.mark.parametrize("leaves", ["setsid sleep 61", "setsid env -i /bin/sleep 61", "setsid sh -c 'setsid sleep 61 & echo $! >>OUT; sleep 61'"])
def test_nothing_leaves_its_group_for_good(program, tmp_path, leaves, end, timeout):
    """Also who makes a session of its own, and who takes the mark out of the environment."""
    path = program(f"{leaves} & echo $! >>OUT; sleep 0.3; {end}\n")
    run = messages(tmp_path, path, timeout=timeout)
    assert run.reports[1][0] == ("SENT" if timeout > 1 else "UNKNOWN")
    for pid in out(tmp_path).split():
        assert gone(int(pid)), pid


def test_runs_beside_each_other_leave_each_other_alone(program, tmp_path):
    """Each has somebody outside its group; those of a run that goes on live on."""
    body = "(setsid sh -c 'sleep 0.9; echo done >>OUT' &) ; read line; case $line in *first*) exit 0;; esac; sleep 1.5\n"
    run = drive(tmp_path, "exec", {"program": program(body), "parallel": 4}, [{"deliver": {**LETTER, "subject": word}} for word in ("first", "b", "c")])
    assert len(run.reports) == 3 and out(tmp_path).count("done") == 2


def gone(pid):
    """Killed; whoever adopted it may not have looked yet."""
    for _ in range(100):
        path = pathlib.Path(f"/proc/{pid}/stat")
        try:
            if path.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_unload_in_the_middle(program, tmp_path):
    run = drive(tmp_path, "exec", {"program": program("echo $$ >OUT; exec sleep 61\n")}, [{"deliver": LETTER}], seconds=1)
    assert "time is over" in run.text and run.unload < 500 and gone(int(out(tmp_path)))


def test_at_most_so_many_at_a_time(program, tmp_path):
    body = "cat >/dev/null; mkdir -p OUT; touch OUT/$$; ls OUT | wc -l >>OUT.count; sleep 0.1; rm OUT/$$\n"
    run = messages(tmp_path, program(body), 12, parallel=3)
    assert len(run.reports) == 12 and all(word == "SENT" for word, _ in run.reports.values())
    counts = [int(line) for line in (tmp_path / "out.count").read_text().split()]
    assert max(counts) <= 3 and max(counts) > 1


# ---- events ----

def test_events_in_order(program, tmp_path):
    run = events(tmp_path, program("cat >>OUT\n"), ["match.accept", "person.update", "match.close"], "match.* person.create")
    found = [json.loads(line) for line in out(tmp_path).splitlines()]
    assert [(one["kind"], one["sequence"]) for one in found] == [("match.accept", 7), ("match.close", 9)] and run.done == [7, 8, 9]
    assert set(found[0]) == {"kind", "path", "version", "at", "sequence"} and found[0]["version"] == 3


def test_event_comes_again(program, tmp_path):
    run = events(tmp_path, program("read line; echo \"$line\" >>OUT; [ $(wc -l <OUT) -ge 2 ] || exit 75\n"), ["a.b"], seconds=10)
    assert len(out(tmp_path).splitlines()) == 2 and run.done == [7]


def test_event_that_fails_is_passed_over(program, tmp_path):
    run = events(tmp_path, program("exit 3\n"), ["a.b", "a.c"])
    assert run.done == [7, 8] and "event 7 is passed over: exit 3" in run.logs


def test_no_events_unless_named(program, tmp_path):
    run = events(tmp_path, program("echo x >OUT\n"), ["a.b"], "")
    assert run.done == [7] and not (tmp_path / "out").exists()


def test_a_test_is_told_whatever_the_settings_name(program, tmp_path):
    line = {"event": {"sequence": 7, "kind": "plugin.test", "test": 1}}
    for body, wanted, expected in (("cat >>OUT\n", "match.*", (0, "exit 0")), ("exit 3\n", "match.*", (4, "exit 3")), ("exit 75\n", "a.b", (1, "exit 75"))):
        run = drive(tmp_path, "exec", {"program": program(body), "events": wanted}, [line])
        assert run.tested == {7: expected} and run.done == [7]          # and never again
    assert json.loads(out(tmp_path))["kind"] == "plugin.test"
    run = drive(tmp_path, "exec", {"program": program("echo x >>OUT\n"), "events": ""}, [line])
    assert run.tested[7][0] == 0 and "events is empty" in run.tested[7][1] and out(tmp_path).count("\n") == 1


def test_a_test_does_not_wait_for_the_pause_of_another(program, tmp_path):
    """The event before it is tried again at once, and the test behind it goes."""
    world = World(tmp_path)
    shutil.copy(BUILD / "plugins/exec.so", world.plugins)
    log = world.state / "log"                               # the only place where a host of a trial may write
    log.touch()
    world.settings(f'program = "{program(f"echo x >>{log}; [ -e {log}.good ] || exit 75")}";\nevents = "*";\n')
    daemon = world.daemon()
    world.host("exec")
    assert daemon.until("Ready")
    daemon.say("event 7 a.b")
    wait_until(lambda: log.read_text().count("x") == 3, seconds=20, what="two pauses, of 2 and 4 seconds")
    (world.state / "log.good").touch()
    begin = time.monotonic()
    daemon.say("event 8 plugin.test")
    assert daemon.until("Tested") == "Tested 8 0 'exit 0'" and daemon.until("EventDone") == "EventDone 8"
    assert time.monotonic() - begin < 4 and log.read_text().count("x") == 5
    world.stop()


def test_it_knows_that_the_clock_is_simulated(program, tmp_path):
    for more, word, expected in (([], "", False), (["--simulated", "1"], "1", True)):
        path = program("cat >OUT; echo \"$MENTORSHIP_SIMULATED\" >OUT.env\n")
        assert drive(tmp_path, "exec", {"program": path}, [{"deliver": LETTER}], *more).reports[1][0] == "SENT"
        assert (tmp_path / "out.env").read_text().strip() == word and json.loads(out(tmp_path)).get("simulated", False) is expected


# ---- what is not run ----

def refused(place, path, **more):
    run = drive(place, "exec", {"program": path, **more}, [])
    assert run.status == 1
    return run.refused


def test_programs_refused(program, tmp_path):
    path = program("exit 0\n")
    assert "no whole path" in refused(tmp_path, "bin/program")
    assert "not there" in refused(tmp_path, tmp_path / "none")
    assert "no program" in refused(tmp_path, tmp_path)
    for mode, words in ((0o775, "written by others"), (0o757, "written by others"), (0o644, "no program")):
        path.chmod(mode)
        assert words in refused(tmp_path, path)
    path.chmod(0o755)
    os.chown(path, 61170, 0)
    assert "another account" in refused(tmp_path, path)
    os.chown(path, 0, 0)
    path.parent.chmod(0o777)
    assert "directory" in refused(tmp_path, path)
    (tmp_path / "link").symlink_to(path)
    assert "directory" in refused(tmp_path, tmp_path / "link")
    path.parent.chmod(0o755)
    os.chown(path.parent, 61170, 0)
    assert "directory" in refused(tmp_path, path)
    os.chown(path.parent, 0, 0)
    assert "no kind" in refused(tmp_path, path, events="match.*x")
    assert messages(tmp_path, tmp_path / "link").reports[1][0] == "SENT"


def test_program_changed_later(program, tmp_path):
    """It was good at the start; the second message finds it writable by others."""
    run = messages(tmp_path, program("chmod 777 \"$0\"\n"), 2, parallel=1)
    assert run.reports[1][0] == "SENT"
    later = messages(tmp_path, program("chmod 777 \"$0\"; exit 0\n"), 40, parallel=1)
    assert later.reports[40][0] == "BROKEN" and "written by others" in later.reports[40][1]


def test_program_changed_before_an_event(program, tmp_path):
    """Nobody runs it, and the events behind are not held up."""
    run = events(tmp_path, program("echo x >>OUT; chmod 777 \"$0\"\n"), ["a.b", "a.c"])
    assert run.done == [7, 8] and out(tmp_path) == "x\n" and "event 8 is passed over: the program can be written by others" in run.logs
