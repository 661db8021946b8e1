# SPDX-License-Identifier: GPL-3.0-or-later
"""mentorctl against the real daemon: a coordinator's way from a form's export to a started match, and what scripts rely on."""
import json
import os
import re
import shlex
import shutil
import subprocess

import pytest

from harness import ROOT, as_user, environment, run
from world import read_rows

DONE, OTHER, USAGE, NOTFOUND, DENIED, UNREACHABLE, CONFLICT = range(7)
BEGIN = 1790000000                            # 2026-09-21 16:13:20 in Berlin, a Monday


class Ctl:
    """mentorctl as one user; gives stdout, or stderr where a failure is wanted."""

    def __init__(self, daemon, user):
        self.daemon, self.user = daemon, user

    def __call__(self, *args, status=DONE, env=None, cwd="/", **more):
        more = {"stdin": subprocess.DEVNULL, **more} if "input" not in more else more
        done = subprocess.run(as_user(self.user, [self.daemon.installed.client, *map(str, args)]), timeout=60, text=True, capture_output=True,
                              env={**environment(**self.daemon.bus.environment()), "TZ": "Europe/Berlin", **(env or {})}, cwd=cwd, **more)
        assert done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if status == DONE else done.stderr

    def json(self, *args, **more):
        return json.loads(self("--json", *args, **more))

    def error(self, *args):
        """What stderr says although all is well."""
        return run(self.user, [self.daemon.installed.client, *args], env=self.daemon.bus.environment()).stderr


@pytest.fixture
def daemon(stopped_daemon):
    stopped_daemon.configure((ROOT / "conf/demo/adults.conf").read_text())
    return stopped_daemon.start(clock=BEGIN)


@pytest.fixture
def root(daemon):
    return Ctl(daemon, "root")


@pytest.fixture
def coord(daemon, root):
    root("person", "create", "given_name=Cora", "family_name=Dinate", "birth_date=1980-02-29")
    root("login", "create", "person=Cora Dinate", "user_name=mt-coord")
    root("duty", "create", "person=1", "duty=coordinator")
    return Ctl(daemon, "mt-coord")


@pytest.fixture
def program(coord):
    """A program that is open, with two people for each side."""
    coord("program", "create", "key=peers", "title=Peers", "starts=2026-09-28", "ends=+40w", "zone=Europe/Berlin")
    for given, family, role in (("Ana", "Lopez", "mentor"), ("Ana", "Ruiz", "mentee"), ("Jörg", "Ünal", "mentee"), ("Mo", "Farah", "mentor")):
        coord("person", "create", f"given_name={given}", f"family_name={family}", "birth_date=1999-12-31")
        coord("participant", "create", "program=peers", f"person={given} {family}", f"role={role}", "capacity=1")
    coord("program", "open", "peers")
    return coord


@pytest.fixture
def files(scratch):
    """The sample's forms, readable by everybody."""
    place = scratch / "files"
    shutil.copytree(ROOT / "conf/sample", place)
    subprocess.run(["chmod", "-R", "a+rX", str(place)], check=True)
    return place


def test_who_and_how(root, coord, daemon):
    assert "roles: admin" in root("whoami")
    assert "Cora Dinate" in coord("whoami") and coord.json("whoami")["roles"] == ["self", "coordinator"]
    assert Ctl(daemon, "mt-nobody").json("whoami")["person"] is None
    status = root.json("status")
    assert status["simulated"] is True and status["now"].startswith("2026-09-21T14:1")
    assert "Europe/Berlin" in root("status")


def test_the_tour_of_the_manual(daemon, root, scratch):
    """Each command of mentorship(7), as it stands there, on a new installation."""
    place = scratch / "tour"
    place.mkdir()
    place.chmod(0o777)
    (place / "people.csv").write_text("Name,Email,Role,Skills offered,Skills sought,Languages\n"
                                      "Ana Lopez,ana@example.org,Mentor,Maths,,English\nBo Ruiz,bo@example.org,Mentee,,Maths,English\n")
    (place / "people.csv").chmod(0o644)
    page = (ROOT / "docs/man/mentorship.7").read_text().partition(".Sh A FIRST TOUR")[2]
    blocks = re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed\n", page, re.S)
    blocks.append(re.search(r"\.Dl (mentorctl today)\n", page)[1] + "\n")
    said = []
    for i, block in enumerate(blocks):
        ctl = Ctl(daemon, "mt-coord") if i else root
        for line in block.replace("\\e\n", " ").splitlines():
            words = shlex.split(line.replace("user_name=cora", "user_name=mt-coord"))
            assert words[0] == "mentorctl"
            said.append(ctl(*words[1:], cwd=place))
            if "commit" in words:                                # a job makes the matches; this clock stands still
                root("advance-clock", "+1min")
    assert len(said) == 31 and "They are a pair." in said[13] and "places" in said[16] and "Ana Lopez" in said[10] and ctl.json("match", "list")[0]["state"] == "active"


def test_what_the_manual_says_of_minors_and_messages(program, scratch):
    page = (ROOT / "docs/man/mentorship.7").read_text().partition(".Ss Minors and consents")[2].partition(".Ss Times")[0]
    for name, born in (("Mini", "2012-03-03"), ("Maxi", "1980-03-03")):
        program("person", "create", f"given-name={name}", "family-name=Ruiz", f"birth-date={born}", f"email={name}@example.edu".lower())
    program("participant", "create", "program=peers", "person=Mini Ruiz", "role=mentee")
    program("participant", "accept", "Mini Ruiz")
    assert "minor without consents" in program("today")
    (scratch / "offer.txt").write_text("Would you like to meet {{match.partner}}?\n\n{{link}}\n")
    said = [program(*shlex.split(line)[1:], cwd=scratch) for block in re.findall(r"\.Bd -literal -offset indent\n(.*?)\.Ed\n", page, re.S)
            for line in block.replace("\\e\n", " ").splitlines()]
    assert len(said) == 10 and "Would you like to meet Jonas Weiler?" in said[8], said
    (scratch / "offer.txt").write_text("Would you like to meet {{match.partner}}?\n")
    assert "without {{link}} nobody could answer" in program("template", "update", "1", "text=@offer.txt", cwd=scratch, status=USAGE)


def test_names_instead_of_numbers(program):
    assert program.json("person", "show", "jörg")["family_name"] == "Ünal"
    said = program("person", "show", "Ana", status=USAGE)
    assert "2 (Ana Lopez)" in said and "3 (Ana Ruiz)" in said
    assert "called 'Bert'" in program("person", "show", "Bert", status=NOTFOUND)
    rows = program.json("participants", "list", "person=Ana Ruiz", "--fields", "name,role,state")
    assert [(row["name"], row["role"], row["state"]) for row in rows] == [("Ana Ruiz", "mentee", "applied")]
    assert "Ana Ruiz" in program("participant", "list", "--fields", "person,role")


def test_filters_and_order(program):
    def names(*args):
        return [row["name"] for row in program.json("participant", "list", "--fields", "name", *args)]
    assert sorted(names("role=mentor")) == ["Ana Lopez", "Mo Farah"]
    assert sorted(names("name^=Ana")) == ["Ana Lopez", "Ana Ruiz"]
    assert names("name~farah") == ["Mo Farah"]
    assert sorted(names("role=mentor,mentee", "id>=3")) == ["Jörg Ünal", "Mo Farah"]
    assert names("person=2,3", "role!=mentor") == ["Ana Ruiz"]
    assert names("role=mentee", "--where", "name^=Ana") == ["Ana Ruiz"], "no filter is passed over in silence"
    ids = [row["id"] for row in program.json("participant", "list", "--order", "-id", "--limit", "2")]
    assert ids == [4, 3]


def test_a_program_is_shown_in_its_readers_words(program):
    shown = program("program", "show", "peers")
    assert "starts: 2026-09-28" in shown and "state: open" in shown and "title: Peers" in shown
    assert program.json("program", "show", "peers")["ends"] == "2027-06-28"     # forty weeks from the daemon's own today


def test_from_applying_to_a_started_match(program):
    done = program("participant", "accept", "--where", "program=peers", "--where", "state=applied", "--yes")
    assert "participant accept: 4 done, 0 refused" in done
    made = program.json("match", "create", "program=peers", "mentor=Ana Lopez", "mentee=Ana Ruiz")
    number = made["object"].rpartition("/")[2]
    program("match", "start", number, status=CONFLICT)
    assert "would be done" in program("match", "offer", number, "--dry-run")
    assert program.json("match", "show", number)["state"] == "proposed"
    program("match", "offer", number)
    assert program.json("match", "accept", number, "--for", "Ana Lopez")["version"] > made["version"]
    program("match", "accept", number, "--for", "Ana Ruiz")
    said = program("match", "accept", number, "--for", "Ana Ruiz", status=CONFLICT)
    assert "WrongState" in said or "Conflict" in said
    program("match", "start", number)
    assert program.json("match", "show", number)["state"] == "active"


def test_a_match_is_called_by_its_two(program):
    """In lists, links and look-ups; and the columns of a list are those that the reader may read."""
    program("participant", "accept", "--where", "program=peers", "--yes")
    made = program.json("match", "create", "program=peers", "mentor=Ana Lopez", "mentee=Jörg Ünal")
    number = made["object"].rpartition("/")[2]
    assert "Ana Lopez & Jörg Ünal" in program("match", "list") and "SCORE" in program("match", "list")
    assert "Ana Lopez & Jörg Ünal" in program("today") and f"{number} Ana Lopez & Jörg Ünal" in program("match-member", "list")
    for word in ("jörg", "Ana Lopez", "Ana Lopez & Jörg Ünal"):
        assert program.json("match", "show", word)["id"] == int(number)
    Ctl(program.daemon, "root")("login", "create", "person=Ana Lopez", "user_name=mt-mentor1")
    mentor = Ctl(program.daemon, "mt-mentor1")
    mentor("match", "list", status=DENIED)                       # a proposal is staff's
    program("match", "offer", number)
    assert "Ana Lopez & Jörg Ünal" in mentor("match", "list") and "SCORE" not in mentor("match", "list")
    assert "offer to answer" in mentor("today")
    assert "it is for: coordinator" in mentor("match", "list", "score>0", status=DENIED)
    assert "it is for: admin" in program("job", "list", status=DENIED)


def test_texts_of_mails_name_commands_that_there_are(program):
    texts = "".join((ROOT / f"daemon/model/texts_{language}.c").read_text() for language in ("en", "de"))
    named = set(re.findall(r"mentorctl ([a-z-]+) ([a-z-]+)((?: [^\s\\\"{]+)*)", texts))
    assert len(named) > 8, named
    for noun, verb, rest in named:
        if verb == "list":
            program(noun, verb, *rest.split())
            assert "--where" not in rest
        elif verb != "show":
            assert "who may:" in program("help", noun, verb)


def test_completion_of_numbers(program):
    """Whatever a number begins with, and of what has no name either."""
    for i in range(12):
        program("person", "create", f"given_name=Aa{i}", "family_name=Many", "birth_date=1999-12-31")
    def words(*line):
        return [word.split("\t")[0] for word in program("complete", "--", *line).splitlines()]
    assert words("person", "show", "1") == ["1", "10", "11", "12", "13", "14", "15", "16", "17"]
    assert "2\tAna Lopez" in program("complete", "--", "person", "show", "2").splitlines()
    assert words("participant", "create", "person=16") == ["person=16"]
    program("availability", "create", "participant=1", "weekday=monday", "start=9:05", "end=600")
    assert "09:05" in program("availability", "list") and "end: 10:00\n" in program("availability", "show", "1")
    assert program.json("availability", "show", "1")["start"] == 545
    assert "9:30" in program("availability", "create", "participant=1", "weekday=monday", "start=9:75", "end=24:00", status=USAGE)
    assert words("availability", "show", "1") == ["1"]


def test_help_says_who_may_and_what_is_set_unasked(program):
    shown = program("participant", "accept", "--help")
    assert "who may: coordinator" in shown and "possible while: applied" in shown
    shown = program("recipe-line", "create", "--help")
    assert "hard, weight, nice to have, important, very important, must; unless given: weight" in shown and "Criterion, required" in shown
    assert "Verbs" not in program("help", "run-pair") and "mentorctl import undo ID" in program("help", "import", "undo")
    assert "but by id, " in program("person", "list", "--order", "email", status=USAGE)


def test_versions_and_keys(program):
    version = program.json("program", "show", "peers")["version"]
    program("program", "update", "peers", "summary=first", "--version", version)
    assert "Conflict" in program("program", "update", "peers", "summary=second", "--version", version, status=CONFLICT)
    key = "01K0000000ABCDEFGHJKMNPQRS"
    first = program.json("person", "create", "given_name=Once", "family_name=Only", "--key", key)
    assert program.json("person", "create", "given_name=Once", "family_name=Only", "--key", key)["object"] == first["object"]
    program("person", "create", "given_name=Twice", "family_name=Only", "--key", key, status=CONFLICT)
    assert len(program.json("person", "list", "name^=Once")) == 1


def test_what_may_not_be_seen_is_absent(program, daemon):
    outsider = Ctl(daemon, "mt-nobody")
    assert outsider("person", "show", "1", status=NOTFOUND) == outsider("person", "show", "77", status=NOTFOUND)
    outsider("person", "create", "given_name=X", "family_name=Y", status=DENIED)
    outsider("backup", status=DENIED)


def test_clearing_a_value(program):
    program("program", "update", "peers", "summary=words", "ends=2027-01-31")
    program("program", "update", "peers", "summary=")
    assert program.json("program", "show", "peers").get("summary") is None
    assert [row["key"] for row in program.json("program", "list", "summary=", "--fields", "key")] == ["peers"]


def test_sealed_is_disclosed_with_a_reason_only(program, root):
    root("person", "create", "given_name=Pro", "family_name=Tect", "birth_date=1970-01-01")
    root("login", "create", "person=Pro Tect", "user_name=mt-protection")
    root("duty", "create", "person=Pro Tect", "duty=data-protection")
    officer = Ctl(program.daemon, "mt-protection")
    assert "--reason" in officer("person", "disclose", "2", "fields=birth_date", status=USAGE)
    assert "1999-12-31" in officer("person", "disclose", "2", "fields=birth_date", "--reason", "asked by the person")
    assert "1999" not in program("person", "show", "2")
    program("person", "disclose", "2", "fields=birth_date", "--reason", "curious", status=DENIED)


@pytest.fixture
def both(files, scratch):
    """The forms of both sides in a directory, and the mapping of both."""
    place = scratch / "forms"
    place.mkdir(mode=0o755)
    for side in ("mentors", "mentees"):
        shutil.copy(files / f"{side}.csv", place)
    (place / ".hidden").write_text("no")
    (place / "folder").mkdir()
    mapping = scratch / "both.mapping"
    mapping.write_text((files / "mentors.mapping").read_text() + (files / "mentees.mapping").read_text())
    mapping.chmod(0o644)
    return place, mapping


def test_import_preview_then_for_good(coord, both):
    """Of a directory, which goes to the daemon as a ZIP: hidden files and folders stay behind."""
    coord("program", "create", "key=first", "title=First year", "starts=2026-10-05", "ends=2027-06-30")
    place, mapping = both
    words = ("import", place, "--program", "first", "--format", "form", "--mapping", mapping)
    assert "--take" in coord(*words) and len(coord.json("person", "list")) == 1
    taken = coord.json(*words, "--take")
    assert taken["created"] > 240 and not taken.get("problems")
    rows = coord.json("participant", "list", "program=first", "--fields", "name,role")
    assert len(rows) > 240 and {row["role"] for row in rows} == {"mentor", "mentee"}
    # whom a participant objects to is sealed: a preview does not tell that it is known, so these read as new
    objections = read_rows(coord.daemon.state, "SELECT count(*) AS n FROM objection")[0]["n"]
    assert objections and coord.json(*words)["created"] == objections
    imports = coord.json("import", "list")
    coord("import", "undo", imports[0]["id"], status=USAGE)
    assert [row["state"] for row in coord.json("imports", "list", "--fields", "state")].count("taken") == 1


def test_import_that_proposes(coord, files, scratch):
    out = scratch / "out"
    out.mkdir()
    out.chmod(0o777)
    coord("import", files / "mentors.csv", "--format", "form", "--role", "mentor", "--propose", out / "mapping", "--program", "x", status=NOTFOUND)
    assert '"Email Address"' in coord("import", files / "mentors.csv", "--format", "form", "--role", "mentor", "--propose", "-")
    Ctl(coord.daemon, "mt-nobody")("import", files / "mentors.csv", "--format", "form", "--role", "mentor", "--propose", "-", status=DENIED)
    coord("program", "create", "key=first", "title=First year", "starts=2026-10-05", "ends=2027-06-30")
    coord("import", files / "mentors.csv", "--program", "first", "--format", "form", "--role", "mentor", "--propose", out / "mapping")
    assert '"Email Address"' in (out / "mapping").read_text()
    assert "is there already" in coord("import", files / "mentors.csv", "--program", "first", "--format", "form", "--propose", out / "mapping",
                                         status=USAGE)
    assert '"Email Address"' in coord("import", files / "mentors.csv", "--program", "first", "--format", "form", "--role", "mentor", "--propose", "-")


def test_import_with_problems_takes_nothing(coord, scratch):
    coord("program", "create", "key=first", "title=First year", "starts=2026-10-05", "ends=2027-06-30")
    file = scratch / "people.csv"
    file.write_text("Given,Family,Mail\nAnn,Onymous,ann@example.org\nBea,,no mail\n")
    file.chmod(0o644)
    mapping = scratch / "mapping"
    mapping.write_text('mapping 1\nformat form\nfile "people.csv"\nrole mentor\ncolumn "Given" -> given_name\ncolumn "Family" -> family_name\n'
                       'column "Mail" -> email\n')
    mapping.chmod(0o644)
    coord("import", file, "--program", "first", "--format", "form", "--mapping", mapping, "--take", status=USAGE)
    assert len(coord.json("person", "list")) == 1
    coord("import", scratch / "absent.csv", "--program", "first", status=NOTFOUND)
    assert "--program" in coord("import", file, status=USAGE)


def test_export(program, root):
    lines = program("export", "people", "name^=Ana", "--fields", "given_name,family_name").splitlines()
    assert sorted(lines[1:]) == ["Ana,Lopez", "Ana,Ruiz"]
    program("person", "create", "given_name==1+1", "family_name=Formula", "birth_date=1990-01-01")
    assert "'=1+1" in program("export", "person", "family_name=Formula", "--fields", "given_name")
    assert "'=1+1" not in program("export", "person", "family_name=Formula", "--fields", "given_name", "--raw")


def test_administration(program, root):
    name = root("backup").strip()
    assert name.endswith(".db")
    assert "whole: yes" in root("verify-audit") and root.json("verify-audit")["whole"] is True
    assert json.loads(root("--json", "resume", "--dry-run"))["jobs"] >= 0
    root("reload")
    program("reload", status=DENIED)


def test_the_simulated_clock(program, root):
    assert "2026-09-22 09:00 Europe/Berlin" in root("advance-clock", "tomorrow 9:00")
    root("advance-clock", "yesterday", status=USAGE)
    assert root.json("status")["now"] == "2026-09-22T07:00:00Z"
    rows = root.json("schedule", "preview", "--until", "+3d")
    assert rows and all(row["due"] <= "2026-09-25T07:00:00Z" for row in rows)
    assert "KIND" in root("schedule", "preview")
    assert "not all" in root.daemon.mentorctl("root", "schedule", "preview", "--limit", "1").stderr
    assert "not all" not in root.daemon.mentorctl("root", "schedule", "preview", "--until", "+1d").stderr


def test_results_of_a_wave(program, root):
    """Of two answers nothing is told, in whatever form; what a full table looks like, test_cli_fake.py holds."""
    program("instrument", "create", "program=peers", "starter=closeness")
    program("instrument", "ready", "1")
    program("wave", "create", "instrument=1", "title=Autumn", "audience=everybody", "opens=tomorrow 9:00", "closes=+2w", "anonymity=anonymous")
    assert "nothing below 5 answers is ever shown" in program("wave", "show", "1")
    root("advance-clock", "+2d")
    program("wave", "close", "1", "--yes")
    assert program("wave", "results", "1") == "" and "fewer have answered than are ever shown" in program.error("wave", "results", "1")
    assert program("wave", "results", "1", "--csv") == "item,question,answer,text,who,answers,of,mean,statistic,note\n"
    assert program.json("wave", "results", "1")["results"] == []


def test_today(program):
    items = program.json("today")
    assert items and {"kind", "object", "label", "since", "due", "program"} <= set(items[0])
    shown = program("today")
    assert "SINCE" in shown and "2026-09-21 16:1" in shown and "Peers" in shown
    # on a terminal, what is the same in each row takes no room; elsewhere the columns are always the same
    assert len(items) > 1 and len({item["program"] for item in items}) == 1
    near, far = os.openpty()
    subprocess.run(as_user("mt-coord", [program.daemon.installed.client, "today", "--no-pager", "--color=never"]), stdout=far, stdin=subprocess.DEVNULL,
                   timeout=60, check=True, cwd="/", env={**environment(**program.daemon.bus.environment()), "COLUMNS": "80"})
    os.close(far)
    narrow = os.read(near, 65536).decode()
    os.close(near)
    assert "SINCE" in narrow and "PROGRAM" not in narrow and "PROGRAM" in shown


def test_a_held_daemon_says_so(program, root):
    """After a restore nothing goes out; who looks at the day's work learns why."""
    assert "resume" not in program.error("today")
    name = root("backup").strip()
    program.daemon.stop()
    assert program.daemon.run("--restore", name).returncode == 0
    program.daemon.start(clock=BEGIN)
    assert "held until" in program.error("today") and "held: yes" in program("status") and program.json("today")
    assert "messages would go out" in root("resume", "--dry-run")
    root("resume", "--yes")
    assert "held" not in program.error("today") and "held: no" in program("status")


def test_changes_and_watch(program):
    before = program.json("changes")
    last = before[-1]["sequence"]
    program("program", "update", "peers", "summary=x")
    after = program.json("changes", "--after", last)
    assert [(row["change"], row["object"]) for row in after] == [("Changed", "/org/mentorship1/programs/1")]
    watching = subprocess.Popen(as_user("mt-coord", [program.daemon.installed.client, "watch", "program", "peers"]), stdout=subprocess.PIPE, text=True,
                                env=environment(**program.daemon.bus.environment()), cwd="/")
    try:
        program("program", "show", "peers")
        for number in range(50):
            program("program", "update", "peers", f"summary={number}")
            if number == 5:
                break
        assert watching.stdout.readline().split()[1:] == ["Changed", "program", "1"]
    finally:
        watching.kill()
        watching.communicate()


def test_call_many(program, scratch):
    calls = [{"object": f"/org/mentorship1/participants/{number}", "verb": "Accept"} for number in (1, 2, 99)]
    calls.append({"object": "/org/mentorship1/programs/1", "verb": "update", "arguments": {"ends": "+10w"}})
    done = subprocess.run(as_user("mt-coord", [program.daemon.installed.client, "call-many", "-"]), input=json.dumps(calls), text=True,
                          capture_output=True, env=environment(**program.daemon.bus.environment()), cwd="/")
    assert done.returncode == NOTFOUND
    done = json.loads(done.stdout)
    assert ["error" in row for row in done] == [False, False, True, False]
    assert done[2]["error"].endswith("NotFound")


def test_a_killed_daemon_does_nothing_twice(program, daemon):
    daemon.kill()
    program("today", status=UNREACHABLE)
    daemon.start(clock=BEGIN)
    assert len(program.json("person", "list")) == 5


def test_each_row_has_its_own_path_in_json(root, program):
    """No field takes the key under which a record's own path stands."""
    root("duty", "create", "person=1", "duty=auditor")
    for entity in program.json("describe"):
        assert "object" not in [field["name"] for field in entity["fields"]], entity["name"]
    rows = program.json("audit-record", "list")
    assert rows and all(row["object"] == f"/org/mentorship1/audit_records/{row['id']}" for row in rows)
    assert {(row["entity"], row["record"]) for row in rows} >= {("program", 1), ("person", 1)}
