# SPDX-License-Identifier: GPL-3.0-or-later
"""Every zone of the system, 1900 to 2100: our reader of its data against Python's zoneinfo, both ways across each change."""
import datetime
import os
import pathlib
import random

import pytest

from time_peer import ask

zoneinfo = pytest.importorskip("zoneinfo")

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
FROM, TO = (int((datetime.datetime(year, 1, 1) - EPOCH).total_seconds()) for year in (1900, 2100))
MODERN = int((datetime.datetime(1970, 1, 1) - EPOCH).total_seconds())
FOLDER = pathlib.Path(os.environ.get("TZDIR") or "/usr/share/zoneinfo")
LOCAL_MATTERS = {"localtime", "posixrules", "Factory"}


def names():
    found = sorted(zoneinfo.available_timezones() - LOCAL_MATTERS)
    if not found:
        pytest.skip("no zone data on this system")
    return found


def zone_of(name):
    with open(FOLDER / name, "rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


def at(zone, instant):
    moment = datetime.datetime.fromtimestamp(0, UTC) + datetime.timedelta(seconds=instant)
    local = moment.astimezone(zone)
    return round(local.utcoffset().total_seconds()), local.tzname()


def changes():
    table = {}
    for line in ask(names(), "zones", FROM, TO):
        name, *rest = line.split()
        assert rest != ["unknown"], name
        instant, offset, abbreviation, _ = rest
        table.setdefault(name, []).append((int(instant), int(offset), abbreviation))
    return table


def test_every_change_of_every_zone():
    table = changes()
    assert set(table) == set(names()) and sum(map(len, table.values())) > 20000
    for name, rows in table.items():
        zone = zone_of(name)
        for i, (instant, offset, abbreviation) in enumerate(rows):
            end = rows[i + 1][0] if i + 1 < len(rows) else TO
            for probe in (instant, min(instant + 1, end - 1), (instant + end) // 2, end - 1):
                assert at(zone, probe) == (offset, abbreviation), (name, probe)


def test_no_change_is_missed():
    """Samples a week apart, so that a pair of changes between two that we know of would show."""
    for name, rows in changes().items():
        zone, i = zone_of(name), 0
        for probe in range(MODERN, TO, 7 * 86400):
            while i + 1 < len(rows) and rows[i + 1][0] <= probe:
                i += 1
            assert at(zone, probe) == rows[i][1:], (name, probe)


def expected(zone, local):
    """Answer and instant of a local time after PEP 495: two folds that agree, a gap, or an overlap."""
    wall = EPOCH + datetime.timedelta(seconds=local)
    first, second = (round(wall.replace(tzinfo=zone, fold=fold).utcoffset().total_seconds()) for fold in (0, 1))
    return f"{0 if first == second else 1 if first < second else 2} {local - first}"


def test_local_times_around_every_change():
    rng = random.Random(1)
    questions, answers = [], []
    for name, rows in changes().items():
        zone = zone_of(name)
        for (instant, offset, _), before in zip(rows[1:], rows):
            if instant < MODERN:
                continue
            low, high = sorted((instant + before[1], instant + offset))
            for local in {low - 1, low, (low + high) // 2, high - 1, high, high + 1, rng.randint(low - 90000, high + 90000)}:
                questions.append(f"{name} {local}")
                answers.append(expected(zone, local))
    ours = ask(questions, "locals")
    assert len(questions) > 100000
    assert [row for row in zip(questions, ours, answers) if row[1] != row[2]][:20] == []
