# SPDX-License-Identifier: GPL-3.0-or-later
"""The web page as strangers and readers meet it: raw sockets against the real plugin, host and daemon, and a real browser."""
import base64
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

import harness
import pytest
from harness import ROOT, environment
from test_mail import Post, running, until
from world import built_world, world  # noqa: F401 (fixtures)

TOKEN = re.compile(r"/l/([A-Za-z0-9_-]{43})")
Reply = collections.namedtuple("Reply", "status headers body")


class Web:
    """The plugin, and an open offer's link."""

    def __init__(self, post):
        self.post = post
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def start(self, **more):
        self.post.configure(load="smtp webforms")
        settings = {"request_seconds": 2, **more}
        self.post.plugin("webforms", f'base_url = "https://mentoring.example.org";\nport = {self.port};\n' +
                         "".join(f"{name} = {value};\n" for name, value in settings.items()))
        self.post.start()
        running(self.post)
        running(self.post, "webforms")
        self.post.world.caller("mt-coord").verb(self.post.world.matches["proposed"], "Match.Offer")
        self.post.advance(40)
        self.mails = {mail["To"]: mail.get_body(("plain",)).get_content() for mail in self.post.mails()
                      if mail["Subject"].startswith("We have a match for you")}
        assert self.mails
        self.paths = [f"/l/{TOKEN.findall(text)[0]}" for text in self.mails.values()]
        return self

    def others(self):
        """Paths of other pages: of the first mail's own page and unsubscribing, and of a check-in."""
        mail = next(mail for mail in self.post.mails() if mail["Subject"].startswith("We have a match for you"))
        text = mail.get_body(("plain",)).get_content()
        check_in = next((TOKEN.search(other.get_body(("plain",)).get_content()) for other in self.post.mails()
                         if other["Subject"].startswith("How is it going")), None)
        leave = next((other["List-Unsubscribe"] for other in self.post.mails() if other["List-Unsubscribe"]), None)
        found = {"own": f"/l/{TOKEN.findall(text)[-1]}"}
        if leave:
            found["unsubscribe"] = urllib.parse.urlsplit(leave.strip("<>")).path
        return {**found, "check-in": f"/l/{check_in[1]}"} if check_in else found

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, data, shut=False):
        """What comes back until the server closes; b"" if it hangs up at once."""
        with self.connect() as sock:
            try:
                sock.sendall(data)
                if shut:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            got = b""
            try:
                while part := sock.recv(65536):
                    got += part
            except ConnectionError:
                pass
            return got

    def ask(self, method, path, fields=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = urllib.parse.urlencode(fields) if fields is not None else None
        more = {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
        connection.request(method, path, body, {**more, **dict(headers)})
        reply = connection.getresponse()
        found = Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read().decode())
        connection.close()
        return found

    def form(self, path):
        """The hidden fields of the page."""
        page = self.ask("GET", path)
        assert page.status == 200, page
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.body))

    def members(self):
        return self.post.world.rows("SELECT answer, version FROM match_member ORDER BY id")

    def audits(self):
        return self.post.world.rows("SELECT count(*) AS n FROM audit_record")[0]["n"]


@pytest.fixture
def web(world, scratch):  # noqa: F811
    post = Post(world, scratch)
    yield Web(post)
    post.stop()


def status(data):
    return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/1.1 ") else 0


def test_what_is_no_request_is_refused_and_the_next_one_is_served(web):
    web.start()
    path = web.paths[0]
    web.ask("GET", path)
    before = web.audits()
    host, length = b"Host: x\r\n", b"Content-Type: application/x-www-form-urlencoded\r\n"
    for data, wanted in (
            (f"GET {path} HTTP/1.1\r\n\r\n".encode(), 400),                                                    # no Host
            (f"GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode(), 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + length + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + length + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + length + b"Content-Length: -1\r\n\r\n", 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + length + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + length + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (f"POST {path} HTTP/1.1\r\n".encode() + host + b"\r\n", 411),
            (f"GET {path} HTTP/1.1\r\n".encode() + host + b"Content-Length: 2\r\n\r\nxx", 400),
            (f"GET {path} HTTP/9.9\r\n".encode() + host + b"\r\n", 505),
            (f"GET {path} HTTP/1.1\r\n".encode() + host + b"Bad Name: x\r\n\r\n", 400),
            (f"GET {path}\r\n\r\n".encode(), 400),
            (b"GET /l/%ff HTTP/1.1\r\n" + host + b"\r\n", 400),
            (b"GET http://elsewhere/ HTTP/1.1\r\n" + host + b"\r\n", 400),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + host + b"".join(b"X-%d: y\r\n" % i for i in range(100)) + b"\r\n", 431)):
        got = web.raw(data)
        assert status(got) == wanted, (data[:120], got[:200])
        assert web.ask("GET", path).status == 200
    for data in (b"", b"GET", b"GET / HTTP/1.1\r\nHost:"):                                                  # who goes away
        web.raw(data, shut=True)
    assert web.ask("BREW", path).status in (405, 501)
    assert web.ask("GET", path).status == 200
    assert web.audits() == before


def test_twenty_megabytes_of_headers_take_no_memory(web):
    web.start()
    host = next(int(line) for line in subprocess.run(["pgrep", "-f", "mentorship-plugin-host webforms"], capture_output=True,
                                                     text=True).stdout.split())
    memory = lambda: int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{host}/status").read_text())[1])   # noqa: E731
    before = memory()
    got = web.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * (20 * 1024 * 1024))
    assert status(got) in (0, 400, 431), got[:100]
    assert memory() - before < 4096, "KiB"
    assert web.ask("GET", web.paths[0]).status == 200
    body = web.raw(f"POST {web.paths[0]} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 20}\r\n\r\n".encode() + b"a" * (1 << 20))
    assert status(body) == 413


def test_a_byte_every_two_seconds_meets_the_deadline_of_the_whole(web):
    web.start()
    start = time.monotonic()
    with web.connect() as sock:
        got = b"-"
        for byte in f"GET {web.paths[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode():
            try:
                sock.sendall(bytes([byte]))
                sock.settimeout(0.5)
                got = sock.recv(1000)
            except socket.timeout:
                continue
            except OSError:
                got = b""
            break
    assert time.monotonic() - start < 5 and (not got or status(got) == 408), got
    assert web.ask("GET", web.paths[0]).status == 200


def test_slow_clients_do_not_keep_others_out(web):
    web.start(request_seconds=20)
    slow = [web.connect() for _ in range(200)]
    try:
        for sock in slow:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        assert web.ask("GET", web.paths[0]).status == 200
    finally:
        for sock in slow:
            sock.close()


def test_one_answer_for_every_link_that_does_not_hold(web):
    """A wrong one, one of another shape, one revoked: nobody learns which."""
    web.start()
    good, before = web.paths[0], web.members()
    row = web.post.world.rows("SELECT id FROM invitation WHERE purpose = 'match-offer'")
    for found in row:
        web.post.world.caller("mt-coord").verb(f"/org/mentorship1/invitations/{found['id']}", "Invitation.Revoke")
    replies = [web.ask("GET", path) for path in (good, "/l/" + "A" * 43, "/l/" + "B" * 43, "/l/short", "/l/", "/l/" + "A" * 4000)]
    first = replies[0]
    assert first.status == 404
    for reply in replies[1:]:
        same = {name: value for name, value in reply.headers.items() if name != "date"}
        assert (reply.status, same, reply.body) == (404, {n: v for n, v in first.headers.items() if n != "date"}, first.body)
    posted = web.ask("POST", good, {"do": "accept"})
    assert posted.status == 404 and web.members() == before


def test_reading_changes_nothing_and_answering_twice_is_answering_once(web):
    web.start()
    path, before = web.paths[0], web.members()
    first = web.ask("GET", path)
    audits = web.audits()
    for method in ("GET", "HEAD") * 50:
        web.ask(method, path)
    assert web.audits() == audits and web.members() == before
    fields = {**web.form(path), "do": "accept"}
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(web.ask("POST", path, fields))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status for reply in replies} <= {200, 404} and replies[0].body
    assert accepted(web.members()) == accepted(before) + 1
    again = web.ask("POST", path, fields)
    assert again.status == 200 and "<form" in first.body


@pytest.mark.parametrize("kind, body", [
    ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n')])
def test_one_click_of_a_mail_program_unsubscribes(web, kind, body):
    """RFC 8058: the header's address and field, no cookie, no page before; to fetch the address does nothing."""
    web.start()
    world, match = web.post.world, web.post.world.matches["offered"]
    world.caller("mt-mentor2").verb(match, "Match.Accept")
    world.caller("mt-coord").verb(match, "Match.Accept", options={"for": world.people["mt-mentee2"]})
    web.post.advance(60)
    assert until(lambda: any(mail["List-Unsubscribe"] for mail in web.post.mails()))
    mail = next(mail for mail in web.post.mails() if mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = urllib.parse.urlsplit(mail["List-Unsubscribe"].strip("<>"))
    to = mail["To"].addresses[0].addr_spec
    wants = lambda: not web.post.world.rows("SELECT no_mail_since FROM person WHERE email = ?", to)[0]["no_mail_since"]     # noqa: E731

    def send(method, body=None, kind=kind):
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        connection.request(method, url.path, body, {"Content-Type": kind} if body else {})
        return connection.getresponse().status
    for _ in range(3):
        assert send("GET") == send("HEAD") == 200 and wants()                     # what scanners do
    send("POST", b"List-Unsubscribe=Two-Clicks", "application/x-www-form-urlencoded")
    assert wants()
    assert send("POST", body) == 200 and not wants()
    assert send("POST", body) == 200 and not wants()                              # again: the same answer


def test_a_page_that_has_changed_is_shown_again_not_answered(web):
    web.start()
    path, before = web.paths[0], web.members()
    fields = {**web.form(path), "do": "accept"}
    name = next(name for name, value in fields.items() if re.fullmatch("[0-9a-f]{64}", value))
    reply = web.ask("POST", path, {**fields, name: "0" * 64})
    assert reply.status == 409 and "<form" in reply.body and web.members() == before


def test_headers_let_nothing_out_and_nothing_in(web):
    web.start()
    for path in (web.paths[0], "/l/" + "A" * 43, "/nothing"):
        headers = web.ask("GET", path).headers
        assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "script" not in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert not {"server", "set-cookie"} & set(headers)
    page = web.ask("GET", web.paths[0]).body
    assert "<script" not in page and "style=" not in page and not re.search(r"(src|href)=.https?:", page)


def test_who_needs_to_talk_is_heard_from_every_page(web):
    web.start()
    path, before = web.paths[0], web.members()
    fields = web.form(path)
    talk = web.ask("POST", path, {**fields, "do": "talk"})
    assert talk.status == 200 and 'value="talk-send"' in talk.body
    assert "call 112" in talk.body or "ruf 112" in talk.body          # institution.emergency, as it is until an administrator says another
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', talk.body))
    assert web.ask("POST", path, {**fields, "text": "", "do": "talk-send"}).status == 200
    assert web.post.world.rows("SELECT count(*) AS n FROM concern WHERE state = 'open'")[0]["n"] >= 1
    assert web.ask("POST", path, {**web.form(path), "do": "accept"}).status == 200, "the link still holds"
    assert accepted(web.members()) == accepted(before) + 1
    web.post.advance(120)
    told = [mail for mail in web.post.mails() if mail["Subject"] == "There is a concern"]
    assert told and not [mail for mail in told if mail["Reply-To"]], "an answer to it is not for the coordinators"
    assert [mail for mail in web.post.mails() if mail["Reply-To"]], "others say whom to answer"


def accepted(members):
    return len([row for row in members if row["answer"] == "accepted"])


# ---- a form by link ----

TERM = (("met", "single", {"choices": "yes=Yes\nno=No", "required": True}),
        ("why", "text", {"relevant": "${met} = 'no'", "required": True}), ("how_often", "number", {"max": 9.0}),
        ("what", "multiple", {"choices": "maths=Maths\nart=Art"}))


def asked(web, anonymity, items=TERM):
    """A wave of a form, open; gives the path of somebody's link, and their id."""
    web.start()
    coord, now = web.post.world.caller("mt-coord"), web.post.world.root.get(harness.TOP, "Manager", "Now")
    form = coord.create("instruments", {"program": web.post.world.programs["a"], "key": f"term-{anonymity}", "title": "Term"})["object"]
    for name, kind, more in items:
        coord.create("items", {"instrument": form, "name": name, "kind": kind, "label": f"{name}?", **more})
    coord.verb(form, "Instrument.Ready")
    wave = coord.create("waves", {"instrument": form, "title": "The term", "audience": "everybody", "anonymity": anonymity,
                                  "opens": now + 3600, "closes": now + 20 * 86400, "k": 5})["object"]
    web.post.advance(90000)
    found = lambda: [mail for mail in web.post.mails() if "The term" in mail["Subject"]]                    # noqa: E731
    assert until(found), web.post.daemon.tail()
    person = next(row for row in web.post.world.rows("SELECT id, email FROM person") if row["email"] and row["email"] in found()[0]["To"])
    return wave, f"/l/{TOKEN.findall(found()[0].get_body(('plain',)).get_content())[0]}", person["id"]


def responses(web, wave):
    return web.post.world.rows("SELECT * FROM response WHERE wave = ?", int(wave.rpartition("/")[2]))


def test_a_form_is_answered_by_link(web):
    wave, path, person = asked(web, "named")
    page = web.ask("GET", path).body
    assert "can see who gave which answer" in page and 'name="q.met"' in page and 'value="keep"' in page
    fields = web.form(path)
    wrong = web.ask("POST", path, {**fields, "do": "send", "q.how_often": "twelve", "q.met": "no"})
    assert wrong.status == 422 and wrong.body.count('class="error') >= 2 and not responses(web, wave), wrong
    kept = web.ask("POST", path, {**fields, "do": "keep", "q.how_often": "4", "q.why": "ill\nfor a week"})
    assert kept.status == 200 and "Kept for later" in kept.body
    assert [row["state"] for row in responses(web, wave)] == ["draft"]
    page = web.ask("GET", path).body
    assert 'value="4"' in page, "the draft is there again"
    fields = web.form(path)
    answer = {**fields, "do": "send", "q.met": "no", "q.why": "ill\nfor a week = long", "q.how_often": "4", "q.what": "maths"}
    for _ in range(3):
        done = web.ask("POST", path, answer)
        assert done.status == 200 and "Your answers have come" in done.body
    row, = responses(web, wave)
    assert (row["state"], row["person"]) == ("submitted", person)
    assert row["answers"] == "met=no\nwhy=ill\\nfor a week = long\nhow_often=4\nwhat=maths"
    assert web.ask("POST", path, {**answer, "q.how_often": "5"}).status == 404, "another answer is too late"
    web.post.advance(10 * 86400)
    again = [mail for mail in web.post.mails() if "The term" in mail["Subject"] and f"{person}" and mail["To"] == web.post.world.rows(
        "SELECT email FROM person WHERE id = ?", person)[0]["email"]]
    assert not [mail for mail in again if "Still open" in mail["Subject"]], "who has answered is not reminded"


def test_of_an_anonymous_form_nothing_leads_to_the_answer(web):
    wave, path, person = asked(web, "anonymous")
    page = web.ask("GET", path).body
    assert "Nobody can find out which answers are yours" in page and 'value="keep"' not in page
    fields = web.form(path)
    assert web.ask("POST", path, {**fields, "do": "keep", "q.how_often": "4"}).status != 200
    assert not responses(web, wave), "no draft is kept"
    records = web.post.world.rows("SELECT max(id) AS last FROM audit_record")[0]["last"]
    logged = len(web.post.daemon.log.read_text())
    assert web.ask("POST", path, {**fields, "do": "send", "q.met": "no", "q.why": "zebracrossing", "q.how_often": "7"}).status == 200
    row, = responses(web, wave)
    assert row["person"] is None and row["submitted_on"] is None and row["answers"] is None
    link = web.post.world.rows("SELECT answer_hash, answered_at, opened_at, state FROM invitation WHERE purpose = 'wave' AND person = ?",
                               person)[0]
    assert link == {"answer_hash": "forgotten", "answered_at": None, "opened_at": None, "state": "answered"}
    nothing_pairs(web, row["id"], "zebracrossing", records, logged)
    member = web.post.world.rows("SELECT state FROM wave_member WHERE wave = ? AND person = ?", int(wave.rpartition("/")[2]), person)
    assert member == [{"state": "answered"}]
    assert web.ask("POST", path, {**fields, "do": "send", "q.met": "no"}).status == 200, "thanked again, and nothing is taken"
    assert len(responses(web, wave)) == 1


def nothing_pairs(web, response, word, records, logged):
    """What was written has gone through the daemon, its web plugin and their logs: none has it, nor the number of its row; no record was made."""
    daemon = web.post.daemon
    said = daemon.log.read_text()[logged:]
    assert word not in said and str(response) not in said and "wave" not in said and "response" not in said, said
    assert web.post.world.rows("SELECT max(id) AS last FROM audit_record")[0]["last"] == records
    files = [path for path in daemon.directory.rglob("*") if path.is_file() and not path.is_socket()]
    assert any(path.name == "mentorship.db-wal" for path in files) and len(files) > 5
    assert not [path for path in files if word.encode() in path.read_bytes()]
    for table in ("replay", "message", "job", "audit_record", "invitation", "wave_member"):
        assert not [row for row in web.post.world.rows(f"SELECT * FROM {table}") if word in repr(row) or str(response) in repr(row)], table


# ---- a consent by link ----

def test_a_consent_is_given_by_link(web):
    """Asked of the person; the link binds, so it holds three days; what is given names the link as its evidence."""
    web.start()
    coord = web.post.world.caller("mt-coord")
    who = web.post.world.rows("SELECT p.id, p.email FROM person p JOIN participant a ON a.person = p.id WHERE p.email IS NOT NULL AND "
                              "a.program = (SELECT min(id) FROM program) ORDER BY p.id")[0]
    person = f"{harness.TOP}/people/{who['id']}"
    consent = coord.create("consents", {"program": web.post.world.programs["a"], "person": person, "giver": person, "purpose": "testimonial",
                                        "wording": "We may print what you say of the program."})["object"]
    web.post.advance(90000)
    found = lambda: [mail for mail in web.post.mails() if mail["To"] and who["email"] in mail["To"] and               # noqa: E731
                     "testimonial" in mail.get_body(("plain",)).get_content()]
    assert until(found), (web.post.daemon.tail(), [mail["Subject"] for mail in web.post.mails()])
    path = f"/l/{TOKEN.findall(found()[0].get_body(('plain',)).get_content())[0]}"
    row = lambda: web.post.world.rows("SELECT state, way, evidence FROM consent WHERE id = ?", int(consent.rpartition("/")[2]))[0]   # noqa: E731
    link = web.post.world.rows("SELECT expires_at - sent_at AS holds FROM invitation WHERE purpose = 'consent'")[0]
    assert link["holds"] == 3 * 86400
    page = web.ask("GET", path)
    assert "We may print what you say of the program." in page.body and "You are free to say no" in page.body
    assert row()["state"] == "asked", "reading is no consent"
    assert web.ask("POST", path, {**web.form(path), "do": "give"}).status == 200
    assert row() == {"state": "given", "way": "link", "evidence": "by the link in our mail"}
    assert web.ask("GET", path).status == 404


# ---- a browser ----

CHECK = """() => {
  const wrong = [];
  if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("wider than the window: " + document.documentElement.scrollWidth);
  if (!document.documentElement.lang) wrong.push("no language");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  for (const e of document.querySelectorAll("input:not([type=hidden]),select,textarea"))
    if (!e.labels.length) wrong.push("no label: " + e.outerHTML);
  for (const e of document.querySelectorAll("button,a,input:not([type=hidden])")) {
    const box = e.getBoundingClientRect();
    if (e.tagName === "BUTTON" && !e.disabled && box.height < 40) wrong.push("too small to press: " + e.outerHTML);
  }
  if (!document.querySelector("main")) wrong.push("no main");
  return wrong.join("\\n");
}"""


@pytest.mark.limit(120)
@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser(web, scratch, width):
    """Read, and declined with a reason by the keyboard; MENTORSHIP_AXE names axe-core's axe.min.js, whose violations count, too, and
    MENTORSHIP_PICTURES a directory that keeps the pictures."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium")
    web.start()
    pages = scratch / "pages"
    pages.mkdir()
    tool = ROOT / "tests/fakes/browser.py"
    url = f"http://127.0.0.1:{web.port}"
    others = [f"gone={url}/l/{'A' * 43}", *(f"{name}={url}{path}" for name, path in web.others().items())]
    assert len(others) >= 3
    more = {"AXE": os.environ["MENTORSHIP_AXE"]} if "MENTORSHIP_AXE" in os.environ else {}
    done = subprocess.run(["/usr/bin/python3", "-B", tool, browser, str(width), url + web.paths[0], str(pages), CHECK, *others],
                          capture_output=True, text=True, timeout=100, env=environment(HOME=str(scratch), **more), cwd="/")
    if "MENTORSHIP_PICTURES" in os.environ:
        for picture in pages.glob("*.png"):
            shutil.copy(picture, pathlib.Path(os.environ["MENTORSHIP_PICTURES"]) / f"{width}-{picture.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, found in json.loads(done.stdout).items():
        assert found == "", f"{name}: {found}"
    assert base64.b16encode((pages / "page.png").read_bytes()[:4]) == b"89504E47"
    assert [row for row in web.members() if row["answer"] == "declined"], "the form was sent by the keyboard alone"


# ---- behind a web server ----

NGINX = """daemon off; pid {place}/pid; error_log stderr; worker_processes 1; user root;
events {{ worker_connections 64; }}
http {{ access_log {place}/access.log; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/f;
uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
server {{ listen 127.0.0.1:{port}; {include} }} }}
"""
APACHE = """ServerName localhost
Listen 127.0.0.1:{port}
PidFile {place}/pid
ErrorLog {place}/error.log
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule setenvif_module /usr/lib/apache2/modules/mod_setenvif.so
CustomLog {place}/access.log "%h %U" env=!mentorship
{include}
"""


@pytest.mark.parametrize("name, text, command", [
    ("nginx", NGINX, ["/usr/sbin/nginx", "-p", "{place}", "-c", "{place}/conf"]),
    ("apache", APACHE, ["/usr/sbin/apache2", "-DFOREGROUND", "-d", "{place}", "-f", "{place}/conf"])],
    ids=["nginx", "apache"])
def test_behind_a_web_server(web, scratch, name, text, command):
    """The shipped snippets, in the real servers: a page comes, an answer counts, no link is logged, nobody else's path is passed on."""
    if not os.access(command[0], os.X_OK):
        pytest.skip(f"needs {name}")
    web.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = scratch / "server"
    place.mkdir()
    snippet = (ROOT / f"conf/webserver/{name}.conf").read_text()
    assert "127.0.0.1:8043" in snippet
    (place / "conf").write_text(text.format(place=place, port=port, include=snippet.replace(":8043", f":{web.port}")))
    server = subprocess.Popen([part.format(place=place) for part in command], stderr=subprocess.PIPE if name == "apache" else None,
                              env={**environment(), "APACHE_RUN_DIR": str(place)}, cwd="/")
    try:
        direct, web.port = web.ask("GET", web.paths[0]), port

        def up():
            try:
                return bool(web.connect())
            except OSError:
                return False
        assert until(up), server.poll()
        before = web.members()
        page = web.ask("GET", web.paths[0], headers={"X-Forwarded-For": "192.0.2.1"})
        assert page.status == 200 and page.body == direct.body
        assert page.headers["content-security-policy"] == direct.headers["content-security-policy"]
        assert page.headers["strict-transport-security"].startswith("max-age=")
        assert web.ask("GET", "/style.css").status == 200
        assert web.ask("GET", "/secret").status in (403, 404) and web.ask("GET", "/l").status in (403, 404)
        assert web.ask("POST", web.paths[0], {**web.form(web.paths[0]), "do": "accept"}).status == 200
        assert accepted(web.members()) == accepted(before) + 1
    finally:
        server.terminate()
        server.wait(20)
    logged = "".join(path.read_text() for path in place.glob("*.log"))
    assert "/secret" in logged and not TOKEN.search(logged), logged
