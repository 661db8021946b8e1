# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook plugin against real HTTP servers: signatures, repetitions, and where it does not go."""
import base64
import hashlib
import hmac
import http.server
import json
import re
import ssl
import threading
import time

import pytest

from plugin_drive import Rude, certificates, drive

KEY, OTHER = bytes(range(32)), b"another secret, thirty-two bytes"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver:
    """Answers with the next of `answers` (status, or status and headers), then with 204."""

    def __init__(self, *answers, tls=None):
        self.answers, self.requests = list(answers), []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, self.headers, body, time.monotonic()))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *words):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver(request):
    made = []

    def make(*answers, **words):
        made.append(Receiver(*answers, **words))
        return made[-1]
    yield make
    for one in made:
        one.stop()


def events(count, **more):
    return [{"event": {"sequence": 40 + i, "kind": "match.accept", "version": 3, "at": 1795600000, **more}} for i in range(count)]


def post(place, url, lines, secret=SECRET, seconds=10, **more):
    settings = {"url": url, "secret": "webhook-secret", "allow_loopback": "true", "retry": 1, **more}
    return drive(place, "webhook", settings, lines, credentials={"webhook-secret": secret}, seconds=seconds)


def there(receiver, path="/hook?x=1"):
    return f"http://127.0.0.1:{receiver.port}{path}"


def signatures(headers, body, *keys):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)


def test_a_signed_thin_post(receiver, tmp_path):
    server = receiver()
    run = post(tmp_path, there(server), events(3))
    assert run.done == [40, 41, 42] and len(server.requests) == 3
    path, headers, body, _ = server.requests[0]
    assert path == "/hook?x=1" and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"type": "match.accept", "timestamp": "2026-11-25T09:46:40Z",
                                "data": {"path": "/org/mentorship1/matches/12", "version": 3, "sequence": 40}}
    assert re.fullmatch(r"[!-~]+", headers["webhook-id"]) and abs(int(headers["webhook-timestamp"]) - time.time()) < 30
    assert all(headers["webhook-signature"] == signatures(headers, body, KEY) for _, headers, body, _ in server.requests)
    assert len({headers["webhook-id"] for _, headers, _, _ in server.requests}) == 3


def test_two_secrets_sign_both(receiver, tmp_path):
    server = receiver()
    post(tmp_path, there(server), events(1), SECRET + "  whsec_" + base64.b64encode(OTHER).decode())
    _, headers, body, _ = server.requests[0]
    assert headers["webhook-signature"] == signatures(headers, body, KEY, OTHER)


def test_it_goes_again_as_the_same(receiver, tmp_path):
    server = receiver(500)
    run = post(tmp_path, there(server), events(2))
    assert run.done == [40, 41] and len(server.requests) == 3
    (_, first, _, at), (_, second, body, later), (_, third, _, _) = server.requests
    assert first["webhook-id"] == second["webhook-id"] != third["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"] and second["webhook-signature"] == signatures(second, body, KEY)
    assert 0.9 < later - at < 2 and any("status 500" in line for line in run.logs)
    again = receiver()
    post(tmp_path, there(again), events(1))             # and after a restart
    assert again.requests[0][1]["webhook-id"] == first["webhook-id"]


def test_retry_after(receiver, tmp_path):
    server = receiver((503, {"Retry-After": "3"}))
    post(tmp_path, there(server), events(1))
    assert 2.9 < server.requests[1][3] - server.requests[0][3] < 4.5


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 404, 400])
def test_only_2xx_is_taken(receiver, tmp_path, status):
    other = receiver()
    server = receiver((status, {"Location": there(other)}))
    run = post(tmp_path, there(server), events(1), seconds=5)
    assert len(server.requests) == 2 and not other.requests and run.done == [40]


def test_gone_stops(receiver, tmp_path):
    server = receiver(410)
    run = post(tmp_path, there(server), events(1), seconds=3)
    assert len(server.requests) == 1 and not run.done and any("410" in line for line in run.logs)


def test_after_the_last_attempt(receiver, tmp_path):
    server = receiver(*[500] * 9)
    run = post(tmp_path, there(server), events(1), seconds=5, attempts=2)
    assert len(server.requests) == 2 and not run.done and any("none of the attempts" in line for line in run.logs)


def test_wanted_kinds(receiver, tmp_path):
    server = receiver()
    lines = events(1) + [{"event": {"sequence": 50, "kind": "person.update"}}, {"event": {"sequence": 51, "kind": "match.close"}}]
    run = post(tmp_path, there(server), lines, events="match.*")
    assert run.done == [40, 50, 51] and [json.loads(body)["type"] for _, _, body, _ in server.requests] == ["match.accept", "match.close"]


def test_https(receiver, tmp_path):
    ca, cert, key = certificates(tmp_path / "tls")
    server = receiver(tls=(cert, key))
    url = f"https://localhost:{server.port}/"
    assert post(tmp_path, url, events(2), ca_file=ca).done == [40, 41]
    run = post(tmp_path, url, events(1), seconds=2)
    assert not run.done and len(server.requests) == 2 and any("certificate" in line for line in run.logs)


def test_a_test_goes_once_and_says_what_came_back(receiver, tmp_path):
    line = [{"event": {"sequence": 40, "kind": "plugin.test", "test": 1}}]
    for answer, expected in ((204, (0, "answered with status 204")), (500, (2, "answered with status 500")), (410, (4, "the receiver says that it is gone"))):
        server = receiver(answer)
        run = post(tmp_path, there(server), line, events="match.*", seconds=3)
        assert len(server.requests) == 1 and run.tested[40][0] == expected[0] and run.tested[40][1].startswith(expected[1])
        assert run.done == ([] if answer == 410 else [40])
        assert json.loads(server.requests[0][2])["type"] == "plugin.test"


def test_with_a_simulated_clock_nothing_leaves_this_machine(receiver, tmp_path):
    server = receiver()
    words = {"secret": "webhook-secret", "allow_loopback": "true", "allow_private": "true", "retry": 1}
    secret = {"webhook-secret": SECRET}
    assert drive(tmp_path, "webhook", {"url": there(server), **words}, events(1), "--simulated", "1", credentials=secret).done == [40]
    for url in ("https://192.0.2.1/", "https://8.8.8.8/", "https://[2600::1]/"):
        run = drive(tmp_path, "webhook", {"url": url, **words}, events(1), "--simulated", "1", credentials=secret, seconds=1)
        assert not run.done and any("the clock is simulated: events go to a receiver on this machine only" in line for line in run.logs)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.1.1", "169.254.169.254"])
def test_addresses_refused(receiver, tmp_path, host):
    server = receiver()
    run = post(tmp_path, f"https://{host}:{server.port}/", events(1), seconds=1, allow_loopback="false")
    assert not run.done and not server.requests and any("private network" in line for line in run.logs), run.text


def test_private_is_not_loopback(receiver, tmp_path):
    server = receiver()
    run = post(tmp_path, f"https://127.0.0.1:{server.port}/", events(1), seconds=1, allow_loopback="false", allow_private="true")
    assert any("private network" in line for line in run.logs)


def test_plain_http_goes_nowhere_else(tmp_path):
    run = post(tmp_path, "http://192.0.2.1/", events(1), seconds=1, allow_private="true")
    assert any("private network" in line for line in run.logs)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"\x00" * 5000, b"HTTP/1.1 500 x\r\nA: " + b"b" * 400_000, None])
def test_rude_receivers(tmp_path, answer):
    def talk(connection, file, number):
        connection.recv(65536)
        if answer is None:
            connection.settimeout(10)
            while connection.recv(4096):
                pass
        connection.sendall(answer or b"")
    server = Rude(talk)
    run = post(tmp_path, f"http://127.0.0.1:{server.port}/", events(1), seconds=3, timeout=1)
    server.stop()
    assert not run.done and any("event 40" in line for line in run.logs)


def test_an_answer_without_end(tmp_path):
    """The status was good; what follows is not waited for."""
    def talk(connection, file, number):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
    server = Rude(talk)
    begin = time.monotonic()
    assert post(tmp_path, f"http://127.0.0.1:{server.port}/", events(1), timeout=20).done == [40]
    server.stop()
    assert time.monotonic() - begin < 4


@pytest.mark.parametrize("change, secret, words", [
    ({"url": "http://example.org/", "allow_loopback": "false"}, SECRET, "https"), ({"url": "ftp://example.org/"}, SECRET, "https"), ({"url": "https://a b/"}, SECRET, "blank"),
    ({"url": "https://u:p@example.org/"}, SECRET, "account"), ({"url": "https:///x"}, SECRET, "no host"), ({"events": "a,b"}, SECRET, "events"),
    ({}, "hello", "whsec_"), ({}, "whsec_" + base64.b64encode(b"x" * 23).decode(), "24"), ({}, "whsec_" + base64.b64encode(b"x" * 65).decode(), "64"),
    ({}, "", "secrets"), ({}, SECRET + " whsec_!", "whsec_"), ({}, " ".join([SECRET] * 5), "1 to 4"), ({"ca_file": "/nonexistent"}, SECRET, "ca_file")])
def test_settings_refused(tmp_path, change, secret, words):
    run = post(tmp_path, change.pop("url", "https://example.org/"), [], secret, **change)
    assert run.status == 1 and words in run.refused
