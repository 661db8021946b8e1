#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures, each beside a peer or a limit that was measured in the same run.

One line a measure:  NAME: ratio R, goal >= G, ours A, peer B (unit)
Where the goal is an absolute limit, B is that limit and the goal is <= 1. Peer and ours are
measured in turn, the median of the ratios counts. Names on the
command line choose measures: idle, history, calls, create, long, import, commit, match, whole-run, mail-rate (mail.py), web-page, web-slow (web.py),
link-echo, host-start, plugin-crash (link.py).
"""
import copy
import os
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
os.environ.setdefault("MENTORSHIP_BUILD", str(ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests/scenario"))
sys.path.insert(0, str(HERE))
import fill  # noqa: E402
import harness  # noqa: E402
import link  # noqa: E402
import mail  # noqa: E402
import web  # noqa: E402
import whole_run  # noqa: E402

ROUNDS, SECONDS = 5, 1.0
PEER_POLICY = """<busconfig>
  <policy user="mentorship"><allow own="org.peer"/></policy>
  <policy user="root"><allow own="org.freedesktop.Accounts"/></policy>
  <policy context="default"><allow send_destination="org.peer"/><allow send_destination="org.freedesktop.Accounts"/></policy>
</busconfig>
"""
failed = []


def say(name, ratio, sign, goal, ours, peer, unit):
    good = ratio >= goal if sign == ">=" else ratio <= goal
    if not good:
        failed.append(name)
    print(f"{name}: ratio {ratio:.2f}, goal {sign} {goal}, ours {ours:.4g}, peer {peer:.4g} ({unit}){'' if good else '  MISSED'}", flush=True)


class Bench:
    def __init__(self, place):
        self.place = pathlib.Path(place)
        self.programs = self.place / "programs"
        self.programs.mkdir(mode=0o755)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "dbus-1", "libevent"], capture_output=True, text=True, check=True).stdout.split()
        for name in ("echo", "load"):
            subprocess.run(["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", HERE / f"{name}.c", "-o", self.programs / name, *flags], check=True)
        self.installed = harness.Installed(self.place / "installed")
        policy = self.place / "peer.conf"
        policy.write_text(PEER_POLICY)
        self.bus = harness.Bus(self.place / "bus", [self.installed.policy, policy])
        self.peer, self.say = None, say

    def load(self, user, name, kind, outstanding=64, seconds=SECONDS, first=1, last=1):
        done = harness.run(user, [self.programs / "load", name, kind, str(outstanding), str(seconds), str(first), str(last)],
                           seconds=120, env=self.bus.environment())
        if done.returncode:
            raise RuntimeError(f"load {kind} as {user}: {done.stderr}")
        calls, took, rate, p50, p99, _ = done.stdout.split()
        return {"calls": int(calls), "seconds": float(took), "rate": float(rate), "p50": float(p50), "p99": float(p99)}

    def peer_start(self):
        self.peer = subprocess.Popen(harness.as_user("mentorship", [self.programs / "echo", "org.peer", "100"]),
                                     env=harness.environment(**self.bus.environment()))
        harness.wait_until(lambda: self.bus.owner("org.peer"), what="the peer")

    def beside(self, name, goal, user, kind, peer_kind, **options):
        """Ours and the peer's in turn."""
        pairs = []
        for _ in range(ROUNDS):
            peer = self.load(user, "org.peer", peer_kind)["rate"]
            pairs.append((self.load(user, harness.NAME, kind, **options)["rate"], peer))
        ratios = sorted(pairs, key=lambda p: p[0] / p[1])
        ours, peer = ratios[len(ratios) // 2]
        say(name, ours / peer, ">=", goal, ours, peer, "calls/s")
        return statistics.median(p[0] for p in pairs)

    def compiled(self, name):
        """A program of the bench, compiled at its first use."""
        program = self.programs / name
        if not program.exists():
            libraries = {"mail_peer": ["libcurl"], "link_peer": ["dbus-1"], "evhttp_page": ["libevent"]}.get(name, [])
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", *libraries], capture_output=True, text=True,
                                   check=True).stdout.split() if libraries else []
            subprocess.run(["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", HERE / f"{name}.c", "-o", program, *flags], check=True)
        return program

    def daemon(self, name, world, plugins, directory=None, sockets=None, **settings):
        """A daemon on a database that `world` fills; each keyword is the text of a plugin's file. It starts the hosts of its plugins,
        which lie in `directory`, unless they come from elsewhere, to `sockets`."""
        daemon = harness.Daemon(self.bus, self.installed, self.place / name)
        daemon.start()
        daemon.stop()
        world(daemon.state / "mentorship.db")
        give_back(daemon)
        directory = directory or next(self.installed.root.glob("usr/lib/**/mentorship/plugins-1"))
        more = f'sockets = "{sockets}"; ' if sockets else ""
        host = self.installed.path("usr/libexec/mentorship/mentorship-plugin-host")
        daemon.configure(
            "limits: { calls_per_second = 1000000; calls_in_flight = 512; };\nschedule: { batch_hold = 100000; };\n"
            'mail: { base_url = "https://mentoring.example.org"; reply_to = "office@example.org"; settle = 0; quiet_from = 24; '
            "per_minute = 100000; per_hour = 1000000; };\n"
            f'plugins: {{ load = "{" ".join(plugins)}"; host = "{host}"; directory = "{directory}"; {more}}};\n')
        for plugin, text in settings.items():
            path = daemon.config / f"etc/mentorship/plugins.d/{plugin}.conf"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o644)
        daemon.start(*([] if sockets else ["--development"]))
        return daemon

    @staticmethod
    def row(daemon, name):
        """What the daemon knows of a plugin."""
        db = sqlite3.connect(f"file:{daemon.state}/mentorship.db?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        try:
            return db.execute("SELECT * FROM plugin WHERE name = ?", (name,)).fetchone()
        finally:
            db.close()

    def stop(self):
        if self.peer:
            harness.end(self.peer)
        self.bus.stop()


def pss(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no Pss")


def start_time(bench, daemon):
    """From exec to the first answer, in milliseconds; the name is owned before READY, the first call comes right behind it."""
    begin = time.monotonic()
    daemon.start()
    bench.bus.caller("root").get("/org/mentorship1", "Manager", "Version")
    return (time.monotonic() - begin) * 1000


ACCOUNTS = ("accounts-daemon", ["/usr/libexec/accounts-daemon"], "org.freedesktop.Accounts", "/org/freedesktop/Accounts",
            "org.freedesktop.Accounts", "DaemonVersion")
POLKIT = ("polkitd", [harness.POLKITD, "--no-debug"], "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
          "org.freedesktop.PolicyKit1.Authority", "BackendName")


def peer_idle(bench, name, command, owner, path, interface, member):
    """Another daemon of a system bus: the milliseconds from exec to its first answer, and its PSS then."""
    root = bench.bus.caller("root")
    with open(bench.place / f"{name}.log", "a") as log:
        begin = time.monotonic()
        process = subprocess.Popen(harness.as_user("root", command), env=harness.environment(**bench.bus.environment()), cwd="/",
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while not bench.bus.owner(owner):
                if process.poll() is not None or time.monotonic() - begin > 20:
                    raise RuntimeError(f"{name}: " + (bench.place / f"{name}.log").read_text()[-500:])
                time.sleep(0.0005)
            root.call(path, "org.freedesktop.DBus.Properties", "Get", "ss", (interface, member), destination=owner)
            return (time.monotonic() - begin) * 1000, pss(process.pid)
        finally:
            harness.end(process)
            harness.wait_until(lambda: not bench.bus.owner(owner), what=f"{name} to be gone")


def wakeups(pid, seconds=5):
    def switches():
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(text.split("voluntary_ctxt_switches:")[1].split()[0])
    before = switches()
    time.sleep(seconds)
    return switches() - before


def idle(bench):
    daemon = harness.Daemon(bench.bus, bench.installed, bench.place / "empty")
    daemon.start()
    daemon.stop()
    bench.bus.caller("root")
    times, peers = [], {ACCOUNTS[0]: [], POLKIT[0]: []}
    for last in [False] * (ROUNDS - 1) + [True]:
        for peer in (ACCOUNTS, POLKIT):
            peers[peer[0]].append(peer_idle(bench, *peer))
        times.append(start_time(bench, daemon))
        empty = pss(daemon.process.pid)
        if not last:
            daemon.stop()
    start = statistics.median(times)
    say("start-empty", start / 25, "<=", 1, start, 25, "ms to the first answer")
    say("pss-empty", empty / 5, "<=", 1, empty, 5, "MB")
    # the goal beside a peer is the same limit, as a share of what that peer needs here
    for name, seen in peers.items():
        took, memory = (statistics.median(values) for values in zip(*seen))
        say(f"start-beside-{name}", start / took, "<=", round(25 / took, 2), start, took, "ms to the first answer")
        say(f"pss-beside-{name}", empty / memory, "<=", round(5 / memory, 2), empty, memory, "MB")
    woken = wakeups(daemon.process.pid)
    say("idle-wakeups", woken, "<=", 0, woken, 0, "wakeups in 5 s without a watchdog")
    daemon.stop()
    return empty


def history(bench, empty):
    daemon = harness.Daemon(bench.bus, bench.installed, bench.place / "history")
    daemon.start()
    daemon.stop()
    fill.fill(daemon.state / "mentorship.db", with_history=True)
    give_back(daemon)
    daemon.start()
    daemon.stop()
    times = []
    for _ in range(ROUNDS):
        times.append(start_time(bench, daemon))
        full = pss(daemon.process.pid)
        daemon.stop()
    say("start-history", statistics.median(times) / 50, "<=", 1, statistics.median(times), 50, "ms, 100,000 people and 1,000,000 records")
    say("pss-history", full / (1.5 * empty), "<=", 1, full, 1.5 * empty, "MB")


def give_back(daemon):
    import pwd
    account = pwd.getpwnam("mentorship")
    for file in daemon.state.iterdir():
        os.chown(file, account.pw_uid, account.pw_gid)


def calls(bench, only=None):
    daemon = harness.Daemon(bench.bus, bench.installed, bench.place / "calls")
    daemon.start()
    daemon.stop()
    fill.fill(daemon.state / "mentorship.db")
    give_back(daemon)
    daemon.configure("limits: { calls_per_second = 1000000; calls_in_flight = 512; };\n")
    daemon.start()
    bench.peer_start()
    if only == "create":
        create(bench)
        daemon.stop()
        return
    bench.beside("get-property", 0.65, "mt-coord", "get", "get", first=1, last=100_000)
    bench.beside("list-all", 0.5, "mt-coord", "list", "list")
    bench.beside("list-2-of-200", 0.4, "mt-coord2", "list", "list")
    bench.beside("list-100-of-200", 0.2, "mt-mentor1", "list", "list")
    bench.beside("list-mentee", 0.5, "mt-mentee1", "mine", "list")
    update = bench.beside("update", 0.55, "mt-coord", "update", "update", first=10, last=20_000)
    bench.beside("update-without-key", 0.55, "mt-coord", "update-bare", "update", first=10, last=20_000)
    daemon.stop()
    bare = unaudited(bench, daemon)
    bare.start()
    bench.beside("update-without-audit-and-key", 0.55, "mt-coord", "update-bare", "update", first=10, last=20_000)
    bare.stop()
    daemon.start()
    commits = own_commits(bench)
    say("update-commits", update / commits, ">=", 2.5, update, commits, "a second, against one commit for each insert")
    create(bench)
    daemon.stop()


def unaudited(bench, daemon):
    """A daemon as this one, on its database, that writes no audit records: linked here, with no_audit.c in their place."""
    build, program = pathlib.Path(os.environ["MENTORSHIP_BUILD"]), bench.programs / "mentorshipd-unaudited"
    libraries = subprocess.run(["pkg-config", "--libs", "libconfig", "libsodium", "libsystemd", "sqlite3", "dbus-1", "libevent"],
                               capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT / 'daemon'}", HERE / "no_audit.c",
                    *sorted((build / "CMakeFiles/mentorshipd.dir/daemon").glob("*.o")), "-Wl,--wrap=audit_append", "-Wl,--start-group",
                    *(build / f"lib{room}.a" for room in "core match questionnaire model store schedule wire plugin bus".split()), "-Wl,--end-group",
                    "-o", program, *libraries, "-lm"], check=True)
    other = copy.copy(daemon)
    other.command = lambda *options: [program, *daemon.command(*options)[1:]]
    return other


def create(bench):
    """Each round takes people of its own: a second participant of the same person would be refused."""
    pairs, first = [], 10_000
    for _ in range(ROUNDS):
        peer = bench.load("mt-coord", "org.peer", "create", last=10_000_000)["rate"]
        ours = bench.load("mt-coord", harness.NAME, "create", first=first, last=first + 14_999)
        first += 15_000
        pairs.append((ours["rate"], peer))
    ours, peer = sorted(pairs, key=lambda p: p[0] / p[1])[len(pairs) // 2]
    say("create", ours / peer, ">=", 0.3, ours, peer, "calls/s")


def waiting_beside(bench, name, coord, under_way):
    """Another caller's p99 while something long runs: Gets one after the other, in spells of two seconds; the worst spell counts."""
    worst, spells, begin = 0, 0, time.monotonic()
    while under_way():
        worst = max(worst, bench.load("mt-coord", harness.NAME, "get", outstanding=1, seconds=2, last=100_000)["p99"] / 1000)
        spells += 1
        if time.monotonic() - begin > 180:
            raise TimeoutError(f"{name}: not done within 180 s")
    if not spells:
        raise RuntimeError(f"{name}: over before it could be measured")
    say(name, worst / 100, "<=", 1, worst, 100, f"ms, p99 of the worst of {spells} spells, {time.monotonic() - begin:.0f} s in all")


def beside_import(bench, coord):
    path = bench.place / "people.csv"
    path.write_text("external_id,given_name,family_name\n" + "".join(f"x{i},Imported{i},{fill.FAMILY[i % 13]}\n" for i in range(50_000)))
    with open(path, "rb") as file:
        task = coord.call(f"{harness.TOP}/people", harness.COLLECTION, "Import", "ha{sv}", (0, {"format": "csv", "take": True}),
                          fds=[file.fileno()])["task"]
    waiting_beside(bench, "p99-beside-import", coord, lambda: coord.get(task, "Task", "State") == "running")
    if coord.get(task, "Task", "State") != "done":
        raise RuntimeError(f"import: {coord.get_all(task, 'Task')}")


def beside_commit(bench, coord):
    run = f"{harness.TOP}/match_runs/1"
    coord.verb(run, "MatchRun.Commit")
    waiting_beside(bench, "p99-beside-commit", coord, lambda: coord.get(run, "MatchRun", "State") == "committing")
    if coord.get(run, "MatchRun", "State") != "committed":
        raise RuntimeError(f"commit: {coord.get_all(run, 'MatchRun')}")


def long_work(bench, chosen):
    daemon = harness.Daemon(bench.bus, bench.installed, bench.place / "long")
    daemon.start()
    daemon.stop()
    fill.fill(daemon.state / "mentorship.db", with_proposal=True)
    give_back(daemon)
    daemon.configure("limits: { calls_per_second = 1000000; calls_in_flight = 512; };\n")
    daemon.start()
    coord = bench.bus.caller("mt-coord")
    if not chosen or {"long", "import"} & set(chosen):
        beside_import(bench, coord)
    if not chosen or {"long", "commit"} & set(chosen):
        beside_commit(bench, coord)
    daemon.stop()


def matching(bench):
    """The solver beside LEMON's and scipy's; the lines are match_bench's own."""
    build, objects = pathlib.Path(os.environ["MENTORSHIP_BUILD"]), []
    for compiler, standard, name in (("cc", "-std=gnu11", "match_bench.c"), ("c++", "-std=c++17", "match_peer.cc")):
        objects.append(bench.programs / f"{name}.o")
        subprocess.run([compiler, "-O2", standard, "-D_GNU_SOURCE", f"-I{ROOT / 'daemon'}", "-c", HERE / name, "-o", objects[-1]], check=True)
    program = bench.programs / "match_bench"
    subprocess.run(["c++", *objects, build / "libmatch.a", build / "libcore.a", "-o", program, "-lm", "-llemon",
                    *subprocess.run(["pkg-config", "--libs", "libsodium", "libconfig", "libsystemd"], capture_output=True, text=True,
                                    check=True).stdout.split()], check=True)
    if subprocess.run([program], timeout=3600, env={**os.environ, "MATCH_SCIPY": str(HERE / "match_scipy.py")}).returncode:
        failed.append("match")
    program = bench.programs / "stable_bench"
    subprocess.run(["cc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT / 'daemon'}", HERE / "stable_bench.c", build / "libmatch.a",
                    build / "libcore.a", "-o", program], check=True)
    if subprocess.run([program], timeout=600).returncode:
        failed.append("stable")


def own_commits(bench):
    """SQLite's own rate of one durable commit for each insert, on the same disk."""
    db = sqlite3.connect(bench.place / "commits.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)")
    count, begin = 0, time.monotonic()
    while time.monotonic() - begin < 2:
        db.execute("INSERT INTO t (a, b) VALUES (?, ?)", ("something short", count))
        count += 1
    db.close()
    return count / (time.monotonic() - begin)


def main(chosen):
    place = os.environ["MENTORSHIP_SCRATCH"]
    bench = Bench(place)
    try:
        if not chosen or "idle" in chosen or "history" in chosen:
            empty = idle(bench)
            if not chosen or "history" in chosen:
                history(bench, empty)
        if not chosen or "calls" in chosen:
            calls(bench)
        elif "create" in chosen:
            calls(bench, "create")
        if not chosen or {"long", "import", "commit"} & set(chosen):
            long_work(bench, chosen)
        if not chosen or "match" in chosen:
            matching(bench)
        if not chosen or "mail-rate" in chosen:
            mail.mail_rate(bench)
        if not chosen or {"web-page", "web-slow"} & set(chosen):
            web.web_pages(bench, chosen)
        if "whole-run" in chosen:                    # minutes: only when asked for
            whole_run.whole_run(bench)
        for name, measure in (("link-echo", link.echo), ("host-start", link.start), ("plugin-crash", link.crash)):
            if not chosen or name in chosen:
                measure(bench)
    finally:
        bench.stop()
        shutil.rmtree(place, ignore_errors=True)
    if failed:
        print("missed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    if "MENTORSHIP_SCRATCH" not in os.environ:
        scratch = tempfile.mkdtemp(prefix="mentorship-bench-", dir="/tmp")
        os.chmod(scratch, 0o755)
        os.environ["MENTORSHIP_SCRATCH"] = scratch
        script = ROOT / "tests/fakes/accounts.sh"
        os.execv(script, [str(script), scratch, str(ROOT / "tests/scenario/accounts"), harness.PYTHON, "-B", *sys.argv])
    sys.exit(main(sys.argv[1:]))
