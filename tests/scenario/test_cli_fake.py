# SPDX-License-Identifier: GPL-3.0-or-later
"""mentorctl against a daemon made of cardboard (cli_fake.py), which knows one entity that exists nowhere else: what is shown and how,
what never reaches a terminal, lost replies, errors and their exit status, ssh, completions."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from harness import PYTHON, ROOT, Bus, as_user, end, environment, wait_until

DONE, OTHER, USAGE, NOTFOUND, DENIED, UNREACHABLE, CONFLICT = range(7)
USER = "mt-coord"
GOLDEN = ROOT / "tests/golden/cli"


class Fake:
    """The cardboard daemon, started again whenever it dies, as a service manager would; and mentorctl calling it."""

    def __init__(self, bus, installed, scratch):
        self.bus, self.client = bus, installed.client
        self.directory = scratch / "fake"
        self.directory.mkdir(mode=0o777)
        self.directory.chmod(0o777)
        self.log = self.directory / "log"
        self.errors = open(self.directory / "errors", "w")
        self.process = None
        self.keep = True

    def start(self):
        program = ROOT / "tests/scenario/cli_fake.py"
        source = f"import sys; sys.argv = ['fake', {str(self.log)!r}]; exec(compile(open(0).read(), 'cli_fake.py', 'exec'))"
        self.process = subprocess.Popen(as_user("mentorship", [PYTHON, "-c", source]), stdin=open(program), stderr=self.errors, cwd="/",
                                        env=environment(**self.bus.environment()))
        wait_until(lambda: self.bus.owner("org.mentorship1"), what="the name")
        return self

    def stop(self):
        if self.process.poll() is None:
            end(self.process, first=signal.SIGKILL)

    def reborn(self):
        """Starts it again once it has died."""
        self.process.wait(10)
        wait_until(lambda: not self.bus.owner("org.mentorship1"), what="the name to be free")
        return self.start()

    def calls(self, member):
        return [call for call in map(json.loads, self.log.read_text().splitlines()) if call["member"] == member]

    def environment(self, **more):
        return {**environment(**self.bus.environment()), "TZ": "Europe/Berlin", **more}

    def popen(self, *args, env=None, **more):
        return subprocess.Popen(as_user(USER, [self.client, *args]), env=self.environment(**(env or {})), cwd="/", text=True,
                                stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def run(self, *args, status=DONE, env=None, text=True, **more):
        done = subprocess.run(as_user(USER, [self.client, *args]), env=self.environment(**(env or {})), cwd="/", text=text, timeout=60,
                              capture_output=True, **({"stdin": subprocess.DEVNULL} if "input" not in more else {}), **more)
        assert done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def __call__(self, *args, **more):
        done = self.run(*args, **more)
        return done.stdout if not done.returncode else done.stderr

    def json(self, *args, **more):
        done = self.run("--json", *args, **more)
        assert not done.stderr
        return json.loads(done.stdout)

    def terminal(self, *args, columns=80, status=DONE, typed=b"", env=None, stdout=None):
        """On a terminal of so many columns: everything that it would show, as bytes."""
        near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = subprocess.Popen(as_user(USER, [self.client, *args]), cwd="/", stdin=far, stdout=stdout or far, stderr=far,
                                   env=self.environment(**{"TERM": "xterm", "MENTORCTL_PAGER": "cat", **(env or {})}))
        os.close(far)
        if typed:
            os.write(near, typed)
        shown, until = b"", time.monotonic() + 30
        while time.monotonic() < until:
            if not select.select([near], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(near, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        os.close(near)
        assert process.wait(10) == status, shown
        return shown


POLICY = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <policy context="default">
    <allow send_destination="org.mentorship1" send_interface="org.mentorship1.Gadget"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def fake(installed, scratch, all_callers):
    policy = scratch / "gadget.conf"
    policy.write_text(POLICY)
    bus = Bus(scratch / "bus", [installed.policy, policy], all_callers)
    fake = Fake(bus, installed, scratch).start()
    yield fake
    fake.stop()
    bus.stop()


def golden(name, text):
    """Compares with the file; MENTORSHIP_GOLDEN=write renews it."""
    path = GOLDEN / name
    if os.environ.get("MENTORSHIP_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


# ---- what is shown ----

GADGETS = ("gadget", "list", "--fields", "name,shape,weight,born,seen,parent")


def test_table_not_on_a_terminal_is_complete(fake):
    golden("list-pipe.txt", fake(*GADGETS))


@pytest.mark.parametrize("columns", [80, 200])
def test_table_on_a_terminal(fake, columns):
    shown = fake.terminal(*GADGETS, columns=columns, env={"NO_COLOR": "1"}).decode().replace("\r\n", "\n")
    assert all(len(line) <= columns for line in shown.splitlines())
    golden(f"list-{columns}.txt", shown)


def test_columns_variable_does_not_cut_a_pipe(fake):
    assert fake(*GADGETS, env={"COLUMNS": "40"}) == fake(*GADGETS)


def test_results_of_a_survey(fake):
    """To be read, without a terminal and on one of 80 columns; as JSON; as it came; and where there are none."""
    piped = fake("gadget", "results", "1")
    golden("results.txt", piped)
    shown = fake.terminal("gadget", "results", "1", env={"NO_COLOR": "1"}).decode().replace("\r\n", "\n")
    assert shown == piped and all(len(line) <= 80 for line in shown.splitlines() if "left out" not in line)
    rows = fake.json("gadget", "results", "1")["results"]
    assert rows[0]["question"] == 'Did you meet, and "when"?' and rows[0]["answers"] == 9 and rows[0]["mean"] is None
    assert next(row for row in rows if row["answer"] == "alpha")["statistic"] == 0.85
    table = fake("gadget", "results", "1", "--csv")
    assert table.startswith("item,question,answer,text,who,answers,of,mean,statistic,note") and "done" not in table
    assert fake("gadget", "results", "2") == ""
    assert b"no result: fewer have answered" in fake.terminal("gadget", "results", "2")


def test_show(fake):
    golden("show.txt", fake("gadget", "show", "1"))


def test_help_and_describe(fake):
    golden("help.txt", fake("help"))
    golden("help-noun.txt", fake("help", "gadget"))
    golden("help-verb.txt", fake("gadget", "take-apart", "--help"))
    golden("describe.txt", fake("describe"))


def test_help_wherever_it_is_asked_for(fake):
    assert fake("gadget", "help") == fake("help", "gadget") == fake("gadget", "--help")
    assert fake("gadget", "help", "update") == fake("help", "gadget", "update")
    for words in (("help",), ("help", "gadget"), ("gadget", "--help"), ("help", "today"), ("--help",)):
        assert fake.json(*words)
    assert fake.json("--version") == json.loads(fake("--version", "--json"))
    done = fake.run("gadget", "list", "--frobnicate", "--json", status=USAGE)
    assert not done.stdout and "no option" in json.loads(done.stderr)["error"]["message"]


def test_json_is_all_there_is(fake):
    rows = fake.json("gadgets", "list", "--fields", "name,weight,count,born,seen,parent,tags,spare")
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert rows[0] == {"object": "/org/mentorship1/gadgets/1", "id": 1, "name": "Widget", "weight": 1.5, "count": 3, "born": "2026-03-29",
                       "seen": "2026-03-29T01:00:00Z", "parent": None, "tags": ["a", "b"], "spare": True}
    assert {key: rows[1][key] for key in ("weight", "count", "born", "seen", "tags")} == {"weight": None, "count": None, "born": None,
                                                                                         "seen": None, "tags": []}
    assert fake.json("gadget", "show", "2")["parent"] == "/org/mentorship1/gadgets/1"
    for command in (["today"], ["status"], ["whoami"], ["describe"], ["changes"], ["gadget", "create", "name=x"]):
        fake.json(*command)


def test_no_legend(fake):
    assert "NAME" not in fake(*GADGETS, "--no-legend")
    shown = fake.terminal(*GADGETS, "--no-legend")
    assert b"NAME" not in shown and b"shown" not in shown


def test_times_name_their_zone_and_follow_it(fake):
    """An hour before and after the clocks go forward in Berlin; elsewhere the same instants read otherwise."""
    assert "2026-03-29 03:00 Europe/Berlin" in fake("gadget", "show", "1")
    assert "2026-03-29 01:00 UTC" in fake("gadget", "show", "1", "--zone", "UTC")
    assert "2026-03-29 03:00 CEST" in fake("gadget", "list")


def test_color_only_on_a_terminal(fake):
    assert "\x1b" not in fake(*GADGETS)
    assert b"\x1b[" in fake.terminal(*GADGETS)
    assert b"\x1b[" not in fake.terminal(*GADGETS, env={"NO_COLOR": "1"})
    assert b"\x1b[" not in fake.terminal(*GADGETS, "--color=never")
    assert "\x1b[" in fake(*GADGETS, "--color=always")


def test_pager_only_on_a_terminal(fake):
    shown = fake.terminal(*GADGETS, columns=200, env={"MENTORCTL_PAGER": "sed s/Widget/paged/", "NO_COLOR": "1"})
    assert b"paged" in shown
    assert b"paged" not in fake.terminal(*GADGETS, "--no-pager", env={"MENTORCTL_PAGER": "sed s/Widget/paged/"})
    assert "paged" not in fake(*GADGETS, env={"MENTORCTL_PAGER": "sed s/Widget/paged/"})


# ---- nothing that moves a cursor ----

BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_a_table_that_ends_its_lines_as_csv_does_is_readable(fake):
    (fake.directory / "log.died").touch()
    fake.stop()
    wait_until(lambda: not fake.bus.owner("org.mentorship1"))
    fake.start()
    assert re.search(r"table: a,b\n +c,d\n", fake("gadget", "reveal", "3"))


@pytest.mark.parametrize("args", [
    ("gadget", "list"), ("gadget", "list", "--fields", "name,tags,notes"), ("gadget", "show", "3"), ("today",), ("gadget", "reveal", "3"),
    ("gadget", "results", "1"), ("gadget", "results", "1", "--json"), ("gadget", "results", "1", "--csv"),
    ("complete", "--", "gadget", "show", "Eve"), ("gadget", "show", "Eve"), ("gadget", "list", "--json"), ("gadget", "show", "3", "--json"),
    ("gadget", "list", "parent=3", "--fields", "parent"),
])
def test_control_characters_never_leave(fake, args):
    (fake.directory / "log.died").touch()
    fake.stop()
    wait_until(lambda: not fake.bus.owner("org.mentorship1"))
    fake.start()
    done = fake.run(*args)
    assert not BAD.search(done.stdout) and not BAD.search(done.stderr)
    assert "Eve" in done.stdout or "parent" in args[-1]
    shown = fake.terminal(*args, env={"NO_COLOR": "1"}).decode()
    assert not BAD.search(shown.replace("\r\n", "\n"))


def test_errors_are_encoded_too(fake):
    for words in (["gadget", "show", "no\x1b[2Jsuch"], ["no\x1b[2Jsuch", "list"], ["gadget", "create", "na\x9bme=x"]):
        assert not BAD.search(fake.run(*words, status=NOTFOUND if words[1] == "show" else USAGE).stderr)


# ---- values ----

def sent(fake, *words):
    fake("gadget", "create", *words)
    return fake.calls("Create")[-1]["body"][0]


def test_values_by_kind(fake):
    assert sent(fake, "name=Bolt", "shape=half-round", "weight=2", "count=4", "born=2026-12-24", "parent=widget", "tags=x, y,z", "spare=yes") == {
        "name": "Bolt", "shape": "half_round", "weight": 2.0, "count": 4, "born": "2026-12-24", "parent": "/org/mentorship1/gadgets/1",
        "tags": ["x", "y", "z"], "spare": True}
    # the daemon's clock stands at 2026-03-29 03:00 Berlin, a Sunday
    assert sent(fake, "name=a", "born=tomorrow", "seen=tomorrow 9:00") == {"name": "a", "born": "2026-03-30", "seen": 1774854000}
    assert sent(fake, "name=b", "seen=2026-03-29T09:00Z", "shape=sq") == {"name": "b", "seen": 1774774800, "shape": "square"}
    none = sent(fake, "name=", "count=", "born=", "seen=", "parent=", "tags=")
    assert none == {"name": "", "count": -2 ** 63, "born": "", "seen": -2 ** 63, "parent": "/", "tags": []}


def test_values_from_files(fake, scratch):
    file = scratch / "notes"
    file.write_text("first\nsecond\n")
    file.chmod(0o644)
    assert sent(fake, "name=x", f"notes=@{file}")["notes"] == "first\nsecond"
    fake("gadget", "create", "name=x", "notes=-", input="typed\n")
    assert fake.calls("Create")[-1]["body"][0]["notes"] == "typed"
    assert sent(fake, "name=@@home")["name"] == "@home"
    fake("gadget", "create", f"name=@{scratch}/absent", status=NOTFOUND)


@pytest.mark.parametrize("words, status, said", [
    (["gadget", "create", "nmae=x"], USAGE, "did you mean 'name'?"),
    (["gadgte", "list"], USAGE, "did you mean 'gadget'?"),
    (["gadget", "updaet", "1"], USAGE, "did you mean 'update'?"),
    (["gadget", "create", "shape=oval"], USAGE, "round, half_round, square"),
    (["gadget", "create", "count=many"], USAGE, "whole number"),
    (["gadget", "create", "spare=perhaps"], USAGE, "neither yes nor no"),
    (["gadget", "create", "born=someday"], USAGE, "tomorrow"),
    (["gadget", "create", "parent=twin"], USAGE, "1 (Twin), 2 (Twin)"),
    (["gadget", "create", "parent=nobody"], NOTFOUND, "called 'nobody'"),
    (["gadget", "create", "name=a", "name=b"], USAGE, "given twice"),
    (["gadget", "list", "--fields", "wieght"], USAGE, "did you mean 'weight'?"),
    (["gadget", "list", "--order", "nothing"], USAGE, "has no 'nothing'; there are: id"),
    (["gadget", "list", "--order", "-wieght"], USAGE, "did you mean 'weight'?"),
    (["gadget", "list", "--limt", "3"], USAGE, "did you mean '--limit'?"),
    (["gadget", "create", "born=31.2.2027"], USAGE, "born: '31.2.2027' is no day"),
    (["gadget", "list", "seen>3/4/2027"], USAGE, "seen: '3/4/2027' may be either of two days"),
    (["export", "gadget", "--json"], USAGE, "list --json"),
    (["gadget", "list", "--limit", "0"], USAGE, "at least 1"),
    (["gadget", "show"], USAGE, "wants one object"),
    (["gadget", "show", "77"], NOTFOUND, "no such object"),
    (["gadget", "take-apart", "1"], USAGE, "--reason"),
    (["gadget", "update", "1", "--for", "2"], USAGE, "for somebody"),
    (["gadget", "list", "--zone", "Mars/Base"], USAGE, "--zone"),
    (["--frobnicate"], USAGE, "no option"),
    ([], USAGE, "mentorctl help"),
])
def test_wrong_input_is_named(fake, words, status, said):
    done = fake.run(*words, status=status)
    assert said in done.stderr and not done.stdout
    assert not fake.log.exists() or not fake.calls("Create")


def test_filters(fake):
    fake("gadget", "list", "shape=round", "weight>=1.5", "name^=W", "name~idg", "parent=1", "shape!=square", "born=", "shape=round,square", "as=coordinator")
    assert fake.calls("List")[0]["body"][0] == [
        ["shape", "=", "round"], ["weight", ">=", 1.5], ["name", "prefix", "W"], ["name", "contains", "idg"],
        ["parent", "=", "/org/mentorship1/gadgets/1"], ["shape", "!=", "square"], ["born", "none", ""], ["shape", "in", ["round", "square"]],
        ["as", "=", "coordinator"]]


# ---- errors ----

@pytest.mark.parametrize("name, status", [
    ("InvalidField", USAGE), ("NotFound", NOTFOUND), ("NotAllowed", DENIED), ("WrongState", CONFLICT), ("Conflict", CONFLICT),
    ("Busy", CONFLICT), ("LimitExceeded", OTHER), ("StoreFull", OTHER), ("Unavailable", OTHER),
    ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", DENIED),
])
def test_exit_status_follows_the_error(fake, name, status):
    done = fake.run("gadget", "create", f"name=error {name}", status=status)
    assert "this is how it is" in done.stderr and name.rpartition(".")[2] in done.stderr and "see: mentorctl help gadget create" in done.stderr
    done = fake.run("--json", "gadget", "create", f"name=error {name}", status=status)
    error = json.loads(done.stderr)["error"]
    assert error["name"].endswith(name) and error["exit_status"] == status and not done.stdout


def test_unreachable(bus, installed, scratch):
    fake = Fake(bus, installed, scratch)
    assert "systemctl status mentorshipd" in fake("today", status=UNREACHABLE)
    fake.bus.address, address = "unix:path=/nonexistent", fake.bus.address
    fake("today", status=UNREACHABLE, env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
    fake.bus.address = address


def test_output_that_cannot_be_written(fake):
    with open("/dev/full", "w") as full:
        done = subprocess.run(as_user(USER, [fake.client, "gadget", "list"]), env=fake.environment(), cwd="/", stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == OTHER and "could not be written" in done.stderr


# ---- passwords, confirmation ----

def test_dialogs_are_allowed_unless_told_otherwise(fake):
    fake("gadget", "create", "name=a")
    fake("gadget", "create", "name=b", "--no-ask-password")
    assert [call["interactive"] for call in fake.calls("Create")] == [True, False]


@pytest.mark.skipif(not os.path.exists("/usr/bin/pkttyagent"), reason="no agent for terminals here")
def test_on_a_terminal_an_agent_is_started_only_when_it_is_needed(fake):
    """There is no polkitd on this bus, so the agent gives up at once; what counts is the second call, under the same key."""
    fake.terminal("gadget", "create", "name=plain")
    assert [call["interactive"] for call in fake.calls("Create")] == [False]
    fake.terminal("gadget", "create", "name=secret")
    fake.terminal("gadget", "create", "name=secret", "--no-ask-password", status=DENIED)
    calls = fake.calls("Create")[1:]
    assert [call["interactive"] for call in calls] == [False, True, False]
    assert calls[0]["body"][1]["key"] == calls[1]["body"][1]["key"]


def test_destructive_verbs_ask(fake):
    fake("gadget", "take-apart", "1", "--reason", "x", status=USAGE)
    assert b"[y/N]" in fake.terminal("gadget", "take-apart", "1", "--reason", "x", typed=b"n\n", status=OTHER)
    assert not fake.calls("TakeApart")
    fake("gadget", "take-apart", "1", "--reason", "x", "--dry-run")
    fake("gadget", "take-apart", "1", "--reason", "x", "--yes")
    fake.terminal("gadget", "take-apart", "1", "--reason", "x", typed=b"y\n")
    options = [call["body"][1] for call in fake.calls("TakeApart")]
    assert [option.get("dry_run", False) for option in options] == [True, False, False]
    assert "key" not in options[0] and all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", option["key"]) for option in options[1:])
    assert options[1]["key"] < options[2]["key"] and options[0]["reason"] == "x"


def test_many_objects(fake):
    done = fake.run("gadget", "update", "1", "2", "3", "name=x", status=CONFLICT)
    assert "2 done, 1 refused" in done.stdout and "gadget 2: not now (WrongState)" in done.stderr
    fake("gadget", "update", "--where", "shape=square", "name=x", status=USAGE)
    done = fake.run("--json", "gadget", "update", "--where", "shape=round", "--yes", "name=x")
    assert json.loads(done.stdout) == [{"object": "/org/mentorship1/gadgets/1", "version": 5}]
    keys = [call[4]["key"] for many in fake.calls("CallMany") for call in many["body"][0]]
    assert len(set(keys)) == len(keys) == 4


# ---- lost replies ----

def test_a_lost_reply_is_asked_for_again_under_the_same_key(fake):
    process = fake.popen("gadget", "create", "name=die once")
    fake.reborn()
    out, err = process.communicate(timeout=20)
    assert process.returncode == DONE and "gadget 9" in out, err
    keys = [call["body"][1]["key"] for call in fake.calls("Create")]
    assert len(keys) == 2 and keys[0] == keys[1]


def test_it_is_asked_again_once_only(fake):
    process = fake.popen("gadget", "create", "name=die")
    fake.reborn()
    out, err = process.communicate(timeout=30)
    assert process.returncode == UNREACHABLE and not out
    assert len(fake.calls("Create")) == 2


def test_what_has_no_key_is_not_repeated(fake):
    process = fake.popen("gadget", "reveal", "1")
    fake.reborn()
    out, err = process.communicate(timeout=20)
    assert process.returncode == UNREACHABLE and len(fake.calls("Reveal")) == 1 and "key" not in fake.calls("Reveal")[0]["body"][1]


# ---- tasks ----

def test_task_is_waited_for(fake):
    assert "shine: 11" in fake("gadget", "polish", "1")
    assert fake.json("gadget", "polish", "1", "--wait")["shine"] == 11
    assert "task: 1" in fake("gadget", "polish", "1", "--no-wait")
    assert "shine: 11" in fake("task", "wait", "1")


def test_progress_is_on_stderr_of_a_terminal_only(fake):
    done = fake.run("gadget", "polish", "1")
    assert "polishing" not in done.stdout + done.stderr
    shown = fake.terminal("gadget", "polish", "4")
    assert b"polishing [" in shown and b"33 %" in shown
    read, write = os.pipe()
    shown = fake.terminal("--json", "gadget", "polish", "5", stdout=write)
    os.close(write)
    assert b"polishing [" in shown and b"shine" not in shown
    with open(read) as out:
        assert json.load(out)["shine"] == 11


def test_a_task_that_fails(fake):
    assert "the cloth is torn" in fake("gadget", "polish", "3", status=OTHER)


def test_who_stops_waiting_is_told_how_to_go_on(fake):
    """Ctrl-C ends the tool as it ends any other, and the work is not lost from sight."""
    process = fake.popen("gadget", "polish", "6", "--no-ask-password")
    wait_until(lambda: fake.log.exists() and fake.calls("Polish"), what="the work to begin")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT and not out
    assert "mentorctl task wait 6" in err and "mentorctl task cancel 6" in err and "\x1b" not in err


def test_a_daemon_that_goes_away_leaves_nobody_waiting(fake):
    process = fake.popen("gadget", "polish", "2")
    fake.reborn()
    out, err = process.communicate(timeout=20)
    assert process.returncode == OTHER and "started anew" in err


# ---- changes ----

@pytest.mark.limit(40)
def test_watch_goes_on_after_a_restart(fake):
    """7 is told by Changes and once more by a signal."""
    process = fake.popen("watch", "gadget")
    fake.reborn()
    lines = [process.stdout.readline() for _ in range(4)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert [line.split() for line in lines] == [["5", "Changed", "gadget", "1"], ["6", "Removed", "gadget", "2"], ["7", "Changed", "gadget", "2"],
                                                ["8", "Added", "gadget", "0"]]


# ---- over ssh ----

SSH = """#!/bin/sh
# stands for ssh: looks at its options as ssh would, then runs the command here
[ "$1" = -T ] && [ "$2" = -- ] || exit 64
[ "$3" = unreachable ] && exit 255
[ "$3" = chatty ] && echo "Welcome to this machine"
echo "$3" >> "$FAKE_SSH_LOG"
shift 3
[ "$1" = mentorctl ] && shift
cd / && exec "$MENTORCTL" "$@"
"""


@pytest.fixture
def ssh(fake):
    """mentorctl -H, with an ssh that stays here."""
    program = fake.directory / "bin/ssh"
    program.parent.mkdir(mode=0o755)
    program.write_text(SSH)
    program.chmod(0o755)
    env = {"PATH": f"{program.parent}:/usr/bin:/bin", "FAKE_SSH_LOG": str(fake.directory / "ssh"), "MENTORCTL": str(fake.client)}

    class Over:
        log = fake.directory / "ssh"

        def run(self, *args, host="me@there", **more):
            return fake.run("-H", host, *args, env=env, **more)

        def terminal(self, *args, **more):
            return fake.terminal("-H", "me@there", *args, env={"NO_COLOR": "1", **env}, **more)

    return Over()


def test_the_same_over_ssh(fake, ssh):
    for args in (GADGETS, ("gadget", "show", "1"), ("--json", "gadget", "list"), ("today",)):
        assert ssh.run(*args).stdout == fake(*args)
    assert ssh.log.read_text().split() == ["me@there"] * 4


def test_status_and_errors_over_ssh(ssh):
    done = ssh.run("gadget", "show", "77", status=NOTFOUND)
    assert "no such object" in done.stderr and not done.stdout
    ssh.run("gadget", "create", "name=error Busy", status=CONFLICT)


def test_terminal_over_ssh(fake, ssh):
    here = fake.terminal(*GADGETS, columns=90, env={"NO_COLOR": "1"})
    assert ssh.terminal(*GADGETS, columns=90) == here
    shown = ssh.terminal("gadget", "polish", "4")
    assert b"polishing [" in shown


def test_files_go_along(fake, ssh, scratch):
    file = scratch / "notes"
    file.write_text("across\n" * 20000)
    file.chmod(0o644)
    ssh.run("gadget", "create", "name=x", f"notes=@{file}")
    assert fake.calls("Create")[-1]["body"][0]["notes"] == ("across\n" * 20000).rstrip()
    ssh.run("gadget", "create", "name=x", "notes=-", input="typed")
    assert fake.calls("Create")[-1]["body"][0]["notes"] == "typed"
    calls = scratch / "calls.json"
    calls.write_text(json.dumps([{"object": "/org/mentorship1/gadgets/1", "verb": "update", "arguments": {"name": "y"}}]))
    calls.chmod(0o644)
    assert json.loads(ssh.run("call-many", str(calls)).stdout) == [{"object": "/org/mentorship1/gadgets/1", "version": 5}]


def test_a_host_that_is_an_option_is_refused(ssh):
    for host in ("-oProxyCommand=touch /tmp/owned", "", "-"):
        ssh.run("today", host=host, status=USAGE)
    assert not ssh.log.exists()


def test_a_host_that_does_not_answer(ssh):
    assert "could not reach" in ssh.run("today", host="unreachable", status=UNREACHABLE).stderr
    assert "does not answer as mentorctl" in ssh.run("today", host="chatty", status=UNREACHABLE).stderr


def test_the_far_side_cannot_write_control_characters(fake, ssh):
    """What another machine prints is not believed: only colours, line ends and the clearing of a line pass."""
    evil = fake.directory / "evil"
    evil.write_text("#!/usr/bin/python3\nimport sys, struct\n"
                    "def frame(kind, data): sys.stdout.buffer.write(kind + struct.pack('>I', len(data)) + data); sys.stdout.flush()\n"
                    "frame(b'V', b'mentorctl 1'); frame(b'O', b'good \\033[1mbold\\033[0m \\033]0;title\\007 \\033[2J \\xc2\\x9b \\xe2\\x80'); frame(b'O', b'\\xae \\xc3\\xa4 end\\n')\n"
                    "frame(b'E', b'\\033[3'); frame(b'E', b'1mred\\033[0m\\033[H'); frame(b'X', b'\\x03')\n")
    evil.chmod(0o755)
    program = fake.directory / "bin/ssh"
    program.write_text(f"#!/bin/sh\nexec {evil}\n")
    shown = ssh.terminal("today", status=NOTFOUND)
    left = shown.replace(b"\x1b[1m", b"").replace(b"\x1b[0m", b"").replace(b"\x1b[31m", b"").replace(b"\r\n", b"\n").decode()
    assert not BAD.search(left) and "ä end" in left and "red" in left and b"\x1b[31m" in shown


@pytest.mark.parametrize("sent", [b"", b"nonsense", b"V\xff\xff\xff\xff", b"V\x00\x00\x00\x0bmentorctl 2G\x00\x00\x00\x00",
                                  b"V\x00\x00\x00\x0bmentorctl 1A\x00\x00\x00\x06-HhostA\x00\x00\x00\x05todayG\x00\x00\x00\x00"])
def test_nonsense_from_the_near_side(fake, sent):
    done = subprocess.run(as_user(USER, [fake.client, "--remote"]), env=fake.environment(), cwd="/", input=sent, capture_output=True, timeout=20)
    assert done.returncode == USAGE and b"makes no sense" in done.stderr


# ---- completions ----

def test_words_for_completion(fake):
    def words(*typed):
        return [line.split("\t")[0] for line in fake("complete", "--", *typed).splitlines()]
    assert "gadget" in words("") and "today" in words("to") and words("gadg") == ["gadget"]
    assert {"list", "show", "create", "take-apart"} <= set(words("gadget", ""))
    assert words("gadget", "show", "W") == ["Widget"] and words("gadget", "show", "1") == ["1"]
    assert words("gadget", "create", "sh") == ["shape="]
    assert words("gadget", "create", "shape=ro") == ["shape=round"]
    assert words("gadget", "create", "parent=Wid") == ["parent=Widget"]
    assert words("gadget", "create", "spare=") == ["spare=yes", "spare=no"]
    assert words("gadget", "list", "--fields", "name,we") == ["name,weight"]
    assert words("--json", "gadget", "take-apart", "1", "--rea") == ["--reason"]
    assert words("no", "such", "thing") == []


def test_completion_without_a_daemon_is_quiet(bus, installed, scratch):
    fake = Fake(bus, installed, scratch)
    done = fake.run("complete", "--", "gadget", "")
    assert not done.stdout and not done.stderr
    assert "today" in fake("complete", "--", "")


@pytest.fixture
def shell_path(fake):
    program = fake.directory / "bin/mentorctl"
    program.parent.mkdir(mode=0o755)
    program.symlink_to(fake.client)
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


@pytest.mark.parametrize("line, wanted", [
    ("mentorctl gadg", ["gadget"]), ("mentorctl gadget create shape=ro", ["round"]), ("mentorctl gadget show Wi", ["Widget"]),
    ("mentorctl gadget create na", ["name="]), ("mentorctl gadget list --fields name,weig", ["name,weight"]), ("mentorctl gadget show Sprocket", [None]),
])
def test_bash(fake, installed, shell_path, line, wanted):
    script = installed.path("usr/share/bash-completion/completions/mentorctl")
    # bash's own word breaks, as readline would make them
    words = re.findall(r"[=:]|[^ =:]+", line)
    text = (f"source {script}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; compopt() {{ :; }}; _mentorctl; "
            "printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(as_user(USER, ["/bin/bash", "--norc", "-c", text]), env=fake.environment(**shell_path), capture_output=True, text=True, cwd="/")
    got = done.stdout.splitlines()
    if wanted == [None]:
        assert len(got) == 1 and got[0].startswith("Sprocket\\ with")
    else:
        assert got == wanted, done.stderr


@pytest.mark.skipif(not os.path.exists("/usr/bin/fish"), reason="no fish here")
def test_fish(fake, installed, shell_path):
    script = installed.path("usr/share/fish/vendor_completions.d/mentorctl.fish")
    done = subprocess.run(as_user(USER, ["/usr/bin/fish", "--no-config", "-c", f"source {script}; complete -C 'mentorctl gadget create shape='"]),
                          env=fake.environment(**shell_path, XDG_CONFIG_HOME=str(fake.directory), XDG_DATA_HOME=str(fake.directory)),
                          capture_output=True, text=True, cwd="/")
    assert [word.split("\t")[0] for word in done.stdout.splitlines()] == ["shape=half_round", "shape=round", "shape=square"], done.stderr


@pytest.mark.skipif(not os.path.exists("/usr/bin/zsh"), reason="no zsh here")
def test_zsh(fake, installed, shell_path):
    """In a zsh on a terminal of its own: the TAB key finishes the word."""
    place = installed.path("usr/share/zsh/vendor-completions")
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
    process = subprocess.Popen(as_user(USER, ["setsid", "--ctty", "/usr/bin/zsh", "-f", "-i"]), cwd="/", stdin=far, stdout=far, stderr=far,
                               env=fake.environment(TERM="dumb", **shell_path))
    os.close(far)
    seen = b""

    def wait_for(text, seconds=15):
        nonlocal seen
        until = time.monotonic() + seconds
        while text not in seen:
            assert time.monotonic() < until, seen
            if select.select([near], [], [], 0.2)[0]:
                seen += os.read(near, 65536)

    try:
        os.write(near, f"fpath=({place} $fpath); autoload -U compinit; compinit -u -D; PS1='ready> '; echo se''t\n".encode())
        wait_for(b"set\r\n")
        wait_for(b"ready> ")
        os.write(near, b"mentorctl gadget create shape=squ\t")
        wait_for(b"shape=square")
        os.write(near, b"\x15mentorctl gadg\t")
        wait_for(b"mentorctl gadget ")
        os.write(near, b'\x15mentorctl gadget show "Widg\t')
        wait_for(b'"Widget"')
    finally:
        os.close(near)
        end(process, first=signal.SIGKILL)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_in_the_program(fake, installed, shell):
    file = {"bash": "bash-completion/completions/mentorctl", "zsh": "zsh/vendor-completions/_mentorctl",
            "fish": "fish/vendor_completions.d/mentorctl.fish"}[shell]
    assert fake("completion", shell) == installed.path(f"usr/share/{file}").read_text()
    fake("completion", "csh", status=USAGE)


# ---- without a daemon ----

def test_configuration(bus, installed, scratch):
    fake = Fake(bus, installed, scratch)
    fake("config", "check")
    assert "#" in fake("config", "show", "--origin")
    fake("config", "frob", status=USAGE)
    wrong = scratch / "wrong.conf"
    wrong.write_text("nonsense {")
    wrong.chmod(0o644)
    assert fake.run("config", "check", "--config", str(wrong), status=OTHER).stderr


def test_version(bus, installed, scratch):
    fake = Fake(bus, installed, scratch)
    assert re.fullmatch(r"mentorctl \d+\.\d+\.\d+\n", fake("--version"))
    assert json.loads(fake("--version", "--json"))["json"] == 1


@pytest.mark.skipif(not os.path.exists("/usr/bin/mandoc"), reason="no mandoc here")
@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs/man").glob("*.[0-9]")))
def test_manual_pages(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", str(pathlib.Path(ROOT, "docs/man", page))], capture_output=True, text=True)
    # which other pages this machine has is not the page's affair
    assert [line for line in done.stdout.splitlines() if "referenced manual not found" not in line] == []
    assert not subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(pathlib.Path(ROOT, "docs/man", page))]).returncode


def test_the_manual_of_the_interface_names_its_parts(installed):
    """The errors and the manager's members of the program, and the installed files that describe the interfaces."""
    page = (ROOT / "docs/man/org.mentorship1.5").read_text()
    files = list(installed.client.parent.parent.glob("share/dbus-1/interfaces/org.mentorship1.*.xml"))
    assert "dbus-1/interfaces/org.mentorship1." in page and files
    manager = next(path for path in files if path.name == "org.mentorship1.Manager.xml").read_text()
    for member in re.findall(r'<method name="(\w+)"', manager):
        assert re.search(rf"\b{member}\b", page), member
    for error in re.findall(r'"org\.mentorship1\.Error\.(\w+)"', (ROOT / "daemon/core/error.c").read_text()):
        assert re.search(rf"\b{error}\b", page), error


def test_the_manual_names_all_that_there_is(bus, installed, scratch):
    """Commands and options of the program, each in the page."""
    page = (ROOT / "docs/man/mentorctl.1").read_text().replace("\\-", "-")
    said = Fake(bus, installed, scratch)("--help")
    for option in re.findall(r"--([a-z-]+)", said):
        assert re.search(rf"Fl Fl {option}\b|--{option}\b", page), option
    for command in re.findall(r"(?m)^  ([a-z-]+) ", said.partition("Commands:")[2].partition("Nouns")[0]):
        assert re.search(rf"It Cm.*\b{command}\b", page), command
