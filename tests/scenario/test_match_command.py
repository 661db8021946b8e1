# SPDX-License-Identifier: GPL-3.0-or-later
"""mentorship-match: what it reads, refuses, writes and verifies, beside independent programs and published optima where these are at hand."""
import itertools
import json
import os
import pathlib
import random
import subprocess

import pytest

from harness import BUILD, ROOT

PROGRAM = BUILD / "mentorship-match"
SHARED = pathlib.Path(os.environ.get("MENTORSHIP_SHARED", ROOT.parent / "shared")) / "data/matching"
HEADING = "mentorship-match 1\n"
STABLE = ["stable-mentee", "stable-mentor", "stable-ties"]


def run(*arguments, text=None):
    return subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True, timeout=120)


def solve(text, algorithm, *options):
    done = run("--algorithm", algorithm, *options, text=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(tmp_path, result, text):
    file = tmp_path / "result.json"
    file.write_text(result if isinstance(result, str) else json.dumps(result))
    return run("--check", file, text=text)


def shuffled(text, seed):
    first, *lines = text.splitlines()
    random.Random(seed).shuffle(lines)
    return "\n".join([first, *lines]) + "\n"


def pairs_of(result):
    return {pair["mentee"]: pair["mentor"] for pair in json.loads(result)["pairs"]}


def people(mentees, mentors, rng, places=3):
    return [f"mentee m{i}" for i in range(mentees)] + [f"mentor k{j} {rng.randrange(places + 1)}" for j in range(mentors)]


def scored(seed, mentees=12, mentors=5, levels=1000):
    rng = random.Random(seed)
    lines = people(mentees, mentors, rng)
    for i, j in itertools.product(range(mentees), range(mentors)):
        if rng.random() < 0.6:
            lines.append(f"pair m{i} k{j} {rng.randrange(levels)} mentor={rng.randrange(levels)}")
    return HEADING + "\n".join(lines) + "\n"


def ranked(seed, mentees=10, mentors=4):
    rng = random.Random(seed)
    lines = people(mentees, mentors, rng)
    for name, others in [(f"m{i}", [f"k{j}" for j in range(mentors)]) for i in range(mentees)] + \
            [(f"k{j}", [f"m{i}" for i in range(mentees)]) for j in range(mentors)]:
        chosen = rng.sample(others, rng.randrange(1, len(others) + 1))
        lines.append(f"prefers {name} " + "".join(other + rng.choice(" =") for other in chosen).rstrip(" ="))
    return HEADING + "\n".join(lines) + "\n"


def grouped(seed, count=14):
    rng = random.Random(seed)
    lines = ["size 3 4", "rule house most=2", "rule level=old least=1"] + [f"slot s{k}" for k in range(4)]
    for i in range(count):
        lines.append(f"person p{i} house={rng.choice(['red', 'blue', 'green'])} level={rng.choice(['old', 'new'])}")
        lines.append(f"free p{i} " + " ".join(f"s{k}={rng.randrange(9)}" for k in range(4) if rng.random() < 0.6))
    lines += [f"together p{i} p{j} {rng.randrange(100)}" for i, j in itertools.combinations(range(count), 2) if rng.random() < 0.3]
    return HEADING + "\n".join(lines) + "\n"


def held(seed):
    """With mentors who must get somebody, a locked pair, marked mentees, and mentors of before."""
    lines = scored(seed).replace("mentee m1\n", "mentee m1 marked\n").splitlines()
    pairs = [line.split()[1:3] for line in lines if line.startswith("pair ")]
    locked = next((m, k) for m, k in pairs if f"mentor {k} 0" not in lines)
    lines = [f"{line} least=1" if line.startswith("mentor k0 ") and not line.endswith(" 0") else line for line in lines]
    return "\n".join([*lines, "lock {} {}".format(*locked), *(f"kept m{i} k{i % 5}" for i in range(2, 9))]) + "\n"


CASES = [("optimal", scored), *[(name, held) for name in ("optimal", "fair", "minimal-change")], *[(name, scored) for name in STABLE], *[(name, ranked) for name in STABLE], ("circles", grouped),
         ("circles", lambda seed: grouped(seed, 40))]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_results_hold_and_order_does_not_matter(tmp_path, number):
    algorithm, make = CASES[number]
    for seed in range(5):
        text = make(seed)
        result = solve(text, algorithm)
        assert solve(shuffled(text, seed), algorithm) == result
        done = check(tmp_path, result, shuffled(text, seed + 1))
        assert (done.returncode, done.stdout) == (0, "holds\n"), done.stderr


def leaves(value, path=()):
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path


def spoil(result, path):
    at = result
    for step in path[:-1]:
        at = at[step]
    old = at[path[-1]]
    at[path[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else "x" if old is None else old + "x"


@pytest.mark.parametrize("number", range(len(CASES) - 1))
def test_each_spoilt_value_is_seen(tmp_path, number):
    """Every number one more, every text another: only a price may change and still prove, and a sentence or a seed be another one."""
    algorithm, make = CASES[number]
    text = make(3)
    result = solve(text, algorithm)
    paths = list(leaves(json.loads(result)))
    random.Random(4).shuffle(paths)
    for path in paths[:60]:
        other = json.loads(result)
        spoil(other, path)
        done = check(tmp_path, other, text)
        is_price = path[0] == "certificate" and path[1] in ("people", "slots", "mentees", "mentors")
        if not is_price and path[-1] not in ("why", "seed"):
            assert done.returncode == 1, (path, done.stdout)


@pytest.mark.parametrize("path", [("format",), ("pairs",), ("objective",), ("certificate",), ("certificate", "mentees", "m1"), ("instance",)])
def test_what_a_result_lacks_is_seen(tmp_path, path):
    result = json.loads(solve(scored(1), "optimal"))
    at = result
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    assert check(tmp_path, result, scored(1)).returncode == 1
    result = json.loads(solve(scored(1), "optimal"))
    result["more"] = 1
    assert check(tmp_path, result, scored(1)).returncode == 1
    assert check(tmp_path, solve(scored(1), "optimal"), scored(2)).stderr.count("another hash") == 1
    assert check(tmp_path, "[1", scored(1)).returncode == 3
    assert check(tmp_path, "[1]", scored(1)).returncode == 3


def test_a_worse_matching_does_not_hold(tmp_path):
    text = HEADING + "mentee a\nmentee b\nmentor k 1\npair a k 5\npair b k 7\n"
    result = json.loads(solve(text, "optimal"))
    assert result["pairs"] == [{"mentee": "b", "mentor": "k", "score": 7}] and result["unplaced"] == ["a"]
    result["pairs"], result["unplaced"] = [{"mentee": "a", "mentor": "k", "score": 5}], ["b"]
    result["objective"]["total"] = result["bound"]["total"] = 5
    assert check(tmp_path, result, text).returncode == 1
    result["pairs"] *= 2
    assert "name a mentee twice" in check(tmp_path, result, text).stderr
    stable = json.loads(solve(text, "stable-mentee"))
    assert stable["certificate"]["rather"] == [{"mentee": "a", "mentor": "k", "keeps": "b"}]
    stable["pairs"], stable["unplaced"] = [{"mentee": "a", "mentor": "k", "score": 5}], ["b"]
    assert "both rather" in check(tmp_path, stable, text).stderr


# --- all that can be, tried one by one ----------------------------------------------------------------------


def small(seed):
    rng = random.Random(seed)
    mentees = {f"m{i}": rng.random() < 0.2 for i in range(rng.randrange(1, 6))}
    mentors = {f"k{j}": (places := rng.randrange(3), rng.randrange(places + 1) if rng.random() < 0.3 else 0) for j in range(rng.randrange(1, 4))}
    pairs = {(m, k): rng.choice([rng.randrange(1000001), rng.randrange(4) * 50000]) for m in mentees for k in mentors if rng.random() < 0.7}
    locks = dict(rng.sample(sorted(pairs), 1)) if pairs and rng.random() < 0.3 else {}
    kept = {m: rng.choice(sorted(mentors)) for m in mentees if rng.random() < 0.5}
    lines = [f"mentee {m}{' marked' * marked}" for m, marked in mentees.items()]
    lines += [f"mentor {k} {places} least={least}" for k, (places, least) in mentors.items()]
    lines += [f"pair {m} {k} {score}" for (m, k), score in pairs.items()]
    lines += [f"lock {m} {k}" for m, k in locks.items()] + [f"kept {m} {k}" for m, k in kept.items()]
    return HEADING + "\n".join(lines) + "\n", mentees, mentors, pairs, locks, kept


def best_of_all(algorithm, mentees, mentors, pairs, locks, kept):
    """The best of all matchings by the aim's own order, or None if locks and least numbers leave none."""
    best = None
    for chosen in itertools.product(*[[None, *(k for k in mentors if (m, k) in pairs)] for m in mentees]):
        made = {m: k for m, k in zip(mentees, chosen) if k}
        load = {k: chosen.count(k) for k in mentors}
        if any(load[k] > places or load[k] < least for k, (places, least) in mentors.items()) or any(made.get(m) != k for m, k in locks.items()):
            continue
        scores = [pairs[pair] for pair in made.items()]
        bands = tuple(-sum(min(score // 50000, 19) == band for score in scores) for band in range(20))
        middle = {"optimal": (), "fair": bands, "minimal-change": (sum(kept.get(m) == k for m, k in made.items()),)}[algorithm]
        worth = (sum(1 + mentees[m] for m in made), *middle, sum(scores))
        best = worth if best is None or worth > best else best
    return best


@pytest.mark.parametrize("algorithm", ["optimal", "fair", "minimal-change"])
def test_nothing_is_better(tmp_path, algorithm):
    impossible = 0
    for seed in range(60):
        text, mentees, mentors, pairs, locks, kept = small(seed)
        if not pairs:
            continue
        done = run("--algorithm", algorithm, text=text)
        best = best_of_all(algorithm, mentees, mentors, pairs, locks, kept)
        if best is None:
            impossible += 1
            assert done.returncode == 3 and "locked to the mentor" in done.stderr or done.returncode == 4, done.stderr
            continue
        assert done.returncode == 0, done.stderr
        objective, made = json.loads(done.stdout)["objective"], pairs_of(done.stdout)
        middle = {"optimal": (), "fair": tuple(-count for count in objective["bands"]), "minimal-change": (objective.get("kept", 0),)}[algorithm]
        assert (sum(1 + mentees[m] for m in made), *middle, objective["total"]) == best
        assert check(tmp_path, done.stdout, text).returncode == 0
    assert impossible > 3


LONG = "x" * 65
WRONG = [
    ("", "Line 1: The file is empty"),
    ("mentorship-match 2\n", "Line 1: The first line must be"),
    ("mentee a\n", "Line 1: The first line must be"),
    (HEADING + "menteee a\n", "Line 2: 'menteee' is no kind of line"),
    (HEADING + "mentee\n", "Line 2: There is no name"),
    (HEADING + f"mentee {LONG}\n", "is no name: at most 64 bytes"),
    (HEADING + "mentee a=b\n", "Line 2: 'a=b' is no name"),
    (HEADING + "mentee a\n\n# more\nmentee a # again\n", "Line 5: The mentee 'a' stands in line 2 already"),
    (HEADING + "mentee a\nmentor a 1\n", "Line 3: The mentor 'a' is a mentee in line 2"),
    (HEADING + "mentee a marked marked\n", "Line 2: 'marked' is one word too many"),
    (HEADING + "mentee a old\n", "Line 2: 'old' is not known here"),
    (HEADING + "mentor k\n", "Line 2: How many places"),
    (HEADING + "mentor k 10001\n", "Line 2: '10001' is not a number of places"),
    (HEADING + "mentor k -1\n", "Line 2: '-1' is not"),
    (HEADING + "mentor k nan\n", "Line 2: 'nan' is not"),
    (HEADING + "mentor k 1.5\n", "Line 2: '1.5' is not"),
    (HEADING + "mentor k 99999999999999999999\n", "is not a number of places"),
    (HEADING + "mentor k 2 least=3\n", "Line 2: The mentor 'k' has 2 places and cannot get at least 3"),
    (HEADING + "mentor k 2 most=3\n", "Line 2: 'most=3' is not known here"),
    (HEADING + "pair a k 1\nmentor k 1\n", "Line 2: There is no mentee 'a'"),
    (HEADING + "mentee a\npair a k 1\n", "Line 3: There is no mentor 'k'"),
    (HEADING + "mentee a\nmentor k 1\npair a k\n", "Line 4: The score is missing"),
    (HEADING + "mentee a\nmentor k 1\npair a k 1000001\n", "Line 4: '1000001' is not a score"),
    (HEADING + "mentee a\nmentor k 1\npair a k 1 mentor=NaN\n", "Line 4: 'NaN' is not mentor"),
    (HEADING + "mentee a\nmentor k 1\npair a k 1 other=1\n", "Line 4: 'other=1' is not known here"),
    (HEADING + "pair a k 2\nmentee a\nmentor k 1\npair a k 1\n", "Line 5: The pair of 'a' and 'k' stands in line 2 already"),
    (HEADING + "mentee a\nmentor k 1\nprefers b k\n", "Line 4: There is no mentee and no mentor 'b'"),
    (HEADING + "mentee a\nmentor k 1\nprefers a a\n", "Line 4: There is no mentor 'a' to stand in this list"),
    (HEADING + "mentee a\nmentor k 1\nprefers a k=\n", "Line 4: There is no mentor '' to stand in this list"),
    (HEADING + "mentee a\nmentor k 1\nprefers a k k\n", "Line 4: 'k' stands in this list twice"),
    (HEADING + "mentee a\nmentor k 1\nprefers a k\nprefers a k\n", "Line 5: The list of 'a' stands in line 4 already"),
    (HEADING + "mentee a\nmentor k 1\npair a k 1\nlock a k\nlock a k\n", "Line 6: The mentee 'a' is locked in line 5 already"),
    (HEADING + "mentee a\nmentor k 1\nmentor n 1\npair a k 1\nlock a n\n", "Line 6: 'a' and 'n' are locked, and no line 'pair' allows it"),
    (HEADING + "mentee a\nmentee b\nmentor k 1\npair a k 1\npair b k 1\nlock a k\nlock b k\n",
     "More mentees are locked to the mentor 'k' than its 1 places"),
    (HEADING + "mentee a\nmentor k 1\nlock a k\n", "Line 4: 'a' and 'k' are locked, and do not list each other"),
    (HEADING + "mentee a\nmentor k 1\nkept a k\nkept a k\n", "Line 5: The mentee 'a' has another line 'kept'"),
    (HEADING + "person p\n", "no line 'size LEAST MOST'"),
    (HEADING + "size 3 2\nperson p\n", "Line 2: '2' is not the largest size"),
    (HEADING + "size 1 2\nperson p\n", "Line 2: '1' is not the least size"),
    (HEADING + "size 2 3\nsize 2 3\nperson p\n", "Line 3: The size of groups stands in line 2 already"),
    (HEADING + "groups 0\nsize 2 3\nperson p\n", "Line 2: '0' is not a number of groups"),
    (HEADING + "size 2 3\nperson p a\n", "Line 3: 'a' is not ATTRIBUTE=VALUE"),
    (HEADING + "size 2 3\nperson p a=1 a=2\n", "Line 3: The person 'p' has the attribute 'a' twice"),
    (HEADING + "size 2 3\nperson p\nfree p s\n", "Line 4: There is no slot 's'"),
    (HEADING + "size 2 3\nslot s\nperson p\nfree p s s\n", "Line 5: The slot 's' stands here twice"),
    (HEADING + "size 2 3\nslot s\nperson p\nfree p s=1001\n", "Line 5: '1001' is not a score"),
    (HEADING + "size 2 3\nslot s\nperson p\nfree p s\nfree p s\n", "Line 6: When 'p' is free stands in line 5 already"),
    (HEADING + "size 2 3\nperson p\nfree q s\n", "Line 4: There is no person 'q'"),
    (HEADING + "size 2 3\nperson p\ntogether p p 1\n", "Line 4: A score is one of two people"),
    (HEADING + "size 2 3\nperson p\nperson q\ntogether p q 1\ntogether q p 1\n", "have two lines 'together'"),
    (HEADING + "size 2 3\nperson p\nrule\n", "Line 4: Whom does the rule count?"),
    (HEADING + "size 2 3\nperson p\nrule a=1\n", "Line 4: A rule needs"),
    (HEADING + "size 2 3\nperson p\nrule a=1 least=2 most=1\n", "Line 4: At least 2 and at most 1"),
    (HEADING + "size 2 3\nperson p\nrule a=1 most=1\nrule a=1 most=2\n", "Line 5: The same rule stands in line 4 already"),
    (HEADING + "mentee a\u202eb\n", "Line 2: "),
    (HEADING + "mentee a\0b\n", "Line 2: "),
]


@pytest.mark.parametrize("text,sentence", WRONG, ids=range(len(WRONG)))
def test_wrong_instances_name_their_line(text, sentence):
    done = run(text=text)
    assert done.returncode == 3 and sentence in done.stderr and not done.stdout, done.stderr


def test_too_many(tmp_path):
    file = tmp_path / "many"
    file.write_text(HEADING + "".join(f"mentee m{i}\n" for i in range(131073)))
    assert "at most 131072 people a side" in run(file).stderr
    file.write_text(HEADING + "size 2 3\n" + "".join(f"person m{i}\n" for i in range(4097)))
    assert "at most 4096 people" in run(file).stderr
    file.write_text(HEADING + "size 2 3\nperson p\n" + "".join(f"slot m{i}\n" for i in range(513)))
    assert "at most 512 slots" in run(file).stderr
    file.write_text(HEADING + "size 2 3\nrule a most=1\n" + "".join(f"person p{i} a={i}\n" for i in range(300)))
    assert "more than 256 rules" in run(file).stderr
    file.write_bytes(HEADING.encode() + b"mentee \xff\n")
    assert run(file).stderr.startswith("mentorship-match: Line 2: ")


def test_command_line(tmp_path):
    assert run("--help").returncode == 0 and "stable-ties" in run("--help").stdout
    assert run("--version").stdout.startswith("mentorship-match ")
    assert run("--nonsense").returncode == 2
    assert run("--algorithm", "best", text=HEADING).returncode == 2
    assert run("a", "b").returncode == 2
    for seed in ("-1", "x", "", "9223372036854775808"):
        assert run("--seed", seed, text=HEADING).returncode == 2
    assert run("--check", "-", "-", text=HEADING).returncode == 2
    assert run("--check", "x", "--output", "y", text=HEADING).returncode == 2
    assert run(tmp_path / "absent").returncode == 3
    assert run(tmp_path).returncode == 3
    assert run("--output", "/dev/full", text=scored(1)).returncode == 1
    assert run("--output", tmp_path / "no/such", text=scored(1)).returncode == 1
    assert run("--output", tmp_path / "r", text=scored(1)).returncode == 0 and run("--check", tmp_path / "r", text=scored(1)).returncode == 0
    assert "needs lines 'person'" in run("-a", "circles", text=scored(1)).stderr
    assert "needs lines 'pair'" in run("-a", "optimal", text=ranked(1)).stderr
    least = HEADING + "mentee a\nmentor k 1 least=1\npair a k 1\n"
    assert "cannot keep 'least='" in run("-a", "stable-mentee", text=least).stderr
    assert json.loads(solve(HEADING + "mentee a marked\nmentor k 1\npair a k 1\nkept a k\n", "stable-ties"))["ignored"] == ["marked", "kept"]


def test_the_seed_is_where_circles_begin(tmp_path):
    results = {solve(grouped(9, 40), "circles", "--seed", str(seed)) for seed in range(6)}
    assert len(results) > 1
    assert all(check(tmp_path, result, grouped(9, 40)).returncode == 0 for result in results)


def test_a_result_names_its_method():
    assert "3/2-approximation" in json.loads(solve(ranked(1), "stable-ties"))["method"]
    assert "mentors offer" in json.loads(solve(ranked(1), "stable-mentor"))["method"]


def test_the_bound_of_stable_ones():
    """Without ties what is placed; with ties half as many again at most, and nobody without a list."""
    strict = HEADING + "mentee a\nmentee b\nmentee c\nmentor k 1\npair a k 1\npair b k 2\npair c k 3\n"
    assert [json.loads(solve(strict, algorithm))["bound"]["placed"] for algorithm in STABLE] == [1, 1, 1]
    tied = HEADING + "".join(f"mentee {m}\n" for m in "abcdef") + "".join(f"mentor {m} 1\npair {m.lower()} {m} 1\n" for m in "ABCD") + \
        "pair a B 1\npair e A 1\n"
    assert [json.loads(solve(tied, algorithm))["bound"]["placed"] for algorithm in STABLE] == [5, 5, 5]
    assert json.loads(solve(tied.replace("pair e A 1\n", ""), "stable-ties"))["bound"]["placed"] == 4
    wide = HEADING + "".join(f"mentee m{i}\npair m{i} k 1\n" for i in range(9)) + "mentor k 4\n"
    assert [json.loads(solve(wide, algorithm))["bound"]["placed"] for algorithm in STABLE] == [8, 8, 6]


def test_locked_pairs_stay_in_stable_ones(tmp_path):
    text = HEADING + "mentee a\nmentee b\nmentor k 1\npair a k 5\npair b k 7\nlock a k\n"
    for algorithm in STABLE:
        result = json.loads(solve(text, algorithm))
        assert result["pairs"] == [{"mentee": "a", "mentor": "k", "score": 5, "locked": True}] and result["bound"]["placed"] == 1
        assert check(tmp_path, result, text).returncode == 0
        result["pairs"], result["unplaced"] = [{"mentee": "b", "mentor": "k", "score": 7}], ["a"]
        assert "locked" in check(tmp_path, result, text).stderr


def test_rules_of_circles_for_each_value_and_for_one():
    lines = ["size 3 3", "slot s", "rule house most=1", "rule house=red most=2"]
    lines += [f"person p{i} house={house}" for i, house in enumerate(["red", "red", "blue", "blue"])] + [f"free p{i} s" for i in range(4)]
    result = json.loads(solve(HEADING + "\n".join(lines) + "\n", "circles"))
    assert [group["people"] for group in result["groups"]] in (["p0 p1 p2".split()], ["p0 p1 p3".split()])


# --- published optima, and an independent program -----------------------------------------------------------


def set_of(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return json.loads(path.read_text())


def word(name):
    return name.replace(" ", "_")


def hospital(residents, hospitals, capacity):
    """Both sides' lists as an instance; a resident is r:NAME, a hospital h:NAME, as some sets use numbers for both."""
    lines = [f"mentee r:{word(name)}" for name in residents]
    lines += [f"mentor h:{word(name)} {capacity[name] if isinstance(capacity, dict) else capacity}" for name in hospitals]
    lines += [f"prefers r:{word(name)} " + " ".join(f"h:{word(str(h))}" for h in wanted) for name, wanted in residents.items()]
    lines += [f"prefers h:{word(name)} " + " ".join(f"r:{word(str(r))}" for r in wanted) for name, wanted in hospitals.items()]
    return HEADING + "\n".join(lines) + "\n"


@pytest.mark.parametrize("case", ["hr_readme", "hr_issue67", "sm_pride"])
def test_published_optima(tmp_path, case):
    one = next(c for c in set_of("daffidwilde/small_cases.json")["cases"] if c["id"] == case)
    if case == "sm_pride":
        text = hospital(one["suitors"], one["reviewers"], 1)
        wanted = {f"r:{name}": f"h:{other}" for name, other in one["expect"].items()}
    else:
        text = hospital(one["residents"], one["hospitals"], one["capacity"])
        wanted = {f"r:{word(name)}": f"h:{word(h)}" for h, names in one["expect_resident_optimal"].items() for name in names}
    result = solve(text, "stable-mentee")
    assert pairs_of(result) == wanted
    assert check(tmp_path, result, text).returncode == 0


def deferred(residents, hospitals, capacity):
    """Residents ask, the textbook's way: an independent look at a set without a published optimum."""
    held, waiting, at = {h: [] for h in hospitals}, list(residents), {r: 0 for r in residents}
    while waiting:
        resident = waiting.pop()
        while at[resident] < len(residents[resident]):
            h = residents[resident][at[resident]]
            at[resident] += 1
            if resident not in hospitals[h]:
                continue
            held[h] = sorted([*held[h], resident], key=hospitals[h].index)
            if len(held[h]) <= capacity:
                break
            resident = held[h].pop()
    return {f"r:{r}": f"h:{h}" for h, names in held.items() for r in names}


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_a_set_whose_lists_are_of_one_side_only(tmp_path, capacity):
    one = set_of("daffidwilde/hr_issue_159.json")
    residents = {name: [str(h) for h in wanted] for name, wanted in one["residents"].items()}
    hospitals = {name: [str(r) for r in wanted] for name, wanted in one["hospitals"].items()}
    text = hospital(residents, hospitals, capacity)
    result = solve(text, "stable-mentee")
    assert pairs_of(result) == deferred(residents, hospitals, capacity)
    assert check(tmp_path, result, text).returncode == 0


def profit_tables(path):
    numbers = iter(path.read_text().split())
    for _ in range(int(next(numbers))):
        agents, jobs = int(next(numbers)), int(next(numbers))
        yield [[int(next(numbers)) for _ in range(jobs)] for _ in range(agents)]
        for _ in range(agents * jobs + agents):
            next(numbers)


@pytest.mark.parametrize("name", ["gap1", "gap2", "gap4", "gap5", "gap6"])
def test_profit_tables_beside_an_independent_solver(tmp_path, name):
    """Jobs are mentees, agents mentors, each with enough places for its part: as an assignment of jobs to copies of the agents."""
    optimize = pytest.importorskip("scipy.optimize", reason="python3-scipy is not installed: no second solver to compare with")
    path = SHARED / "orlib" / f"{name}.txt"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    for table in profit_tables(path):
        agents, jobs = len(table), len(table[0])
        places = -(-jobs // agents)
        lines = [f"mentee j{j}" for j in range(jobs)] + [f"mentor a{a} {places}" for a in range(agents)]
        lines += [f"pair j{j} a{a} {table[a][j]}" for a in range(agents) for j in range(jobs)]
        text = HEADING + "\n".join(lines) + "\n"
        result = solve(text, "optimal")
        copies = [row for row in table for _ in range(places)]
        chosen = optimize.linear_sum_assignment(copies, maximize=True)
        assert json.loads(result)["objective"]["placed"] == jobs
        assert json.loads(result)["objective"]["total"] == sum(copies[a][j] for a, j in zip(*chosen))
        assert check(tmp_path, result, text).returncode == 0
