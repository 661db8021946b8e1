# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: every property, list and verb, tried by every kind of caller under a uid of its own.

The cells come from Describe. What is expected in each is computed here, from the rows as they lie in the database and from
the rules below, and never asked of the daemon: who a caller is to a row (`Rules.roles`), less staff roles over what is their
own, meets who reads the field or may call the verb. What a caller does not see must answer like what does not exist.
"""
import csv
import datetime
import io
import json
import pwd
import re
from types import SimpleNamespace

import pytest

from harness import COLLECTION, MANAGER, NAME, PROPERTIES, PYTHON, TOP, Refused, run
from world import CAST, NOW, DAY, built_world, number, shared_world, world     # noqa: F401

STAFF = {"coordinator", "observer", "interviewer", "auditor", "safeguarding lead", "data-protection officer", "confidant"}
HIDDEN_IN = {"program": {"draft"}, "match": {"proposed"}}          # seen by staff and admins only
ENROLLED = {"accepted", "training", "ready", "paused"}
TOGETHER = {"offered", "accepted", "active", "paused", "closing"}
SIGNATURES = {"text": "s", "number": "x", "real": "d", "date": "s", "instant": "x", "choice": "s", "link": "o", "words": "as", "yesno": "b"}
AUTH = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"


def may(held, needed):
    """Whether one of the roles held is among those needed; where anyone is enough, any is."""
    return bool(held) if "anyone" in needed else bool(held & set(needed))


def meet(*masks):
    """Roles that are in each of the masks; anyone means all roles."""
    narrow = [set(mask) for mask in masks if "anyone" not in mask]
    return set.intersection(*narrow) if narrow else {"anyone"}


class Rules:
    """What is expected, from the rows themselves."""

    def __init__(self, world):
        self.entities = {e["name"]: SimpleNamespace(**e) for e in world.root.manager("Describe", "a{sv}", ({},))}
        self.rows = {name: {row["id"]: row for row in world.rows(f'SELECT * FROM "{name}"')} for name in self.entities}
        for entity in self.entities.values():
            entity.fields = {f["name"]: SimpleNamespace(**f) for f in entity.fields}
            entity.verbs = {v["name"]: SimpleNamespace(**v) for v in entity.verbs}
            entity.short = entity.interface.rpartition(".")[2]
            entity.seers = {role for f in entity.fields.values() if f.kind != "link" and f.name not in ("id", "version")
                            for role in f.readers}
        self.callers = {account: self.caller(account) for account in CAST}

    def caller(self, account):
        """The person of an account and what they hold: duties in force, enrolments, sides of matches."""
        uid, today = pwd.getpwnam(account).pw_uid, NOW // DAY
        login = [row for row in self.rows["login"].values() if row["user_name"] == account and row["state"] == "active" and
                 row["uid"] in (None, uid) and 61000 <= uid <= 61150]
        me = SimpleNamespace(account=account, uid=uid, person=login[0]["person"] if login else None, duties=[], programs=set(),
                             sides={}, own_matches=set())
        if me.person is None:
            return me
        for row in self.rows["duty"].values():
            if (row["person"] == me.person and row["state"] == "appointed" and (row["from"] or 0) <= today
                    and today <= (row["to"] if row["to"] is not None else today)):
                me.duties.append((row["duty"], row["program"]))
        me.programs = {row["program"] for row in self.rows["participant"].values()
                       if row["person"] == me.person and row["state"] in ENROLLED}
        for row in self.rows["match_member"].values():
            if row["person"] == me.person:
                me.own_matches.add(row["match"])
                if self.rows["match"][row["match"]]["state"] in TOGETHER:
                    me.sides[row["match"]] = row["side"]
        return me

    def anchors(self, entity, row):
        """Which program, match and person a row is of."""
        fields = self.entities[entity].fields
        found = {kind: row.get(kind) for kind in ("program", "match", "person") if kind in fields and fields[kind].kind == "link"}
        if entity in ("program", "match", "person"):
            found[entity] = row.get("id")
        return found

    def roles(self, account, entity, row, admin=False):
        """What a caller is to a row; `admin`: polkit has just said yes."""
        me = self.callers[account]
        at = self.anchors(entity, row)
        program, match, person = at.get("program"), at.get("match"), at.get("person")
        held = {duty for duty, scope in me.duties if scope is None or scope == program}
        if "coordinator" in held and program and self.rows["program"][program]["confidentiality"] == "coordinators":
            held.add("confidant")
        if program in me.programs:
            held.add("participant")
        if match in me.sides:
            held.add(me.sides[match])
        if person is not None and person == me.person:
            held |= {"self"}
        if entity == "person" and row.get("id"):
            for through in ("participant", "match_member"):
                for other in self.rows[through].values():
                    if other["person"] == row["id"]:
                        held |= self.roles(account, through, other)
        if (person is not None and person == me.person) or match in me.own_matches:
            held -= STAFF
        held |= {"anyone"}
        if me.uid == 0 or admin:
            held.add("admin")
        if row.get("state") in HIDDEN_IN.get(entity, ()):
            held &= STAFF | {"admin"}
        return held

    def anywhere(self, account):
        me = self.callers[account]
        held = {"anyone"} | {duty for duty, _ in me.duties} | set(me.sides.values())
        if me.person is not None:
            held.add("self")
        if me.programs:
            held.add("participant")
        if me.uid == 0:
            held.add("admin")
        for duty, scope in me.duties:
            if duty == "coordinator" and any(row["confidentiality"] == "coordinators" and scope in (None, key)
                                             for key, row in self.rows["program"].items()):
                held.add("confidant")
        return held

    def sees(self, account, entity, row):
        return may(self.roles(account, entity, row), self.entities[entity].seers)

    def path(self, entity, key):
        return f"{TOP}/{self.entities[entity].collection}/{key}"

    def value(self, field, raw):
        """A value of the database as the bus shows it."""
        if field.kind == "date":
            return (datetime.date(1970, 1, 1) + datetime.timedelta(days=raw)).isoformat()
        if field.kind == "link":
            return f"{TOP}/{field.to}/{raw}"
        if field.kind == "words":
            return raw.split("\n")
        return bool(raw) if field.kind == "yesno" else raw

    def shown(self, entity, row, roles):
        """What GetAll gives of a row to who holds these roles: property by value; computed ones by None."""
        found = {}
        for field in self.entities[entity].fields.values():
            if "sealed" in field.flags or not may(roles, field.readers):
                continue
            if "computed" in field.flags:
                found[field.member] = called(self, field, row)[0] if "label" in field.flags else None
            elif row[field.name] is not None:
                found[field.member] = self.value(field, row[field.name])
        return found


@pytest.fixture(scope="module")
def rules(shared_world):
    for account in CAST:
        shared_world.caller(account).manager("WhoAmI")           # pins each login before the rows are read
    return Rules(shared_world)


class Answer(tuple):
    """(short error name, text) or ('', values); compares as a whole."""
    error = property(lambda self: self[0])
    values = property(lambda self: self[1])


def outcome(pending):
    try:
        return Answer(("", pending.result()))
    except Refused as error:
        return Answer((error.short, error.message))


def ask_all(caller, calls, outstanding=48):
    """Answers of many calls, in order, some of them outstanding at any time."""
    answers, waiting = [], []
    for call in calls:
        waiting.append(caller.start(*call))
        if len(waiting) == outstanding:
            answers.append(outcome(waiting.pop(0)))
    return answers + [outcome(pending) for pending in waiting]


def says_who(answer, roles):
    """Does a refusal name the roles that may? (For an administrator's verb polkit's action may stand for them.)"""
    return "administrators (" in answer[1] or all(re.search(rf"\b{role}\b", answer[1].partition("it is for: ")[2]) for role in set(roles) - {"system"})


def absent(rules, entity):
    return rules.path(entity, 8_000_000_000_000_000_000)


each_account = pytest.mark.parametrize("account", CAST)


@each_account
def test_every_property_of_every_row(shared_world, rules, account):
    """GetAll shows exactly what some role of the caller reads; what is hidden answers like what is absent."""
    caller = shared_world.caller(account)
    cells = [(entity, row) for entity in rules.entities for row in rules.rows[entity].values()]
    answers = ask_all(caller, [(rules.path(e, row["id"]), PROPERTIES, "GetAll", "s", (rules.entities[e].interface,)) for e, row in cells])
    wrong = []
    for (entity, row), answer in zip(cells, answers):
        roles = rules.roles(account, entity, row)
        if not may(roles, rules.entities[entity].seers):
            nothing = outcome(caller.start(absent(rules, entity), PROPERTIES, "GetAll", "s", (rules.entities[entity].interface,)))
            if answer != nothing or answer.error != "NotFound":
                wrong.append((entity, row["id"], "hidden", answer))
            continue
        want, got = rules.shown(entity, row, roles), {} if answer.error else answer.values[0]
        if row.get("alternatives", "none") is None:              # nothing to tell of in words either
            want.pop("Instead", None)
        if row.get("weekday", "some") is None:
            want.pop("Meets", None)
        if answer.error or set(got) != set(want) or any(got[k] != v for k, v in want.items() if v is not None):
            wrong.append((entity, row["id"], sorted(roles), got, want))
    assert not wrong[:3], f"{len(wrong)} of {len(cells)}"


@each_account
def test_get_of_every_property(shared_world, rules, account):
    """Get: of a row that is seen, by what the field's readers say; of one that is not, like an absent one; sealed: no property."""
    caller, calls, wanted = shared_world.caller(account), [], []
    for name, entity in rules.entities.items():
        rows = list(rules.rows[name].values())
        seen = next((row for row in rows if rules.sees(account, name, row)), None)
        hidden = next((row for row in rows if not rules.sees(account, name, row)), None)
        for row in filter(None, (seen, hidden)):
            roles = rules.roles(account, name, row)
            for field in entity.fields.values():
                member = getattr(field, "member", None) or "".join(part.title() for part in field.name.split("_"))
                calls.append((rules.path(name, row["id"]), PROPERTIES, "Get", "ss", (entity.interface, member)))
                wanted.append("UnknownProperty" if "sealed" in field.flags else "NotFound" if row is hidden else
                              "" if may(roles, field.readers) else "NotAllowed")
    wrong = [(call, want, answer) for call, want, answer in zip(calls, wanted, ask_all(caller, calls))
             if answer.error.rpartition(".")[2] != want or (want == "NotAllowed" and "it is for: " not in answer[1])]
    assert not wrong[:3], f"{len(wrong)} of {len(calls)}"


@each_account
def test_list_of_every_field(shared_world, rules, account):
    """List: all rows, and no other, over which one role reads the field and the order; NotAllowed when the caller holds none."""
    caller, calls, wanted = shared_world.caller(account), [], []
    held = rules.anywhere(account)
    for name, entity in rules.entities.items():
        for field in entity.fields.values():
            calls.append((f"{TOP}/{entity.collection}", COLLECTION, "List", "a(ssv)asssu", ([], [field.name], "", "", 1000)))
            need = meet(field.readers, entity.fields[entity.order].readers, entity.seers)
            if "sealed" in field.flags:
                wanted.append("InvalidField")
            elif not may(held, need):
                wanted.append(("NotAllowed", need))
            else:
                wanted.append(sum(1 for row in rules.rows[name].values() if may(rules.roles(account, name, row), need)))
    wrong = []
    for call, want, answer in zip(calls, wanted, ask_all(caller, calls)):
        got = answer.error or len(answer.values[0])
        if got != want and not (isinstance(want, tuple) and got == want[0] and says_who(answer, want[1])):
            wrong.append((call[0], call[4][1], want, answer))
    assert not wrong[:3], f"{len(wrong)} of {len(calls)}"


# ---- verbs ----

def verb_expected(rules, entity, verb, roles):
    """'' where the call passes the gate (whatever is then wrong with it), else the refusal."""
    if not may(roles, rules.entities[entity].seers) and not may(roles, verb.who):
        return "NotFound"
    return "" if may(roles, verb.who) else "NotAllowed"


def verb_cells(rules, most=25):
    for name, entity in rules.entities.items():
        for verb in entity.verbs.values():
            for row in list(rules.rows[name].values())[:most] if verb.on == "object" else ():
                yield name, verb, row


def try_verbs(caller, rules, cells):
    options = {"dry_run": True, "reason": "to see who may"}
    return ask_all(caller, [(rules.path(name, row["id"]), rules.entities[name].interface, verb.name, "a{sv}a{sv}", ({}, options))
                            for name, verb, row in cells])


def verb_wrong(rules, caller, cells, answers, expect):
    """Cells whose answer is not the one expected; a hidden object must answer exactly like an absent one."""
    wrong, passed = [], set()
    for (name, verb, row), answer in zip(cells, answers):
        want = expect(name, verb, row)
        if want == "NotFound":
            nothing = try_verbs(caller, rules, [(name, verb, {"id": 8_000_000_000_000_000_000})])[0]
            if answer != nothing or answer.error != "NotFound":
                wrong.append((name, verb.name, row["id"], want, answer))
        elif (answer.error != want) if want else answer.error in ("NotFound", "NotAllowed", AUTH):
            wrong.append((name, verb.name, row["id"], want, answer))
        elif want == "NotAllowed" and not says_who(answer, verb.who):
            wrong.append((name, verb.name, row["id"], verb.who, answer))
        elif not want:
            passed.add((name, verb.name))
    return wrong, passed


def everything(world):
    """A mark that any change of a record moves."""
    tables = [row["name"] for row in world.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'setting'")]
    return {table: world.rows(f'SELECT * FROM "{table}"') for table in tables}


@each_account
def test_every_verb_of_every_object(shared_world, rules, account):
    caller, cells = shared_world.caller(account), list(verb_cells(rules))
    before = everything(shared_world)
    answers = try_verbs(caller, rules, cells)
    wrong, _ = verb_wrong(rules, caller, cells, answers,
                          lambda name, verb, row: verb_expected(rules, name, verb, rules.roles(account, name, row)))
    assert not wrong[:3], f"{len(wrong)} of {len(cells)}"
    assert everything(shared_world) == before                    # all of them were dry runs


def creations(world):
    """(entity, arguments, the anchors that the row would have)"""
    people, programs, sides, other = world.people, world.programs, world.participants, world.other
    for program in ("a", "b", "draft"):
        at = {"program": number(programs[program])}
        link = {"program": programs[program]}
        yield "closed_days", {**link, "from": "2027-02-01", "to": "2027-02-02", "name": "ice"}, at
        yield "recipe", {**link, "name": "another"}, at
        yield "template", {**link, "key": "match-offered", "language": "fr", "subject": "Bonjour", "text": "{{link}}"}, at
        for person in ("mt-mentee1", "lone"):
            yield "concern", {**link, "person": people[person]}, {**at, "person": number(people[person])}
        yield "match_run", link, at
        yield "instrument", {**link, "key": "another", "title": "Another"}, at
        for person in ("lone", "mt-mentee2", "mt-coord2", "mt-mentor3", "mt-mentee3"):
            row = {**at, "person": number(people[person])}
            if person in ("lone", "mt-mentee2"):                   # whoever may not call it for themself is told that before a link is looked at
                yield "guardianship", {**link, "minor": people[person], "guardian": people["mt-guardian"], "source": "registration"}, row
            yield "consent", {**link, "person": people[person], "giver": people[person], "purpose": "recognition"}, row
            yield "address_change", {**link, "person": people[person], "new": "another@planted-post.example"}, row
            yield "participant", {**link, "person": people[person], "role": "mentor"}, row
            yield "duty", {**link, "person": people[person], "duty": "observer"}, row
    yield "program", {"key": "another", "title": "Another program"}, {"state": "draft"}
    yield "person", {"given_name": "New", "family_name": "Comer"}, {}
    yield "closed_days", {"from": "2027-02-01", "to": "2027-02-02", "name": "ice"}, {}
    yield "duty", {"person": people["lone"], "duty": "auditor"}, {"person": number(people["lone"])}
    yield "recipe_line", {"recipe": other["recipe"], "criterion": "wish"}, {"program": number(programs["a"])}
    yield "match", {"program": programs["a"], "mentor": sides["mt-mentor1", "a"], "mentee": sides["lone", "a"]}, {
        "program": number(programs["a"]), "state": "proposed"}
    at_a = {"program": number(programs["a"])}
    yield "item", {"instrument": other["instrument"], "name": "when", "kind": "text", "label": "When?"}, at_a
    yield "item_text", {"item": other["item"], "language": "fr", "label": "Pourquoi ?"}, at_a
    yield "scale", {"instrument": other["instrument"], "name": "some", "items": ["why"]}, at_a
    yield "wave", {"instrument": other["ready"], "title": "Again", "audience": "everybody", "opens": NOW + 70 * DAY,
                   "closes": NOW + 80 * DAY}, at_a
    for match in ("active", "own"):
        rows = {"program": number(programs["a"]), "match": number(world.matches[match])}
        yield "meeting", {"match": world.matches[match], "start": NOW + DAY}, rows
        yield "meeting_series", {"match": world.matches[match], "start": NOW + DAY}, rows
    for person in ("mt-mentee1", "lone"):
        yield "login", {"person": people[person], "user_name": "mt-nobody"}, {"person": number(people[person])}
    for person, program in (("mt-mentee1", "a"), ("mt-mentor3", "a"), ("lone", "a"), ("mt-mentor2", "b"), ("mt-mentee1", "b")):
        row = {"program": number(programs[program]), "person": number(people[person])}
        of = {"participant": sides[person, program]}
        yield "trait", {**of, "kind": "skill", "name": "Tischlern"}, row
        yield "availability", {**of, "weekday": "friday", "start": 600, "end": 660}, row
        yield "objection", {**of, "other": number(people["mt-mentor1"])}, row
        yield "group_membership", {**of, "group": "somewhere"}, row
        for whom in (("mt-mentor1", "a"), ("mt-mentee1", "a"), ("mt-mentee2", "b")):
            yield "wish", {**of, "other": sides[whom]}, row


def create_expected(rules, account, entity, arguments, row):
    fields = rules.entities[entity].fields
    for name, value in arguments.items():
        if name in fields and fields[name].kind == "link":
            to = next(e.name for e in rules.entities.values() if e.collection == fields[name].to)
            if not rules.sees(account, to, rules.rows[to][number(value)]):
                return "NotFound"
    return "" if may(rules.roles(account, entity, row), rules.entities[entity].verbs["Create"].who) else "NotAllowed"


@each_account
def test_every_create(shared_world, rules, account):
    """Create: links that are not seen are not there; then the role over the row as it would stand."""
    caller, cells = shared_world.caller(account), list(creations(shared_world))
    before = everything(shared_world)
    answers = ask_all(caller, [(f"{TOP}/{rules.entities[entity].collection}", COLLECTION, "Create", "a{sv}a{sv}",
                                (arguments, {"dry_run": True})) for entity, arguments, _ in cells])
    wrong = []
    for (entity, arguments, row), answer in zip(cells, answers):
        want = create_expected(rules, account, entity, arguments, row)
        if "belongs to another program" in str(answer) and want != "NotFound":
            continue                                             # links that are seen and disagree
        if (answer.error != want) if want else answer.error in ("NotFound", "NotAllowed"):
            wrong.append((entity, arguments, want, answer))
        elif want == "NotAllowed" and not says_who(answer, rules.entities[entity].verbs["Create"].who):
            wrong.append((entity, arguments, rules.entities[entity].verbs["Create"].who, answer))
    assert not wrong[:3], f"{len(wrong)} of {len(cells)}"
    assert everything(shared_world) == before


def test_the_matrix_has_both_answers(shared_world, rules):
    """Each verb and each field is allowed to somebody of the cast and refused to somebody else: no cell is there for nothing."""
    creates = list(creations(shared_world))
    for name, entity in rules.entities.items():
        for verb in entity.verbs.values():
            answers = {verb_expected(rules, name, verb, rules.roles(account, name, row)) == "" for account in CAST
                       for row in rules.rows[name].values()} if verb.on == "object" else {
                create_expected(rules, account, name, arguments, row) == "" for account in CAST
                for entity_name, arguments, row in creates if entity_name == name}
            assert answers == {True, False}, (name, verb.name)
        for field in entity.fields.values():
            if "sealed" in field.flags:
                continue
            answers = {may(rules.roles(account, name, row), field.readers) for account in CAST for row in rules.rows[name].values()}
            public = "anyone" in field.readers and name not in HIDDEN_IN
            assert answers == ({True} if public else {True, False}), (name, field.name)


def test_no_verb_of_the_daemon_itself_can_be_called(shared_world, rules):
    """What only jobs and workers do is no method for anybody, root included."""
    printed = shared_world.daemon.run("--print", "docs").stdout
    tried = 0
    for part in printed.split("\n## ")[1:]:
        name = re.search(r"\(`(\w+)`", part)[1]
        for verb in re.findall(r"^- \*\*(\w+)\*\*:.*By: system\.", part, re.M):
            assert verb not in rules.entities[name].verbs
            for row in list(rules.rows[name].values())[:1]:
                answer = outcome(shared_world.root.start(rules.path(name, row["id"]), rules.entities[name].interface, verb,
                                                         "a{sv}a{sv}", ({}, {"dry_run": True})))
                assert answer.error.endswith(".UnknownMethod"), (name, verb, answer)
                tried += 1
    assert tried > 15


# ---- the manager ----

ADMIN_CALLS = {"Backup": ("a{sv}", ({},)), "VerifyAudit": ("a{sv}", ({},)), "Resume": ("a{sv}", ({"dry_run": True},)), "Reload": ("", ()),
               "AdvanceClock": ("x", (NOW,))}
OPEN_CALLS = {"WhoAmI": ("", ()), "Describe": ("a{sv}", ({},)), "Agenda": ("a{sv}", ({},)), "Lookup": ("ssu", ("", "", 10)),
              "Changes": ("tu", (0, 10)), "SchedulePreview": ("a{sv}", ({},)), "CallMany": ("a(ossa{sv}a{sv})", ([],))}


@each_account
def test_every_method_of_the_manager(shared_world, rules, account):
    caller = shared_world.caller(account)
    for method, (signature, args) in OPEN_CALLS.items():
        assert outcome(caller.start(TOP, MANAGER, method, signature, args)).error == "", method
    for method, (signature, args) in ADMIN_CALLS.items():
        allowed = account == "root" or (method == "VerifyAudit" and "auditor" in rules.anywhere(account))
        assert outcome(caller.start(TOP, MANAGER, method, signature, args)).error == ("" if allowed else "NotAllowed"), method
    who = caller.manager("WhoAmI")
    me = rules.callers[account]
    assert who["uid"] == me.uid and who["person"] == (rules.path("person", me.person) if me.person else "/")
    assert set(who["roles"]) == rules.anywhere(account) - {"anyone"}


def test_describe_is_one_for_all(shared_world):
    texts = {json.dumps(shared_world.caller(account).manager("Describe", "a{sv}", ({},)), sort_keys=True) for account in CAST}
    assert len(texts) == 1


@each_account
def test_introspection_says_nothing_of_rows(shared_world, rules, account):
    caller = shared_world.caller(account)
    for name, entity in rules.entities.items():
        texts = {caller.call(path, "org.freedesktop.DBus.Introspectable", "Introspect")
                 for path in [absent(rules, name)] + [rules.path(name, row) for row in list(rules.rows[name])[:3]]}
        assert len(texts) == 1
        root_text = shared_world.root.call(absent(rules, name), "org.freedesktop.DBus.Introspectable", "Introspect")
        assert texts == {root_text}


def entity_of(rules, path):
    collection, _, key = path.removeprefix(TOP + "/").partition("/")
    name = next(e.name for e in rules.entities.values() if e.collection == collection)
    return name, rules.rows[name].get(int(key))


def called(rules, label, row):
    """What a row is called, and the names that it is found by: of a match and a check-in the two sides', the mentor's first; of a concern
    whoever raised it, and behind the name whom it is about."""
    if "computed" not in label.flags:
        return row[label.name], [row[label.name]]
    if "raised_at" in row:
        raiser = rules.rows["person"][row["person"]]["name"]
        about = rules.rows["person"][row["about"]]["name"] if row["about"] else row["match"] and called(rules, label, {"match": row["match"]})[0]
        return ": ".join(filter(None, (raiser, about))), [raiser]
    sides = [m for m in rules.rows["match_member"].values() if m["match"] == row.get("match", row.get("id"))]
    names = [m["name"] for m in sorted(sides, key=lambda m: m["side"], reverse=True)]
    return " & ".join(names), names


@each_account
def test_lookup_finds_what_is_seen_and_no_more(shared_world, rules, account):
    caller = shared_world.caller(account)
    for name, entity in rules.entities.items():
        label = next((f for f in entity.fields.values() if "label" in f.flags), None)
        for start in ("", "Program", "Wendelgard", "mt-") if label else ():
            need = meet(label.readers, entity.seers) if label else ()
            want = {(rules.path(name, row["id"]), called(rules, label, row)[0]) for row in rules.rows[name].values()
                    if any(word.startswith(start) for word in called(rules, label, row)[1]) and may(rules.roles(account, name, row), need)}
            assert set(caller.manager("Lookup", "ssu", (entity.collection, start, 100))) == want, (name, start)
    # somebody's number in the school's system finds them for who reads that number
    person = next(row for row in rules.rows["person"].values() if row["given_name"] == "Wendelgard")
    found = caller.manager("Lookup", "ssu", ("people", person["external_id"], 10))
    readers = rules.entities["person"].fields["external_id"].readers
    assert bool(found) == may(rules.roles(account, "person", person), readers)


@each_account
def test_changes_agenda_and_preview_name_only_what_is_seen(shared_world, rules, account):
    caller = shared_world.caller(account)
    changes, more = caller.manager("Changes", "tu", (0, 1000))
    names = {e for e in rules.entities}
    want = [(row["id"], rules.path(row["entity"], row["record"]), row["what"]) for row in rules.rows["audit_record"].values()
            if row["what"] and row["entity"] in names and row["record"] in rules.rows[row["entity"]]
            and rules.sees(account, row["entity"], rules.rows[row["entity"]][row["record"]])]
    assert changes == want and not more
    agenda = caller.manager("Agenda", "a{sv}", ({},))
    for item in agenda:                                          # what it is called, to who may read that of this very row
        name, row = entity_of(rules, item["object"])
        label = next((f for f in rules.entities[name].fields.values() if "label" in f.flags), None)
        shown = label and may(rules.roles(account, name, row), label.readers)
        if item["kind"] == "offer to answer":                    # of two people, not of the one who answers
            label, row = rules.entities["match"].fields["name"], rules.rows["match"][row["match"]]
        elif item["kind"] == "form to answer":                   # of the form
            label, row = rules.entities["wave"].fields["title"], rules.rows["wave"][row["wave"]]
        assert item.get("label") == (called(rules, label, row)[0] if shown else None), item
    preview, _ = caller.manager("SchedulePreview", "a{sv}", ({"until": NOW + 60 * DAY, "limit": 1000},))
    first, _ = caller.manager("SchedulePreview", "a{sv}", ({"until": NOW + 60 * DAY, "limit": 1},))
    assert first == preview[:1]                                  # what is hidden takes no place
    for item in agenda + preview:
        for key in ("object", "program", "match"):
            if item.get(key, "/") != "/":
                name, row = entity_of(rules, item[key])
                if row is None and item in preview:
                    continue                                     # a check-in that would be made by then
                assert rules.sees(account, name, row) or key != "object", item
                assert key == "object" or rules.sees(account, name, row), item


def test_the_agenda_is_whose_it_is(shared_world):
    """The kinds of what waits, for a few whom it is easy to tell for."""
    def kinds(account):
        return {item["kind"] for item in shared_world.caller(account).manager("Agenda", "a{sv}", ({},))}
    assert kinds("mt-mentor2") == {"offer to answer"} and kinds("mt-mentee2") == {"offer to answer", "consent to answer"}
    assert kinds("mt-mentee1") == {"check-in to answer", "consent to answer", "form to answer", "meeting to log"}
    assert kinds("mt-nobody") == kinds("mt-outside") == kinds("mt-guardian") == kinds("mt-admin") == set()
    assert {"application to decide", "match to offer", "check-in escalated", "proposal to decide"} <= kinds("mt-coord2")
    assert "offer not answered yet" in kinds("mt-coord") and "offer not answered yet" not in kinds("mt-coord2")
    # whoever coordinates a and is in a match of it: not that match's check-ins, but the others'
    own = {item.get("match") for item in shared_world.caller("mt-mentor3").manager("Agenda", "a{sv}", ({},)) if "check-in" in item["kind"]}
    assert shared_world.matches["own"] not in own and shared_world.matches["active"] in own


@each_account
def test_subscribe_to_every_row(shared_world, rules, account):
    caller, cells = shared_world.caller(account), [(name, row) for name in rules.entities for row in list(rules.rows[name].values())[:8]]
    answers = ask_all(caller, [(TOP, MANAGER, "Subscribe", "a{sv}", ({"paths": ("ao", [rules.path(name, row["id"])])},))
                               for name, row in cells])
    nothing = outcome(caller.start(TOP, MANAGER, "Subscribe", "a{sv}", ({"paths": ("ao", [absent(rules, "person")])},)))
    assert nothing.error == "NotFound"
    for (name, row), answer in zip(cells, answers):
        if rules.sees(account, name, row):
            assert answer.error == "", (name, row["id"], answer)
            caller.manager("Unsubscribe", "u", answer.values)
        else:
            assert answer == nothing, (name, row["id"], answer)


EXPORT = """
import json, os, sys
from gi.repository import Gio, GLib
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                                              Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
answers = {}
for collection, fields in json.loads(sys.argv[2]):
    try:
        reply, fds = bus.call_with_unix_fd_list_sync("org.mentorship1", "/org/mentorship1/" + collection, "org.mentorship1.Collection",
            "Export", GLib.Variant("(a{sv})", ({"fields": GLib.Variant("as", fields)},)), None, 0, -1, None, None)
        with os.fdopen(fds.steal_fds()[0]) as file:
            file.seek(0)
            answers[collection] = file.read()
    except GLib.Error as error:
        answers[collection] = [Gio.DBusError.get_remote_error(error)]
print(json.dumps(answers))
"""


@each_account
def test_every_export(shared_world, rules, account):
    """CSV goes through the gate of List: the same rows, or the same refusal."""
    asked = []
    for entity in rules.entities.values():
        label = next((f.name for f in entity.fields.values() if "label" in f.flags), entity.order)
        asked.append((entity.name, ["id", label] if label != "id" else ["id"]))
    done = run(account, [PYTHON, "-c", EXPORT, shared_world.bus.address,
                         json.dumps([(rules.entities[name].collection, fields) for name, fields in asked])])
    answers = json.loads(done.stdout)
    for name, fields in asked:
        entity, answer = rules.entities[name], answers[rules.entities[name].collection]
        need = meet(*(entity.fields[f].readers for f in [*fields, entity.order]), entity.seers)
        if not may(rules.anywhere(account), need):
            assert answer == [f"{NAME}.Error.NotAllowed"], (name, answer)
            continue
        rows = list(csv.reader(io.StringIO(answer)))
        want = {str(key) for key, row in rules.rows[name].items() if may(rules.roles(account, name, row), need)}
        assert rows[0] == fields and {row[0] for row in rows[1:]} == want and len(rows) == len(want) + 1, name


# ---- administrators by polkit ----

@pytest.mark.parametrize("account", ["mt-admin", "mt-coord", "mt-coord2", "mt-mentee1", "mt-nobody"])
def test_every_verb_while_polkit_is_there(world, polkit, account):
    """polkit adds the role of admin to verbs whose row says so, for the one call, and nothing to what is read."""
    rules = Rules(world)
    for each in CAST:
        world.caller(each).manager("WhoAmI")
    rules = Rules(world)
    caller = world.caller(account)
    cells = [cell for cell in verb_cells(rules, 3)]

    def expect(name, verb, row):
        roles = rules.roles(account, name, row)
        asked = "admin" in verb.who and not may(roles, set(verb.who))
        if asked and account == "mt-admin":
            roles = rules.roles(account, name, row, admin=True)
        want = verb_expected(rules, name, verb, roles)
        return AUTH if want == "NotAllowed" and asked else want
    wrong, passed = verb_wrong(rules, caller, cells, try_verbs(caller, rules, cells), expect)
    assert not wrong[:3], f"{len(wrong)} of {len(cells)}"
    if account == "mt-admin":
        assert passed == {(name, verb.name) for name, entity in rules.entities.items() for verb in entity.verbs.values()
                          if "admin" in verb.who and verb.on == "object"}
        for name, entity in rules.entities.items():
            for row in list(rules.rows[name].values())[:3]:
                if not rules.sees(account, name, row):
                    assert outcome(caller.start(rules.path(name, row["id"]), PROPERTIES, "GetAll", "s", ("",))).error == "NotFound"


# ---- what the masks themselves must say (domain 6), whatever the tables are ----

def readers(rules, entity, field):
    return set(rules.entities[entity].fields[field].readers)


def test_the_masks_say_what_the_domain_says(rules):
    assert "coordinator" not in readers(rules, "login", "user_name") and "coordinator" not in readers(rules, "job", "kind")
    admin_reads = {(e.name, f.name) for e in rules.entities.values() for f in e.fields.values()
                   if "admin" in f.readers and "anyone" not in f.readers and f.name not in ("id", "version")}
    assert {e for e, _ in admin_reads} == {"person", "login", "duty", "job", "plugin"}
    assert not {"email", "external_id", "minor", "zone", "birth_date"} & {f for e, f in admin_reads if e == "person"}
    for entity, field in (("match", "score"), ("match", "explanation"), ("run_pair", "score"), ("run_pair", "alternatives"), ("run_circle", "people"), ("run_circle", "meets"), ("run_seat", "reasons"),
                          ("unplaced", "stopped"), ("match", "close_reason"), ("match_member", "answer")):
        assert not readers(rules, entity, field) & {"mentor", "mentee", "participant", "anyone", "observer"}, (entity, field)
    assert readers(rules, "objection", "state") == {"safeguarding lead", "self"}
    assert readers(rules, "group_membership", "participant") == {"data-protection officer", "self"}
    assert readers(rules, "audit_record", "verb") == {"auditor", "data-protection officer"}
    verbs = {(e.name, v.name): set(v.who) for e in rules.entities.values() for v in e.verbs.values()}
    assert verbs["person", "Disclose"] == verbs["objection", "Disclose"] == {"safeguarding lead", "data-protection officer"}
    assert verbs["person", "Erase"] == {"data-protection officer"} and verbs["program", "Create"] == {"coordinator"}
    for verb in ("Create", "End", "Unpin"):
        assert verbs["login", verb] == {"admin"}
    assert verbs["duty", "Create"] == verbs["duty", "End"] == verbs["person", "Suspend"] == verbs["person", "Merge"] == {"admin"}
    assert {key for key, who in verbs.items() if "observer" in who or "auditor" in who} == {("wave", "Results")}
    sealed = {(e.name, f.name) for e in rules.entities.values() for f in e.fields.values() if "sealed" in f.flags}
    assert {("person", "birth_date"), ("objection", "other"), ("objection", "reason"), ("group_membership", "group")} <= sealed
    assert all(not readers(rules, *where) for where in sealed)
