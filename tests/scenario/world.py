# SPDX-License-Identifier: GPL-3.0-or-later
"""A small institution, built over the bus by those who may: what the tests of access, walls and calls stand in.

Two programs that run and one that is a draft, every duty, matches in every stage that matters, and a user account
for each kind of caller (CAST). It is built once a run; each test that asks for it gets a copy of the database and
a daemon of its own. All names, addresses and texts are made-up words that occur nowhere else (PLANTED), so that a
test can ask where they went. The clock is simulated and stands still.
"""
import datetime
import itertools
import os
import pathlib
import pwd
import shutil
import sqlite3
import tempfile

import pytest

import harness
from harness import TOP

BEGIN = int(datetime.datetime(2026, 9, 7, 6, tzinfo=datetime.timezone.utc).timestamp())     # a Monday
NOW = BEGIN + 10 * 86400
DAY = 86400

# account: (given name, what they are); family names are PLANTED too
CAST = {
    "root": (None, "administrator by uid"),
    "mt-admin": (None, "administrator by polkit, if polkit is asked"),
    "mt-coord": ("Qorinna", "coordinator of all programs"),
    "mt-coord2": ("Qordula", "coordinator of program a"),
    "mt-mentor1": ("Wendelgard", "mentor of the active match in a"),
    "mt-mentee1": ("Xaveria", "mentee of the active match in a, with an objection"),
    "mt-mentor2": ("Yngvild", "mentor of the offered match in b"),
    "mt-mentee2": ("Zdenka", "mentee of the offered match in b, coordinator of nothing"),
    "mt-mentor3": ("Vratislav", "coordinator of a, and mentor of a match in a"),
    "mt-mentee3": ("Uldarich", "applied in a, no more"),
    "mt-auditor": ("Thusnelda", "auditor of all programs"),
    "mt-observer": ("Sieglinde", "observer of a"),
    "mt-protection": ("Radegund", "data-protection officer of all programs"),
    "mt-safe": ("Philomena", "safeguarding lead of a"),
    "mt-interview": ("Ottokar", "interviewer of a"),
    "mt-guardian": ("Notburga", "mentee of an active match in a whose login has ended"),
    "mt-nobody": (None, "an account without a login"),
    "mt-outside": ("Meinolf", "a login of all duties, but a uid outside the range"),
}
MORE = {"other": "Ludmilla", "lone": "Kunibert", "proposed": "Jolantha"}
FAMILY = "Plantowsky"
MAIL = "planted-post.example"
PLANTED = {"given": [name for name, _ in CAST.values() if name] + list(MORE.values()), "family": [FAMILY], "mail": [MAIL],
           "sealed": ["1971-03-29", "Grollwort", "Sippenwort"], "trait": ["Klavierstimmen"], "motivation": ["Beweggrundtext"],
           "note": ["Abschlussnotiz"]}


def settings():
    return ("identity: { uid_min = 61000; uid_max = 61150; };\n"
            "limits: { calls_in_flight = 4096; queue = 65536; subscriptions = 512; };\n")


class World:
    """The paths of what was built, by name: world.people['mt-coord'], world.matches['active']."""

    def __init__(self):
        self.people, self.programs, self.participants, self.matches, self.duties, self.logins = {}, {}, {}, {}, {}, {}
        self.other = {}

    # ---- built over the bus ----

    def build(self, daemon):
        root = daemon.caller("root")
        first = self.person(root, "mt-coord")
        self.login(root, "mt-coord", first)
        self.duty(root, "mt-coord", "coordinator")
        coord = daemon.caller("mt-coord")
        self.make_programs(coord)
        for account, (name, _) in CAST.items():
            if name and account != "mt-coord":
                self.login(root, account, self.person(coord, account))
        for name in MORE:
            self.person(coord, name)
        self.appoint(root)
        self.take_part(coord)
        self.match(daemon, coord)
        self.profiles(daemon, coord)
        root.verb(self.logins["mt-guardian"], "Login.End")
        root.manager("AdvanceClock", "x", (NOW,), seconds=60)
        coord.verb(self.matches["offered"], "Match.Offer")          # so late that nothing has lapsed yet
        daemon.caller("mt-protection").verb(self.people["mt-mentee1"], "Person.Disclose", {"fields": ["birth_date"]},
                                            options={"reason": "to look at the record of disclosures"})
        return self

    def person(self, caller, account):
        name = CAST[account][0] if account in CAST else MORE[account]
        self.people[account] = caller.create("people", {
            "given_name": name, "family_name": FAMILY, "email": f"{name.lower()}@{MAIL}", "zone": "Europe/Berlin",
            "external_id": f"no-{name.lower()}", "birth_date": "1971-03-29"})["object"]
        return self.people[account]

    def login(self, root, account, person):
        self.logins[account] = root.create("logins", {"person": person, "user_name": account})["object"]

    def duty(self, root, account, duty, **more):
        self.duties[account, duty] = root.create("duties", {"person": self.people[account], "duty": duty, **more})["object"]

    def make_programs(self, coord):
        for key, title, more in (("a", "Program Alder", {"starter": "first-year-university"}),
                                 ("b", "Program Birch", {"confidentiality": "coordinators", "starter": "new-staff"}),
                                 ("draft", "Program Cedar", {})):
            self.programs[key] = coord.create("programs", {
                "key": f"program-{key}", "title": title, "starts": "2026-09-01", "ends": "2027-06-30", "zone": "Europe/Berlin",
                "framework": "for members", **more})["object"]
            if key != "draft":
                coord.verb(self.programs[key], "Program.Open")
                coord.verb(self.programs[key], "Program.Start")

    def appoint(self, root):
        a = {"program": self.programs["a"]}
        self.duty(root, "mt-coord2", "coordinator", **a)
        self.duty(root, "mt-mentor3", "coordinator", **a)
        self.duty(root, "mt-auditor", "auditor")
        self.duty(root, "mt-observer", "observer", **a)
        self.duty(root, "mt-protection", "data-protection officer")
        self.duty(root, "mt-safe", "safeguarding lead", **a)
        self.duty(root, "mt-interview", "interviewer", **a)
        for duty in ("coordinator", "auditor", "data-protection officer", "safeguarding lead"):
            self.duty(root, "mt-outside", duty)

    def take_part(self, coord):
        for account, program, role in (("mt-mentor1", "a", "mentor"), ("mt-mentee1", "a", "mentee"), ("mt-mentor2", "b", "mentor"),
                                       ("mt-mentee2", "b", "mentee"), ("mt-mentor3", "a", "mentor"), ("other", "a", "mentee"),
                                       ("mt-mentee3", "a", "mentee"), ("mt-guardian", "a", "mentee"), ("lone", "a", "mentee"),
                                       ("proposed", "a", "mentee"), ("mt-mentee1", "b", "mentor")):
            one = coord.create("participants", {
                "program": self.programs[program], "person": self.people[account], "role": role, "motivation": "Beweggrundtext",
                **({"capacity": 5} if role == "mentor" else {})})["object"]
            self.participants[account, program] = one
            if account != "mt-mentee3":
                coord.verb(one, "Participant.Accept")

    def match(self, daemon, coord):
        for name, program, mentor, mentee, stage in (
                ("active", "a", "mt-mentor1", "mt-mentee1", "active"), ("offered", "b", "mt-mentor2", "mt-mentee2", "offered"),
                ("own", "a", "mt-mentor3", "other", "active"), ("proposed", "a", "mt-mentor1", "proposed", "proposed"),
                ("orphan", "a", "mt-mentor1", "mt-guardian", "active"), ("declined", "a", "mt-mentor1", "lone", "declined")):
            match = self.matches[name] = coord.create("matches", {
                "program": self.programs[program], "mentor": self.participants[mentor, program],
                "mentee": self.participants[mentee, program]})["object"]
            if stage in ("proposed", "offered"):
                continue
            coord.verb(match, "Match.Offer")
            if stage == "declined":
                coord.verb(match, "Match.Decline", options={"for": self.people[mentee]})
            if stage != "active":
                continue
            daemon.caller(mentor).verb(match, "Match.Accept")
            coord.verb(match, "Match.Accept", options={"for": self.people[mentee]})
            coord.verb(match, "Match.Start")

    def profiles(self, daemon, coord):
        one = self.participants["mt-mentee1", "a"]
        make = self.other
        make["trait"] = coord.create("traits", {"participant": one, "kind": "skill", "name": "Klavierstimmen", "side": "sought"})["object"]
        coord.create("traits", {"participant": self.participants["mt-mentor2", "b"], "kind": "skill", "name": "Klavierstimmen"})
        make["availability"] = coord.create("availabilities", {"participant": one, "weekday": "monday", "start": 600, "end": 720})["object"]
        make["wish"] = coord.create("wishes", {"participant": one, "other": self.participants["mt-mentor1", "a"]})["object"]
        coord.create("wishes", {"participant": self.participants["mt-mentor1", "a"], "other": self.participants["proposed", "a"]})
        make["objection"] = daemon.caller("mt-mentee1").create("objections", {
            "participant": one, "other": int(self.people["mt-mentor3"].rpartition("/")[2]), "reason": "Grollwort"})["object"]
        make["group_membership"] = daemon.caller("mt-mentee1").create("group_memberships", {"participant": one, "group": "Sippenwort"})["object"]
        make["closed_days"] = coord.create("closed_days", {"program": self.programs["a"], "from": "2026-12-21", "to": "2027-01-02",
                                                           "name": "winter break"})["object"]
        coord.create("closed_days", {"from": "2026-10-03", "to": "2026-10-03", "name": "national day"})
        make["template"] = coord.create("templates", {"program": self.programs["a"], "key": "match-offered", "language": "fr",
                                                      "subject": "Bonjour", "text": "{{link}}"})["object"]
        make["instrument"] = coord.create("instruments", {"program": self.programs["a"], "key": "by-hand", "title": "Asked by hand"})["object"]
        make["item"] = coord.create("items", {"instrument": make["instrument"], "name": "why", "kind": "text", "label": "Why?"})["object"]
        make["item_text"] = coord.create("item_texts", {"item": make["item"], "language": "de", "label": "Warum?"})["object"]
        make["scale"] = coord.create("scales", {"instrument": make["instrument"], "name": "all", "items": ["why"]})["object"]
        ready = make["ready"] = coord.create("instruments", {"program": self.programs["a"], "key": "how", "title": "How is it?"})["object"]
        coord.create("items", {"instrument": ready, "name": "more", "kind": "text", "label": "What else?"})
        coord.verb(ready, "Instrument.Ready")
        make["wave"] = coord.create("waves", {"instrument": ready, "title": "How is it?", "audience": "everybody", "opens": BEGIN + 40 * 86400,
                                              "closes": BEGIN + 60 * 86400})["object"]
        make["recipe"] = coord.create("recipes", {"program": self.programs["a"], "name": "by hand"})["object"]
        make["recipe_line"] = coord.create("recipe_lines", {"recipe": make["recipe"], "criterion": "traits", "weight": 2.0})["object"]

    # ---- what a worker would have written ----

    def plant(self, database):
        """Rows of a run and an import, as the worker leaves them, put into the stopped database."""
        number = {name: int(path.rpartition("/")[2]) for name, path in self.programs.items()}
        sides = {key: int(path.rpartition("/")[2]) for key, path in self.participants.items()}
        with sqlite3.connect(database) as db:
            for program in ("a", "b"):
                run = db.execute("INSERT INTO match_run (version, program, seed, asked_at, done_at, state, statistics, placed) "
                                 "VALUES (1, ?, 1, ?, ?, 'proposed', 'numbers', 1)", (number[program], BEGIN, BEGIN)).lastrowid
                mentor, mentee = (("mt-mentor1", "lone") if program == "a" else ("mt-mentor2", "mt-mentee2"))
                db.execute("INSERT INTO run_pair (version, program, run, mentor, mentee, score, reasons) VALUES (1, ?, ?, ?, ?, 700000, "
                           "'both like Klavierstimmen')", (number[program], run, sides[mentor, program], sides[mentee, program]))
                db.execute("INSERT INTO unplaced (version, program, run, participant, stopped, help) VALUES (1, ?, ?, ?, 'capacity', "
                           "'one more place')", (number[program], run, sides[mentee, program]))
                circle = db.execute("INSERT INTO run_circle (version, program, run, number, score, value) VALUES (1, ?, ?, 1, 700000, 700000)",
                                    (number[program], run)).lastrowid
                db.execute("INSERT INTO run_seat (version, program, run, circle, participant, side, score, reasons) VALUES (1, ?, ?, ?, ?, "
                           "'mentor', 700000, 'both like Klavierstimmen')", (number[program], run, circle, sides[mentor, program]))
                db.execute("INSERT INTO import (version, program, format, name, \"take\", uid, rows, created, changed, unchanged, problems, "
                           "time, state) VALUES (1, ?, 'csv', 'people.csv', 1, 0, 1, 1, 0, 0, 0, ?, 'taken')", (number[program], BEGIN))
                person = int(self.people[mentee].rpartition("/")[2])
                db.execute("INSERT INTO invitation (version, program, person, actor, purpose, subject, generation, sent_at, expires_at, state) "
                           "VALUES (1, ?, ?, 'person', 'own-page', ?, 1, ?, ?, 'sent')", (number[program], person, person, BEGIN, BEGIN + 86400))
                db.execute("INSERT INTO concern (version, program, match, person, severity, objects, raised_at, state) VALUES "
                           "(1, ?, ?, ?, 'ordinary', 0, ?, 'open')",
                           (number[program], int(self.matches["active"].rpartition("/")[2]) if program == "a" else None, person, BEGIN))
            ready = int(self.other["ready"].rpartition("/")[2])
            for state, who in (("open", "mt-mentee1"), ("closed", "lone")):
                wave = db.execute("INSERT INTO wave (version, program, instrument, title, audience, opens, closes, reminder_days, reminders, "
                                  "anonymity, k, state) VALUES (1, ?, ?, ?, 'everybody', ?, ?, 7, 2, 'named', 5, ?)",
                                  (number["a"], ready, state, BEGIN - 86400, BEGIN + 30 * 86400, state)).lastrowid
                person = int(self.people[who].rpartition("/")[2])
                db.execute("INSERT INTO wave_member (version, program, wave, person, name, side, state) VALUES (1, ?, ?, ?, 'Planted', 'mentee', ?)",
                           (number["a"], wave, person, "asked" if state == "open" else "answered"))
                db.execute("INSERT INTO response (version, program, wave, person, side, answers, state) VALUES (1, ?, ?, ?, 'mentee', "
                           "'more=Tee', ?)", (number["a"], wave, person, "draft" if state == "open" else "submitted"))
                db.execute("INSERT INTO wave_result (version, program, wave, position, item, label, count, \"of\") VALUES (1, ?, ?, 1, 'more', "
                           "'What else?', 9, 9)", (number["a"], wave))
            db.execute("INSERT INTO meeting (version, program, match, start, minutes, first, sequence, changed_at, state) VALUES "
                       "(1, ?, ?, ?, 30, 0, 0, ?, 'planned')", (number["a"], int(self.matches["active"].rpartition("/")[2]), BEGIN - 86400, BEGIN - 2 * 86400))
            at = (number["a"], int(self.matches["active"].rpartition("/")[2]))
            db.execute("INSERT INTO meeting_series (version, program, match, rule, zone, start, minutes, state) VALUES "
                       "(1, ?, ?, 'FREQ=WEEKLY', 'UTC', ?, 30, 'running')", (*at, BEGIN + 86400))
            db.execute("INSERT INTO meeting_note (version, program, match, meeting, person, written_at) SELECT 1, ?, ?, max(id), ?, ? FROM meeting",
                       (*at, int(self.people["mt-mentee1"].rpartition("/")[2]), BEGIN))
            for program, minor, guardian, state in (("a", "mt-mentee1", "mt-guardian", "claimed"), ("b", "mt-mentee2", "mt-guardian", "verified")):
                one, other = (int(self.people[name].rpartition("/")[2]) for name in (minor, guardian))
                db.execute("INSERT INTO guardianship (version, program, minor, guardian, relation, source, entered_at, state) VALUES (1, ?, ?, "
                           "?, 'parent', 'registration', ?, ?)", (number[program], one, other, BEGIN, state))
                for purpose, state in (("take part", "asked"), ("photo", "given")):
                    db.execute("INSERT INTO consent (version, program, person, giver, purpose, asked_at, state) VALUES (1, ?, ?, ?, ?, ?, ?)",
                               (number[program], one, one, purpose, BEGIN, state))
            for program, who in (("a", "mt-mentee1"), ("b", "mt-mentee2")):
                db.execute("INSERT INTO address_change (version, program, person, old, new, origin, proposed_at, expires_at, in_force_at, state, "
                           "state_since) VALUES (1, ?, ?, 'old@planted-post.example', 'new@planted-post.example', 'staff', ?, ?, ?, 'taken back', ?)",
                           (number[program], int(self.people[who].rpartition("/")[2]), BEGIN, BEGIN + 7 * 86400, BEGIN, BEGIN))
            db.execute("INSERT INTO plugin (version, name, restarts, required, state) VALUES (1, 'pigeon', 0, 0, 'disabled')")
        db.close()


def number(path):
    """The id at the end of an object path."""
    return int(path.rpartition("/")[2])


class Copy(World):
    """The world in a daemon of this test's own."""

    def __init__(self, world, bus, installed, directory, **options):
        self.__dict__.update(world.__dict__)
        self.bus, self.directory = bus, directory
        self.daemon = harness.Daemon(bus, installed, directory)
        self.daemon.configure(settings(), "00-tests.conf")
        copy_state(world.state, self.daemon)
        self.start(**options)

    def start(self, *words, **options):
        self.daemon.start(*words, clock=0, **options)
        self.root = self.daemon.caller("root")
        if self.root.get(TOP, "Manager", "Held"):
            self.root.manager("Resume", "a{sv}", ({},))
        return self

    def restart(self, *words, **options):
        self.daemon.stop()
        return self.start(*words, **options)

    def caller(self, account, connection=0):
        return self.daemon.caller(account, connection)

    def rows(self, sql, *values):
        """Rows straight from the file, as dictionaries: what tests compare the bus with."""
        return read_rows(self.daemon.state, sql, *values)


def copy_state(state, daemon):
    owner = pwd.getpwnam(daemon.user)
    for name in os.listdir(state):
        source, target = pathlib.Path(state) / name, daemon.state / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        os.chmod(target, 0o700 if source.is_dir() else 0o600)
        os.chown(target, owner.pw_uid, owner.pw_gid)


def read_rows(state, sql, *values):
    db = sqlite3.connect(f"file:{state}/mentorship.db?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in db.execute(sql, values)]
    finally:
        db.close()


# ---- fixtures; a test file imports those that it uses ----

@pytest.fixture(scope="session")
def built_world(place, installed):
    """Built once; its state directory is only copied afterwards."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=place))
    directory.chmod(0o755)
    bus = harness.Bus(directory / "bus", [installed.policy])
    daemon = harness.Daemon(bus, installed, directory / "daemon")
    daemon.configure(settings(), "00-tests.conf")
    try:
        daemon.start(clock=BEGIN)
        world = World().build(daemon)
        daemon.stop()
        world.plant(daemon.state / "mentorship.db")
        world.state = daemon.state
    finally:
        daemon.close()
        bus.stop()
    yield world
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def world(built_world, bus, installed, scratch):
    """A copy for one test."""
    copy = Copy(built_world, bus, installed, scratch / "daemon")
    yield copy
    copy.daemon.close()


@pytest.fixture(scope="module")
def shared_world(built_world, place, installed):
    """A copy for the tests of one file that change nothing."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=place))
    directory.chmod(0o755)
    bus = harness.Bus(directory / "bus", [installed.policy])
    copy = Copy(built_world, bus, installed, directory / "daemon")
    yield copy
    copy.daemon.close()
    bus.stop()
    shutil.rmtree(directory, ignore_errors=True)
