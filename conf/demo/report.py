#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The coordinator's report of the demo: one HTML file that needs nothing else, and the same in lines for the terminal.

report.py WORK MAILS HTML      reads what mentorctl printed as JSON in WORK and the mails that came

Who is matched and why, who is not and what would help, who is stuck, and two mails as their readers see them. No script, nothing
from a network: each mail stands in a frame of its own, which may load nothing.
"""
import collections
import email
import email.policy
import html
import json
import pathlib
import re
import sys

WORK, MAILS, PAGE = (pathlib.Path(name) for name in sys.argv[1:4])

STYLE = """
:root { --ink: #1c2430; --soft: #5a6675; --line: #d5dbe3; --deep: #1f5f7a; --ground: #f6f8fa }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 66rem; color: var(--ink); background: #fff;
  font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif }
h1 { margin: 0; font-size: 1.9rem } h2 { margin: 3rem 0 .5rem; padding-top: .5rem; border-top: 3px solid var(--deep) } h3 { margin: 1.5rem 0 .25rem }
p { max-width: 46rem } .soft { color: var(--soft) }
nav a { margin-right: 1rem } a { color: var(--deep) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 1rem; margin: 1.5rem 0 }
dl div { padding: .75rem 1rem; background: var(--ground); border-left: 4px solid var(--deep) }
dt { color: var(--soft) } dd { margin: 0; font-size: 1.8rem; font-weight: 600 }
table { width: 100%; border-collapse: collapse } caption { text-align: left; color: var(--soft); padding-bottom: .5rem }
th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { font-weight: 600 } td.number { text-align: right; font-variant-numeric: tabular-nums }
details summary { cursor: pointer; color: var(--deep) } details ul { margin: .25rem 0; padding-left: 1.2rem }
iframe { width: 100%; height: 34rem; border: 1px solid var(--line) } pre { white-space: pre-wrap; font: inherit }
.mail { margin: 1rem 0 2rem; border: 1px solid var(--line) } .mail header { padding: .5rem 1rem; background: var(--ground) } .mail iframe { border: 0 }
@media (max-width: 40rem) { table, tbody, tr, td { display: block } thead, caption { display: none } tr { border-bottom: 1px solid var(--line); padding: .5rem 0 }
  td { border: 0; padding: .1rem 0 } td.number { text-align: left } td::before { content: attr(data-of) ": "; color: var(--soft) } }
@media print { details > * { display: block } iframe { height: 24rem } tr { break-inside: avoid } }
"""


def read(name, missing=()):
    path = WORK / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else list(missing)


def safe(text):
    return html.escape(str(text if text is not None else ""))


def number(path):
    return int(path.rsplit("/", 1)[1])


def sentences(text):
    return list(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))


def table(caption, heads, rows):
    """Rows of cells that are HTML already."""
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f'<td data-of="{safe(name)}">{cell}</td>' for name, cell in zip(heads, row)) + "</tr>\n" for row in rows)
    return f"<table><caption>{safe(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"


class Program:
    """What was asked of the daemon, joined."""

    def __init__(self):
        self.title = (read("program-now.json") or [{}])[0].get("title", "")
        self.matches = sorted(read("matches-now.json"), key=lambda row: row["name"])
        self.participants = {row["object"]: row for row in read("participants.json")}
        self.agenda = read("agenda.json")
        self.unplaced = {row["participant"]: row for row in read("unplaced.json") + read("unplaced-2.json")}
        self.members = collections.defaultdict(dict)
        for row in read("members-now.json"):
            self.members[row["match"]][row["participant"]] = row["answer"]
        self.active = [row for row in self.matches if row["state"] == "active"]

    def without(self):
        """Mentees who wait: name, what happened, what would help."""
        waiting = [row for row in self.agenda if row["kind"] == "mentee without mentor"]
        for row in sorted(waiting, key=lambda row: row["label"]):
            who, found = row["object"], self.unplaced.get(row["object"])
            ended = [m for m in self.matches if who in self.members[m["object"]] and m["state"] not in ("active", "proposed")]
            mentor = self.participants.get((found or {}).get("mentor") or "", {}).get("name", "this mentor")
            told = "; ".join(sentences(found["stopped"])) if found else ""
            for match in ended:
                said = [f"{self.participants[p]['name']} {answer or 'did not answer'}" for p, answer in self.members[match["object"]].items()]
                told = f"An offer came to nothing: {', '.join(said)}. " + told
            helps = "; ".join(sentences(found["help"])).removeprefix("It would help: ").replace("this mentor", mentor) if found else ""
            yield row["label"], told.strip(), helps or "the next matching run: a place is free again, and who waits longest comes first"

    def stuck(self):
        """Kind -> label -> since when, how often."""
        kinds = collections.defaultdict(lambda: collections.defaultdict(list))
        for row in self.agenda:
            if row["kind"] != "mentee without mentor":
                kinds[row["kind"]][row["label"]].append(row["since"] or "")
        return kinds


def mails():
    """The newest offer and the newest question after a meeting, parsed."""
    rows = {row["id"]: row["template_name"] for row in read("all-messages.json")}
    found = {}
    for path in sorted(MAILS.glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        template = rows.get(int(re.match(r"<m([0-9a-f]+)@", mail["Message-ID"]).group(1), 16))
        if template in ("match-offered", "check-in-due"):
            found[template] = mail
    return [found[name] for name in ("match-offered", "check-in-due") if name in found]


def shortened(text):
    """Links are keys: the report keeps none."""
    return re.sub(r"(https?://[^\s\"<]+/[lu]/[A-Za-z0-9_-]{6})[A-Za-z0-9_-]{37}", r"\1...", text)


def mail_html(mail):
    part = mail.get_body(("html", "plain"))
    text = shortened(part.get_content())
    if part.get_content_type() == "text/plain":
        text = f"<pre>{safe(text)}</pre>"
    return (f'<article class="mail"><header><b>To:</b> {safe(mail["To"])}<br><b>From:</b> {safe(mail["From"])}<br>'
            f'<b>Subject:</b> {safe(mail["Subject"])}</header>'
            f'<iframe sandbox title="{safe(mail["Subject"])}" srcdoc="{safe(text)}"></iframe></article>\n')


def matched(program):
    for row in program.active:
        reasons = "".join(f"<li>{safe(line)}</li>" for line in sentences(row["explanation"]))
        yield (safe(row["name"]), safe(row["sentence"]) + (f"<details><summary>all reasons</summary><ul>{reasons}</ul></details>" if reasons else ""),
               f'{row["score"] if row["score"] is not None else "by hand"}')


def stuck_rows(kinds):
    for kind in sorted(kinds):
        for label, since in sorted(kinds[kind].items(), key=lambda item: (-len(item[1]), item[0])):
            yield safe(kind), safe(label), f"{len(since)}", safe(min(since)[:10])


def page(program, now):
    without, stuck, shown = list(program.without()), program.stuck(), mails()
    figures = (("pairs at work", len(program.active)), ("mentees without a mentor", len(without)),
               ("pairs where something waits", len({label for kind in stuck.values() for label in kind})), ("mails sent", len(list(MAILS.glob("*.eml")))))
    return "\n".join((
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; frame-src \'self\'">',
        f"<title>{safe(program.title)}: report</title><style>{STYLE}</style></head><body>",
        f'<header><h1>{safe(program.title)}</h1><p class="soft">Report for the coordinator, as of {safe(now)}. It names people: keep it as you keep '
        "the database.</p></header>",
        '<nav aria-label="Parts"><a href="#matched">Who is matched</a> <a href="#without">Who is not</a> <a href="#stuck">Who is stuck</a> '
        '<a href="#mails">Two mails</a></nav><main>',
        "<dl>" + "".join(f"<div><dt>{safe(name)}</dt><dd>{value}</dd></div>" for name, value in figures) + "</dl>",
        '<section id="matched"><h2>Who is matched, and why</h2>',
        table(f"{len(program.active)} pairs are at work. The sentence is what the two were told; the reasons are the coordinator's.",
              ("Mentor and mentee", "Why", "Points"), matched(program)),
        '</section><section id="without"><h2>Who is not, and what would help</h2>',
        table(f"{len(without)} mentees wait for a mentor.", ("Mentee", "Why not", "What would help"), ([safe(cell) for cell in row] for row in without)),
        '</section><section id="stuck"><h2>Who is stuck</h2>',
        table("What waits for somebody, by pair; those that wait most come first.", ("What", "Who", "Times", "Since"), stuck_rows(stuck)),
        '</section><section id="mails"><h2>Two mails, as their readers see them</h2><p class="soft">Links are shortened here: whoever has a link '
        "may answer for its reader.</p>", *(mail_html(mail) for mail in shown), "</section></main></body></html>\n"))


def lines(program):
    without, stuck = list(program.without()), program.stuck()
    print(f"   {len(program.active)} pairs are at work. The first three, and why:")
    for row in program.active[:3]:
        print(f"      {row['name']}\n         {row['sentence']}")
    print(f"   {len(without)} mentees wait for a mentor. The first three, and what would help:")
    for name, why, helps in without[:3]:
        print(f"      {name}\n         {why}\n         would help: {helps}")
    print("   Who is stuck:" if stuck else "   Nobody is stuck.")
    for kind in sorted(stuck):
        label, since = max(stuck[kind].items(), key=lambda item: (len(item[1]), item[0]))
        print(f"      {kind}: {len(stuck[kind])} pairs or people; most often {label}, "
              f"{'once, ' if len(since) == 1 else f'{len(since)} times '}since {min(since)[:10]}")


def main():
    program = Program()
    PAGE.write_text(page(program, sys.argv[4]), encoding="utf-8")
    lines(program)


main()
