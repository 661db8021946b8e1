# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators see of plugins: `mentorctl plugin`, the journal, and a start that a required plugin stops."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import test_plugin_guide
from harness import BUILD, PYTHON, ROOT, TOP, as_user, environment, wait_until
from host_world import compile_plugin
from test_cli_daemon import CONFLICT, OTHER, Ctl
from test_mail import Post, running
from world import built_world, world  # noqa: F401 (fixtures)

followed = test_plugin_guide.followed


class Plugins:
    """The world's daemon with a directory of plugins of its own."""

    def __init__(self, world, scratch):
        self.world, self.daemon, self.ctl = world, world.daemon, Ctl(world.daemon, "root")
        self.place = scratch / "plugins"
        self.place.mkdir(mode=0o755)
        shutil.copy(BUILD / "plugins/template.so", self.place)
        compile_plugin(ROOT / "tests/fakes/plugins/bad.c", self.place / "bad.so")

    def start(self, load, how="well", required="", wait=True):
        host = self.daemon.installed.path("usr/libexec/mentorship/mentorship-plugin-host")
        self.daemon.configure(f'plugins: {{ load = "{load}"; required = "{required}"; host = "{host}"; directory = "{self.place}"; }};\n', "20-plugins.conf")
        path = self.daemon.config / "etc/mentorship/plugins.d/bad.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'how = "{how}";\n')
        os.chown(path, 0, 0)
        path.chmod(0o644)
        self.world.restart("--development")

    def row(self, name):
        return next(row for row in self.ctl.json("plugin", "list", "--fields", "name,state,last_error,restarts,release") if row["name"] == name)

    def until(self, name, state, seconds=30):
        end = time.monotonic() + seconds
        while self.row(name)["state"] != state:
            assert time.monotonic() < end, f"{self.row(name)}\n{self.daemon.log.read_text()}"
            time.sleep(0.05)
        return self.row(name)

    def terminal(self, *args):
        """What a terminal shows."""
        near, far = os.openpty()
        subprocess.run(as_user("root", [self.daemon.installed.client, *args, "--no-pager"]), stdout=far, stdin=subprocess.DEVNULL, timeout=60, check=True,
                       cwd="/", env={**environment(**self.daemon.bus.environment()), "COLUMNS": "150", "TERM": "xterm"})
        os.close(far)
        text = os.read(near, 65536).decode()
        os.close(near)
        return text


@pytest.fixture
def plugins(world, scratch):
    return Plugins(world, scratch)


def test_a_plugin_that_refuses_is_red_with_its_reason(plugins):
    plugins.start("template bad", "refuses configure")
    plugins.until("template", "running")
    row = plugins.until("bad", "failed")
    assert row["last_error"] == "how is not what it must be; set it."
    shown = plugins.terminal("plugin", "list")
    assert re.search(r"\x1b\[31m *failed", shown) and re.search(r"\x1b\[31mhow is not what it must be", shown), shown
    assert not re.search(r"\x1b\[31m *running", shown)
    shown = plugins.terminal("plugin", "show", "bad")
    assert "\x1b[31mfailed\x1b[0m" in shown and "\x1b[31mhow is not what it must be; set it.\x1b[0m" in shown, shown
    assert "\x1b" not in plugins.ctl("plugin", "show", "bad") and "must be; set it." in plugins.ctl("plugin", "show", "bad")
    assert events(plugins, "A plugin ended or did not answer", "bad")
    assert re.search(r"plugin that failed +bad ", plugins.ctl("today")) and "template" not in plugins.ctl("today")
    assert plugins.row("template")["release"] == "1.0", "as it calls its own version"


def test_a_plugin_that_leaks_is_named_with_its_reason(plugins):
    plugins.start("template bad", "leaks")
    row = plugins.until("bad", "failed")
    assert re.fullmatch(r"it holds [0-9]+ MB of memory, more than a plugin may; .*", row["last_error"]), row
    assert int(row["last_error"].split()[2]) < 1500, "it ended before the machine was full"
    assert "MB of memory, more than a plugin may" in plugins.ctl("plugin", "list", "--fields", "name,state,last_error")
    assert events(plugins, "A plugin ended or did not answer", "bad") and plugins.row("template")["state"] == "running"
    plugins.until("bad", "disabled", 90)


def events(plugins, text, name):
    return [line for line in plugins.daemon.log.read_text().splitlines() if text in line and name in line]


def test_a_plugin_that_crashes_is_disabled_and_can_be_enabled(plugins):
    compile_plugin(ROOT / "tests/fakes/plugins/bad.c", plugins.place / "bad.so", "-DLEAVES")
    plugins.start("template bad")
    row = plugins.until("bad", "failed")
    assert "its host ended" in row["last_error"] and events(plugins, "A plugin ended or did not answer", "bad")
    row = plugins.until("bad", "disabled", 60)
    assert "its host ended" in row["last_error"] and events(plugins, "A plugin is disabled", "bad")
    assert plugins.row("template")["state"] == "running"
    compile_plugin(ROOT / "tests/fakes/plugins/bad.c", plugins.place / "bad.so")
    plugins.ctl("plugin", "enable", "bad")
    row = plugins.until("bad", "running")
    assert row["restarts"] == 0 and row["last_error"] in ("", None)


def host_of(plugins, name):
    """The process id of the plugin's host, when there is one."""
    state = f"{plugins.daemon.state}/plugins/{name}".encode()

    def of(path):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            return False
        return b"--state" in words and state in words
    return next((int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if of(path)), None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_host_that_is_asked_to_end_did_not_crash_and_comes_back(plugins, number):
    plugins.start("template bad")
    for _ in range(6):                               # more often than a plugin may crash
        row = plugins.until("bad", "running")
        pid = host_of(plugins, "bad")
        os.kill(pid, number)
        wait_until(lambda: host_of(plugins, "bad") not in (None, pid), what="another host")
        assert not row["last_error"] and row["restarts"] == 0
    row = plugins.until("bad", "running")
    assert not row["last_error"] and row["restarts"] == 0
    assert not events(plugins, "A plugin ended or did not answer", "bad") and not events(plugins, "A plugin is disabled", "bad")


def test_a_host_that_is_asked_to_end_is_waited_for_until_it_comes(plugins):
    plugins.start("template bad")
    plugins.until("bad", "running")
    os.kill(host_of(plugins, "bad"), signal.SIGTERM)
    plugins.until("bad", "waiting", 5)
    plugins.ctl("plugin", "disable", "bad", "--yes")
    time.sleep(1.5)                                  # longer than the pause before another is started
    assert plugins.row("bad")["state"] == "disabled" and not host_of(plugins, "bad")
    plugins.ctl("plugin", "enable", "bad")
    plugins.until("bad", "running")


def test_disabled_plugins_stay_so(plugins):
    plugins.start("template bad")
    plugins.until("bad", "running")
    plugins.ctl("plugin", "disable", "bad", "--yes")
    assert plugins.row("bad")["state"] == "disabled"
    plugins.world.restart("--development")
    plugins.until("template", "running")
    assert plugins.row("bad")["state"] == "disabled"


def test_only_administrators_look_after_plugins(plugins):
    plugins.start("template")
    plugins.until("template", "running")
    for user in ("mt-coord", "mt-mentor1"):
        done = subprocess.run(as_user(user, [plugins.daemon.installed.client, "plugin", "disable", "template", "--yes"]), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=environment(**plugins.daemon.bus.environment()), cwd="/", timeout=60)
        assert done.returncode
    assert plugins.row("template")["state"] == "running"


def test_a_required_plugin_stops_the_start_and_says_why(plugins):
    with pytest.raises(RuntimeError, match=r"bad is required and refuses to run: how is not what it must be; set it\."):
        plugins.start("template bad", "refuses configure", required="bad")


def test_a_required_plugin_that_is_not_there_stops_the_start(plugins):
    with pytest.raises(RuntimeError, match=r"gone is required"):
        plugins.start("template gone", required="gone")


def test_a_test_says_what_became_of_it(world, scratch):
    """Of an event, and of a plugin that takes nothing; of a message test_plugin_link.c says it, since root is nobody with an address."""
    post = Post(world, scratch)
    try:
        post.configure(load="smtp exec webforms", settle=0)
        program = scratch / "program"
        program.write_text("#!/bin/sh\n[ ! -e /nonexistent ]\n")
        program.chmod(0o755)
        post.plugin("exec", f'program = "{program}";\nevents = "match.accept";\n')
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        post.plugin("webforms", f'base_url = "https://mentoring.example.org";\nport = {port};\n')
        post.start()
        for name in ("smtp", "exec", "webforms"):
            running(post, name)
        ctl = Ctl(world.daemon, "root")
        assert "belongs to no person" in ctl("plugin", "test", "smtp", status=CONFLICT)
        assert ctl.json("plugin", "test", "exec")["event"] == "sent: exit 0"                     # whoever has no address tries its events
        assert "mail.base_url" in ctl("plugin", "test", "webforms")
        assert not world.rows("SELECT 1 FROM message WHERE template_name = 'plugin-test'")
        program.write_text("#!/bin/sh\ngrep -q plugin.test && exit 3\nexit 0\n")
        assert "the test event was not taken: broken: exit 3" in ctl("plugin", "test", "exec", status=OTHER)
    finally:
        post.stop()


def test_what_the_guide_says_of_mentorctl(plugins, followed):
    shutil.copy(followed[0] / "build/pigeon.so", plugins.place)
    path = plugins.daemon.config / "etc/mentorship/plugins.d/pigeon.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(followed[0] / "pigeon.conf", path)
    os.chown(path, 0, 0)
    path.chmod(0o644)
    plugins.start("pigeon")
    plugins.ctl("plugin", "enable", "pigeon")                 # the world has a row of that name, disabled
    plugins.until("pigeon", "running")
    commands = [text for _, word, text in test_plugin_guide.blocks() if word == "mentorctl"]
    assert len(commands) == 1
    for line in commands[0].splitlines():
        words = line.split()
        assert words[0] == "mentorctl"
        plugins.ctl(*words[1:])
        if "disable" in words:
            assert plugins.row("pigeon")["state"] == "disabled"
    plugins.until("pigeon", "running")


# ---- whatever a plugin does on its link, the core's other callers keep their time ----

ABUSE = r'''
import os, socket, struct, sys, time
path, how = sys.argv[1:]
end = time.monotonic() + 4

def message(member, signature=b"", body=b"", length=None):
    def field(code, kind, value):
        text = struct.pack("<BB", 1, ord(kind)) + b"\0" + struct.pack("<I", len(value)) + value + b"\0" if kind != "g" else \
            struct.pack("<BB", 1, ord(kind)) + b"\0" + struct.pack("<B", len(value)) + value + b"\0"
        return bytes([code]) + text
    fields = b""
    for code, kind, value in ((1, "o", b"/org/mentorship1/link"), (2, "s", b"org.mentorship1.Link"), (3, "s", member), (8, "g", signature)):
        fields += b"\0" * (-len(fields) % 8) + field(code, kind, value)
    head = struct.pack("<cBBBIII", b"l", 1, 1, 1, len(body) if length is None else length, 7, len(fields)) + fields
    return head + b"\0" * (-len(head) % 8) + body

def text(value):
    return struct.pack("<I", len(value)) + value + b"\0"

def enter():
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(2)
    sock.connect(path)
    sock.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
    if not sock.recv(200).startswith(b"OK"):
        raise OSError
    sock.sendall(b"BEGIN\r\n")
    return sock

sent = 0
while time.monotonic() < end:
    try:
        if how == "connects again and again":
            socket.socket(socket.AF_UNIX).connect(path)
        else:
            sock = enter()
            while time.monotonic() < end:
                sock.sendall({"says a length beyond the limit": message(b"Refused", b"s", b"x" * 60000, 1 << 26),
                              "says what is no UTF-8": message(b"Refused", b"s", text(b"a\xff\xfeb")),
                              "floods": message(b"Ping") * 500,
                              "sends noise": os.urandom(65536)}[how])
        sent += 1
    except OSError:
        time.sleep(0.001)
print(sent)
'''


def slowest(call, count=300):
    """The 99th percentile, in seconds."""
    times = []
    for _ in range(count):
        begin = time.monotonic()
        call()
        times.append(time.monotonic() - begin)
    return sorted(times)[int(count * 0.99) - 1]


@pytest.fixture
def quiet(plugins):
    """A daemon with a plugin that runs and one whose file is not there: whoever speaks on its socket is the test."""
    plugins.start("template gone")
    plugins.until("template", "running")
    return plugins


@pytest.mark.parametrize("how", ["connects again and again", "says a length beyond the limit", "says what is no UTF-8", "floods", "sends noise"])
def test_abuse_of_a_link_costs_others_nothing(quiet, how):
    root, link = quiet.world.root, quiet.daemon.state / "plugins/gone/link"
    ask = lambda: root.get(TOP, "Manager", "Now")      # noqa: E731
    before = slowest(ask)
    abuser = subprocess.Popen(as_user(quiet.daemon.user, [PYTHON, "-c", ABUSE, str(link), how]), stdout=subprocess.PIPE, text=True, cwd="/", env=environment())
    during, rounds = [], 0
    while abuser.poll() is None:
        during.append(slowest(ask, 100))
        rounds += 1
    assert abuser.wait() == 0 and rounds >= 2
    during = sorted(during)[len(during) // 2]
    print(f"{how}: p99 {before * 1000:.1f} ms before, {during * 1000:.1f} ms during")
    assert during < max(10 * before, 0.1), (before, during)
    assert quiet.row("template")["state"] == "running" and quiet.daemon.process.poll() is None
    assert quiet.row("gone")["state"] in ("failed", "disabled")


@pytest.mark.parametrize("how", ["is killed in ready", "sleeps in load", "leaks", "LEAVES"])
def test_a_plugin_that_crashes_sleeps_or_leaks_costs_others_nothing(plugins, how):
    if how == "LEAVES":
        compile_plugin(ROOT / "tests/fakes/plugins/bad.c", plugins.place / "bad.so", "-DLEAVES")
    plugins.start("template")
    plugins.until("template", "running")
    ask = lambda: plugins.world.root.get(TOP, "Manager", "Now")      # noqa: E731
    before = slowest(ask)
    plugins.start("template bad", how if how != "LEAVES" else "well")
    end, during = time.monotonic() + 6, []
    while time.monotonic() < end:
        during.append(slowest(ask, 100))
    during = sorted(during)[len(during) // 2]
    print(f"{how}: p99 {before * 1000:.1f} ms before, {during * 1000:.1f} ms during")
    assert during < max(10 * before, 0.1), (before, during)
    plugins.until("template", "running")
