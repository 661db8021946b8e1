# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon made of cardboard, for what the real one cannot be made to do on demand: it dies in the middle of a call, answers with
control characters, or with any error. Its one entity exists nowhere else, so a client that knows entities by heart fails on it.

cli_fake.py LOG: each call is a line of JSON in LOG. Runs until it is killed, or asked to die by a call.
"""
import json
import os
import sys

from gi.repository import Gio, GLib

NAME, TOP = "org.mentorship1", "/org/mentorship1"
NONE = -2 ** 63
NASTY = "Eve\x1b[31mred\x1b[0m\r\u202egnp\x9b2J\x07"
LOG = open(sys.argv[1], "a", buffering=1)
DIED = os.path.exists(sys.argv[1] + ".died")

FIELDS = [  # name, kind, label, flags, more
    ("id", "number", "Number", ["required"], {}),
    ("version", "number", "Version", ["required", "by_verb"], {}),
    ("name", "text", "Name", ["required", "listed", "label"], {}),
    ("shape", "choice", "Shape", ["listed", "required"], {"choices": ["round", "half_round", "square"]}),
    ("weight", "real", "Weight", ["listed"], {"unit": "kg"}),
    ("count", "number", "Count", [], {"min": 0, "max": 9}),
    ("born", "date", "Born", ["listed"], {}),
    ("seen", "instant", "Last seen", ["listed"], {}),
    ("parent", "link", "Parent", ["listed"], {"to": "gadgets"}),
    ("tags", "words", "Tags", [], {}),
    ("spare", "yesno", "Spare", [], {}),
    ("notes", "text", "Notes", ["lines"], {}),
]
SIGNATURES = {"text": "s", "number": "x", "real": "d", "date": "s", "instant": "x", "choice": "s", "link": "o", "words": "as",
              "yesno": "b"}
VERBS = [  # name, flags, takes, on
    ("Create", [], ["name", "shape", "weight", "count", "born", "seen", "parent", "tags", "spare", "notes"], "collection"),
    ("Update", [], ["name", "shape", "weight", "count", "born", "seen", "parent", "tags", "spare", "notes"], "object"),
    ("TakeApart", ["destructive", "needs_reason"], [], "object"),
    ("Polish", ["long"], [], "object"),
    ("Reveal", ["answers"], [], "object"),
    ("Results", ["answers"], [], "object"),
]
ROWS = {
    1: ["Widget", "round", 1.5, 3, "2026-03-29", 1774746000, "/", ["a", "b"], True, "first\nsecond"],
    2: ["Sprocket with a name that is much longer than any column of a narrow terminal ever will be", "square", float("nan"), NONE, "",
        NONE, f"{TOP}/gadgets/1", [], False, ""],
    3: [NASTY, "half_round", 0.25, 0, "2026-12-01", 1774749600, f"{TOP}/gadgets/3", [NASTY], False, NASTY],
}


def variant(value):
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, bool):
        return GLib.Variant("b", value)
    if isinstance(value, int):
        return GLib.Variant("x", value)
    if isinstance(value, float):
        return GLib.Variant("d", value)
    if isinstance(value, str):
        return GLib.Variant("o" if value.startswith(TOP) or value == "/" else "s", value)
    if isinstance(value, dict):
        return GLib.Variant("a{sv}", dictionary(value))
    if value and isinstance(value[0], dict):
        return GLib.Variant("aa{sv}", [dictionary(v) for v in value])
    return GLib.Variant("as", value)


def dictionary(values):
    return {key: variant(value) for key, value in values.items()}


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def description():
    fields = [{"name": name, "kind": kind, "label": label, "flags": flags, "class": "member", "member": camel(name), **more}
              for name, kind, label, flags, more in FIELDS]
    verbs = [{"name": name, "label": f"{name} it", "flags": flags, "takes": takes, "on": on, "from": []}
             for name, flags, takes, on in VERBS]
    return [{"name": "gadget", "collection": "gadgets", "interface": f"{NAME}.Gadget", "label": "Gadget", "help": "A thing.",
             "order": "name", "fields": fields, "verbs": verbs}]


def record(number):
    return dict(zip([field[0] for field in FIELDS], [number, number + 10, *ROWS[number]]))


def none(kind, value):
    return value in ("", "/", NONE, []) and kind != "yesno" or value != value


class Refused(Exception):
    pass


def refuse(short, text="this is how it is"):
    name = short if "." in short else f"{NAME}.Error.{short}"
    raise Refused(name, text)


def remember_death():
    open(sys.argv[1] + ".died", "w").close()
    os._exit(1)


def manager(member, body, message):
    if member == "Describe":
        return GLib.Variant("(aa{sv})", ([dictionary(entity) for entity in description()],))
    if member == "WhoAmI":
        return GLib.Variant("(a{sv})", (dictionary({"uid": GLib.Variant("u", 7), "person": "/", "roles": ["admin"]}),))
    if member == "Agenda":
        return GLib.Variant("(aa{sv})", ([dictionary({"kind": "gadget overdue", "object": f"{TOP}/gadgets/3", "label": NASTY, "since": 1774746000,
                                                      "due": 1774749600, "program": "/"})],))
    if member == "Lookup":
        start = body[1].lower()
        found = [(f"{TOP}/gadgets/{number}", row[0]) for number, row in ROWS.items() if row[0].lower().startswith(start)]
        if start == "twin":
            found = [(f"{TOP}/gadgets/{number}", "Twin") for number in (1, 2)]
        return GLib.Variant("(a(os))", (found[:body[2]],))
    if member == "CallMany":
        answers = []
        for path, _, verb, _, options in body[0]:
            refused = path.endswith("/2")
            answers.append((f"{NAME}.Error.WrongState" if refused else "", dictionary({"message": "not now"} if refused else {"object": path, "version": 5})))
        return GLib.Variant("(a(sa{sv}))", (answers,))
    if member == "Subscribe":
        return GLib.Variant("(u)", (1,))
    if member == "Changes":
        return GLib.Variant("(a(tos)b)", ([(7, f"{TOP}/gadgets/2", "Changed")], False))
    return refuse("org.freedesktop.DBus.Error.UnknownMethod", f"no {member}")


def selected(filters):
    for number in sorted(ROWS):
        row = record(number)
        if all(operator != "=" or row[field] == value for field, operator, value in filters if field in row) and \
           all(operator != "in" or str(row[field]) in value for field, operator, value in filters if field in row):
            yield row


def collection(member, body, interactive):
    if member == "List":
        filters, names, order, cursor, limit = body
        kinds = {field[0]: SIGNATURES[field[1]] for field in FIELDS}
        rows = list(selected(filters))
        start = int(cursor or 0)
        page = rows[start:start + min(limit or 2, 2)]
        following = str(start + len(page)) if start + len(page) < len(rows) else ""
        kind = "a(" + "".join(kinds[name] for name in names) + ")"
        return GLib.Variant("(vs)", (GLib.Variant(kind, [tuple(row[name] for name in names) for row in page]), following))
    if member == "Create":
        arguments, options = body
        name = arguments.get("name", "")
        if name == "secret" and not interactive:
            refuse("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "a password is needed")
        if name.startswith("error "):
            refuse(name.split()[1])
        if name == "die once" and not DIED:
            remember_death()
        if name == "die":
            os._exit(1)
        return GLib.Variant("(a{sv})", (dictionary({"object": f"{TOP}/gadgets/9", "version": 1, "messages": 0, "jobs": 2}),))
    return refuse("org.freedesktop.DBus.Error.UnknownMethod", f"no {member}")

FEW = '"left out: too few, or it would give away one that is"'
RESULTS = "".join(line + "\r\n" for line in (
    "item,question,answer,text,who,answers,of,mean,statistic,note",
    *(f'met,"Did you meet, and ""when""?",{value},{text},{who},{count},{of},,,{note}' for value, text, who, count, of, note in (
        ("yes", "Yes", "mentor", 9, 14, ""), ("yes", "Yes", "mentee", 31, 36, ""), ("yes", "Yes", "all", 40, 50, ""),
        ("no", f"No {NASTY.replace(chr(13), '')}", "mentor", 5, 14, ""), ("no", "No", "mentee", 5, 36, ""), ("no", "No", "all", 10, 50, ""))),
    f"heard,Ich fühle mich gehört.,1,gar nicht,all,,48,,,{FEW}", f"heard,Ich fühle mich gehört.,2,ein wenig,all,,48,,,{FEW}",
    "heard,Ich fühle mich gehört.,3,teils,all,12,48,,,",
    "heard,Ich fühle mich gehört.,4,ziemlich und noch einiges mehr als das was hier in eine Zeile geht,all,30,48,,,",
    "often,How often?,mean,,all,47,47,3.50,,", "more,What else?,answered,,all,17,17,,,",
    "late,How late?,mean,,all,47,47,,,left out: so near to an end that it would tell of everybody",
    "closeness,,mean,,all,48,48,3.72,,", "closeness,,deviation,,all,48,48,,0.70,", "closeness,,alpha,,all,48,48,,0.85,",
    "closeness,,alpha low,,all,48,48,,0.80,", "closeness,,alpha high,,all,48,48,,0.90,", "closeness,,item-total,heard,all,48,48,,0.60,",
    "single,,mean,,all,48,48,3.10,,", "single,,deviation,,all,48,48,,0.90,", "single,,alpha,,all,48,48,,,one question alone has no alpha",
    "hidden,,mean,,all,,,,,left out: beside its questions it would tell of a few people"))


def gadget(connection, sender, path, member):
    if member == "Polish":
        number = path.rpartition("/")[2]
        return GLib.Variant("(a{sv})", (dictionary({"object": path, "version": 2, "messages": 0, "jobs": 0, "task": f"{TOP}/tasks/{number}"}),))
    if member == "Results":
        return GLib.Variant("(a{sv})", (dictionary({"object": path, "results": RESULTS if path.endswith("/1") else RESULTS[:RESULTS.find("\n") + 1]}),))
    if member == "Reveal":
        if not DIED:
            remember_death()
        return GLib.Variant("(a{sv})", (dictionary({"object": path, "secret": NASTY, "table": "a,b\r\nc,d\r\n"}),))
    return GLib.Variant("(a{sv})", (dictionary({"object": path, "version": 2, "messages": 1, "jobs": 0}),))


TASKS = {}


def task(path, connection, sender):
    """Task 1 is done at the third look, task 2 dies with the daemon, task 3 fails, task 6 goes on for ever."""
    number = int(path.rpartition("/")[2])
    looks = TASKS[number] = TASKS.get(number, 0) + 1
    if number == 2 and DIED:
        refuse("NotFound", "there is no such object")
    if number == 2 and looks == 2:
        remember_death()
    state = "failed" if number == 3 else "done" if looks > 2 and number != 6 else "running"
    GLib.timeout_add(50, lambda: connection.emit_signal(sender, path, f"{NAME}.Task", "Changed", GLib.Variant("(ds)", (looks / 3, state))) and False)
    return dictionary({"Kind": "polishing", "Object": "/", "Progress": min(looks / 3, 1.0), "State": state, "Error": "the cloth is torn" if number == 3 else "",
                       "Result": {"shine": 11}, "Started": 1774746000})


def properties(path, body, connection, sender):
    if path == TOP:
        return dictionary({"Version": "9.9", "InterfaceVersion": GLib.Variant("u", 1), "Held": False, "Simulated": True, "Now": 1774746000})
    if path.startswith(f"{TOP}/tasks/"):
        return task(path, connection, sender)
    number = int(path.rpartition("/")[2])
    if number not in ROWS:
        refuse("NotFound", "there is no such object")
    row, kinds = record(number), {field[0]: field[1] for field in FIELDS}
    return {camel(name): GLib.Variant(SIGNATURES[kinds[name]], value) for name, value in row.items() if not none(kinds[name], value)}


def answer(connection, message):
    path, interface, member = message.get_path(), message.get_interface(), message.get_member()
    body = message.get_body()
    body = body.unpack() if body is not None else ()
    flags = message.get_flags() & Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION
    print(json.dumps({"path": path, "member": member, "body": body, "interactive": bool(flags)}, default=str), file=LOG)
    if interface == "org.freedesktop.DBus.Properties":
        return GLib.Variant("(a{sv})", (properties(path, body, connection, message.get_sender()),))
    if path == TOP:
        result = manager(member, body, message)
        if member == "Subscribe":
            told = [(5, "Changed"), (6, "Removed")] if not DIED else [(7, "Changed"), (8, "Added")]
            for sequence, signal in told:
                GLib.timeout_add(100 * (sequence - 4), lambda s=sequence, w=signal: connection.emit_signal(
                    message.get_sender(), f"{TOP}/gadgets", f"{NAME}.Collection", w, GLib.Variant("(ott)", (f"{TOP}/gadgets/{s % 4}", 3, s))) and False)
            if not DIED:
                GLib.timeout_add(600, remember_death)
        return result
    if interface == f"{NAME}.Collection":
        return collection(member, body, bool(flags))
    return gadget(connection, message.get_sender(), path, member)


def incoming(connection, message, is_incoming):
    if not is_incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL or not message.get_path().startswith(TOP):
        return message
    GLib.idle_add(reply, connection, message)
    return None


def reply(connection, message):
    try:
        out = message.new_method_reply()
        out.set_body(answer(connection, message))
    except Refused as error:
        out = Gio.DBusMessage.new_method_error_literal(message, error.args[0], error.args[1])
    connection.send_message(out, Gio.DBusSendMessageFlags.NONE)
    return False


def main():
    connection = Gio.bus_get_sync(Gio.BusType.SYSTEM, None)
    connection.add_filter(incoming)
    Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.NONE, None, lambda *_: os._exit(2))
    GLib.MainLoop().run()


main()
