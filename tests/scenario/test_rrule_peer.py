# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of random recurrence rules: ours against dateutil's, occurrence by occurrence.

Where dateutil is known to read the RFC otherwise, the question is put so that both mean the same:
- BYWEEKNO without a day: ours takes the start's weekday, so dateutil is told that weekday;
- BYWEEKNO=-52,-53 of the next year's first week: not asked;
- plain and numbered weekdays in one BYDAY: dateutil takes both to hold at once; not asked (test_rrule.c has it);
- WEEKLY with BYSETPOS: dateutil cuts the first week at the start; the start is put on the week's first day;
- MINUTELY and SECONDLY rules that never reach their BYHOUR raise an error there: ours must give nothing.
"""
import datetime
import itertools
import os
import random
import signal

import pytest

from time_peer import ask

rrule = pytest.importorskip("dateutil.rrule")

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
EPOCH = datetime.datetime(1970, 1, 1)
FIRST = 30


class TooSlow(Exception):
    pass


def on_alarm(*_):
    raise TooSlow


def some(rng, low, high, most=4, signed=False):
    values = {rng.randint(low, high) * (-1 if signed and rng.random() < 0.4 else 1) for _ in range(rng.randint(1, most))}
    return ",".join(str(v) for v in rng.sample(sorted(values), len(values)))


def by_day(rng, numbered, top):
    days = rng.sample(DAYS, rng.randint(1, 3))
    if numbered:
        days = [f"{rng.choice([-1, 1]) * rng.randint(1, top)}{d}" for d in days]
    return ",".join(days)


def random_rule(rng):
    """A rule that the RFC allows, and its start."""
    frequency = rng.choice(FREQUENCIES)
    start = EPOCH + datetime.timedelta(seconds=rng.randint(0, 80 * 365 * 86400))
    parts = {"FREQ": frequency}
    slow = frequency in FREQUENCIES[:4]
    if rng.random() < 0.5:
        parts["INTERVAL"] = rng.choice([1, 2, 3, 4, 5, 7, 12, 25, 90]) if slow else rng.randint(1, 200)
    if rng.random() < 0.3:
        parts["BYMONTH"] = some(rng, 1, 12)
    if frequency == "YEARLY" and rng.random() < 0.25:
        parts["BYWEEKNO"] = ",".join(v for v in some(rng, 1, 53, signed=True).split(",") if v not in ("-52", "-53")) or "20"
    if frequency in ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY") and rng.random() < 0.2:
        parts["BYYEARDAY"] = some(rng, 1, 366, 12, signed=True)
    if frequency != "WEEKLY" and rng.random() < 0.25:
        parts["BYMONTHDAY"] = some(rng, 1, 31, signed=True)
    if rng.random() < 0.4:
        numbered = frequency in ("YEARLY", "MONTHLY") and "BYWEEKNO" not in parts and rng.random() < 0.6
        parts["BYDAY"] = by_day(rng, numbered, 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53)
    for name, top, chance in (("BYHOUR", 23, 0.2), ("BYMINUTE", 59, 0.2), ("BYSECOND", 59, 0.15)):
        if rng.random() < chance:
            parts[name] = some(rng, 0, top)
    if any(n.startswith("BY") for n in parts) and rng.random() < 0.25:
        parts["BYSETPOS"] = some(rng, 1, rng.choice([2, 5, 30]), 3, signed=True)
    if rng.random() < 0.3:
        parts["WKST"] = rng.choice(DAYS)
    if frequency == "WEEKLY" and "BYSETPOS" in parts:
        first = DAYS.index(parts.get("WKST", "MO"))
        start -= datetime.timedelta(days=(start.weekday() - first) % 7)
        start = start.replace(hour=0, minute=0, second=0)
    end = rng.random()
    if end < 0.25:
        parts["COUNT"] = rng.randint(1, 20)
    elif end < 0.5:
        until = start + datetime.timedelta(seconds=rng.randint(0, 86400 * rng.choice([1, 30, 1000, 9000])))
        parts["UNTIL"] = until.strftime("%Y%m%dT%H%M%S")
    rng.shuffle(names := list(parts))
    return start, {n: parts[n] for n in names}


def text_of(parts):
    return ";".join(f"{n}={v}" for n, v in parts.items())


def seconds(moment):
    return int((moment - EPOCH).total_seconds())


def theirs(start, parts):
    """The peer's first occurrences; None where it takes too long. Sparse rules: as many as it finds in the time."""
    parts = dict(parts)
    if "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & set(parts):
        parts["BYDAY"] = DAYS[start.weekday()]
    found = []
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        for moment in itertools.islice(rrule.rrulestr(text_of(parts), dtstart=start), FIRST):
            found.append(seconds(moment))
        return found, True
    except TooSlow:
        return found, False
    except ValueError as error:
        assert "empty" in str(error), (parts, error)
        return [], True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_random_rules_match_dateutil():
    rng = random.Random(5545)
    asked = [random_rule(rng) for _ in range(int(os.environ.get("MENTORSHIP_RULES", "2000")))]
    before = signal.signal(signal.SIGALRM, on_alarm)
    try:
        compare(asked)
    finally:
        signal.signal(signal.SIGALRM, before)


def compare(asked):
    answers = ask((f"{seconds(s)}|{text_of(p)}" for s, p in asked), "rules", FIRST)
    assert len(answers) == len(asked)
    whole = wrong = occurrences = 0
    for (start, parts), answer in zip(asked, answers):
        assert not answer.startswith("!"), (text_of(parts), answer)
        ours = [int(v) for v in answer.split()]
        peer, finished = theirs(start, parts)
        whole += finished
        occurrences += len(peer)
        if (ours if finished else ours[:len(peer)]) != peer:
            wrong += 1
            print(start, text_of(parts), [EPOCH + datetime.timedelta(seconds=v) for v in (ours or [0])[:4]],
                  [EPOCH + datetime.timedelta(seconds=v) for v in peer[:4]])
    print(f"{len(asked)} rules, {whole} to their end, {occurrences} occurrences")
    assert not wrong
    assert whole > len(asked) / 2 and occurrences > 10 * len(asked)


def test_next_and_last_agree_with_the_walk():
    rng = random.Random(2445)
    rules = [random_rule(rng) for _ in range(600)]
    walks = ask((f"{seconds(s)}|{text_of(p)}" for s, p in rules), "rules", FIRST)
    questions, expected = [], []
    for (start, parts), walk in zip(rules, walks):
        found = [int(v) for v in walk.split()]
        for at in {seconds(start) - 1, *found[:5], *(v - 1 for v in found[:5]), *(v + 1 for v in found[-5:])}:
            after = [v for v in found if v > at]
            if not after and len(found) == FIRST:
                continue
            before = [v for v in found if v <= at]
            questions.append(f"{seconds(start)}|{text_of(parts)}|{at}")
            expected.append(f"{after[0] if after else '-'} {before[-1] if before else '-'}")
    answers = ask(questions, "after")
    assert len(questions) > 3000
    assert [pair for pair in zip(questions, answers, expected) if pair[1] != pair[2]] == []
