#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's mail server, and the people who read their mail and press the links in it.

post.py serve PLACE            a real SMTP server on loopback; prints its port, keeps each mail as PLACE/00001.eml
post.py WORD PLACE FILE...     reads the mails there; what mentorctl printed as JSON says which message each one is
"""
import collections
import email
import email.policy
import email.utils
import html.parser
import http.client
import json
import pathlib
import re
import signal
import socket
import sys
import time
import urllib.parse

TASKS = {}


def task(function):
    TASKS[function.__name__.replace("_", "-")] = function
    return function


def read(name):
    return json.loads(pathlib.Path(name).read_text(encoding="utf-8"))


def number(path):
    return int(path.rsplit("/", 1)[1]) if path and path != "/" else 0


def wrong(sentence):
    print(f"   {sentence}")
    sys.exit(1)


# ---- the server ----

@task
def serve(place):
    from aiosmtpd.controller import Controller
    place = pathlib.Path(place)
    count = 0

    class Keeper:
        async def handle_DATA(self, server, session, envelope):
            nonlocal count
            count += 1
            part = place / f"{count:05}.part"
            part.write_bytes(envelope.original_content)
            part.rename(place / f"{count:05}.eml")
            return "250 2.0.0 kept"

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(Keeper(), hostname="127.0.0.1", port=port)
    server.start()
    print(port, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


# ---- mails ----

Mail = collections.namedtuple("Mail", "path id to subject text links unsubscribe calendar template person match occasion")


def mails(place, messages):
    """Each mail with the message that it is, oldest first."""
    rows = {number(row["object"]): row for row in read(messages)}
    for path in sorted(pathlib.Path(place).glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        number_ = int(re.match(r"<m([0-9a-f]+)@", mail["Message-ID"]).group(1), 16)
        row = rows.get(number_, {})
        body = mail.get_body(("plain",)).get_content()
        yield Mail(path, number_, mail["To"] or "", mail["Subject"], body, re.findall(r"https?://\S+/l/[A-Za-z0-9_-]{43}", body),
                   (mail["List-Unsubscribe"] or "").strip("<>"),
                   next((part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"), None),
                   row.get("template_name", ""), row.get("person", ""), row.get("match", ""),
                   row.get("occasion", ""))


@task
def count(place, messages, *templates):
    """How many mails of these kinds came."""
    print(sum(1 for mail in mails(place, messages) if not templates or mail.template in templates))


@task
def addressed(place, messages, address):
    """How many mails came to an address."""
    print(sum(1 for mail in mails(place, messages) if address in mail.to))


@task
def saying(place, messages, template, person, words):
    """How many mails of a kind to somebody say that."""
    print(sum(1 for mail in mails(place, messages) if mail.template == template and str(number(mail.person)) == person and words in mail.text))


@task
def once(place, messages, template):
    """Nobody got two mails of that kind about one match; prints how many came."""
    seen = collections.Counter((mail.person, mail.match) for mail in mails(place, messages) if mail.template == template)
    twice = [key for key, times in seen.items() if times > 1]
    if twice:
        wrong(f"{len(twice)} people got more than one {template}, such as {twice[0]}")
    print(len(seen))


@task
def invitations(place, messages):
    """Each introduction carries an invitation for the reader's calendar: the same meeting for both of a pair, naming the reader alone. Prints
    one, and how many there are."""
    found, meetings = [], collections.defaultdict(set)
    for mail in mails(place, messages):
        if mail.template != "match-started":
            continue
        text = re.sub(r"\r?\n[ \t]", "", mail.calendar or "")
        guests = re.findall(r"^ATTENDEE.*?:mailto:(\S+)", text, re.MULTILINE | re.IGNORECASE)
        if "METHOD:REQUEST" not in text or guests != [email.utils.parseaddr(mail.to)[1]]:
            wrong(f"{mail.path.name}: no invitation for {mail.to} alone: {guests}")
        meetings[mail.match].add(re.search(r"^UID:(.*)$", text, re.MULTILINE)[1])
        found.append(text)
    if any(len(uids) != 1 for uids in meetings.values()):
        wrong("the two of a pair were invited to different meetings")
    event = found[-1][found[-1].index("BEGIN:VEVENT"):] if found else ""
    print("\n".join(line for line in event.splitlines() if re.match("(UID|DTSTART|DTEND|SUMMARY|ATTENDEE|SEQUENCE)", line)))
    print(f"{len(found)} such invitations, for {len(meetings)} meetings")


@task
def show(place, messages, template, person=""):
    """The newest mail of a kind, as its reader sees it."""
    found = [mail for mail in mails(place, messages) if mail.template == template and person in ("", str(number(mail.person)))]
    if not found:
        wrong(f"there is no {template}")
    print(f"To: {found[-1].to}\nSubject: {found[-1].subject}\n")
    print(re.sub(r"(/[lu]/[A-Za-z0-9_-]{6})[A-Za-z0-9_-]{37}", r"\1...", found[-1].text))


# ---- a browser, as simple as one can be ----

class Form(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.fields, self.buttons, self.title, self.within = {}, [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "button" and attributes.get("name") == "do":
            self.buttons.append(attributes.get("value", ""))
        self.within = tag == "h1" or (self.within and tag not in ("p", "form"))

    def handle_endtag(self, tag):
        if tag == "h1":
            self.within = False

    def handle_data(self, data):
        if self.within:
            self.title += data


class Browser:
    """Keeps its connection; while the daemon is down the page says so, and it tries again."""

    def __init__(self):
        self.connection = None

    def ask(self, method, url, fields=None):
        parts = urllib.parse.urlsplit(url)
        for _ in range(600):
            try:
                self.connection = self.connection or http.client.HTTPConnection(parts.netloc, timeout=20)
                self.connection.request(method, parts.path, urllib.parse.urlencode(fields, doseq=True) if fields is not None else None,
                                        {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {})
                reply = self.connection.getresponse()
                text = reply.read().decode()
                if reply.status != 503:
                    return reply.status, text
            except (OSError, http.client.HTTPException):
                self.connection = None
            time.sleep(0.1)
        wrong(f"{parts.netloc} does not answer")

    def press(self, url, button, **values):
        """Reads the page and sends its form. 200 and the heading of what came; other statuses as they are."""
        status, text = self.ask("GET", url)
        if status != 200:
            return status, ""
        form = Form(text)
        if button not in form.buttons:
            return 0, form.title.strip()
        status, text = self.ask("POST", url, {**form.fields, **values, "do": button})
        return status, Form(text).title.strip()


# ---- what people do ----

def newest(place, messages, *templates):
    """The newest mail of each (person, match)."""
    return {(mail.person, mail.match): mail for mail in mails(place, messages) if mail.template in templates}


@task
def offers(place, messages, choice, matches, done, which="half"):
    """Every second offered match (or `all`) is answered through the links in its mails: most accept, some decline with a reason, some never answer.
    Each answer is noted in the file `done` once the page has said so."""
    chosen, browser = read(choice), Browser()
    offered = sorted((row["object"] for row in read(matches) if row["state"] == "offered"), key=number)
    special = {chosen["match"], chosen["second"], chosen["own"]}
    said = collections.Counter()
    before = {tuple(line.split()[:2]) for line in pathlib.Path(done).read_text().splitlines()}
    with open(done, "a", encoding="utf-8", buffering=1) as noted:
        for (person, match), mail in newest(place, messages, "match-offered").items():
            if match not in offered or number(match) in special or (which == "half" and offered.index(match) % 2) or not mail.links or (
                    str(number(match)), str(number(person))) in before:
                continue
            turn = offered.index(match)
            if turn % 60 == 38 and len(offered) >= 20 and which == "half":
                said["left unanswered"] += 1
                continue
            no = turn % 24 == 10 and which == "half"
            status, title = browser.press(mail.links[0], "decline" if no else "accept", **({"reason": "no time this term"} if no else {}))
            if status == 404:
                said["over before it was answered"] += 1
                continue
            if status != 200:
                wrong(f"the page said {status} {title!r} to an answer")
            said["declined" if no else "accepted"] += 1
            noted.write(f"{number(match)} {number(person)} {'Decline' if no else 'Accept'}\n")
    print(", ".join(f"{times} {what}" for what, times in sorted(said.items())))


@task
def fetch_often(place, messages, choice, matches):
    """One link is fetched a hundred times, as mail scanners do."""
    offered = {row["object"] for row in read(matches) if row["state"] == "offered"}
    mail = next(mail for (_, match), mail in newest(place, messages, "match-offered").items() if match in offered and mail.links)
    browser, pages = Browser(), set()
    for _ in range(100):
        pages.add(browser.ask("GET", mail.links[0]))
    if len(pages) != 1 or next(iter(pages))[0] != 200:
        wrong(f"{len(pages)} different pages came")
    print(number(mail.match))


@task
def person_of_offer(place, messages, choice, matches):
    """Somebody who has one open offer: number of the person, and the link in it; 0 if there is nobody."""
    offered = {row["object"] for row in read(matches) if row["state"] == "offered"}
    special = {read(choice)[key] for key in ("match", "second", "own")}
    found = [mail for (_, match), mail in newest(place, messages, "match-offered").items()
             if match in offered and number(match) not in special and mail.links]
    times = collections.Counter(mail.person for mail in found)
    found = [mail for mail in found if times[mail.person] == 1]
    print(*((number(found[-1].person), found[-1].links[0]) if found else (0, "")))


@task
def status(url):
    """What a GET of a link answers."""
    print(Browser().ask("GET", url)[0])


@task
def check_ins(place, messages, *batches):
    """The answers of these batches (as for mentorctl call-many) are given through the newest link for each check-in instead. What has no
    link any more is written into rest.json."""
    browser, rest, done = Browser(), [], 0
    links = {(mail.person, mail.occasion): mail for mail in mails(place, messages) if mail.template in ("check-in-due", "check-in-reminder")}
    for name in batches:
        for call in read(name):
            mail = links.get((call["options"]["for"], f"check_in/{number(call['object'])}"))
            arguments = call["arguments"]
            if not mail or not mail.links:
                rest.append(call)
                continue
            code, title = browser.press(mail.links[0], "send", **{f"q.{name}": value for name, value in
                                                                  (answer.split("=", 1) for answer in arguments["answers"])})
            if code == 404:
                rest.append(call)
            elif code != 200:
                wrong(f"the page said {code} {title!r} to a check-in")
            else:
                done += 1
    pathlib.Path("rest.json").write_text(json.dumps(rest), encoding="utf-8")
    print(done, len(rest))


@task
def talk(place, messages):
    """Somebody presses 'I need to talk to somebody' on the page of a link."""
    mail = [mail for mail in mails(place, messages) if mail.template in ("check-in-due", "check-in-reminder") and mail.links][-1]
    browser = Browser()
    status, text = browser.ask("GET", mail.links[-1])
    form = Form(text)
    if status != 200 or "talk" not in form.buttons:
        wrong(f"the page ({status}) has no such button")
    status, text = browser.ask("POST", mail.links[-1], {**form.fields, "do": "talk"})
    form = Form(text)
    status, text = browser.ask("POST", mail.links[-1], {**form.fields, "text": "I would rather say it in private.", "do": "talk-send"})
    if status != 200:
        wrong(f"the page said {status} to who wants to talk")
    print(Form(text).title.strip())


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit("post.py: the words are " + ", ".join(TASKS))
    TASKS[sys.argv[1]](*sys.argv[2:])


main()
