# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins one at a time, by tests/fakes/plugin_driver.c, and the servers that they speak with."""
import email
import email.policy
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading

from harness import BUILD, PYTHON, REPORTS, ROOT, end, environment

DRIVER = BUILD / "plugin_driver"


class Run:
    """What the driver printed."""

    def __init__(self, done):
        self.text, self.status = done.stdout, done.returncode
        assert not REPORTS.search(done.stderr), done.stderr
        assert done.returncode in (0, 1), f"{done.returncode}: {done.stderr}"
        self.reports = {int(number): (word, detail) for number, word, detail in re.findall(r"^report (\d+) (\w+) (.*)$", self.text, re.M)}
        self.logs = re.findall(r"^log \d (.*)$", self.text, re.M)
        self.done = [int(number) for number in re.findall(r"^done (\d+)$", self.text, re.M)]
        self.tested = {int(number): (int(word), detail) for number, word, detail in re.findall(r"^tested (\d+) (\d) (.*)$", self.text, re.M)}
        refused = re.search(r"^refused (.*)$", self.text, re.M)
        self.refused = refused and refused[1]
        longest = re.search(r"^longest (\d+)$", self.text, re.M)
        self.longest = int(longest[1]) if longest else 0
        self.unload = int(re.search(r"^unload (\d+)$", self.text, re.M)[1])


def drive(place, plugin, settings, lines, *more, credentials=None, seconds=20, cwd="/", pass_fds=()):
    """Runs a plugin over `lines` (dictionaries) to their end; no run may keep the loop or its unload for a second."""
    place = pathlib.Path(place)
    (place / "settings").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    secrets = place / "credentials"
    secrets.mkdir(exist_ok=True)
    for name, value in (credentials or {}).items():
        (secrets / name).write_text(value + "\n")
    done = subprocess.run([DRIVER, BUILD / f"plugins/{plugin}.so", place / "settings", "--seconds", str(seconds), *more],
                          input="".join(json.dumps(line) + "\n" for line in lines), text=True, capture_output=True, cwd=cwd,
                          pass_fds=pass_fds, env=environment(CREDENTIALS_DIRECTORY=str(secrets)), timeout=seconds + 20)
    run = Run(done)
    assert run.longest < 1000 and run.unload < 1000, run.text
    return run


def certificates(place):
    """An authority and a certificate for localhost, as (ca, cert, key)."""
    place.mkdir()
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    (place / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    for words in (["req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Trial CA", "-addext", "keyUsage=critical,keyCertSign"],
                  ["req", *curve[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"],
                  ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out", "server.crt",
                   "-extfile", "names"]):
        subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)
    return place / "ca.crt", place / "server.crt", place / "server.key"


class Sink:
    """tests/fakes/smtp_sink.py in a directory of its own."""

    def __init__(self, place, *options):
        self.place = pathlib.Path(place)
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self.process = subprocess.Popen([PYTHON, "-B", ROOT / "tests/fakes/smtp_sink.py", self.place, *map(str, options)],
                                        env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())

    def faults(self, text):
        (self.place / "faults").write_text(text)

    def raw(self):
        return [path.read_bytes() for path in sorted(self.place.glob("*.eml"))]

    def mails(self):
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw()]

    def envelopes(self):
        return [json.loads(path.read_text()) for path in sorted(self.place.glob("*.json"))]

    def clear(self):
        for path in self.place.iterdir():
            path.unlink()

    def stop(self):
        end(self.process)
        self.process.stdout.close()


class Rude:
    """A server of raw sockets: `talk(connection, file, number)` runs for each connection, in a thread."""

    def __init__(self, talk):
        self.server, self.talk, self.count, self.heard = socket.create_server(("127.0.0.1", 0)), talk, 0, []
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.one, args=(connection, self.count), daemon=True).start()

    def one(self, connection, number):
        with connection:
            try:
                self.talk(connection, connection.makefile("rb"), number)
            except OSError:
                pass

    def stop(self):
        self.server.shutdown(socket.SHUT_RDWR)      # wakes the thread in accept, which holds the socket open
        self.server.close()


def smtp(replies, after=None, quit=True):
    """A talk for Rude: says what `replies` names for a command (b"" hangs up, None stays silent), the usual otherwise."""
    usual = {"GREET": b"220 rude.test\r\n", "EHLO": b"250 rude.test\r\n", "MAIL": b"250 2.1.0 ok\r\n", "RCPT": b"250 2.1.5 ok\r\n",
             "DATA": b"354 go\r\n", ".": b"250 2.0.0 kept\r\n", "QUIT": b"221 bye\r\n"}

    def talk(connection, file, number):
        def say(word):
            reply = {**usual, **(replies(number) if callable(replies) else replies)}.get(word, b"500 5.5.1 what?\r\n")
            if reply is None:
                connection.settimeout(30)
                while connection.recv(4096):
                    pass
                raise OSError
            if reply == b"":
                raise OSError
            connection.sendall(reply)
        say("GREET")
        while line := file.readline():
            word = line[:4].strip().decode().upper()
            say(word)
            if word == "DATA":
                while file.readline() not in (b".\r\n", b""):
                    pass
                say(".")
    return talk
