# SPDX-License-Identifier: GPL-3.0-or-later
"""The web page behind links: pages a second beside nginx with a file, and how long others wait while many clients are slow.

The links are of offers, a link a side of each match. Tokens are the bench's own: the table holds their SHA-256, which is all that is asked.
"""
import hashlib
import secrets
import socket
import sqlite3
import subprocess
import threading
import time

import fill
import harness

ROUNDS, SECONDS, CONNECTIONS = 5, 2.0, 50
PEOPLE, MATCHES, FIRST = 20_000, 200, 100
SLOW, LIMIT_MS = 200, 500


def world(tokens):
    """A function that fills a database: a program with offered matches, and a link to each side's page."""
    def fill_it(path):
        db = sqlite3.connect(path)
        now = int(time.time())
        with db:
            fill.people(db, PEOPLE)
            fill.programs(db)
            fill.participants(db, PEOPLE)
            fill.staff(db, PEOPLE)
            sides = [(p, "mentor" if p % 2 == 0 else "mentee", f"Given{p % 997:03d} {fill.FAMILY[p % 13]}{p}")
                     for p in range(FIRST, FIRST + 2 * MATCHES)]
            fill.many(db, "participant", ["id", "version", "program", "person", "name", "role", "capacity", "priority", "state"],
                      ((1_000_000 + p, 1, 1, p, name, side, 1, 0, "ready") for p, side, name in sides))
            fill.many(db, "match", ["id", "version", "program", "kind", "sentence", "offered_at", "answer_until", "state"],
                      ((p, 1, 1, "one-to-one", "You both like to talk about books, and both have time on Monday afternoons.", now,
                        now + 10 * 86400, "offered") for p, _, _ in sides[::2]))
            fill.many(db, "match_member", ["version", "program", "match", "participant", "person", "name", "side"],
                      ((1, 1, p - p % 2, 1_000_000 + p, p, name, side) for p, side, name in sides))
            for (p, _, _), token in zip(sides, tokens):
                fill.many(db, "invitation", ["id", "version", "program", "person", "actor", "purpose", "subject", "generation", "token_hash",
                                             "sent_at", "expires_at", "state"],
                          [(secrets.randbits(60) | 1, 1, 1, p, "person", "match-offer", p - p % 2, 1, hashlib.sha256(token.encode()).hexdigest(),
                            now, now + 10 * 86400, "sent")])
        db.execute("ANALYZE")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    return fill_it


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


NGINX = """daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  sendfile on;
  tcp_nopush on;
  types {{ text/html html; }}
  server {{ listen 127.0.0.1:{port}; root {place}; }}
}}
"""


class Nginx:
    """A static file of so many bytes."""

    def __init__(self, place, size):
        place.mkdir()
        place.chmod(0o755)
        self.port = free_port()
        (place / "page.html").write_bytes(b"x" * size)
        (place / "nginx.conf").write_text(NGINX.format(place=place, port=self.port))
        self.paths = place / "paths"
        self.paths.write_text("/page.html\n")
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nginx", "-c", place / "nginx.conf", "-e", place / "error.log"])
        harness.wait_until(self._listens, what="nginx")

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def stop(self):
        harness.end(self.process)


class Evhttp(Nginx):
    """The same page by libevent's HTTP server, with the headers that ours have: what HTTP alone costs."""

    def __init__(self, program, size, paths):
        self.port, self.paths = free_port(), paths
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program, str(self.port), str(size)])
        harness.wait_until(self._listens, what="evhttp")


class Web:
    def __init__(self, bench):
        self.bench, self.port = bench, free_port()
        tokens = [secrets.token_urlsafe(32) for _ in range(2 * MATCHES)]
        self.daemon = bench.daemon("web", world(tokens), plugins=("webforms",), webforms=(
            f'base_url = "https://mentoring.example.org";\nport = {self.port};\nrequest_seconds = 120;\n'))
        self.paths = bench.place / "paths"
        self.paths.write_text("".join(f"/l/{token}\n" for token in tokens))
        harness.wait_until(self._listens, what="the web page")

    def _listens(self):
        try:
            return self.load(self.port, self.paths, seconds=0.1)
        except RuntimeError:
            return None

    def load(self, port, paths, seconds=SECONDS, connections=CONNECTIONS):
        done = subprocess.run([self.bench.compiled("http_load"), str(port), str(connections), str(seconds), paths], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"http_load: {done.stderr}\n{self.daemon.tail(1500)}")
        count, _, rate, p50, p99, size = done.stdout.split()
        return {"count": int(count), "rate": float(rate), "p50": float(p50), "p99": float(p99), "bytes": int(size)}

    def stop(self):
        self.daemon.stop()


def page(web):
    size = web.load(web.port, web.paths)["bytes"]
    nginx = Nginx(web.bench.place / "nginx", size)
    evhttp = Evhttp(web.bench.compiled("evhttp_page"), size, nginx.paths)
    rounds = []
    for _ in range(ROUNDS):
        alone = web.load(evhttp.port, evhttp.paths)["rate"]
        peer = web.load(nginx.port, nginx.paths)["rate"]
        rounds.append((web.load(web.port, web.paths)["rate"], peer, alone))
    evhttp.stop()
    nginx.stop()
    ours, peer, alone = sorted(rounds, key=lambda r: r[0] / r[1])[len(rounds) // 2]
    web.bench.say("web-page", ours / peer, ">=", 0.5, ours, peer,
                  f"requests/s of {size} bytes, {CONNECTIONS} connections; evhttp with a constant page: {alone:.4g}")


class SlowClients:
    """Each sends a byte of its request every two seconds; one that was closed is replaced."""

    def __init__(self, port):
        self.port, self.ended, self.sent, self.closed = port, threading.Event(), 0, 0
        self.sockets = [self._open() for _ in range(SLOW)]
        self.thread = threading.Thread(target=self._drip, daemon=True)
        self.thread.start()

    def _open(self):
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.sendall(b"GET /l/")
        return sock

    def _drip(self):
        while not self.ended.is_set():
            for i, sock in enumerate(self.sockets):
                try:
                    sock.sendall(b"a")
                    self.sent += 1
                except OSError:
                    sock.close()
                    self.sockets[i] = self._open()
                    self.closed += 1
                if self.ended.wait(2 / SLOW):
                    return

    def stop(self):
        self.ended.set()
        self.thread.join()
        for sock in self.sockets:
            sock.close()


def slow(web):
    clients = SlowClients(web.port)
    time.sleep(4)
    worst = max(web.load(web.port, web.paths)["p99"] for _ in range(ROUNDS)) / 1000
    clients.stop()
    if clients.sent < 2 * SLOW:
        raise RuntimeError(f"the slow clients sent {clients.sent} bytes only")
    web.bench.say("web-slow", worst / LIMIT_MS, "<=", 1, worst, LIMIT_MS,
                  f"ms, p99 of {CONNECTIONS} other clients, the worst of {ROUNDS} spells beside {SLOW} slow ones")


def web_pages(bench, chosen):
    web = Web(bench)
    if not chosen or "web-page" in chosen:
        page(web)
    if not chosen or "web-slow" in chosen:
        slow(web)
    web.stop()
