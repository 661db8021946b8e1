# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop: options, exit statuses, what systemd is told, and that nobody else gets in."""
import os
import signal
import subprocess
import time

import pytest

from harness import MANAGER, NAME, PROPERTIES, TOP, Daemon, wait_until


def test_version_and_help(stopped_daemon):
    done = stopped_daemon.run("--version")
    assert done.returncode == 0 and done.stdout.startswith("mentorshipd ")
    done = stopped_daemon.run("--help")
    assert done.returncode == 0 and "--restore" in done.stdout and max(map(len, done.stdout.splitlines())) <= 130


@pytest.mark.parametrize("options", [["--nonsense"], ["extra"], ["--print", "poem"], ["--simulated-clock", "soon"]])
def test_wrong_options(stopped_daemon, options):
    done = stopped_daemon.run(*options)
    assert done.returncode == 2 and done.stderr.strip()


@pytest.mark.parametrize("what", ["schema", "bus", "policy", "docs", "privacy"])
def test_print(stopped_daemon, what):
    done = stopped_daemon.run("--print", what)
    assert done.returncode == 0 and len(done.stdout) > 1000 and not done.stderr


def test_a_wrong_configuration(stopped_daemon):
    stopped_daemon.configure("limits: { queue = -3; };\n")
    stopped_daemon.expected = (78,)
    stopped_daemon.start(ready=None)
    assert stopped_daemon.wait() == 78
    assert "limits.queue" in stopped_daemon.tail()
    done = stopped_daemon.run("--config", "check")
    assert done.returncode == 78 and "limits.queue" in done.stderr


def test_a_second_daemon_on_the_directory(daemon, bus, installed, scratch):
    other = Daemon(bus, installed, scratch / "other")
    other.state = daemon.state
    other.expected = (1,)
    other.start(ready=None)
    assert other.wait() == 1
    assert daemon.caller("root").manager("WhoAmI")
    other.close()


def test_a_second_daemon_on_the_bus(daemon, bus, installed, scratch):
    other = Daemon(bus, installed, scratch / "other")
    other.expected = (1,)
    other.start(ready=None)
    assert other.wait() == 1
    assert "taken" in other.tail()
    assert daemon.caller("root").manager("WhoAmI")
    other.close()


def test_only_its_account_owns_the_name(bus, installed, scratch):
    other = Daemon(bus, installed, scratch / "other", user="mt-nobody")
    other.expected = (1,)
    other.start(ready=None)
    assert other.wait() == 1
    assert "policy" in other.tail()
    other.close()


def test_what_systemd_is_told(daemon):
    # ready only when the name is owned: the first call after READY=1 is answered
    assert daemon.bus.owner(NAME)
    told = "\n".join(map(str, daemon.notify.seen))
    assert "READY=1" in told and "STATUS=" in told
    assert "programs" in told


def test_the_status_counts_what_is_there(stopped_daemon):
    """How much there is and when the next job is due, and no word of anybody's."""
    daemon = stopped_daemon.start(watchdog=0.4)
    assert daemon.notify.lines("STATUS=0 programs, ")
    daemon.coordinator().create("programs", {"key": "status", "title": "Status", "starter": "first-year-university"})
    assert daemon.notify.wait("STATUS=1 program, ", 10), daemon.notify.lines("STATUS=")


def test_the_watchdog_is_fed_from_the_loop(stopped_daemon):
    daemon = stopped_daemon.start(watchdog=0.4)
    fed = lambda: sum("WATCHDOG=1" in str(message) for message in daemon.notify.seen)
    wait_until(lambda: fed() >= 3, 5, "watchdog messages")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    before = fed()
    time.sleep(0.6)
    assert fed() == before
    os.kill(daemon.process.pid, signal.SIGCONT)


def test_idle_means_asleep(daemon):
    """Without a watchdog nothing wakes it."""
    daemon.caller("root").manager("WhoAmI")
    time.sleep(0.5)

    def switches():
        with open(f"/proc/{daemon.process.pid}/status") as status:
            return sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    before = switches()
    time.sleep(3)
    assert switches() - before <= 1


def test_terminate_answers_what_was_taken(daemon):
    root = daemon.caller("root")
    root.manager("WhoAmI")
    calls = [root.start(TOP, PROPERTIES, "Get", "ss", (MANAGER, "Version")) for _ in range(20)]
    assert all(call.result() for call in calls)
    assert daemon.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(daemon, number):
    daemon.process.send_signal(number)
    assert daemon.wait() == 0
    assert not daemon.bus.owner(NAME)


def test_hang_up_reads_the_configuration_again(daemon):
    daemon.configure('log: { level = "debug"; };\n')
    daemon.process.send_signal(signal.SIGHUP)
    root = daemon.caller("root")
    level = lambda: root.call("/org/freedesktop/LogControl1", PROPERTIES, "Get", "ss", ("org.freedesktop.LogControl1", "LogLevel"))
    wait_until(lambda: level() == "debug", 5, "the new level")
    daemon.configure("log: { level = 7; };\n", "20-wrong.conf")
    daemon.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert level() == "debug" and daemon.running


def test_files_are_its_own(daemon):
    for path in daemon.state.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_wrong_environment_says_nothing_about_the_caller(stopped_daemon):
    """No variable makes somebody else of a caller."""
    daemon = stopped_daemon.start(env={"SUDO_UID": "0", "USER": "root", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
    assert daemon.caller("mt-nobody").manager("WhoAmI") == {"uid": 61016, "person": "/", "roles": []}


def test_look_ups_leave_no_processes(daemon):
    for user in ("mt-coord", "mt-coord2", "mt-mentor1", "mt-mentee1"):
        daemon.caller(user).manager("WhoAmI")
    children = lambda: subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True).stdout.split()
    wait_until(lambda: not children(), 3, "the helpers to be gone")
