# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMTP plugin against a real server and against rude ones: what mails look like, and what becomes of each."""
import datetime
import email
import email.header
import io
import re
import time
import zoneinfo

import dateutil.tz
import icalendar
import pytest

from plugin_drive import Rude, Sink, certificates, drive, smtp

LETTER = {"address": "anna@uni.test", "name": "Anna", "subject": "A question", "text": "Dear Anna,\n\nhow was it?\n", "message_id": "m1.x@uni.test"}


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("tls") / "c")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    sink = Sink(tmp_path_factory.mktemp("plain") / "box")
    yield sink
    sink.stop()


@pytest.fixture
def sink(plain):
    plain.clear()
    return plain


def settings(port, **more):
    return {"server": "127.0.0.1", "port": port, "tls": "none", "sender": "mentoring@uni.test", **more}


def send(place, sink, letters, seconds=20, credentials=None, **more):
    lines = [{"deliver": {**LETTER, **letter}} for letter in letters]
    return drive(place, "smtp", settings(sink.port, **more), lines, seconds=seconds, credentials=credentials)


def outcome(place, sink, seconds=20, credentials=None, letter=None, **more):
    return send(place, sink, [letter or {}], seconds, credentials, **more).reports[1]


def rude(place, talk, **more):
    server = Rude(talk)
    try:
        begin = time.monotonic()
        return outcome(place, server, **{"timeout": 2, **more}), time.monotonic() - begin
    finally:
        server.stop()


# ---- what a mail looks like ----

def test_text_alone(sink, tmp_path):
    text = "Dear Anna,\n\n.a line with a point\n" + "long " * 400 + "\nends with a blank \nFrom here = there\n"
    assert outcome(tmp_path, sink, letter={"text": text}) == ("SENT", "250 2.0.0")
    mail = sink.mails()[0]
    assert mail.get_content_type() == "text/plain" and mail.get_content().replace("\r\n", "\n") == text
    assert mail["From"] == "University <mentoring@uni.test>" and mail["To"] == "Anna <anna@uni.test>"
    assert mail["Subject"] == "A question" and mail["Message-ID"] == "<m1.x@uni.test>"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Content-Language"] == "en"
    assert "List-Unsubscribe" not in mail and "List-Id" not in mail and "Reply-To" not in mail
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 60
    assert sink.envelopes()[0]["from"] == "mentoring@uni.test" and sink.envelopes()[0]["to"] == ["anna@uni.test"]
    assert not mail.defects


def test_all_fields_and_parts(sink, tmp_path):
    letter = {"name": 'Zoë "Zo" Müller-Øster, M.A. ' * 5, "subject": "Schöne Grüße \N{GRINNING FACE} " * 12, "sender_name": "Universität Süd",
              "text": "Привет, мир\n" * 40, "html": "<!doctype html><p>Привет</p>\n", "reply_to": "coord@uni.test", "language": "de",
              "list_id": "program-12.mentorship.uni.test", "list_name": "Mentoring für Erste",
              "unsubscribe": "https://uni.test/m/" + "a" * 300 + "?x=1&y=%20"}
    assert outcome(tmp_path, sink, letter=letter)[0] == "SENT"
    raw, mail = sink.raw()[0], sink.mails()[0]
    assert all(len(line) <= 998 and line.endswith(b"\r\n") and b"\r" not in line[:-2] for line in raw.splitlines(keepends=True))
    assert raw.isascii() and raw.count(b"\r") == raw.count(b"\n")
    head = raw.split(b"\r\n\r\n")[0].decode()
    assert re.search(r"^List-Unsubscribe: <https://uni\.test/m/a{300}\?x=1&y=%20>$", head.replace("\r", ""), re.M)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(len(word) <= 75 for word in re.findall(r"=\?[^ ]*\?=", head))
    name = email.message_from_bytes(raw)["To"].rsplit("<", 1)[0]
    assert str(email.header.make_header(email.header.decode_header(name))).strip() == letter["name"].strip()
    assert mail["From"].addresses[0].display_name == "Universität Süd"
    assert mail["Subject"] == letter["subject"] and mail["Reply-To"] == "coord@uni.test" and mail["Content-Language"] == "de"
    assert re.sub(r"\s+", " ", mail["List-Id"]) == "Mentoring für Erste <program-12.mentorship.uni.test>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative" and [part.get_content().replace("\r\n", "\n") for part in (text, html)] == [
        letter["text"], letter["html"]]


MEETING = {"uid": "meeting-7@uni.test", "sequence": 3, "stamp": 1795600000, "zone": "Europe/Berlin", "rule": "FREQ=WEEKLY;COUNT=30",
           "summary": "Mentoring, week; one", "description": "Bring\nthe \\plan", "place": "Room 5", "organizer_name": 'Uni: "South"',
           "organizer_address": "mentoring@uni.test"}


def calendar_of(mail):
    part = [part for part in mail.walk() if part.get_content_type() == "text/calendar"][0]
    assert part.get_content_disposition() is None
    return part, icalendar.Calendar.from_ical(part.get_payload(decode=True))


@pytest.mark.parametrize("zone, start", [("Europe/Berlin", (2027, 3, 22, 16, 30)), ("America/New_York", (2026, 10, 30, 9, 0)),
                                         ("Asia/Kolkata", (2026, 12, 1, 18, 15)), ("UTC", (2026, 12, 1, 18, 15))])
def test_calendar(sink, tmp_path, zone, start):
    begin = datetime.datetime(*start, tzinfo=zoneinfo.ZoneInfo(zone))
    meeting = {**MEETING, "zone": zone, "start": int(begin.timestamp()), "end": int(begin.timestamp()) + 3600}
    assert outcome(tmp_path, sink, letter={"html": "<p>x</p>", "name": "Anna Größe", "calendar": meeting})[0] == "SENT"
    part, calendar = calendar_of(sink.mails()[0])
    assert part.get_param("method") == "REQUEST" and calendar["METHOD"] == "REQUEST"
    raw = part.get_payload(decode=True).decode()
    assert all(len(line.encode()) <= 75 for line in raw.split("\r\n")) and "\n" not in raw.replace("\r\n", "")
    event = calendar.walk("VEVENT")[0]
    assert event["DTSTART"].dt.replace(tzinfo=None) == begin.replace(tzinfo=None)
    assert event["UID"] == MEETING["uid"] and event["SEQUENCE"] == 3 and event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == MEETING["summary"] and event["DESCRIPTION"] == MEETING["description"] and event["LOCATION"] == "Room 5"
    assert event["RRULE"] == {"FREQ": ["WEEKLY"], "COUNT": [30]}
    assert event["ATTENDEE"] == "mailto:anna@uni.test" and event["ATTENDEE"].params["RSVP"] == "TRUE" and event["ATTENDEE"].params["CN"] == "Anna Größe"
    assert event["ORGANIZER"] == "mailto:mentoring@uni.test" and event["ORGANIZER"].params["CN"] == "Uni: 'South'"
    if zone == "UTC":
        assert "DTSTART:20261201T181500Z" in raw and "TZ" not in raw
        return
    assert f"DTSTART;TZID={zone}:" in raw and f"DTEND;TZID={zone}:" in raw and len(raw) < 2500
    assert [str(one["TZID"]) for one in calendar.walk("VTIMEZONE")] == [zone]
    ours = dateutil.tz.tzical(io.StringIO(raw)).get(zone)
    for week in range(-1, 300):
        local = (begin + datetime.timedelta(weeks=week)).replace(tzinfo=None)
        assert local.replace(tzinfo=ours).utcoffset() == local.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset(), local


def test_calendars_of_one_run_have_each_its_own_zone_and_years(sink, tmp_path):
    """A zone's text is kept from one mail to the next."""
    wanted = [("Europe/Berlin", 2026), ("Europe/Berlin", 2026), ("Asia/Kolkata", 2026), ("Europe/London", 1994), ("Europe/London", 2026), ("UTC", 2026),
              ("Europe/Berlin", 2026)]
    letters = []
    for number, (zone, year) in enumerate(wanted):
        start = int(datetime.datetime(year, 5, 4, 10, tzinfo=zoneinfo.ZoneInfo(zone)).timestamp())
        letters.append({"message_id": f"m{number}@uni.test", "calendar": {**MEETING, "zone": zone, "start": start, "end": start + 3600}})
    send(tmp_path, sink, letters)
    mails = {mail["Message-ID"]: mail for mail in sink.mails()}
    texts = [calendar_of(mails[f"<m{number}@uni.test>"])[1] for number in range(len(wanted))]
    for calendar, (zone, _year) in zip(texts, wanted):
        assert [str(one["TZID"]) for one in calendar.walk("VTIMEZONE")] == ([] if zone == "UTC" else [zone])
    zones = [[one.to_ical() for one in calendar.walk("VTIMEZONE")] for calendar in texts]
    assert zones[3] != zones[4], "British summer time had other rules until 1995: a meeting of then carries them, one of today does not"
    assert zones[0] == zones[1] == zones[6]


def test_the_organizer_takes_answers(sink, tmp_path):
    """Calendar programs answer to the organizer: without one it is where mail comes from."""
    meeting = {**MEETING, "start": 1795620000, "end": 1795623600}
    for given, expected in (("office@uni.test", "office@uni.test"), ("", "mentoring@uni.test")):
        sink.clear()
        assert outcome(tmp_path, sink, letter={"calendar": {**meeting, "organizer_address": given}})[0] == "SENT"
        assert calendar_of(sink.mails()[0])[1].walk("VEVENT")[0]["ORGANIZER"] == f"mailto:{expected}"


def test_calendar_cancelled(sink, tmp_path):
    meeting = {**MEETING, "start": 1795620000, "end": 1795623600, "cancels": 1, "sequence": 4}
    assert outcome(tmp_path, sink, letter={"calendar": meeting})[0] == "SENT"
    part, calendar = calendar_of(sink.mails()[0])
    assert part.get_param("method") == calendar["METHOD"] == "CANCEL"
    assert calendar.walk("VEVENT")[0]["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("change", [{"zone": "Europe/Nowhere"}, {"zone": "../../etc/passwd"}, {"rule": "EVERY=DAY"}, {"rule": "FREQ=WEEKLY;UNTIL=x"},
                                    {"summary": "a\r\nATTENDEE:mailto:x@y.test"}, {"end": 0}, {"rule": "FREQ=WEEKLY\r\nX-A:1"},
                                    {"organizer_address": "a@b.test\r\nX:y"}, {"uid": "u\nX:y"}, {"place": "x\x0by"}])
def test_calendar_refused(sink, tmp_path, change):
    meeting = {**MEETING, "start": 1795620000, "end": 1795623600, **change}
    assert outcome(tmp_path, sink, letter={"calendar": meeting})[0] == "REFUSED"
    assert not sink.raw()


# ---- values that do not belong into a header ----

@pytest.mark.parametrize("field, value, word", [
    *((field, f"a{end}Bcc: x@y.test", "REFUSED") for field in ("name", "subject", "list_name") for end in ("\r\n", "\n", "\r", "\x0b", "\x7f", "\u0085")),
    ("sender_name", "a\r\nBcc: x@y.test", "BROKEN"), ("message_id", "a\r\nBcc: x", "REFUSED"), ("message_id", "", "REFUSED"),
    ("list_id", "a\r\nBcc: x", "REFUSED"), ("list_id", "a> <b", "REFUSED"), ("unsubscribe", "https://uni.test/\r\nBcc: x", "REFUSED"),
    ("unsubscribe", "https://uni.test/a b", "REFUSED"), ("unsubscribe", "javascript:alert(1)", "REFUSED"), ("unsubscribe", "https://u.test/><x", "REFUSED"),
    ("reply_to", "a@uni.test\r\nBcc: x", "REFUSED"), ("reply_to", "a b@uni.test", "REFUSED"), ("unsubscribe", "https://uni.test/" + "a" * 1000, "REFUSED"),
    ("subject", "a" * 3000, "REFUSED")])
def test_header_injection(sink, tmp_path, field, value, word):
    run = send(tmp_path, sink, [{"list_id": "p.uni.test", field: value}, {"message_id": "good@uni.test"}])
    assert run.reports[1][0] == word and "@" not in run.reports[1][1]
    assert run.reports[2][0] == "SENT"          # and harms nobody else
    assert [mail["Message-ID"] for mail in sink.mails()] == ["<good@uni.test>"]


@pytest.mark.parametrize("address", ["an na@uni.test", "anna@uni.test\r\nRCPT TO:<x@y.test>", "a" * 300 + "@uni.test", "a@" + "b" * 253, "anna", "@uni.test",
                                     "anna@", "a@b@c.test", "<anna@uni.test>", "anna@uni..test", ".anna@uni.test", "annä@uni.test", "a@uni.test,b@uni.test",
                                     "\"a b\"@uni.test", "anna@uni.test\x00"[:-1] + "\t", "", "a@-uni.test", "a" * 65 + "@uni.test"])
def test_addresses_refused(sink, tmp_path, address):
    assert outcome(tmp_path, sink, letter={"address": address})[0] == "REFUSED"
    assert not sink.raw()


def test_odd_addresses_taken(sink, tmp_path):
    for address in ("o'neil+x=y@sub-1.uni.test", "a" * 64 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".test"):
        assert outcome(tmp_path, sink, letter={"address": address})[0] == "SENT"


def test_expired_is_not_sent(sink, tmp_path):
    assert outcome(tmp_path, sink, letter={"expires": 1})[0] == "LATER"
    assert not sink.raw()


# ---- the envelope, connections ----

def test_number_in_the_envelope_sender(sink, tmp_path):
    run = send(tmp_path, sink, [{}, {}], envelope_sender="bounces+%@uni.test", hello="mentor.uni.test", connections=1, message_id_domain="id.test")
    assert [run.reports[i][0] for i in (1, 2)] == ["SENT"] * 2
    assert [one["from"] for one in sink.envelopes()] == ["bounces+1@uni.test", "bounces+2@uni.test"]
    assert sink.envelopes()[0]["hello"] == "mentor.uni.test"


def test_message_id_gets_a_domain(sink, tmp_path):
    send(tmp_path, sink, [{"message_id": "abc"}], message_id_domain="id.test")
    send(tmp_path, sink, [{"message_id": "abc"}])
    assert [mail["Message-ID"] for mail in sink.mails()] == ["<abc@id.test>", "<abc@uni.test>"]


@pytest.mark.parametrize("connections", [1, 3])
def test_connections_are_used_again(sink, tmp_path, connections):
    run = send(tmp_path, sink, [{}] * 60, connections=connections)
    assert [run.reports[i][0] for i in range(1, 61)] == ["SENT"] * 60
    assert len({one["port"] for one in sink.envelopes()}) == connections


def test_refused_ones_do_not_stop_the_others(sink, tmp_path):
    sink.faults("RCPT gone@ 550 5.1.1 no such\nRCPT busy@ 451 4.3.0 later\n")
    run = send(tmp_path, sink, [{"address": f"{word}@uni.test"} for word in ("a", "gone", "b", "busy", "c")])
    assert [run.reports[i] for i in range(1, 6)] == [("SENT", "250 2.0.0"), ("REFUSED", "550 5.1.1"), ("SENT", "250 2.0.0"), ("LATER", "451 4.3.0"),
                                                     ("SENT", "250 2.0.0")]


# ---- what the server says ----

@pytest.mark.parametrize("fault, expected", [
    ("MAIL * 452 4.2.2 full", ("LATER", "452 4.2.2")), ("MAIL * 550 5.7.1 not you", ("BROKEN", "550 5.7.1")), ("MAIL * 421 4.3.2 no", ("LATER", "421 4.3.2")),
    ("RCPT * 451 later", ("LATER", "451")), ("RCPT * 550 5.1.1 <anna@uni.test> unknown", ("REFUSED", "550 5.1.1")), ("RCPT * 501 5.1.3 x", ("REFUSED", "501 5.1.3")),
    ("RCPT * 530 5.7.0 log in", ("BROKEN", "530 5.7.0")), ("RCPT * 550 5.1.8 sender", ("BROKEN", "550 5.1.8")), ("RCPT * 503 5.5.1 order", ("BROKEN", "503 5.5.1")),
    ("RCPT * 550 5.1.10abc x", ("REFUSED", "550")), ("DATA * 554 5.6.0 no", ("REFUSED", "554 5.6.0")), ("DATA * 451 4.3.0 no", ("LATER", "451 4.3.0"))])
def test_replies(sink, tmp_path, fault, expected):
    sink.faults(fault + "\n")
    assert outcome(tmp_path, sink) == expected


def test_dropped_after_the_text(sink, tmp_path):
    sink.faults("DATA * drop\n")
    assert outcome(tmp_path, sink)[0] == "UNKNOWN"
    assert len(sink.raw()) == 1


def test_nobody_there(tmp_path):
    server = Rude(smtp({}))
    server.stop()
    assert outcome(tmp_path, server)[0] == "LATER"
    assert outcome(tmp_path, server, **{"server": "nowhere.invalid", "insecure": "true"})[0] == "LATER"


@pytest.mark.parametrize("server", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"])
def test_with_a_simulated_clock_mail_stays_here(sink, tmp_path, server):
    """Whatever the settings allow: such a database is full of people who have an address."""
    words = {"server": server, "insecure": "true", "timeout": 1}
    run = drive(tmp_path, "smtp", settings(25, **words), [{"deliver": LETTER}], "--simulated", "1")
    assert run.reports[1] == ("BROKEN", "the clock is simulated: mail goes to a server on this machine only")
    assert outcome(tmp_path, sink, **words)[0] == "LATER"                       # with a clock of its own it would be tried
    run = drive(tmp_path, "smtp", settings(sink.port), [{"deliver": LETTER}], "--simulated", "1")
    assert run.reports[1][0] == "SENT"


# ---- protection ----

@pytest.fixture(scope="module", params=["starttls", "tls"])
def secure(request, tmp_path_factory, ca):
    sink = Sink(tmp_path_factory.mktemp("secure") / "box", "--tls", request.param, "--cert", ca[1], "--key", ca[2], "--login", "mentor", "se cret")
    sink.mode = request.param
    yield sink
    sink.stop()


def test_protected_and_logged_in(secure, tmp_path, ca):
    words = {"server": "localhost", "tls": secure.mode, "ca_file": ca[0], "user": "mentor", "password": "smtp-password"}
    secure.clear()
    run = send(tmp_path, secure, [{}] * 5, credentials={"smtp-password": "se cret"}, connections=1, **words)
    assert [run.reports[i][0] for i in range(1, 6)] == ["SENT"] * 5
    assert all(one["tls"] and one["login"] for one in secure.envelopes()) and len({one["port"] for one in secure.envelopes()}) == 1
    assert outcome(tmp_path, secure, credentials={"smtp-password": "wrong"}, **words) == ("BROKEN", "535 5.7.8")
    assert outcome(tmp_path, secure, **{**words, "user": ""})[0] == "BROKEN"
    assert outcome(tmp_path, secure, credentials={"smtp-password": "se cret"}, **{**words, "ca_file": ""})[0] == "BROKEN"
    secure.faults("AUTH * 454 4.7.0 down\n")
    assert outcome(tmp_path, secure, credentials={"smtp-password": "se cret"}, **words) == ("LATER", "454 4.7.0")
    assert len(secure.raw()) == 5


def test_server_without_tls_gets_nothing(sink, tmp_path):
    assert outcome(tmp_path, sink, tls="starttls")[0] == "BROKEN"
    assert outcome(tmp_path, sink, tls="tls")[0] == "BROKEN"
    assert not sink.raw()


# ---- rude servers ----

def test_greeting_without_end(tmp_path):
    for greeting in (b"220-" + b"x" * 70 + b"\r\n") * 110_000, b"220 " + b"x" * 8_000_000, b"\x00\xff" * 4_000_000:
        (word, _), took = rude(tmp_path, smtp({"GREET": greeting}))
        assert word == "LATER" and took < 6


@pytest.mark.parametrize("replies, word, most", [
    ({"GREET": b"421 4.3.2 closing\r\n"}, "LATER", 2), ({"GREET": None}, "LATER", 5), ({"GREET": b""}, "LATER", 2), ({"EHLO": None}, "LATER", 5),
    ({"MAIL": None}, "LATER", 5), ({"MAIL": b""}, "LATER", 2), ({"RCPT": b""}, "LATER", 2), ({"DATA": b""}, "LATER", 2), ({"DATA": None}, "LATER", 5),
    ({"DATA": b"554 5.3.4 no\r\n"}, "REFUSED", 2), ({".": b""}, "UNKNOWN", 2), ({".": None}, "UNKNOWN", 5), ({".": b"what?\r\n"}, "UNKNOWN", 5),
    ({"QUIT": None}, "SENT", 2), ({"QUIT": None, "RCPT": b"550 5.1.1 no\r\n"}, "REFUSED", 2), ({"QUIT": None, "MAIL": b"550 no\r\n"}, "BROKEN", 2),
    ({"QUIT": None, ".": b"452 4.3.1 no\r\n"}, "LATER", 2), ({"RCPT": b"250-x\r\n" * 200_000}, "LATER", 5), ({"GREET": b"junk\r\n"}, "LATER", 5)])
def test_rude_servers(tmp_path, replies, word, most):
    (found, detail), took = rude(tmp_path, smtp(replies))
    assert found == word and took < most and "@" not in detail


def test_idle_connection_that_died(tmp_path):
    """The server hangs up on a connection at its second mail: that one goes over a new connection, once."""
    def talk(connection, file, number):
        mails = 0

        def reply(word):
            nonlocal mails
            mails += word == "MAIL"
            return {"GREET": b"220 x\r\n", "EHLO": b"250 x\r\n", "MAIL": b"250 ok\r\n" if mails < 2 else b"421 4.4.2 idle\r\n", "RCPT": b"250 ok\r\n",
                    "DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n"}[word]
        connection.sendall(reply("GREET"))
        while line := file.readline():
            word = line[:4].strip().decode().upper()
            connection.sendall(reply(word))
            if word == "DATA":
                while file.readline() != b".\r\n":
                    pass
                connection.sendall(b"250 2.0.0 kept\r\n")
            if word == "MAIL" and mails == 2:
                return
    server = Rude(talk)
    run = send(tmp_path, server, [{}] * 4, connections=1, timeout=3)
    server.stop()
    assert [run.reports[i][0] for i in range(1, 5)] == ["SENT"] * 4 and server.count == 4


# ---- settings ----

@pytest.mark.parametrize("change, words", [
    ({"server": "mail.example.org"}, "starttls"), ({"server": "a b"}, "server"), ({"server": "x/y"}, "server"), ({"sender": "Me <a@b.test>"}, "sender"),
    ({"sender": "a@b.test\r"}, "sender"), ({"envelope_sender": "bounces %@b.test"}, "envelope_sender"), ({"hello": "a\rb"}, "hello"),
    ({"user": "x", "password": "gone"}, "credential"), ({"ca_file": "/nonexistent"}, "ca_file"), ({"message_id_domain": "a>b"}, "message_id_domain")])
def test_settings_refused(tmp_path, change, words):
    run = drive(tmp_path, "smtp", {**settings(25), **change}, [])
    assert run.status == 1 and words in run.refused
