# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, run as a newcomer runs it: on its sample, on a school's set, without rights; and that it can fail."""
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess

import pytest

from harness import BUILD, PYTHON, REPORTS, ROOT, environment

DEMO = ROOT / "conf/demo/demo.sh"
LOOK = ROOT / "conf/demo/look.py"
SCHOOL = pathlib.Path(__file__).resolve().parent / "data/oneroster"
SHARED = pathlib.Path(os.environ.get("MENTORSHIP_SHARED", ROOT.parent / "shared"))
DONE = "The demo is done; everything that it checked was as it should be."


class Demo:
    """One run: its exit status, what it printed, and the directory that it left."""

    def __init__(self, place, *options, build=BUILD, seconds=400):
        self.place = place
        done = subprocess.run([str(part) for part in (DEMO, "--build", build, "--into", place, *options)], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, cwd="/", env=environment())
        self.status, self.text, self.errors = done.returncode, done.stdout, done.stderr
        log = place / "daemon.log"
        self.log = log.read_text(errors="replace") if log.exists() else ""

    def whole(self):
        """Fails with all that was said, unless the demo ended well and no sanitizer complained."""
        complaints = [line for line in (self.log + self.errors).splitlines() if REPORTS.search(line)]
        assert not complaints, self.log[-8000:]
        assert self.status == 0, self.text[-6000:] + self.errors
        return self


@pytest.fixture(scope="module")
def sample(place):
    where = place / "demo"
    yield Demo(where).whole()
    shutil.rmtree(where)


@pytest.mark.limit(420)
def test_the_sample_goes_through_every_step(sample):
    assert DONE in sample.text
    assert [line for line in sample.text.splitlines() if line.startswith("== ")] == [
        "== 1  A private bus, the daemon, and who is who ==", "== 2  A program from a starter, and a school's own files ==",
        "== 3  Open, accept, match ==", "== 4  Offers and answers, a last place, and a crash in the middle ==",
        "== 5  Twelve weeks ==", "== 6  A backup, a database full of garbage, a restore ==", "== 7  Report =="]
    assert sample.text.count("   checked: ") >= 36
    for promise in ("./run install", "To remove everything", "Try next:", "mentorctl resume --dry-run", "EST = 14:00 UTC"):
        assert promise in sample.text


def test_the_report_holds_every_pair_with_its_reasons(sample):
    report = (sample.place / "report.txt").read_text()
    start = re.search(r"^All (\d+) proposed pairs$", report, re.MULTILINE)
    annex, pairs = report[start.start():], int(start[1])
    assert annex.count(" points\n") == pairs > 150
    helps = re.findall("would help: .*", annex)
    assert helps and not [line for line in helps if "this mentor" in line], "named by the link beside the sentence"
    assert (sample.place / "report.txt").stat().st_mode & 0o077 == 0, "it names people"


def test_the_coordinators_page_stands_alone(sample):
    """Every active pair and every mentee who waits is named; two mails; nothing that a browser would fetch, no link that could be used."""
    page = (sample.place / "report.html").read_text()
    assert (sample.place / "report.html").stat().st_mode & 0o077 == 0
    assert page.count("<details>") >= 150 and page.count("<iframe sandbox") == 2
    for heading in ("Who is matched, and why", "Who is not, and what would help", "Who is stuck", "Two mails, as their readers see them"):
        assert f"<h2>{heading}</h2>" in page
    part = page[page.index('id="without"'):page.index('id="stuck"')]
    assert part.count("<tr>") == 1 + int(re.search(r"(\d+) mentees wait", part)[1])
    assert "no language in common" in part and "this mentor" not in part
    assert not re.search(r"/[lu]/[A-Za-z0-9_-]{43}", page)
    assert not re.search(r"<(script|link|img|object)|(src|href)=.?https?:", re.sub(r'srcdoc="[^"]*"', "", page))


def test_mail_went_round(sample):
    for said in ("the forwarded link opens nothing", "a link that was fetched a hundred times changed nothing", "and none twice",
                 "an offer that somebody never answered has lapsed by itself", "each new pair got its introductions, and nobody two",
                 "no coordinator can list concerns", "the form cannot be taken away from the program now",
                 "each answered check-in has its response, its rating, and the flags that its answers raise",
                 "each introduction carries an invitation to the same first meeting, which names its reader alone", "each answer that was thanked for is there"):
        assert f"{said}\n" in sample.text, said
    assert len(list((sample.place / "mail").glob("*.eml"))) > 2000


def test_what_is_left_belongs_to_the_one_who_ran_it(sample):
    others = [path for path in sample.place.rglob("*") if path.stat().st_uid != os.getuid()]
    assert not others
    assert (sample.place / "state").stat().st_mode & 0o777 == 0o700
    bus = re.search(r"/tmp/mentorship-demo\.\w+", sample.text)[0]
    assert not os.path.exists(bus), "the bus and the copies of the files are gone"


@pytest.mark.limit(420)
def test_a_school_with_minors(scratch):
    done = Demo(scratch / "demo", "--school", SCHOOL).whole()
    assert DONE in done.text
    assert "2 people count as minors" in done.text and "goes on with 3 mentors and 6 mentees" in done.text
    report = (done.place / "report.txt").read_text()
    for name in ("Tilda Moosgaard", "Samir Haddouche"):
        assert f"  {name}: their own consent to take part, and that of a guardian who was verified" in report
        assert f" with {name}:" not in report
    for path in done.place.rglob("*"):
        assert not path.is_file() or b"Rattle-Snow" not in path.read_bytes(), f"a password of the set stands in {path}"


@pytest.mark.limit(420)
@pytest.mark.parametrize("name, ends", [("Test_minimal_data_set.zip", "The demo ends here"),
                                        ("Test_full_data_set.zip", "The demo ends here")])
def test_sets_made_elsewhere(scratch, name, ends):
    path = SHARED / "data/oneroster/catalyst" / name
    if not path.exists():
        pytest.skip(f"no {path}")
    done = Demo(scratch / "demo", "--school", path).whole()
    assert "5 people count as minors" in done.text and ends in done.text
    (scratch / "adults.conf").write_text("people: { minors = false; };\n")
    done = Demo(scratch / "demo", "--school", path, "--config", scratch / "adults.conf").whole()
    assert DONE in done.text


@pytest.mark.limit(420)
def test_without_rights(scratch):
    """As a user with a range of uids of their own and nothing else."""
    with open("/proc/self/uid_map", encoding="ascii") as map_:
        if map_.read().split() != ["0", "0", "4294967295"]:
            pytest.skip("the tests themselves run in a user namespace, which has no uids left to give away")
    home, user = scratch / "home", pwd.getpwnam("mt-nobody")
    home.mkdir(mode=0o700)
    os.chown(home, user.pw_uid, user.pw_gid)
    (scratch / "ids").write_text("mt-nobody:200000:65536\n")
    programs = scratch / "programs"                   # the tree may lie where this user cannot look
    programs.mkdir()
    for name in ("mentorshipd", "mentorship-worker", "mentorctl", "mentorship-plugin-host"):
        shutil.copy(BUILD / name, programs)
    shutil.copytree(BUILD / "plugins", programs / "plugins", ignore=lambda _, names: [name for name in names if not name.endswith(".so")])
    for name in ("conf", "tests/fakes"):
        shutil.copytree(ROOT / name, scratch / "tree" / name)
    script = """set -e
        for file in /etc/subuid /etc/subgid; do mount --bind "$1/ids" $file; done
        shift
        exec setpriv --reuid=mt-nobody --regid=mt-nobody --init-groups --inh-caps=-all -- "$@" """
    command = [scratch / "tree/conf/demo/demo.sh", "--build", programs, "--into", home / "demo", "--school", SCHOOL]
    shutil.copytree(SCHOOL, scratch / "school")
    command[-1] = scratch / "school"
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "sh", scratch, *map(str, command)],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, env=environment(), cwd="/")
    if "no user namespace with several users" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0 and DONE in done.stdout, done.stdout[-6000:] + done.stderr
    assert all(path.stat().st_uid == user.pw_uid for path in home.rglob("*"))


# ---- the demo can fail ----

def test_a_worker_that_does_not_work_ends_the_demo(scratch):
    programs = scratch / "programs"
    programs.mkdir()
    for name in ("mentorshipd", "mentorctl"):
        shutil.copy(BUILD / name, programs)
    shutil.copy("/bin/false", programs / "mentorship-worker")
    done = Demo(scratch / "demo", build=programs)
    assert done.status == 1 and "The demo failed: " in done.text and DONE not in done.text


def test_what_somebody_elses_failed_demo_left_is_named(scratch):
    """Another user cannot take it away: they hear whose it is and what to do, not that another demo runs."""
    left = scratch / "left"
    left.mkdir()
    (left / ".mentorship-demo").touch()
    os.chmod(left / ".mentorship-demo", 0o644)
    path = left
    while path != path.parent:
        assert path == left or path.stat().st_mode & 0o001, f"others cannot come to {path}"
        path = path.parent
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", str(DEMO), "--build", str(BUILD), "--into", str(left)],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, cwd="/", env=environment())
    assert done.returncode == 2 and done.stdout == ""
    assert f"left in {left} belongs to root" in done.stderr and "--into" in done.stderr and "another demo is using" not in done.stderr


def test_a_directory_that_holds_something_else_is_left_alone(scratch):
    (scratch / "letters").mkdir()
    (scratch / "letters/to-keep").write_text("x")
    done = Demo(scratch / "letters")
    assert done.status == 2 and "was not made by a demo" in done.errors
    assert (scratch / "letters/to-keep").read_text() == "x"


@pytest.mark.parametrize("options, sentence", [
    (["--school", "/nonexistent"], "there is no /nonexistent"), (["--mentors", LOOK], "belong together"),
    (["--school", SCHOOL, "--mentors", LOOK], "either --school"), (["--caller", "root"], "there is no option --caller")])
def test_wrong_options(scratch, options, sentence):
    done = Demo(scratch / "demo", *options)
    assert done.status == 2 and sentence in done.errors


def ask(scratch, question, *names):
    return subprocess.run([PYTHON, "-B", LOOK, question, *names], cwd=scratch, text=True, capture_output=True)


MATCH, PERSON = "/org/mentorship1/matches/1", "/org/mentorship1/people/7"


@pytest.mark.parametrize("answer, records, sentence", [("accepted", 1, ""), (None, 1, "is lost"), ("accepted", 0, "done 0 times"),
                                                       ("accepted", 2, "done 2 times")])
def test_a_lost_or_doubled_answer_is_noticed(scratch, answer, records, sentence):
    call = {"object": MATCH, "verb": "Accept", "options": {"for": PERSON}}
    for name, rows in (("batch-000.json", [call]), ("answer-000.json", [{"object": MATCH}]),
                       ("members.json", [{"id": 3, "match": MATCH, "person": PERSON, "answer": answer}]),
                       ("audit.json", [{"record": 3, "verb": "Accept", "for_person": 7}] * records)):
        (scratch / name).write_text(json.dumps(rows))
    done = ask(scratch, "nothing-lost", "members.json", "audit.json", "1")
    assert (done.returncode, sentence in done.stdout) == (1 if sentence else 0, True), done.stdout + done.stderr


@pytest.mark.parametrize("first, second, taken, status", [("accepted", "offered", 1, 0), ("accepted", "accepted", 2, 1),
                                                          ("offered", "offered", 0, 1)])
def test_two_winners_or_none_are_noticed(scratch, first, second, taken, status):
    for name, rows in (("matches.json", [{"object": MATCH, "state": first}, {"object": MATCH[:-1] + "2", "state": second}]),
                       ("people.json", [{"object": "/org/mentorship1/participants/9", "taken": taken, "capacity": 1}])):
        (scratch / name).write_text(json.dumps(rows))
    assert ask(scratch, "one-won", "1", "2", "9", "matches.json", "people.json").returncode == status


@pytest.mark.parametrize("due, status", [("2026-11-04T14:00:00Z", 0), ("2026-11-04T13:00:00Z", 1), ("2026-11-18T14:00:00Z", 1),
                                         ("2026-11-23T14:00:00Z", 0), ("2026-11-24T14:00:00Z", 1)])
def test_a_check_in_at_the_wrong_hour_or_day_is_noticed(scratch, due, status):
    for name, rows in (("check-ins.json", [{"object": "x", "person": PERSON, "due": due}]),
                       ("people.json", [{"object": PERSON, "zone": "America/New_York"}])):
        (scratch / name).write_text(json.dumps(rows))
    done = ask(scratch, "local-hours", "check-ins.json", "people.json", "9", "2", "2026-11-16", "2026-11-22")
    assert done.returncode == status, done.stdout + done.stderr


@pytest.mark.parametrize("kept, rating, status", [(1, 4, 0), (0, 4, 1), (2, 4, 1), (1, None, 1)])
def test_a_lost_or_doubled_response_is_noticed(scratch, kept, rating, status):
    check_in = {"object": "/org/mentorship1/check_ins/1", "state": "answered", "rating": rating, "flags": ["not_met"]}
    for name, rows in (("responses.json", [{"check_in": check_in["object"]}] * kept),
                       ("check-ins.json", [check_in, {"object": "/org/mentorship1/check_ins/2", "state": "due"}])):
        (scratch / name).write_text(json.dumps(rows))
    done = ask(scratch, "responses", "responses.json", "check-ins.json")
    assert done.returncode == status, done.stdout + done.stderr


@pytest.mark.parametrize("messages, status", [(1, 0), (2, 1), (0, 1)])
def test_two_messages_of_an_occasion_or_none_are_noticed(scratch, messages, status):
    message = {"person": PERSON, "template_name": "check-in-due", "occasion": "check_in 1"}
    for name, rows in (("messages.json", [message] * messages), ("check-ins.json", [{"object": "x"}]), ("none.json", [])):
        (scratch / name).write_text(json.dumps(rows))
    done = ask(scratch, "outbox", "messages.json", "messages.json", "check-ins.json", "none.json")
    assert done.returncode == status, done.stdout + done.stderr
