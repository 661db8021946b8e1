# SPDX-License-Identifier: GPL-3.0-or-later
"""What scenario tests stand on: a private bus, real users, polkit, the daemon.

Everything runs for real and in private. The whole test run lives in a mount namespace
with accounts of its own (conftest.py, tests/fakes/accounts.sh), so a caller is a process
with that uid and nothing says who it is but the kernel. The programs are started from the
installed tree, the bus reads the installed policy. Whoever starts a process ends it: each
class here has stop(), and each child gets SIGKILL should this process die first.
"""
import array
import os
import pathlib
import pickle
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MENTORSHIP_BUILD", ROOT / "build-test"))
PYTHON = "/usr/bin/python3"
NAME = "org.mentorship1"
TOP = "/org/mentorship1"
MANAGER = "org.mentorship1.Manager"
COLLECTION = "org.mentorship1.Collection"
PROPERTIES = "org.freedesktop.DBus.Properties"
POLKITD = next((p for p in ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd") if os.path.exists(p)), None)
REPORTS = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|has encountered a fatal error")


class Refused(Exception):
    """An error reply: `name` is its D-Bus name, the text is its message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message

    @property
    def short(self):
        """NotFound for org.mentorship1.Error.NotFound; other names stay whole."""
        return self.name.removeprefix("org.mentorship1.Error.")


def wait_until(true, seconds=10, what="condition"):
    """Calls `true` until its answer is true, and returns that answer."""
    end = time.monotonic() + seconds
    while True:
        answer = true()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what} not reached within {seconds} s")
        time.sleep(0.01)


def environment(**more):
    """The little that our programs get from us; nothing of the developer's own."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
            "ASAN_OPTIONS": "exitcode=99:abort_on_error=0:detect_leaks=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", **more}


def as_user(user, command):
    """`command` under the account `user`, killed should the test run die."""
    account = pwd.getpwnam(user)
    switch = [] if user == "root" else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
    return ["setpriv", *switch, "--pdeathsig", "KILL", "--", *map(str, command)]


def run(user, command, seconds=30, env=None, **more):
    """Runs `command` as `user` to its end; gives its status and its texts."""
    return subprocess.run(as_user(user, command), env=environment(**(env or {})), timeout=seconds, text=True,
                          stdin=more.pop("stdin", subprocess.DEVNULL), capture_output=True, cwd="/", **more)


def end(process, seconds=20, first=signal.SIGTERM):
    """Ends a child and returns its status; SIGKILL and an error if it does not go."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise TimeoutError(f"{process.args} did not end within {seconds} s of {first.name}") from None
    return process.returncode


class Pending:
    """A call under way; result() waits for it."""

    def __init__(self, caller, number, seconds):
        self.caller, self.number, self.seconds = caller, number, seconds

    def result(self):
        return self.caller._answer(self.number, self.seconds + 5)


class Caller:
    """One bus connection of one user, in a process of its own (caller.py).

    Values are plain Python: in a variant str is s (o where it is an object path of ours),
    int x, float d, bool b, list as, dict a{sv}; a pair (signature, value) says it exactly.
    Every method raises Refused where the answer is an error.
    """

    def __init__(self, user):
        ours, theirs = socket.socketpair()
        self.user, self.link, self.signals = user, ours, []
        self.number, self.answers, self.input = 0, {}, bytearray()
        source = (ROOT / "tests/scenario/caller.py").read_text()
        self.process = subprocess.Popen(as_user(user, [PYTHON, "-c", source, theirs.fileno()]), env=environment(), cwd="/", stdin=subprocess.DEVNULL,
                                        pass_fds=[theirs.fileno()])
        theirs.close()

    # The link to the child
    def _send(self, verb, *args, fds=()):
        self.number += 1
        data = pickle.dumps((self.number, verb, args))
        head = struct.pack("=Q", len(data))
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.link.settimeout(60)
        self.link.sendmsg([head], control)
        self.link.sendall(data)
        return self.number

    def _read(self, end_time):
        """Takes in what the child says next; False when the time is over."""
        while len(self.input) < 8 or len(self.input) < 8 + struct.unpack_from("=Q", self.input)[0]:
            left = end_time - time.monotonic()
            if left <= 0:
                return False
            self.link.settimeout(left)
            try:
                part = self.link.recv(1 << 20)
            except TimeoutError:
                return False
            if not part:
                raise RuntimeError(f"the caller process of {self.user} has ended")
            self.input += part
        size, = struct.unpack_from("=Q", self.input)
        kind, number, value = pickle.loads(self.input[8:8 + size])
        del self.input[:8 + size]
        if kind == "signal":
            self.signals.append(value)
        else:
            self.answers[number] = (kind, value)
        return True

    def _answer(self, number, seconds):
        end_time = time.monotonic() + seconds
        while number not in self.answers:
            if not self._read(end_time):
                raise TimeoutError(f"no answer for {self.user} within {seconds} s")
        kind, value = self.answers.pop(number)
        if kind == "error":
            raise RuntimeError(value[1]) if value[0] == "local" else Refused(*value)
        return value

    def connect(self, address):
        self.signals.clear()
        self.answers.clear()
        self.unique = self._answer(self._send("connect", address), 10)
        return self

    def close(self):
        self._answer(self._send("close"), 10)

    def stop(self):
        self.link.close()
        end(self.process, first=signal.SIGKILL)

    # Calls
    def start(self, path, interface, member, signature="", args=(), *, destination=NAME, seconds=25, interactive=False,
              fds=()):
        """Sends a call and returns at once; `h` arguments are indexes into fds."""
        return Pending(self, self._send("call", destination, path, interface, member, signature, tuple(args), seconds,
                                        interactive, fds=list(fds)), seconds)

    def call(self, *args, **options):
        """The reply's values: None, the one value, or a tuple."""
        values = self.start(*args, **options).result()
        return None if not values else values[0] if len(values) == 1 else values

    def proxy(self, path, interface, member, *args, destination=NAME):
        """By dasbus as scripts use it: introspected, then by name."""
        return self._answer(self._send("proxy", destination, path, interface, member, args), 30)

    def manager(self, member, signature="", args=(), **options):
        return self.call(TOP, MANAGER, member, signature, args, **options)

    def verb(self, path, verb, arguments=None, *, options=None, **call):
        """verb('/org/mentorship1/programs/1', 'Program.Open', {...}, options={'version': 3})"""
        interface, _, member = verb.rpartition(".")
        return self.call(path, f"{NAME}.{interface}", member, "a{sv}a{sv}", (arguments or {}, options or {}), **call)

    def create(self, collection, arguments=None, *, options=None, **call):
        """Gives the result's dictionary: object, version, messages, jobs."""
        return self.call(f"{TOP}/{collection}", COLLECTION, "Create", "a{sv}a{sv}", (arguments or {}, options or {}),
                         **call)

    def list(self, collection, fields, *, where=(), order="", cursor="", limit=100, **call):
        """One page: rows (tuples in the order of `fields`) and the next cursor ('' at the end)."""
        return self.call(f"{TOP}/{collection}", COLLECTION, "List", "a(ssv)asssu",
                         (list(where), list(fields), order, cursor, limit), **call)

    def list_all(self, collection, fields, **options):
        rows, cursor = [], ""
        while True:
            page, cursor = self.list(collection, fields, cursor=cursor, **options)
            rows += page
            if not cursor:
                return rows

    def get(self, path, interface, name, **call):
        return self.call(path, PROPERTIES, "Get", "ss", (f"{NAME}.{interface}", name), **call)

    def get_all(self, path, interface, **call):
        return self.call(path, PROPERTIES, "GetAll", "s", (f"{NAME}.{interface}",), **call)

    # Signals
    def watch(self, sender=NAME, interface=None, member=None, path=None, match=False):
        """From now on signals come into .signals as (path, interface, member, values): those
        sent to this connection, with match=True also what is broadcast."""
        return self._answer(self._send("watch", sender, interface, member, path, match), 10)

    def wait_signal(self, wanted=lambda signal: True, seconds=10):
        """Takes the first waiting or coming signal that is wanted out of .signals."""
        end_time = time.monotonic() + seconds
        seen = 0
        while True:
            for index in range(seen, len(self.signals)):
                if wanted(self.signals[index]):
                    return self.signals.pop(index)
            seen = len(self.signals)
            if not self._read(end_time):
                raise TimeoutError(f"no such signal for {self.user} within {seconds} s")

    def settle(self, seconds=0.3):
        """Reads signals for a while; for tests that nothing more comes."""
        end_time = time.monotonic() + seconds
        while self._read(end_time):
            pass
        return self.signals


class Callers:
    """Starts each user's caller process once and lends it to test after test."""

    def __init__(self):
        self.free, self.lent = {}, []

    def lend(self, user):
        waiting = self.free.setdefault(user, [])
        caller = waiting.pop() if waiting else Caller(user)
        self.lent.append(caller)
        return caller

    def take_back(self):
        """After a test: the connections are closed, the processes wait for the next."""
        for caller in self.lent:
            try:
                caller.close()
                self.free[caller.user].append(caller)
            except (OSError, RuntimeError):
                caller.stop()
        self.lent.clear()

    def stop(self):
        for caller in self.lent + [c for waiting in self.free.values() for c in waiting]:
            caller.stop()


BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
  </policy>
  <includedir>{policies}</includedir>
  <includedir>/usr/share/dbus-1/system.d</includedir>
</busconfig>
"""


class Bus:
    """A private dbus-daemon with the rules of a system bus, polkit's policy and the given policy files."""

    def __init__(self, directory, policies=(), callers=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(mode=0o755)
        self.socket = self.directory / "socket"
        self.address = f"unix:path={self.socket}"
        self.callers, self.connected, self.children = callers or Callers(), {}, []
        self.owns_callers = callers is None
        self.policies = self.directory / "policies"
        self.policies.mkdir(mode=0o755)
        for policy in policies:
            shutil.copy(policy, self.policies)
        self.config = self.directory / "bus.conf"
        # Only polkit's own policy is taken from the machine, never one of an installed mentorshipd.
        text = BUS_CONFIG.format(socket=self.socket, policies=self.policies)
        text = text.replace("<includedir>/usr/share/dbus-1/system.d</includedir>",
                            '<include ignore_missing="yes">/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>')
        self.config.write_text(text)
        self.start()

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.log = open(self.directory / "log", "a+")
        self.process = subprocess.Popen(as_user("root", ["dbus-daemon", f"--config-file={self.config}", "--nofork",
                                                         "--nopidfile", "--nosyslog"]),
                                        env=environment(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(self._listens, what="the bus to listen")

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError("dbus-daemon ended: " + (self.directory / "log").read_text())
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket))
            return True
        except OSError:
            return False

    def kill(self):
        """The bus goes away under everybody; start() brings one back at the same address."""
        end(self.process, first=signal.SIGKILL)
        self.log.close()
        self.connected.clear()

    def caller(self, user, number=0):
        """The user's connection `number`; made at first use, then the same one."""
        if (user, number) not in self.connected:
            self.connected[user, number] = self.callers.lend(user).connect(self.address)
        return self.connected[user, number]

    def owner(self, name):
        """The unique name of the owner of `name`, or None."""
        try:
            return self.caller("root").call("/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", "s", (name,),
                                            destination="org.freedesktop.DBus")
        except Refused:
            return None

    def environment(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def busctl(self, user, *args, **more):
        return run(user, ["busctl", "--system", "--no-pager", *args], env=self.environment(), **more)

    def gdbus(self, user, *args, **more):
        return run(user, ["gdbus", *args[:1], "--system", *args[1:]], env=self.environment(), **more)

    def monitor(self):
        """What crosses the bus from now on, as root's dbus-monitor sees it; call the result to end and get the text."""
        path = self.directory / f"monitor{len(self.children)}"
        with open(path, "w") as out:
            child = subprocess.Popen(as_user("root", ["dbus-monitor", "--system"]), stdout=out, stderr=out,
                                     stdin=subprocess.DEVNULL, env=environment(**self.environment()))
        self.children.append(child)
        wait_until(lambda: "NameAcquired" in path.read_text() or "NameLost" in path.read_text(), what="dbus-monitor")

        def stop():
            time.sleep(0.1)
            end(child)
            return path.read_text()
        return stop

    def stop(self):
        for child in self.children:
            end(child)
        if self.owns_callers:
            self.callers.stop()
        end(self.process)
        self.log.close()


class Polkit:
    """A private polkitd on a Bus, with the actions and rules of the directories that accounts.sh bound."""

    def __init__(self, bus, directory, actions, rules=()):
        self.bus, self.directory = bus, pathlib.Path(directory)
        for place, files in (("actions", actions), ("rules", rules)):
            for old in (self.directory / place).iterdir():
                old.unlink()
            for file in files:
                shutil.copy(file, self.directory / place)
                os.chmod(self.directory / place / os.path.basename(file), 0o644)
        self.start()

    def rule(self, text, name="00-test.rules"):
        """Adds or replaces a rule; call restart() to be sure that it counts."""
        (self.directory / "rules" / name).write_text(text)

    def start(self):
        self.log = open(self.bus.directory / "polkitd.log", "a+")
        self.process = subprocess.Popen(as_user("root", [POLKITD, "--no-debug"]), stdin=subprocess.DEVNULL, cwd="/",
                                        env=environment(**self.bus.environment()), stdout=self.log, stderr=self.log)
        wait_until(self._answers, what="polkitd")

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("polkitd ended: " + (self.bus.directory / "polkitd.log").read_text())
        return self.bus.owner("org.freedesktop.PolicyKit1")

    def stop(self):
        end(self.process)
        self.log.close()

    def restart(self):
        self.stop()
        wait_until(lambda: not self.bus.owner("org.freedesktop.PolicyKit1"), what="the name to be free")
        self.start()

    def freeze(self, frozen=True):
        """A polkitd that does not answer."""
        self.process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)


class Installed:
    """The tree that `cmake --install` makes, under a directory instead of /."""

    def __init__(self, directory):
        self.root = pathlib.Path(directory)
        done = subprocess.run(["cmake", "--install", str(BUILD)], env={**os.environ, "DESTDIR": str(self.root)},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"cmake --install {BUILD} failed:\n{done.stdout}{done.stderr}")
        os.chmod(self.root, 0o755)

    def path(self, name):
        return self.root / name

    daemon = property(lambda self: self.path("usr/sbin/mentorshipd"))
    client = property(lambda self: self.path("usr/bin/mentorctl"))
    worker = property(lambda self: self.path("usr/libexec/mentorship/mentorship-worker"))
    policy = property(lambda self: self.path("usr/share/dbus-1/system.d/org.mentorship1.conf"))
    actions = property(lambda self: self.path("usr/share/polkit-1/actions/org.mentorship1.policy"))
    rules = property(lambda self: self.path("usr/share/doc/mentorshipd/examples/50-mentorship-admins.rules"))


class Notifications:
    """The service manager's end of NOTIFY_SOCKET; a thread keeps it empty, so that no sender ever waits."""

    def __init__(self, path):
        self.path, self.seen, self.changed = str(path), [], threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.thread = threading.Thread(target=self._drain, daemon=True)
        self.thread.start()

    def _drain(self):
        while True:
            data = self.socket.recv(65536)
            if data == b"stop":
                return
            with self.changed:
                self.seen += [(time.monotonic(), line) for line in data.decode().splitlines()]
                self.changed.notify_all()

    def lines(self, start=""):
        with self.changed:
            return [line for _, line in self.seen if line.startswith(start)]

    def wait(self, start, seconds, alive=lambda: True):
        """Waits for a line that begins so; tells whether one came."""
        end_time = time.monotonic() + seconds
        with self.changed:
            while not any(line.startswith(start) for _, line in self.seen):
                if time.monotonic() > end_time or not alive():
                    return False
                self.changed.wait(0.05)
        return True

    def stop(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"stop", self.path)
        self.thread.join()
        self.socket.close()
        os.unlink(self.path)


class Daemon:
    """mentorshipd from the installed tree, run as its own account with a state directory of its own."""

    def __init__(self, bus, installed, directory, user="mentorship"):
        self.bus, self.installed, self.user = bus, installed, user
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(mode=0o755)
        self.config, self.state = self.directory / "config", self.directory / "state"
        self.credentials, self.log = self.directory / "credentials", self.directory / "log"
        self.process, self.notify, self.expected = None, None, (0,)
        self.config.mkdir(mode=0o755)
        account = pwd.getpwnam(user)
        for place, mode in ((self.state, 0o700), (self.credentials, 0o500)):
            place.mkdir()
            os.chown(place, account.pw_uid, account.pw_gid)
            place.chmod(mode)
        for name, fill in (("sealing-key", b"s"), ("link-key", b"l")):
            key = self.credentials / name
            key.write_bytes(fill * 32)
            os.chown(key, account.pw_uid, account.pw_gid)
            key.chmod(0o400)
        self.log.touch()
        self.configure("identity: { uid_min = 61000; uid_max = 61150; };\n", "00-tests.conf")

    def configure(self, text, name="10-test.conf"):
        """Writes a fragment of the configuration; counts at the next start or reload."""
        path = self.config / "etc/mentorship/mentorship.conf.d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def command(self, *options):
        return [self.installed.daemon, "--config-dir", self.config, "--state-dir", self.state, *options]

    def environment(self, **more):
        return environment(CREDENTIALS_DIRECTORY=str(self.credentials), **more)

    def start(self, *options, ready=20, clock=None, watchdog=None, env=None):
        """Starts it and waits for READY=1. clock: instant in seconds of a simulated clock; ready=None: does not wait."""
        self.notify = Notifications(self.directory / "notify")
        more = {"NOTIFY_SOCKET": self.notify.path, **(env or {})}
        if watchdog:
            more["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        if clock is not None:
            options = ("--simulated-clock", str(clock), *options)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                as_user(self.user, self.command("--bus", self.bus.address, "--worker", self.installed.worker, *options)),
                env=self.environment(**more), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if ready is not None and not self.notify.wait("READY=1", ready, lambda: self.process.poll() is None):
            status = self.process.poll()
            state = f"ended with status {status}" if status is not None else f"is not ready after {ready} s"
            if status is not None:
                self._ended()
            raise RuntimeError(f"mentorshipd {state}:\n{self.tail()}")
        return self

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, size=6000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def reports(self):
        """Lines of the log in which a sanitizer complains."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if REPORTS.search(line)]

    def _ended(self):
        status = self.process.returncode
        self.process = None
        if self.notify:
            self.notify.stop()
            self.notify = None
        return status

    def wait(self, seconds=20):
        """Waits for it to end by itself; gives its exit status."""
        self.process.wait(seconds)
        return self._ended()

    def stop(self, seconds=30):
        """SIGTERM; gives the exit status and fails on a sanitizer's report."""
        end(self.process, seconds)
        status = self._ended()
        assert not self.reports(), "sanitizer report:\n" + self.tail(20000)
        assert status in self.expected, f"mentorshipd ended with status {status}:\n{self.tail()}"
        return status

    def kill(self):
        """SIGKILL, as a crash or a power cut would."""
        end(self.process, first=signal.SIGKILL)
        self._ended()

    def restart(self, *options, **more):
        self.stop()
        return self.start(*options, **more)

    def run(self, *options, user=None, seconds=60, env=None):
        """Runs mentorshipd to its end with other options (--print, --config, --restore)."""
        return run(user or self.user, self.command(*options), seconds,
                   env={"CREDENTIALS_DIRECTORY": str(self.credentials), **(env or {})})

    def mentorctl(self, user, *args, **more):
        return run(user, [self.installed.client, *args], env={**self.bus.environment(), **more.pop("env", {})}, **more)

    def caller(self, user, number=0):
        return self.bus.caller(user, number)

    def coordinator(self):
        """mt-coord as a coordinator of all, as root appoints the first one."""
        root = self.caller("root")
        me = root.create("people", {"given_name": "Cora", "family_name": "Dinate"})["object"]
        root.create("logins", {"person": me, "user_name": "mt-coord"})
        root.create("duties", {"person": me, "duty": "coordinator"})
        return self.caller("mt-coord")

    def close(self):
        """At the end of a test: stopped if it still runs, and no report may be in its log."""
        if self.running:
            self.stop()
        elif self.process:
            self._ended()
        assert not self.reports(), "sanitizer report:\n" + self.tail(20000)
