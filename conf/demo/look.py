#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo reads out of mentorctl's JSON: counts, choices, batches of answers, and the checks over them.

look.py QUESTION FILE...: files hold what `mentorctl --json` printed. A question prints its answer; one that checks
something ends with status 1 and says what is wrong.
"""
import collections
import datetime
import json
import sys
import zoneinfo

KNOWN = {}


def question(function):
    KNOWN[function.__name__.replace("_", "-")] = function
    return function


def read(name):
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def write(name, value):
    with open(name, "w", encoding="utf-8") as file:
        json.dump(value, file)


def number(path):
    """The id of an object path, 0 for none."""
    return int(path.rsplit("/", 1)[1]) if path and path != "/" else 0


def wrong(sentence):
    print(f"   {sentence}")
    sys.exit(1)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


# ---- small questions ----

@question
def rows(name):
    print(len(read(name)))


@question
def value(name, key):
    found = read(name)
    found = found[0] if isinstance(found, list) else found
    print(found.get(key, ""))


@question
def column(name, key):
    for row in read(name):
        print(row.get(key, ""))


@question
def counts(name, key):
    """How many rows have each value."""
    for word, count in sorted(collections.Counter(row[key] for row in read(name)).items(), key=str):
        print(f"   {count:5}  {word}")


@question
def count_of(name, *wanted):
    """How many rows have all these values: KEY VALUE [KEY VALUE]..."""
    print(sum(1 for row in read(name) if all(str(row[key]) == value for key, value in zip(wanted[::2], wanted[1::2]))))


@question
def linked(members, done):
    """Every answer that a page said thanks for is there."""
    answers = {(number(row["match"]), number(row["person"])): row["answer"] for row in read(members)}
    with open(done, encoding="utf-8") as file:
        said = [line.split() for line in file]
    lost = [line for line in said if answers.get((int(line[0]), int(line[1]))) not in ("accepted", "declined")]
    if lost:
        wrong(f"{len(lost)} of {len(said)} answers are lost, such as {lost[0]}")


@question
def agenda(name):
    """What waits, by kind, with the time since which the oldest waits."""
    kinds = {}
    for row in read(name):
        oldest, count = kinds.get(row["kind"], (None, 0))
        since = row.get("since") or None
        kinds[row["kind"]] = (min(filter(None, (oldest, since)), default=None), count + 1)
    for kind, (oldest, count) in sorted(kinds.items()):
        print(f"   {count:5}  {kind}" + (f", the oldest since {oldest[:10]}" if oldest else ""))
    if not kinds:
        print("       0  nothing waits")


# ---- minors ----

NEEDS = "their own consent to take part, and that of a guardian who was verified"


@question
def minors(people, participants, annex):
    """Who counts as a minor; answers how many mentors and mentees are left without them."""
    young = {row["object"]: row["name"] for row in read(people) if row["minor"]}
    left = collections.Counter(row["role"] for row in read(participants) if row["person"] not in young)
    with open(annex, "a", encoding="utf-8") as file:
        if young:
            print("\n\nMinors, and the consents that each needs before a match\n", file=file)
            for name in sorted(young.values()):
                print(f"  {name}: {NEEDS}", file=file)
    print(len(young), left["mentor"], left["mentee"])


# ---- the proposal ----

def lines_of(text, by):
    """The lines, indented; what stands there twice is said once."""
    return "\n".join(dict.fromkeys(" " * by + line for line in (text or "").splitlines() if line.strip()))


def named(text, mentor=None):
    """In one line, with 'this mentor' by name."""
    text = "; ".join((text or "").splitlines()).removeprefix("It would help: ")
    return text.replace("this mentor", mentor) if mentor else text


@question
def proposal(pairs, unplaced, participants, annex, most):
    """Writes all pairs with reasons and all unplaced people into the annex, and prints the first of each."""
    names = {row["object"]: row["name"] for row in read(participants)}
    told = []
    for row in sorted(read(pairs), key=lambda row: -row["score"]):
        text = f"  {names[row['mentor']]} with {names[row['mentee']]}: {row['score']} points\n{lines_of(row['reasons'], 6)}"
        if not (row["reasons"] or "").strip():
            wrong(f"the pair {row['object']} has no reasons")
        others = (row["instead"] or "").splitlines()
        if others:
            text += "\n      instead: " + others[0]
        elif row["alternatives"]:
            wrong(f"nobody is named who could stand instead of the two of {row['object']}")
        told.append(text)
    left = []
    for row in read(unplaced):
        if not (row["stopped"] or "").strip():
            wrong(f"nothing says what stopped {names[row['participant']]}")
        text = f"  {names[row['participant']]}\n      stopped by: " + named(row["stopped"])
        left.append(text + ("\n      would help: " + named(row["help"], names.get(row["mentor"])) if row["help"] else ""))
    with open(annex, "a", encoding="utf-8") as file:
        print(f"\n\nAll {len(told)} proposed pairs\n\n" + "\n".join(told), file=file)
        print(f"\n\nAll {len(left)} people without a place\n\n" + "\n".join(left), file=file)
    for what, texts in (("pairs", told), ("people without a place", left)):
        print(f"\nThe first of {len(texts)} {what}:" if texts else f"\nThere are no {what}.")
        print("\n".join(texts[:int(most)]))


@question
def last_place(members, matches, participants, unplaced, people):
    """Chooses a mentor whose last place two matches shall want, and who of the others has accounts here."""
    proposed = {row["object"] for row in read(matches) if row["state"] == "proposed"}
    free = {row["object"]: row["capacity"] for row in read(participants)}
    role = {row["object"]: row["role"] for row in read(participants)}
    person = {row["object"]: row["person"] for row in read(participants)}
    zones = {row["object"]: row.get("zone") for row in read(people)}
    young = {row["object"] for row in read(people) if row["minor"]}
    sides = collections.defaultdict(dict)
    for row in read(members):
        if row["match"] in proposed:
            sides[row["match"]][row["side"]] = row["participant"]
    taken = collections.Counter(pair["mentor"] for pair in sides.values())
    mentor = min(taken, key=lambda who: (free[who] != taken[who], taken[who], number(who)))
    match = min((m for m, pair in sides.items() if pair["mentor"] == mentor), key=number)
    left = [row["participant"] for row in read(unplaced) if role[row["participant"]] == "mentee"
            and person[row["participant"]] not in young]
    other = ""
    if not left:                                # then a mentee of somebody else, whose own proposal is withdrawn first
        others = sorted((m for m, pair in sides.items() if pair["mentor"] != mentor), key=number)
        if others:
            other, left = others[-1], [sides[others[-1]]["mentee"]]
    pairs = [m for m, pair in sorted(sides.items(), key=lambda item: number(item[0]))
             if pair["mentor"] != mentor and m != other]
    pairs.sort(key=lambda m: zones.get(person[sides[m]["mentee"]]) != "America/New_York")
    own = pairs[0] if pairs else ""
    write("choice.json", {
        "mentor": number(mentor), "taken": taken[mentor], "capacity": free[mentor],
        "match": number(match), "mentee": number(left[0]) if left else 0, "withdraw": number(other) if other else 0,
        "own": number(own) if own else 0,
        "mona": number(person[sides[own]["mentor"]]) if own else 0, "tim": number(person[sides[own]["mentee"]]) if own else 0,
        "zone-mona": zones.get(person[sides[own]["mentor"]]) or "" if own else "",
        "zone-tim": zones.get(person[sides[own]["mentee"]]) or "" if own else ""})


# ---- answers ----

def answers_of(members, matches, choice, last_side):
    """Every answer to enter: (match, verb, person). A few of many decline, a few stay silent; the last answers of the two
    matches that want one place are left out, and whoever is asked first answers first."""
    offered = sorted((row["object"] for row in read(matches) if row["state"] == "offered"), key=number)
    chosen = {number(m): i for i, m in enumerate(offered)}
    racing = (choice["match"], choice["second"]) if choice["second"] else ()
    for row in sorted(read(members), key=lambda row: (number(row["match"]), row["side"] == last_side)):
        match, place = number(row["match"]), chosen.get(number(row["match"]))
        if place is None or row["answer"] or (match in racing and row["side"] == last_side):
            continue
        special = len(offered) >= 20 and match not in (choice["match"], choice["second"], choice["own"])
        if special and place % 60 == 17:
            if row["side"] == "mentee":
                yield row["match"], "Decline", row["person"]
        elif not special or place % 60 != 39:
            yield row["match"], "Accept", row["person"]


@question
def who(members, match, side):
    """The number of the person on one side of a match."""
    print(next(number(row["person"]) for row in read(members)
               if number(row["match"]) == int(match) and row["side"] == side))


@question
def batches(members, matches, choice, last_side):
    """Writes batch-NNN.json for `mentorctl call-many`, each call with a key of its own; prints how many."""
    calls = [{"object": match, "verb": verb, "options": {"for": person, "key": f"demo-{number(match)}-{number(person)}"}}
             for match, verb, person in answers_of(members, matches, read(choice), last_side)]
    size = max(1, min(100, len(calls) // 16))
    parts = [calls[start:start + size] for start in range(0, len(calls), size)]
    for i, part in enumerate(parts):
        write(f"batch-{i:03}.json", part)
    print(len(parts), len(calls))


@question
def acknowledged(*names):
    """How many answers were acknowledged in these files."""
    print(sum(1 for name in names for row in read(name) if "error" not in row))


@question
def nothing_lost(members, audit, batch_count):
    """Every acknowledged answer is there, once; and every answer was acknowledged."""
    calls, replies = [], []
    for i in range(int(batch_count)):
        calls += read(f"batch-{i:03}.json")
        replies += read(f"answer-{i:03}.json")
    if len(calls) != len(replies):
        wrong(f"{len(calls)} answers were entered, {len(replies)} replies came")
    kept = {(row["match"], row["person"]): row for row in read(members)}
    done = collections.Counter((row["record"], row["verb"], row["for_person"]) for row in read(audit))
    for call, reply in zip(calls, replies):
        match, person = call["object"], call["options"]["for"]
        if "error" in reply:
            wrong(f"{call['verb']} on {match} was refused: {reply.get('message')}")
        want = {"Accept": "accepted", "Decline": "declined"}[call["verb"]]
        member = kept[match, person]
        if member["answer"] != want:
            wrong(f"{match}: the acknowledged answer '{want}' of {person} is lost")
        times = done[member["id"], call["verb"], number(person)]
        if times != 1:
            wrong(f"{match}: {call['verb']} for {person} was done {times} times")


@question
def one_won(first, second, mentor, matches, participants):
    """Exactly one of the two matches was accepted, and no mentor has more than their places."""
    states = {number(row["object"]): row["state"] for row in read(matches)}
    won = [m for m in (int(first), int(second)) if states[m] == "accepted"]
    if len(won) != 1:
        wrong(f"{len(won)} of the two matches were accepted: {states[int(first)]}, {states[int(second)]}")
    for row in read(participants):
        if row["taken"] > row["capacity"]:
            wrong(f"participant {row['object']} has {row['taken']} of {row['capacity']} places taken")
        if number(row["object"]) == int(mentor) and row["taken"] != row["capacity"]:
            wrong(f"the mentor has {row['taken']} of {row['capacity']} places taken")


# ---- check-ins ----

def habit(participant):
    """What kind of answerer a participant is: most answer at once, some late, some never."""
    return {4: "never", 6: "late"}.get(number(participant) % 9, "at once")


@question
def check_in_answers(waiting, when, tim):
    """Writes check-in-N.json for call-many: who answers now. `when` is 'early' or 'late' in the week."""
    calls = []
    for row in read(waiting):
        kind = habit(row["participant"])
        if number(row["person"]) == int(tim) or kind == "never" or (kind == "late" and when == "early"):
            continue
        mark = number(row["object"])
        answers = [f"rating={1 + (mark * 7 + 3) % 5 if mark % 6 == 0 else 4 + mark % 2}"]
        answers += ["met=no", "why_not=time"] if mark % 46 == 0 else ["met=yes", f"times={1 + mark % 3}"]
        if mark % 23 == 0:
            answers += ["help=yes", "say=I would like a talk, when there is time."]
        calls.append({"object": row["object"], "verb": "Answer", "arguments": {"answers": answers}, "options": {"for": row["person"]}})
    parts = [calls[start:start + 100] for start in range(0, len(calls), 100)]
    for i, part in enumerate(parts):
        write(f"check-in-{i}.json", part)
    print(len(parts))


@question
def responses(kept, check_ins):
    """Each answered check-in has its response, and no other has one; those with a flag are as many as have an answer that raises one."""
    answered = {row["object"]: row for row in read(check_ins) if row["state"] == "answered"}
    found = collections.Counter(row["check_in"] for row in read(kept))
    if set(found) != set(answered) or set(found.values()) - {1}:
        wrong(f"{len(answered)} check-ins were answered, but there are {len(read(kept))} responses, to {len(found)} check-ins")
    if not all(row["rating"] for row in answered.values()):
        wrong("a check-in was answered without a rating")
    flags = collections.Counter(flag for row in answered.values() for flag in row["flags"] or [])
    if not flags["not_met"] and len(answered) > 100:
        wrong("nobody's answer raised a flag")
    print("   flags that answers raised: " + (", ".join(f"{count} {flag}" for flag, count in sorted(flags.items())) or "none"))


@question
def none_refused(*names):
    for name in names:
        for row in read(name):
            if "error" in row:
                wrong(f"{row['object']}: {row.get('message')}")


@question
def local_hours(check_ins, people, hour, weekday, closed_from, closed_to):
    """Every check-in fell due at the hour, on the weekday or, moved by closed days, on the day after them; prints
    what the changes of the clocks did."""
    zones = {row["object"]: zoneinfo.ZoneInfo(row.get("zone") or "Europe/Berlin") for row in read(people)}
    closed = [datetime.date.fromisoformat(text) for text in (closed_from, closed_to)]
    offsets, moved = collections.defaultdict(collections.Counter), 0
    for row in read(check_ins):
        local = instant(row["due"]).astimezone(zones[row["person"]])
        if (local.hour, local.minute) != (int(hour), 0):
            wrong(f"{row['object']} fell due at {local}, not at {hour} o'clock")
        if closed[0] <= local.date() <= closed[1]:
            wrong(f"{row['object']} fell due on a closed day, {local}")
        if local.weekday() != int(weekday):
            if local.date() != closed[1] + datetime.timedelta(days=1):
                wrong(f"{row['object']} fell due on {local:%A %d %B}")
            moved += 1
        offsets[str(local.tzinfo)][local.strftime("%H:%M %Z") + instant(row["due"]).strftime(" = %H:%M UTC")] += 1
    for zone, found in sorted(offsets.items()):
        print(f"   {zone}: " + ", ".join(f"{count} at {text}" for text, count in sorted(found.items())))
    print(f"   moved from a closed day to the next open one: {moved}")
    if not any(len(found) > 1 for zone, found in offsets.items()):
        print("   (in none of these zones did the clocks change in this time)")


@question
def moved_and_changed(check_ins, people, closed_to):
    """For the sample: a change of the clocks and the holiday were really crossed."""
    zones = {row["object"]: zoneinfo.ZoneInfo(row["zone"]) for row in read(people) if row.get("zone")}
    found, moved = collections.defaultdict(set), 0
    after = datetime.date.fromisoformat(closed_to) + datetime.timedelta(days=1)
    for row in read(check_ins):
        local = instant(row["due"]).astimezone(zones[row["person"]])
        found[str(local.tzinfo)].add(local.utcoffset())
        moved += local.date() == after
    if not moved:
        wrong("no check-in was moved by the closed days")
    if sum(len(offsets) > 1 for offsets in found.values()) < 2:
        wrong("the clocks changed in fewer than two zones")


@question
def outbox(messages, all_messages, check_ins, escalations):
    """One message per occasion; a check-in is asked once, an escalation told once. `all_messages` has the caller's own, too,
    whose occasions the caller cannot see."""
    seen = collections.Counter((row["person"], row["template_name"], row["occasion"]) for row in read(messages))
    twice = [key for key, count in seen.items() if count > 1]
    if twice:
        wrong(f"{len(twice)} occasions have more than one message, such as {twice[0]}")
    told = collections.Counter(row["template_name"] for row in read(all_messages))
    for template, rows_, what in (("check-in-due", check_ins, "check-ins"), ("check-in-escalated", escalations, "escalations")):
        if told[template] != len(read(rows_)):
            wrong(f"{len(read(rows_))} {what}, but {told[template]} messages {template}")
    counts(all_messages, "template_name")


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in KNOWN:
        sys.exit("look.py: the questions are " + ", ".join(KNOWN))
    KNOWN[sys.argv[1]](*sys.argv[2:])


main()
