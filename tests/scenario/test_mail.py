# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages leave: from an offer to a mail at a real server, through the real host and plugin, over kills of either side."""
import email
import email.policy
import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import time

import harness
import icalendar
import pytest
from world import built_world, world  # noqa: F401 (fixtures)

SINK = pathlib.Path(__file__).resolve().parent.parent / "fakes/smtp_sink.py"


class Post:
    """A mail server, and the world's daemon with the SMTP plugin."""

    def __init__(self, world, directory):
        self.world, self.daemon = world, world.daemon
        self.kept = directory / "kept"
        self.kept.mkdir()
        self.sink = subprocess.Popen([sys.executable, "-B", SINK, self.kept], stdout=subprocess.PIPE, text=True)
        self.port = int(self.sink.stdout.readline())

    def configure(self, load="smtp", **mail):
        installed = self.daemon.installed
        more = "".join(f"{name} = {value}; " for name, value in {
            "base_url": '"https://mentoring.example.org"', "reply_to": '"office@example.org"', "settle": 5, "quiet_from": 24, "per_minute": 100000, **mail}.items())
        self.daemon.configure(
            f'plugins: {{ load = "{load}"; host = "{installed.path("usr/libexec/mentorship/mentorship-plugin-host")}"; '
            f'directory = "{plugin_directory(installed)}"; }};\nmail: {{ {more}}};\n', "20-mail.conf")
        self.plugin("smtp", f'server = "127.0.0.1";\nport = {self.port};\ntls = "none";\nsender = "mentoring@example.org";\n')
        return self

    def plugin(self, name, text):
        path = self.daemon.config / f"etc/mentorship/plugins.d/{name}.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.chown(path, 0, 0)
        path.chmod(0o644)

    def start(self):
        self.world.restart("--development")
        return self

    def mails(self):
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in sorted(self.kept.glob("*.eml"))]

    def advance(self, seconds):
        self.world.root.manager("AdvanceClock", "x", (self.world.root.get(harness.TOP, "Manager", "Now") + seconds,), seconds=60)

    def stop(self):
        self.sink.send_signal(signal.SIGTERM)
        self.sink.wait()


def plugin_directory(installed):
    return next(installed.root.glob("usr/lib/**/mentorship/plugins-1"))


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return bool(what())


@pytest.fixture
def post(world, scratch):
    post = Post(world, scratch)
    yield post
    post.stop()


def running(post, name="smtp"):
    """Waits until the plugin runs."""
    rows = lambda: post.world.rows("SELECT * FROM plugin WHERE name = ?", name)      # noqa: E731
    assert until(lambda: rows() and rows()[0]["state"] == "running"), (rows(), post.daemon.tail())


def state_of(post, where="1"):
    return {row["template_name"] + "/" + str(row["person"]): row["state"]
            for row in post.world.rows(f"SELECT template_name, person, state FROM message WHERE {where}")}


def test_an_offer_becomes_a_mail_with_a_link(post):
    post.configure().start()
    running(post)
    post.world.caller("mt-coord").verb(post.world.matches["proposed"], "Match.Offer")
    offered = lambda: [mail for mail in post.mails() if "match for you" in mail["Subject"]]                  # noqa: E731
    assert not offered()                                      # it rests first, so that it could be withdrawn
    post.advance(40)
    offers = offered()
    assert offers
    for mail in offers:
        text = mail.get_body(("plain",)).get_content()
        assert re.search(r"https://mentoring\.example\.org/l/[A-Za-z0-9_-]{43}", text), text
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"].endswith("@mentoring.example.org>")
    assert until(lambda: set(state_of(post, "template_name = 'match-offered'").values()) <= {"sent", "suppressed"})
    sent = post.world.rows("SELECT count(*) AS n FROM message WHERE state = 'sent'")[0]["n"]
    assert len(post.mails()) == sent
    ids = [mail["Message-ID"] for mail in post.mails()]
    assert len(ids) == len(set(ids))


def test_no_link_is_kept_anywhere(post):
    post.configure().start()
    post.world.caller("mt-coord").verb(post.world.matches["proposed"], "Match.Offer")
    post.advance(10)
    assert until(post.mails)
    tokens = {token for mail in post.mails() for token in re.findall(r"/[lu]/([A-Za-z0-9_-]{43})", mail.get_body(("plain",)).get_content())}
    assert tokens
    post.world.daemon.stop()
    for path in post.daemon.state.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [token for token in tokens if token.encode() in data], path
    assert not [token for token in tokens if token in post.daemon.log.read_text()]


def test_a_daemon_that_is_killed_sends_nothing_twice(post):
    post.configure(settle=0).start()
    coord = post.world.caller("mt-coord")
    post.plugin("smtp", f'server = "127.0.0.1";\nport = {post.port};\ntls = "none";\nsender = "mentoring@example.org";\nconnections = 1;\n')
    coord.verb(post.world.matches["proposed"], "Match.Offer")
    until(lambda: post.world.rows("SELECT 1 FROM message WHERE state IN ('sending', 'sent')"))
    post.daemon.kill()
    post.world.start("--development")
    post.world.root.manager("AdvanceClock", "x", (post.world.root.get(harness.TOP, "Manager", "Now") + 3600,), seconds=60)
    assert until(lambda: not post.world.rows("SELECT 1 FROM message WHERE state IN ('queued', 'sending') AND not_before < 1.9e9 "
                                             "AND template_name = 'match-offered'"))
    ids = [mail["Message-ID"] for mail in post.mails()]
    assert ids and len(ids) == len(set(ids))


def test_a_required_plugin_that_refuses_stops_the_start(post):
    post.configure()
    post.daemon.configure('plugins: { required = "smtp"; };\n', "30-required.conf")
    post.plugin("smtp", 'server = "127.0.0.1";\nport = 99999;\nsender = "mentoring@example.org";\n')
    post.world.daemon.stop()
    with pytest.raises(RuntimeError, match="required"):
        post.world.daemon.start("--development", clock=0)


@pytest.mark.parametrize("policy, shares, said", [
    ("mail addresses", ("zdenka", "yngvild"), "This is how you reach each other: "),
    ("mail addresses", ("zdenka",), None),
    ("mail addresses", (), "answer this mail"),
    ("through the program", ("zdenka", "yngvild"), "answer this mail"),
    ("on site only", ("zdenka", "yngvild"), "You reach each other on site")])
def test_an_introduction_shows_an_address_by_the_policy_and_its_owners_consent(post, policy, shares, said):
    post.configure(settle=0).start()
    running(post)
    world, coord, match = post.world, post.world.caller("mt-coord"), post.world.matches["offered"]
    coord.verb(world.programs["b"], "Program.Revise", {"contact": policy}, options={"reason": "to try each policy"})
    world.caller("mt-mentor2").verb(match, "Match.Accept")
    coord.verb(match, "Match.Accept", options={"for": world.people["mt-mentee2"]})
    asked = world.rows("SELECT c.id, p.id AS giver, lower(p.given_name) AS name FROM consent c JOIN person p ON p.id = c.giver WHERE "
                       "c.purpose = 'share contact' AND c.state = 'asked' AND c.program = ? AND lower(p.given_name) IN ('zdenka', 'yngvild')",
                       int(world.programs["b"].rpartition("/")[2]))
    assert len(asked) == (2 if policy == "mail addresses" else 0), "who accepts is asked, where addresses are shown"
    for name in ("zdenka", "yngvild"):
        person, = world.rows("SELECT id FROM person WHERE lower(given_name) = ?", name)
        path = f"/org/mentorship1/people/{person['id']}"
        consent = next((f"/org/mentorship1/consents/{row['id']}" for row in asked if row["name"] == name), None) or coord.create(
            "consents", {"program": world.programs["b"], "person": path, "giver": path, "purpose": "share contact"})["object"]
        coord.verb(consent, "Consent.Give", {"evidence": "by phone"}, options={"for": path})
        if name not in shares:
            coord.verb(consent, "Consent.Withdraw", {"evidence": "by phone"}, options={"for": path})
    coord.verb(match, "Match.Start")
    post.advance(10)
    assert until(lambda: len([mail for mail in post.mails() if "time to begin" in mail["Subject"]]) == 2)
    for mail in post.mails():
        if "time to begin" not in mail["Subject"]:
            continue
        text = " ".join(mail.get_body(("plain",)).get_content().split())
        other = "zdenka" if "yngvild@" in mail["To"] else "yngvild"
        address = policy == "mail addresses" and other in shares
        assert (said or ("This is how you reach each other: " if address else "answer this mail")) in text, text
        assert (f"{other}@" in text) == address, text
        assert ("on site" in text) == (policy == "on site only"), text


def calendars(post, subject):
    """Of each mail whose subject begins so: its reader's address, the method and the event; a mail without one calendar part is an error."""
    found = []
    for mail in post.mails():
        if not mail["Subject"].startswith(subject) and subject not in mail["Subject"]:
            continue
        part, = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
        text = icalendar.Calendar.from_ical(part.get_payload(decode=True))
        event, = text.walk("VEVENT")
        assert part.get_param("method") == text["METHOD"]
        found.append((mail["To"].addresses[0].addr_spec, str(text["METHOD"]), event))
    return found


def test_a_meeting_is_carried_moved_and_called_off_for_its_reader_alone(post):
    post.configure(settle=0).start()
    running(post)
    world, coord, match = post.world, post.world.caller("mt-coord"), post.world.matches["offered"]
    world.caller("mt-mentor2").verb(match, "Match.Accept")
    coord.verb(match, "Match.Accept", options={"for": world.people["mt-mentee2"]})
    coord.verb(match, "Match.Start")
    meeting = world.rows("SELECT id FROM meeting WHERE match = ? AND first", int(match.rpartition("/")[2]))
    assert len(meeting) == 1
    path = f"{harness.TOP}/meetings/{meeting[0]['id']}"
    uids = set()
    for sequence, (subject, method, act) in enumerate((
            ("time to begin", "REQUEST", None),
            ("New time or place", "REQUEST", lambda: coord.verb(path, "Meeting.Move", {"place": "Library; room 2, second floor"})),
            ("Off: ", "CANCEL", lambda: coord.verb(path, "Meeting.Cancel")))):
        if act:
            act()
        post.advance(10)
        assert until(lambda: len(calendars(post, subject)) == 2), subject
        assert {reader for reader, _, _ in calendars(post, subject)} == {"yngvild@planted-post.example", "zdenka@planted-post.example"}
        for reader, said, event in calendars(post, subject):
            assert said == method and event["SEQUENCE"] == sequence
            assert str(event["ATTENDEE"]) == f"mailto:{reader}"          # one alone: several would be a list
            assert str(event["ORGANIZER"]) == "mailto:office@example.org"
            other = "zdenka@" if reader.startswith("yngvild") else "yngvild@"
            assert other not in event.to_ical().decode().replace("\r\n ", "")
            uids.add(str(event["UID"]))
            if sequence == 1:
                assert str(event["LOCATION"]) == "Library; room 2, second floor"
    assert len(uids) == 1


@pytest.mark.parametrize("reply_to, redirect", [("", ""), ("office@example.org", "trial@example.org")])
def test_what_leaves_in_a_trial_goes_nowhere_else(post, reply_to, redirect):
    """Neither envelope nor header nor calendar has the recipient's address; and whom a calendar answers to."""
    post.configure(settle=0, reply_to=f'"{reply_to}"', redirect_all_to=f'"{redirect}"').start()
    running(post)
    world, coord, match = post.world, post.world.caller("mt-coord"), post.world.matches["offered"]
    world.caller("mt-mentor2").verb(match, "Match.Accept")
    coord.verb(match, "Match.Accept", options={"for": world.people["mt-mentee2"]})
    coord.verb(match, "Match.Start")
    post.advance(10)
    assert until(lambda: len(calendars(post, "time to begin")) == 2)
    for reader, _, event in calendars(post, "time to begin"):
        assert str(event["ORGANIZER"]) == "mailto:" + (reply_to or "mentoring@example.org")
        assert str(event["ATTENDEE"]) == f"mailto:{reader}"
        assert not redirect or reader == redirect
    for path in post.kept.glob("*.json") if redirect else ():
        envelope = json.loads(path.read_text())
        assert envelope["to"] == [redirect] and envelope["from"] == "mentoring@example.org"
        head = path.with_suffix(".eml").read_bytes().split(b"\r\n\r\n")[0]
        assert b"planted-post.example" not in head
