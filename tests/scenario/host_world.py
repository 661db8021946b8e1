# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin's host, a stand-in for its daemon (tests/fakes/link_daemon.c) and plugins compiled for the test."""
import os
import pathlib
import queue
import shlex
import subprocess
import threading

from harness import BUILD, ROOT, environment

HOST = BUILD / "mentorship-plugin-host"
FAKE = BUILD / "fakes/link_daemon"
# A plugin that crashes ends its process as it would without a sanitizer.
CRASHES = {"ASAN_OPTIONS": environment()["ASAN_OPTIONS"] + ":handle_segv=0"}


def compile_plugin(source, target, *flags):
    """Builds one C file against the header alone."""
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden",
                    f"-I{ROOT}/plugins", *flags, "-o", str(target), str(source)], check=True)
    os.chmod(target, 0o755)
    return target


class Lines:
    """A child whose lines of output are waited for."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], text=True, env=environment(**more.pop("env", {})),
                                        stdin=subprocess.PIPE, bufsize=1, cwd="/", **more)
        self.lines, self.seen = queue.Queue(), []
        stream = self.process.stdout or self.process.stderr
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next(self, seconds=10):
        line = self.lines.get(timeout=seconds)
        self.seen.append(line)
        return line

    def until(self, start, seconds=10):
        """The next line that begins so; what comes before is passed over. None: the output ended."""
        while True:
            try:
                line = self.next(seconds)
            except queue.Empty:
                raise TimeoutError(f"no line {start!r} after {self.seen[-8:]}") from None
            if line is None or line.startswith(start):
                return line

    def rest(self, seconds=20):
        """All lines until the end."""
        found = []
        while (line := self.next(seconds)) is not None:
            found.append(line)
        return "\n".join(found)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Daemon(Lines):
    def __init__(self, socket):
        super().__init__([FAKE, socket], stdout=subprocess.PIPE)
        assert self.until("listening")

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()


class World:
    """Directories of one test, and what runs in them."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.plugins, self.state, self.socket = self.path / "plugins", self.path / "state", self.path / "link"
        self.plugins.mkdir(mode=0o755)
        self.state.mkdir(mode=0o700)
        self.config = self.path / "plugin.conf"
        self.children = []

    def plugin(self, name, source=None, *flags):
        source = source or ROOT / f"tests/fakes/plugins/{name}.c"
        return compile_plugin(source, self.plugins / f"{name}.so", *flags)

    def settings(self, text):
        self.config.write_text(text)
        self.config.chmod(0o600)

    def daemon(self):
        self.socket.unlink(missing_ok=True)
        self.children.append(Daemon(self.socket))
        return self.children[-1]

    def command(self, name, *more):
        return [HOST, name, "--plugin-dir", self.plugins, "--config", self.config, "--link", self.socket, "--state", self.state, *more]

    def host(self, name, *more, development=True, env=None):
        more = [*more, "--development"] if development else more
        self.children.append(Lines(self.command(name, *more), stderr=subprocess.PIPE, env={**CRASHES, **(env or {})}))
        return self.children[-1]

    def refused(self, name, *more, development=True, env=None):
        """Runs a host that is expected to end at once: its status and what it said."""
        host = self.host(name, *more, development=development, env=env)
        said = host.rest()
        return host.process.wait(20), said

    def stop(self):
        for child in self.children:
            child.stop()


def quoted(command):
    return " ".join(shlex.quote(str(word)) for word in command)
