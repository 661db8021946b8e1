# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad files to import, and workers that misbehave over them: nothing is taken by halves, and the daemon serves on.

Each refusal says what is wrong and how to mend it; the readers themselves are tried further in the unit tests.
"""
import io
import os
import shutil
import threading
import time
import zipfile

import pytest

from harness import COLLECTION, ROOT, TOP, Refused, wait_until
from world import built_world, shared_world, world     # noqa: F401

PEOPLE = f"{TOP}/people"
HEAD = b"given_name,family_name,email\n"
ROWS = b"Ada,Lovegood,ada@example.org\nBen,Ostrowski,ben@example.org\n"


def counts(world):
    tables = ("person", "participant", "trait", "availability", "wish", "objection", "staged")
    return {table: world.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables}


def imported(world, path, data, begun=lambda: None, **options):
    """Imports the bytes as the coordinator, taken at once if nothing is wrong; gives the task's properties when it has ended."""
    coord = world.caller("mt-coord")
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    begun()
    try:
        task = coord.call(PEOPLE, COLLECTION, "Import", "ha{sv}", (0, {"format": "csv", "take": True, **options}), fds=[fd])["task"]
    finally:
        os.close(fd)
    wait_until(lambda: coord.get(task, "Task", "State") != "running", 60, "the end of the import")
    return coord.get_all(task, "Task")


def not_taken(world, task, before):
    """The file was read and refused, with nothing kept of it; gives what a person reads of that."""
    state = world.rows("SELECT state FROM import ORDER BY id DESC LIMIT 1")[0]["state"]
    assert (task["State"], state) == ("done", "refused") and task["Result"]["problems"] and not task["Result"]["created"], task
    assert counts(world) == before
    text = "\n".join(task["Result"]["problems"] + task["Result"]["lines"])
    assert not any(ord(char) < 32 and char != "\n" or char in "\x7f\u0085\u202e" for char in text), repr(text)
    return text


CSV = {
    "cut inside quotes": (HEAD + ROWS + b'Cem,"Yilm', "cut off"),
    "cut inside a row": (HEAD + ROWS + b"Cem,Yilmaz", "cut off"),
    "cut inside a character": (HEAD + ROWS + b"J\xc3", "UTF-8"),
    "Latin-1": (HEAD + ROWS + "Jörg,Ölmühle,j@example.org\n".encode("latin-1"), "iconv -f WINDOWS-1252"),
    "UTF-16": ((HEAD + ROWS).decode().encode("utf-16"), "UTF-16"),
    "overlong": (HEAD + b"\xc0\xafda,Lovegood,a@example.org\n", "UTF-8"),
    "surrogate": (HEAD + b"\xed\xa0\x80da,Lovegood,a@example.org\n", "UTF-8"),
    "control": (HEAD + ROWS + b"C\x1b[31mem,Yilmaz,c@example.org\n", "U+001B"),
    "bidirectional": (HEAD + ROWS + "C\u202eem,Yilmaz,c@example.org\n".encode(), "U+202E"),
    "nul": (HEAD + ROWS + b"C\0em,Yilmaz,c@example.org\n", "NUL"),
    "empty": (b"", "empty"),
    "blank lines": (b"\n\n\n", "blank"),
    "a column twice": (b"given_name,family_name,given_name\nA,B,C\n", "comes twice"),
    "a column twice in other letters": (b"given_name,family_name,Given_Name \nA,B,C\n", "comes twice"),
    "a column missing": (b"family_name,email\nB,b@example.org\n", "given_name"),
    "a column of nothing": (b"given_name,family_name,shoe\nA,B,42\n", "shoe"),
    "a column of nobody's business": (b"given_name,family_name,password\nA,B,secret\n", "password"),
    "a state written by hand": (b"given_name,family_name,state\nA,B,active\n", "state"),
    "rows of other lengths": (HEAD + b"A,B\nA,B,C,D\n", "2 cells"),
    "a quote inside": (HEAD + b'A"x,B,a@example.org\n', "quote"),
    "a large cell": (HEAD + b"A" * 70_000 + b",B,a@example.org\n", "shorten"),
    "too long for its field": (HEAD + b"A" * 5_000 + b",B,a@example.org\n", "given_name"),
    "many columns": (b",".join(b"c%d" % n for n in range(600)) + b"\n", "cells"),
    "a bad address": (HEAD + b"A,B,nobody at home\n", "email"),
    "noise": (bytes((n * 7919 + 13) % 256 for n in range(5000)), ""),
    "the last row bad": (HEAD + ROWS * 300 + b"Cem,Yilmaz,c@example.org,more\n", "4 cells"),
}


@pytest.mark.parametrize("kind", CSV)
def test_csv_that_is_none(shared_world, scratch, kind):
    world, (data, word) = shared_world, CSV[kind]
    before = counts(world)
    text = not_taken(world, imported(world, scratch / "people.csv", data), before)
    assert word in text and "secret" not in text, text


def test_csv_that_is_one(shared_world, scratch):
    """The same way, the same caller, a good file: that it is taken shows what the refusals are about."""
    before = counts(shared_world)
    task = imported(shared_world, scratch / "people.csv", b"\xef\xbb\xbf" + HEAD.replace(b",", b";") + ROWS.replace(b",", b";"))
    assert task["State"] == "done", task
    # the staged rows stay for an undo
    assert counts(shared_world) == {**before, "person": before["person"] + 2, "staged": before["staged"] + 2}


FORM = b'Name,Mail,Skills\nAda Lovegood,ada@example.net,chess\n'
MAPPING = 'mapping 1\nformat form\nrole mentor\ncolumn "Name" -> full_name\ncolumn "Mail" -> email\ncolumn "Skills" -> trait skill offered\n'
FORMS = {
    "a column missing": (FORM.replace(b"Mail", b"Address"), MAPPING, "Mail"),
    "a column twice": (FORM.replace(b"Skills", b"Mail"), MAPPING, "comes twice"),
    "no mapping": (FORM, None, "mapping"),
    "an empty mapping": (FORM, "", "mapping"),
    "a mapping of nothing": (FORM, "mapping 1\nformat form\n", "add: column"),
    "a mapping of another version": (FORM, MAPPING.replace("mapping 1", "mapping 9"), "mapping"),
    "a mapping that is no mapping": (FORM, "<html>\n" * 50, "mapping"),
    "a large mapping": (FORM, MAPPING + "# x\n" * 50_000, "60000 bytes"),
    "a huge mapping": (FORM, MAPPING + "# x\n" * 500_000, "larger"),
    "a mapping with a bell": (FORM, MAPPING + 'column "a\x07" -> ignore\n', "mapping"),
    "a mapping that reads passwords": (FORM, MAPPING.replace('"Mail" -> email', '"Password" -> email'), "password"),
    "cut off": (FORM + b'Ben,"ben@exa', MAPPING, "cut off"),
    "not UTF-8": (FORM + b"J\xf6rg,j@example.org,x\n", MAPPING, "UTF-8"),
    "the same person twice": (FORM + FORM.splitlines(True)[1], MAPPING, "already"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_forms_that_are_none(shared_world, scratch, kind):
    world, (data, mapping, word) = shared_world, FORMS[kind]
    before = counts(world)
    options = {"format": "form", "program": world.programs["a"], **({} if mapping is None else {"mapping": mapping})}
    try:
        text = not_taken(world, imported(world, scratch / "form.csv", data, **options), before)
    except Refused as error:
        assert error.short in ("InvalidField", "LimitExceeded"), error
        text = error.message
    assert word in text and "\x07" not in text, text
    assert counts(world) == before


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name.replace("_csv", ".csv"), data)
    return out.getvalue()


ROSTER = "mapping 1\nformat oneroster\njoin mentor role teacher\njoin mentee role student\n"
WHOLE = zipped(users_csv="sourcedId,givenName,familyName,role,email\nu1,Ada,Lovegood,teacher,ada@example.net\n" + "# " * 5000)
ZIPS = {
    "cut": (WHOLE[:len(WHOLE) // 2], "pack it again"),
    "a bomb": (zipped(users_csv=b"\0" * (100 << 20)), "more than 64 MiB"),
    "names that climb": (zipped(**{"../users_csv": "x"}), "is a path"),
    "no roster": (zipped(letter_csv="a,b\n1,2\n"), "is not in the set"),
    "a bit turned": (WHOLE[:60] + bytes([WHOLE[60] ^ 0x55]) + WHOLE[61:], "damaged"),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_rosters_that_are_none(shared_world, scratch, kind):
    before = counts(shared_world)
    start = time.monotonic()
    data, word = ZIPS[kind]
    task = imported(shared_world, scratch / "roster.zip", data, format="oneroster", program=shared_world.programs["a"], mapping=ROSTER)
    assert word in not_taken(shared_world, task, before), task
    assert time.monotonic() - start < 20


def test_files_that_are_too_large(world, scratch):
    """Refused at the call, before a worker is started for them, and named with the limit."""
    world.daemon.configure("limits: { file_bytes = 65536; };\n", "60-small.conf")
    world.root.manager("Reload")
    with pytest.raises(Refused) as caught:
        imported(world, scratch / "people.csv", HEAD + ROWS * 2000)
    assert caught.value.short == "LimitExceeded" and "65536" in caught.value.message, caught.value
    assert imported(world, scratch / "people.csv", HEAD + ROWS)["State"] == "done"


@pytest.mark.parametrize("delay", [0, 0.01, 0.03, 0.1])
@pytest.mark.parametrize("change", ["shrinks", "grows", "vanishes", "is rewritten"])
def test_a_file_that_changes_while_it_is_read(shared_world, scratch, change, delay):
    """The task ends, taken whole or not at all, and the daemon goes on."""
    world, path, rows = shared_world, scratch / "people.csv", 4000
    text = HEAD.decode() + "".join(f"Given{n},{change.title()},g{delay}n{n}@{change.replace(' ', '')}.example\n" for n in range(rows))
    before, stop = counts(world)["person"], threading.Event()

    def meddle():
        while not stop.wait(0.002):
            if change == "shrinks" and path.exists():
                os.truncate(path, len(HEAD) + 5)
            elif change == "grows":
                with open(path, "a") as file:
                    file.write("more,and more,x@example.org\n" * 50)
            elif change == "vanishes":
                path.unlink(missing_ok=True)
            elif path.exists():
                with open(path, "r+") as file:
                    file.write("\0" * 5000)
    thread = threading.Timer(delay, meddle)
    try:
        task = imported(world, path, text.encode(), begun=thread.start)
    finally:
        stop.set()
        thread.join()
    taken = counts(world)["person"] - before
    assert task["State"] in ("done", "failed") and taken == task["Result"].get("created", 0), task
    assert taken in (0, rows) or change == "grows", task
    assert world.caller("mt-coord").get(world.people["lone"], "Person", "GivenName") == "Kunibert"


# ---- workers that crash, hang or answer nonsense; each kind in tests/fakes, all of them in the unit tests ----

FAKES = {"exits": "", "fails": "", "hangs": "time", "garbage": "", "cut": "", "too_long": "", "unknown_word": "", "flood": "", "closes_but_lives": "",
         "row_of_login": "", "field_of_nothing": "", "done_with_more": ""}


@pytest.fixture
def with_worker(world, scratch):
    """Starts the daemon of the world with a worker of that name, which may take two seconds."""
    (scratch / "fakes").mkdir(mode=0o755)
    shutil.copy(ROOT / "tests/fakes/misbehaving_worker.py", scratch / "fakes/program")
    os.chmod(scratch / "fakes/program", 0o755)
    world.daemon.configure("worker: { seconds = 2; };\n", "60-worker.conf")

    def start(name):
        world.daemon.stop()
        if name not in ("gone", "program"):
            (scratch / "fakes" / name).symlink_to("program")
        world.daemon.start("--worker", str(scratch / "fakes" / name), clock=0)
        return world
    return start


@pytest.mark.parametrize("name", FAKES)
def test_imports_by_workers_that_misbehave(with_worker, scratch, name):
    world = with_worker(name)
    before = counts(world)
    start = time.monotonic()
    task = imported(world, scratch / "people.csv", HEAD + ROWS)
    assert task["State"] == "failed" and FAKES[name] in task["Error"] and task["Error"], task
    assert time.monotonic() - start < 8
    assert counts(world) == before
    assert world.rows("SELECT state FROM import ORDER BY id DESC LIMIT 1") == [{"state": "failed"}]
    assert world.caller("mt-coord").create("people", {"given_name": "New", "family_name": "Comer"})


@pytest.mark.parametrize("name", ["gone", "fails", "hangs", "garbage"])
def test_matchings_by_workers_that_misbehave(with_worker, name):
    """The run is failed, its sentence says so, no pair is there, and a later run is another's business."""
    world = with_worker(name)
    coord = world.caller("mt-coord")
    pairs = world.rows("SELECT count(*) AS n FROM run_pair")
    made = coord.create("match_runs", {"program": world.programs["a"]})
    wait_until(lambda: coord.get(made["object"], "MatchRun", "State") not in ("waiting", "running"), 20, "the end of the run")
    assert coord.get(made["object"], "MatchRun", "State") == "failed" and coord.get(made["object"], "MatchRun", "Problem")
    assert world.rows("SELECT count(*) AS n FROM run_pair") == pairs
    assert coord.create("people", {"given_name": "New", "family_name": "Comer"})
    assert world.root.manager("VerifyAudit", "a{sv}", ({},))["whole"]
