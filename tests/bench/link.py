# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins and their links: the round trip beside libdbus alone, how soon a host is ready, and what others notice while plugins crash.

Each bench compiles its plugins against the public header, as their authors would.
"""
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import time

import fill
import harness
import host_world
from web import free_port

ROUNDS, ECHO_SECONDS = 7, 1.0
STARTS, START_MS = 15, 20
CRASHERS, SPELL, SPELLS = 2, 8, 5


def compiled_plugin(bench, directory, name, source, *flags):
    """A plugin of the bench beside those that are installed."""
    shipped = next(bench.installed.root.glob("usr/lib/**/mentorship/plugins-1"))
    if not directory.exists():
        shutil.copytree(shipped, directory)
        harness.run("root", ["chmod", "755", directory])
    plugin = host_world.compile_plugin(harness.ROOT / f"tests/bench/{source}.c", directory / f"{name}.so", "-O2", *flags)
    account = pwd.getpwnam("mentorship")
    for path in directory.iterdir():
        os.chown(path, account.pw_uid, account.pw_gid)         # with --development the daemon's own user owns what is loaded
    os.chown(directory, account.pw_uid, account.pw_gid)
    return plugin


# ---- the round trip ----

def one_round(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        calls, seconds = sock.makefile().readline().split()
    return int(calls) / float(seconds)


def echo(bench):
    port, directory = free_port(), bench.place / "asking"
    compiled_plugin(bench, directory, "asker", "link_asker")
    daemon = bench.daemon("echo", lambda path: None, plugins=("asker",), directory=directory,
                          asker=f"port = {port};\nmilliseconds = {int(ECHO_SECONDS * 1000)};\n")
    harness.wait_until(lambda: bench.row(daemon, "asker")["state"] == "running", what="the asking plugin")
    pairs = []
    for _ in range(ROUNDS):
        done = subprocess.run([bench.compiled("link_peer"), bench.place / "peer.socket", str(ECHO_SECONDS)], capture_output=True, text=True, check=True)
        calls, seconds = done.stdout.split()
        pairs.append((one_round(port), int(calls) / float(seconds)))
    daemon.stop()
    ours, peer = sorted(pairs, key=lambda p: p[0] / p[1])[len(pairs) // 2]
    bench.say("link-echo", ours / peer, ">=", 0.7, ours, peer, "calls/s, one under way")


# ---- the start of a host ----

def start(bench):
    """As systemd starts it: under its own account, told by sd_notify that the link is ready."""
    place = bench.place / "hosting"
    place.mkdir(mode=0o755)
    account, daemon_account = pwd.getpwnam("mentorship-smtp"), pwd.getpwnam("mentorship")
    sockets, state = place / "run/plugins/smtp", place / "state"
    sockets.mkdir(parents=True)
    for path in (place / "run", place / "run/plugins"):
        path.chmod(0o755)
    os.chown(sockets, daemon_account.pw_uid, account.pw_gid)
    sockets.chmod(0o710)
    state.mkdir(mode=0o700)
    os.chown(state, account.pw_uid, account.pw_gid)
    settings = 'server = "127.0.0.1";\nport = 25;\ntls = "none";\nsender = "mentoring@example.org";\n'
    daemon = bench.daemon("start", lambda path: None, plugins=("smtp",), sockets=place / "run", smtp=settings)
    command = [bench.installed.path("usr/libexec/mentorship/mentorship-plugin-host"), "smtp", "--plugin-dir",
               next(bench.installed.root.glob("usr/lib/**/mentorship/plugins-1")), "--config", daemon.config / "etc/mentorship/plugins.d/smtp.conf",
               "--link", sockets / "link", "--state", state]
    times = []
    for number in range(STARTS + 1):
        notify = harness.Notifications(place / "notify")
        begin = time.monotonic()
        host = subprocess.Popen(list(map(str, command)), user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/",
                                env=harness.environment(NOTIFY_SOCKET=notify.path), stdin=subprocess.DEVNULL)
        serving = notify.wait("STATUS=serving", 20, lambda: host.poll() is None)
        at = next((at for at, line in notify.seen if line == "STATUS=serving"), None)
        harness.end(host)
        notify.stop()
        if not serving:
            raise RuntimeError(f"the host was not ready:\n{daemon.tail()}")
        if number:                                     # the first one reads its files from the disk
            times.append((at - begin) * 1000)
        # an orderly end is no failure: the next one is let in as soon as this one is gone
        harness.wait_until(lambda: bench.row(daemon, "smtp")["state"] == "waiting", what="the end to be seen")
    daemon.stop()
    took = statistics.median(times)
    bench.say("host-start", took / START_MS, "<=", 1, took, START_MS, f"ms from exec to the link's readiness, smtp, median of {STARTS}")


# ---- crashes ----

def crash(bench):
    directory, names = bench.place / "crashing", [f"crasher{i}" for i in range(CRASHERS)]
    for name in names:
        compiled_plugin(bench, directory, name, "crasher", f'-DCRASHER="{name}"')
    daemon = bench.daemon("crash", fill.fill, plugins=names, directory=directory, **{name: "" for name in names})
    root, pairs, crashes = bench.bus.caller("root"), [], 0
    rows = lambda: [bench.row(daemon, name) for name in names]      # noqa: E731
    idle = lambda: all(row["state"] == "disabled" for row in rows())      # noqa: E731
    for _ in range(SPELLS):
        harness.wait_until(idle, 60, "five crashes of each, after which they stay disabled")
        quiet = bench.load("mt-coord", harness.NAME, "get", outstanding=1, seconds=SPELL, last=100_000)["p99"]
        for row in rows():
            root.verb(f"{harness.TOP}/plugins/{row['id']}", "Plugin.Enable")
        beside = bench.load("mt-coord", harness.NAME, "get", outstanding=1, seconds=SPELL, last=100_000)["p99"]
        crashes += sum(row["restarts"] for row in rows())
        pairs.append((beside, quiet))
    daemon.stop()
    if crashes < SPELLS * SPELL / 3:
        raise RuntimeError(f"{crashes} crashes only in {SPELLS * SPELL} s")
    ours, peer = sorted(pairs, key=lambda p: p[0] / p[1])[len(pairs) // 2]
    bench.say("plugin-crash", ours / peer, "<=", 1.2, ours / 1000, peer / 1000,
              f"ms, p99 of Get, {crashes / SPELLS / SPELL:.1f} crashes a second, against without")
