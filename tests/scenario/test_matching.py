# SPDX-License-Identifier: GPL-3.0-or-later
"""Matchings as coordinators make them: a recipe of each algorithm, its run, what stands in its rows and statistics, and the commit."""
import pytest

from harness import ROOT, TOP, Refused, wait_until
from test_cli_daemon import CONFLICT, NOTFOUND, Ctl

BEGIN = 1790000000                            # 2026-09-21 16:13:20 in Berlin, a Monday


class Program:
    """An open program of one coordinator; people are made by name, skills and free hours."""

    def __init__(self, daemon):
        self.daemon, self.coord = daemon, daemon.coordinator()
        self.ctl = Ctl(daemon, "mt-coord")
        self.path = self.coord.create("programs", {"key": "peers", "title": "Peers", "starts": "2026-09-28", "ends": "2027-06-30",
                                                   "zone": "Europe/Berlin", "mentor_places": 3})["object"]
        self.people, self.persons, self.time = {}, {}, BEGIN

    def open(self):
        self.coord.verb(self.path, "Program.Open")
        return self

    def person(self, name, role, skills=(), free=(), capacity=1, site=None):
        person = self.coord.create("people", {"given_name": name, "family_name": role.title(), "birth_date": "1990-01-01"})["object"]
        one = self.coord.create("participants", {"program": self.path, "person": person, "role": role, "capacity": capacity})["object"]
        self.coord.verb(one, "Participant.Accept")
        for skill in skills:
            self.coord.create("traits", {"participant": one, "kind": "skill", "name": skill, "side": "offered" if role == "mentor" else "sought"})
        if site:
            self.coord.create("traits", {"participant": one, "kind": "site", "name": site})
        for day, start, end in free:
            self.coord.create("availabilities", {"participant": one, "weekday": day, "start": start * 60, "end": end * 60})
        self.people[name], self.persons[name] = one, person
        return one

    def number(self, name):
        return int(self.people[name].rpartition("/")[2])

    def recipe(self, algorithm, *lines, name="own"):
        recipe = self.coord.create("recipes", {"program": self.path, "name": name, "algorithm": algorithm})["object"]
        for criterion, use, parameters in lines:
            self.coord.create("recipe_lines", {"recipe": recipe, "criterion": criterion, "use": use, "parameters": parameters})
        return recipe

    def run(self, state="proposed", **arguments):
        made = self.coord.create("match_runs", {"program": self.path, **arguments})
        wait_until(lambda: self.coord.get(made["task"], "Task", "State") != "running", 60, "the end of the run")
        run = self.coord.get_all(made["object"], "MatchRun")
        assert run["State"] == state, (run["Problem"], run["Statistics"])
        return made["object"], run

    def rows(self, collection, fields, run):
        return [tuple(row) for row in self.coord.list_all(collection, fields, where=[("run", "=", ("o", run))])]

    def pairs(self, run):
        names = {path: name for name, path in self.people.items()}
        return {names[mentee]: names[mentor] for mentor, mentee in self.rows("run_pairs", ["mentor", "mentee"], run)}

    def commit(self, run):
        self.coord.verb(run, "MatchRun.Commit")
        self.time += 60
        self.daemon.caller("root").manager("AdvanceClock", "x", (self.time,))
        wait_until(lambda: self.coord.get(run, "MatchRun", "State") == "committed", 30, "the commit")


@pytest.fixture
def daemon(stopped_daemon):
    stopped_daemon.configure((ROOT / "conf/demo/adults.conf").read_text())
    return stopped_daemon.start(clock=BEGIN)


@pytest.fixture
def program(daemon):
    return Program(daemon)


# ---- groups ----

TUESDAY, FRIDAY = ("tuesday", 16, 18), ("friday", 9, 11)


@pytest.fixture
def groups(program):
    """Two mentors who have time on different days, five mentees, of whom Una is free when nobody else is."""
    program.person("Max", "mentor", ["chess"], [TUESDAY])
    program.person("Mia", "mentor", ["Python"], [FRIDAY])
    for name, skills, free in (("Tim", ["chess"], [TUESDAY]), ("Tea", ["Python"], [TUESDAY, FRIDAY]), ("Tom", ["chess"], [TUESDAY]),
                               ("Tia", ["Python"], [FRIDAY]), ("Una", ["chess"], [("sunday", 8, 9)])):
        program.person(name, "mentee", skills, free)
    program.recipe("circles", ("circle_size", "hard", "least=3 most=4"), ("circle_time", "hard", "minutes=60"), ("traits", "weight", "enough=1"))
    return program.open()


def test_groups_from_the_recipe_to_their_answers(groups, daemon):
    run, row = groups.run(recipe=f"{TOP}/recipes/1")
    names = {path: name for name, path in groups.people.items()}
    circles = groups.rows("run_circles", ["number", "meets", "people", "score"], run)
    assert [circle[:2] for circle in circles] == [(1, "Tuesday 16:00-17:00"), (2, "Friday 09:00-10:00")]
    seats = {names[one]: (circle, side) for one, circle, side in groups.rows("run_seats", ["participant", "circle", "side"], run)}
    assert {name for name, (circle, _) in seats.items() if circle == seats["Max"][0]} == {"Max", "Tim", "Tom"}
    assert {name for name, (circle, _) in seats.items() if circle == seats["Mia"][0]} == {"Mia", "Tea", "Tia"}
    assert "Max Mentor, Tim Mentee, Tom Mentee" in [circle[2] for circle in circles]
    assert row["Placed"] == 6 and row["Total"] == row["Bound"] == sum(value for value, in groups.rows("run_circles", ["value"], run))
    said = " ".join(row["Statistics"].split("\n"))
    assert "algorithm circles" in said and "groups 2" in said and "proven placed and the total, by trying everything" in said
    assert "at most placed 6, of which are left out 0" in said and "at most total" in said and "above this one by 0" in said
    # who is left out, the rule, and what would help: it does
    (one, stopped, help_), = groups.rows("unplaced", ["participant", "stopped", "help"], run)
    assert names[one] == "Una" and stopped == "2 of 2 groups: at a time at which this person is not free."
    assert help_.startswith("It would help: to be free on ") and ("Tuesday 16:00-17:00, when group 1 meets" in help_ or "Friday 09:00" in help_)
    # coordinators read it in the terminal
    table = groups.ctl("run-circle", "list", "run=1")
    assert "Tuesday 16:00-17:00" in table and "Max Mentor, Tim Mentee, Tom Mentee" in table and "MEETS" in table
    assert "mentee" in groups.ctl("run-seat", "list", "run=1")
    for word in ("explain", "outlook", "compare"):
        more = {"explain": ("mentee=3", "mentor=1"), "compare": ("with=1",)}.get(word, ())
        assert "groups" in groups.ctl("match-run", word, "1", *more, status=CONFLICT)
    task = groups.coord.verb(run, "MatchRun.Fairness", {"by": "site"})["task"]
    wait_until(lambda: groups.coord.get(task, "Task", "State") != "running", 30, "how groups fare")
    assert groups.coord.get(task, "Task", "State") == "done"
    day = "tuesday" if "Tuesday" in help_ else "friday"
    groups.coord.create("availabilities", {"participant": groups.people["Una"], "weekday": day, "start": 540 if day == "friday" else 960,
                                           "end": 660 if day == "friday" else 1080})
    groups.coord.verb(run, "MatchRun.Discard")
    run, row = groups.run(recipe=f"{TOP}/recipes/1")
    assert row["Placed"] == 7 and not groups.rows("unplaced", ["participant"], run)
    groups.commit(run)
    the_groups_live(groups, daemon)


def the_groups_live(groups, daemon):
    """Matches of a kind of their own, with all their members: offered to all, accepted by the last, read by each as far as is theirs."""
    coord = groups.coord
    matches = coord.list_all("matches", ["id", "kind", "name", "meets", "state"])
    assert [(match[1], match[4]) for match in matches] == [("group", "proposed")] * 2
    first = next(match for match in matches if "Max" in match[2])
    match = f"{TOP}/matches/{first[0]}"
    assert first[3] == "Tuesday 16:00-17:00"
    members = [name for name in groups.people if name in first[2]]
    assert len(members) >= 3
    coord.verb(match, "Match.Offer")
    for name in members[1:]:
        coord.verb(match, "Match.Accept", options={"for": groups.persons[name]})
        assert coord.get(match, "Match", "State") == "offered"
    root = daemon.caller("root")
    root.create("logins", {"person": groups.persons["Tim"], "user_name": "mt-mentee1"})
    tim = daemon.caller("mt-mentee1")
    (own,) = tim.list_all("matches", ["id", "name", "meets", "state"])
    assert own[0] == first[0] and own[2] == first[3]
    for collection in ("run_circles", "run_seats", "unplaced", "match_runs"):
        with pytest.raises(Refused):
            assert tim.list_all(collection, ["id", "score" if collection.startswith("run") else "id"]) == []
            raise Refused("org.mentorship1.Error.NotAllowed", "nothing is there")
    with pytest.raises(Refused):
        tim.list_all("matches", ["id", "score"])
    assert Ctl(daemon, "mt-mentee1")("run-circle", "show", "1", status=NOTFOUND)
    coord.verb(match, "Match.Accept", options={"for": groups.persons["Max"]})
    assert coord.get(match, "Match", "State") == "accepted"
    coord.verb(match, "Match.Start")
    start, = coord.list_all("meetings", ["start"], where=[("match", "=", ("o", match))])
    assert start[0] == 1790690400             # Tuesday, 29 September 2026, 16:00 in Berlin
    # one says no: the group is not offered any more, and the others are first in the next run
    other = next(f"{TOP}/matches/{match[0]}" for match in matches if match[0] != first[0])
    coord.verb(other, "Match.Offer")
    coord.verb(other, "Match.Decline", options={"for": groups.persons["Tia"]})
    assert coord.get(other, "Match", "State") == "declined"


def test_mentors_of_a_circle_are_asked_first(program):
    """Two mentors in each: it is a circle, and mentees are asked when both mentors said yes."""
    coord = program.coord
    for name, role in (("Max", "mentor"), ("Mia", "mentor"), ("Tim", "mentee"), ("Tea", "mentee")):
        program.person(name, role, ["chess"])
    coord.verb(program.path, "Program.Update", {"offer_order": "mentor first"})
    recipe = program.open().recipe("circles", ("circle_mentors", "hard", "least=2 most=2"), ("traits", "weight", "enough=1"))
    run, row = program.run(recipe=recipe)
    program.commit(run)
    (number, kind, meets), = coord.list_all("matches", ["id", "kind", "meets"])
    match = f"{TOP}/matches/{number}"
    assert kind == "circle" and meets == ""
    coord.verb(match, "Match.Offer")
    coord.verb(match, "Match.Accept", options={"for": program.persons["Max"]})
    with pytest.raises(Refused) as caught:
        coord.verb(match, "Match.Accept", options={"for": program.persons["Tim"]})
    assert "the mentor is asked first" in str(caught.value)
    for name in ("Mia", "Tim", "Tea"):
        assert coord.get(match, "Match", "State") == "offered"
        coord.verb(match, "Match.Accept", options={"for": program.persons[name]})
    assert coord.get(match, "Match", "State") == "accepted"


def test_what_says_how_groups_are_made_is_for_groups(program):
    program.person("Max", "mentor", ["chess"])
    program.person("Tim", "mentee", ["chess"])
    recipe = program.open().recipe("optimal", ("circle_size", "hard", "least=2"))
    _, row = program.run("failed", recipe=recipe)
    assert "circle_size is for recipes whose algorithm is circles" in row["Problem"]
    program.coord.verb(recipe, "Recipe.Update", {"algorithm": "circles"})
    _, row = program.run("failed", recipe=recipe, changes=f"lock {program.number('Tim')} = {program.number('Max')}")
    assert "'lock' holds pairs only" in row["Problem"]
    _, row = program.run(recipe=recipe)
    assert row["Placed"] == 2


def test_the_shipped_recipe_makes_groups(program):
    for i in range(3):
        program.person(f"Mo{i}", "mentor", ["chess"], [TUESDAY])
    for i in range(9):
        program.person(f"Ti{i}", "mentee", ["chess"], [TUESDAY])
    program.open().coord.create("recipes", {"program": program.path, "name": "make groups", "starter": "make groups"})
    run, row = program.run(recipe=f"{TOP}/recipes/1")
    assert row["Placed"] == 12 and "groups 3" in row["Statistics"].split("\n")


# ---- pairs by the other algorithms ----

def test_a_fair_recipe(program):
    """The best sum would leave Tea with nothing she seeks; fair gives both some of it."""
    program.person("Max", "mentor", ["chess", "Python", "drawing", "music"])
    program.person("Mia", "mentor", ["chess"])
    program.person("Tim", "mentee", ["chess", "Python", "drawing", "music"])
    program.person("Tea", "mentee", ["Python"])
    program.open()
    line = ("traits", "weight", "enough=4 rarity=0")
    run, best = program.run(recipe=program.recipe("optimal", line, name="best"))
    assert program.pairs(run) == {"Tim": "Max", "Tea": "Mia"}
    run, fair = program.run(recipe=program.recipe("fair", line, name="fair"))
    assert program.pairs(run) == {"Tim": "Mia", "Tea": "Max"}
    said = dict(line.split(" ", 1) for line in fair["Statistics"].split("\n"))
    assert said["algorithm"] == "fair" and said["proven"] == "placed, the twentieths and the total, over all pairs"
    assert said["lowest"] == "score 250000" and "lowest score 0" in best["Statistics"]
    bands = said["pairs"].removeprefix("in each twentieth of the scores ").split()
    assert len(bands) == 20 and bands[5] == "2" and fair["Total"] == fair["Bound"] == 500000 < best["Total"]
    program.commit(run)
    assert sorted(row[0] for row in program.coord.list_all("matches", ["name"])) == ["Max Mentor & Tea Mentee", "Mia Mentor & Tim Mentee"]


def test_a_stable_recipe(program):
    """Who wishes for each other is together, though others would make a larger sum."""
    for name, role in (("Max", "mentor"), ("Mia", "mentor"), ("Tim", "mentee"), ("Tea", "mentee")):
        program.person(name, role)
    program.open()
    for one, other, rank in (("Tim", "Max", 1), ("Tea", "Max", 1), ("Tea", "Mia", 2), ("Max", "Tim", 1), ("Max", "Tea", 2)):
        program.coord.create("wishes", {"participant": program.people[one], "other": program.people[other], "rank": rank})
    run, row = program.run(recipe=program.recipe("stable", ("mentee_wish", "weight", "ranks=3"), ("mentor_wish", "weight", "ranks=3")))
    assert program.pairs(run) == {"Tim": "Max", "Tea": "Mia"} and row["Placed"] == 2
    said = row["Statistics"].split("\n")
    assert "algorithm stable" in said and "pairs of two who would both rather have each other 0, checked over all pairs" in said
    assert row.get("Bound", None) is None
    program.commit(run)
    assert len(program.coord.list_all("matches", ["id"])) == 2


def test_one_more_mentor_like_this_one(program):
    program.person("Max", "mentor", ["chess"], [TUESDAY])
    for name in ("Tim", "Tea"):
        program.person(name, "mentee", ["chess"], [TUESDAY])
    recipe = program.open().recipe("optimal", ("traits", "weight", "enough=1 rarity=0"), ("availability", "hard", "at_least=60"))
    first, row = program.run(recipe=recipe)
    assert row["Placed"] == 1
    like = f"mentor 1 = like {program.number('Max')}"
    run, row = program.run(**{"from": first}, changes=like)
    assert "placed with supposed mentors 1" in row["Statistics"].split("\n") and len(program.rows("unplaced", ["id"], run)) == 1
    assert program.rows("unplaced", ["stopped"], run) == [("Would be with supposed mentor 1 (score 1000000).",)]
    with pytest.raises(Refused) as caught:
        program.coord.verb(run, "MatchRun.Commit")
    assert "supposes" in str(caught.value)
    for wrong, says in ((f"mentor 1 = like {program.number('Tim')}", "is no mentor of this program"), ("mentor 1 = like Max", "it is written")):
        with pytest.raises(Refused) as caught:
            program.run(**{"from": first}, changes=wrong)
        assert says in str(caught.value)


def test_a_rematch_changes_little(program):
    """The best sum would move Tim to a mentor who came later; who changes little leaves him where he is."""
    program.person("Max", "mentor", ["chess"])
    program.person("Tim", "mentee", ["chess", "Python"])
    recipe = program.open().recipe("optimal", ("traits", "weight", "enough=2 rarity=0"))
    first, _ = program.run(recipe=recipe)
    assert program.pairs(first) == {"Tim": "Max"}
    program.person("Mia", "mentor", ["chess", "Python"])
    program.person("Tom", "mentee", ["chess"])
    with pytest.raises(Refused) as caught:
        program.run(recipe=recipe, changes="keep pairs = yes")
    assert "name it with from" in str(caught.value)
    base, best = program.run(recipe=recipe)
    assert program.pairs(base) == {"Tim": "Mia", "Tom": "Max"}
    kept, row = program.run(**{"from": first}, changes="keep pairs = yes")
    assert program.pairs(kept) == {"Tim": "Max", "Tom": "Mia"}
    said = row["Statistics"].split("\n")
    assert "pairs kept 1 of 1" in said and "proven placed, the pairs kept and the total, over all pairs" in said
    assert row["Bound"] == row["Total"] == best["Total"] - 500000 and row["InputHash"] != best["InputHash"]
    assert "would part 1 more of the pairs that stayed together" in str(program.rows("run_pairs", ["alternatives"], kept))
    task = program.coord.verb(kept, "MatchRun.Compare", {"with": base})["task"]
    wait_until(lambda: program.coord.get(task, "Task", "State") == "done", 30, "the comparison")
    assert program.coord.get(task, "Task", "Result")["moved"] == 2
    _, failed = program.run("failed", recipe=program.recipe("fair", ("traits", "weight", "enough=2"), name="fair"), **{"from": kept})
    assert "algorithm optimal only" in failed["Problem"]


def test_stable_for_one_side_or_the_other(program):
    """Each side has its first choice only where the other has its second: both results are stable."""
    for name, role in (("Max", "mentor"), ("Mia", "mentor"), ("Tim", "mentee"), ("Tea", "mentee")):
        program.person(name, role)
    program.open()
    for one, first, second in (("Tim", "Max", "Mia"), ("Tea", "Mia", "Max"), ("Max", "Tea", "Tim"), ("Mia", "Tim", "Tea")):
        for rank, other in enumerate((first, second), 1):
            program.coord.create("wishes", {"participant": program.people[one], "other": program.people[other], "rank": rank})
    lines = [(f"{side}_wish", "weight", "ranks=3") for side in ("mentee", "mentor")]
    run, row = program.run(recipe=program.recipe("stable", *lines, name="mentees"))
    assert program.pairs(run) == {"Tim": "Max", "Tea": "Mia"} and "ties kiraly" in row["Statistics"]
    run, row = program.run(recipe=program.recipe("stable for mentors", *lines, name="mentors"))
    assert program.pairs(run) == {"Tim": "Mia", "Tea": "Max"}
    said = row["Statistics"].split("\n")
    assert "algorithm stable for mentors" in said and "ties by number" in said
    assert "pairs of two who would both rather have each other 0, checked over all pairs" in said
