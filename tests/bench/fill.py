# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the database of a stopped daemon with the world of the benches, straight by SQL.

100,000 people in 199 programs, a participant each, program 200 empty; 120,000 check-ins of 240 pairs, 500 of them
one mentee's; 1,000,000 audit records of history. The callers' logins and duties are rows too.
"""
import sqlite3

PEOPLE, PROGRAMS, PAIRS, CHECK_INS, HISTORY = 100_000, 200, 240, 500, 1_000_000
NOW = 1_767_225_600
FAMILY = ["Abe", "Bauer", "Chen", "Diaz", "Eze", "Fofana", "Gupta", "Haddad", "Ito", "Jansen", "Kaya", "Lopez", "Moreau"]


def many(db, table, columns, rows):
    marks = ", ".join("?" * len(columns))
    db.executemany(f'INSERT INTO "{table}" ({", ".join(chr(34) + c + chr(34) for c in columns)}) VALUES ({marks})', rows)


def people(db, count):
    many(db, "person", ["id", "version", "given_name", "family_name", "name", "language", "zone", "minor", "source", "state"],
         ((i, 1, f"Given{i % 997:03d}", f"{FAMILY[i % 13]}{i}", f"Given{i % 997:03d} {FAMILY[i % 13]}{i}", "en", "Europe/Berlin", 0, "local", "active")
          for i in range(1, count + 1)))


def programs(db):
    many(db, "program", ["id", "version", "key", "title", "state", "mail_held", "check_in_weeks", "check_in_first_weeks", "check_in_hour",
                         "check_in_weekday", "revision", "mentor_places", "confidentiality", "starts", "ends"],
         ((i, 1, f"program-{i}", f"Program {i}", "running", 0, 2, 1, 9, "monday", 1, 3, "pair only", 20000, 21000) for i in range(1, PROGRAMS + 1)))


def participants(db, count):
    many(db, "participant", ["id", "version", "program", "person", "name", "role", "capacity", "priority", "state"],
         ((i, 1, i % (PROGRAMS - 1) + 1, i, f"Given{i % 997:03d} {FAMILY[i % 13]}{i}", "mentor" if i % 3 == 0 else "mentee", 1, 0, "ready")
          for i in range(2000, count + 1)))


def proposal(db, count=20_000):
    """A run of program 200 with `count` proposed pairs: mentors are people 20,001 and so on, the mentees those behind them."""
    first = 20_001
    many(db, "participant", ["id", "version", "program", "person", "name", "role", "capacity", "priority", "state"],
         ((500_000 + i, 1, PROGRAMS, i, f"Given{i}", "mentor" if i < first + count else "mentee", 1, 0, "ready")
          for i in range(first, first + 2 * count)))
    many(db, "match_run", ["id", "version", "program", "seed", "asked_at", "done_at", "state", "placed"],
         [(1, 1, PROGRAMS, 1, NOW, NOW, "proposed", count)])
    many(db, "run_pair", ["version", "program", "run", "mentor", "mentee", "score", "reasons"],
         ((1, PROGRAMS, 1, 500_000 + i, 500_000 + i + count, 700_000, "both speak English") for i in range(first, first + count)))


def pairs(db):
    """Pair k: mentor person 3000+3k, mentee 3001+3k; all of one program. The mentee of pair 0 is the caller."""
    for k in range(PAIRS):
        mentor, mentee = 3000 + 3 * k, 3001 + 3 * k
        for person in (mentor, mentee):
            db.execute('UPDATE participant SET program = 1, role = ? WHERE id = ?', ("mentor" if person == mentor else "mentee", person))
        many(db, "match", ["id", "version", "program", "kind", "state"], [(k + 1, 1, 1, "one-to-one", "active")])
        for side, person in (("mentor", mentor), ("mentee", mentee)):
            name = db.execute("SELECT name FROM person WHERE id = ?", (person,)).fetchone()[0]
            many(db, "match_member", ["version", "program", "match", "participant", "person", "name", "side"],
                 [(1, 1, k + 1, person, person, name, side)])
        many(db, "check_in", ["version", "program", "match", "participant", "person", "side", "due", "state"],
             ((1, 1, k + 1, mentee, mentee, "mentee", NOW + 3600 * i + k, "due") for i in range(CHECK_INS)))
    return 3001


def staff(db, mentee):
    """mt-coord coordinates all, mt-coord2 two programs, mt-mentor1 a hundred; mt-mentee1 is the mentee of pair 1."""
    logins = {"mt-coord": 1, "mt-coord2": 2, "mt-mentor1": 3, "mt-mentee1": mentee}
    many(db, "login", ["version", "person", "user_name", "source", "state"], ((1, p, n, "admin", "active") for n, p in logins.items()))
    duties = [(None, 1)] + [(p, 2) for p in (5, 6)] + [(p, 3) for p in range(1, 101)]
    many(db, "duty", ["version", "program", "person", "name", "duty", "state"],
         ((1, program, person, f"Given{person}", "coordinator", "appointed") for program, person in duties))


def history(db, count):
    start = db.execute("SELECT coalesce(max(id), 0) FROM audit_record").fetchone()[0]
    many(db, "audit_record", ["id", "version", "time", "uid", "way", "verb", "entity", "record", "fields", "commitment", "chain", "salt", "detail", "what"],
         ((start + i, 1, NOW, 61002, "bus", "Update", "person", i % PEOPLE + 1, "zone", "0" * 64, f"{i:064x}", "0" * 32, "zone=UTC\n", "Changed")
          for i in range(1, count + 1)))


def fill(path, count=PEOPLE, with_history=False, with_proposal=False):
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    with db:
        people(db, count)
        programs(db)
        participants(db, count)
        staff(db, pairs(db))
        if with_history:
            history(db, HISTORY)
        if with_proposal:
            proposal(db)
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
