# SPDX-License-Identifier: GPL-3.0-or-later
"""Questionnaires as spreadsheets: what XLSForm says comes in, what is shipped goes out and comes back the same, and what cannot be
understood is refused with sheet, row and column, or listed, and never guessed. openpyxl is the other program that reads and writes."""
import io
import json
import re
import zipfile

import pytest

from harness import COLLECTION, Refused, wait_until
from test_cli_daemon import BEGIN, DENIED, DONE, NOTFOUND, USAGE, Ctl, coord, daemon, program, root     # noqa: F401
from test_demo import SHARED
from world import read_rows

openpyxl = pytest.importorskip("openpyxl")
XLSFORM = SHARED / "data/surveys/xlsform"
SHIPPED = ["satisfaction", "closeness", "goal-progress", "would-recommend", "check-in", "activity-rating", "closing", "needs-assessment",
           "rosenberg"]
ITEM = "position,name,kind,label,choices,required,relevant,min,max,reversed"


@pytest.fixture
def folder(scratch):
    folder = scratch / "forms"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def import_form(program, folder):
    """Imports a file, or sheets given as {name: rows}, and gives what was said."""
    def run(form, *words, name="form.xlsx", status=DONE):
        path = form if hasattr(form, "exists") else folder / name
        if isinstance(form, dict):
            book(form).save(path)
        elif isinstance(form, bytes):
            path.write_bytes(form)
        path.chmod(0o644)
        return program("instrument", "import", path, "--program", "peers", *words, status=status)
    return run


def book(sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def survey(*rows, heads=("type", "name", "label", "relevant"), **more):
    return {"survey": [heads, *rows], **more}


def rows_of(ctl, instrument):
    """Everything that makes an instrument, without what is of the record alone."""
    items = ctl.json("item", "list", f"instrument={instrument}", "--order", "position", "--fields", f"id,{ITEM}")
    names = {item["id"]: item["name"] for item in items}
    texts = [t for t in ctl.json("item-text", "list", "--fields", "item,language,label,choices") if int(t["item"].rsplit("/")[-1]) in names]
    return {"items": [{key: value for key, value in item.items() if key not in ("id", "object")} for item in items],
            "texts": sorted((names[int(t["item"].rsplit("/")[-1])], t["language"], t["label"], t["choices"]) for t in texts),
            "scales": [{key: value for key, value in scale.items() if key not in ("id", "object")} for scale in
                       ctl.json("scale", "list", f"instrument={instrument}", "--fields", "name,label,scoring,items,reversed")]}


def instruments(ctl, **wanted):
    return [row for row in ctl.json("instrument", "list", "--fields", "key,edition,title,language,licence,source,state")
            if all(row[key] == value for key, value in wanted.items())]


# ---- out and in again ----

def translate(ctl, number):
    """Texts in German for all items that ship without, choices too."""
    there = {text["item"] for text in ctl.json("item-text", "list", "--fields", "item")}
    for item in ctl.json("item", "list", f"instrument={number}", "--fields", "id,name,choices"):
        if item["object"] in there:
            continue
        words = [f"item={item['object']}", "language=de", f"label=Frage {item['name']} <&> \"ä\""]
        if item["choices"]:
            words.append("choices=" + "\n".join(f"{line.partition('=')[0]}=auf Deutsch {i}" for i, line in enumerate(item["choices"].splitlines())))
        ctl("item-text", "create", *words)


@pytest.mark.parametrize("key", SHIPPED)
def test_what_is_shipped_goes_out_and_comes_back(program, folder, key):
    program("instrument", "create", "program=peers", f"starter={key}")
    (made,) = instruments(program, key=key)
    number = made["object"].rsplit("/")[-1]
    translate(program, number)
    if key == "check-in":
        program("item", "create", f"instrument={number}", "name=since", "kind=date", "label=Since when?", "min=20000", "max=20500.0")
    file = folder / f"{key}.xlsx"
    program("instrument", "export", number, "--out", file)
    sheets = {sheet.title: list(sheet.values) for sheet in openpyxl.load_workbook(file)}
    assert list(sheets)[:3] == ["survey", "choices", "settings"]
    assert sheets["settings"][1][:2] == (made["title"], key)
    assert "label::German (de)" in sheets["survey"][0]
    said = program("instrument", "import", file, "--program", "peers", "--as", "again", "--take")
    assert "not known here" not in said and "(version): the column is left out: editions of a form are counted here" in said
    (again,) = instruments(program, key="again")
    assert {k: again[k] for k in ("title", "language", "licence", "source")} == {k: made[k] for k in ("title", "language", "licence", "source")}
    assert again["state"] == "draft" and again["edition"] == 1
    before, after = rows_of(program, number), rows_of(program, again["object"].rsplit("/")[-1])
    assert before["items"] and before["texts"]
    assert after == before, said
    program("instrument", "ready", again["object"].rsplit("/")[-1])


def test_a_script_exports_over_the_bus(program, daemon, folder):
    program("instrument", "create", "program=peers", "starter=closing")
    path = instruments(program, key="closing")[0]["object"]
    collection = path.rpartition("/")[0]
    program("export", "instrument", "Looking back", "--format", "xlsform", "--out", folder / "b.xlsx")
    program("instrument", "export", "closing", "--out", folder / "c.xlsx")
    caller = daemon.caller("mt-coord")
    assert caller.call(collection, COLLECTION, "Export", "a{sv}", ({"format": "xlsform", "object": ("o", path)},)) == (0, {})
    assert (folder / "b.xlsx").read_bytes() == (folder / "c.xlsx").read_bytes()
    for options, error in (({"format": "xlsform"}, "say which object"), ({"format": "odt", "object": ("o", path)}, "and one of them as xlsform"),
                           ({"object": ("o", path)}, "goes with a format"), ({"format": "xlsform", "object": ("o", "/org/mentorship1/people/1")}, "no path of instruments"),
                           ({"format": "xlsform", "object": ("o", path), "raw": True}, "nothing beside it")):
        with pytest.raises(Refused) as caught:
            caller.call(collection, COLLECTION, "Export", "a{sv}", (options,))
        assert caught.value.short == "InvalidField" and error in caught.value.message
    assert "is there already" in program("instrument", "export", path, "--out", folder / "c.xlsx", status=USAGE)
    assert "are exported as csv" in program("export", "program", "peers", "--format", "xlsform", "--out", folder / "e", status=USAGE)
    Ctl(daemon, "mt-nobody")("instrument", "export", path, "--out", folder / "f.xlsx", status=NOTFOUND)
    assert not (folder / "e").exists() and not (folder / "f.xlsx").exists()


# ---- what is shown, taken, undone ----

FORM = {"survey": [["type", "name", "label", "label::Deutsch (de)", "hint", "required", "relevant", "constraint", "appearance"],
                   ["note", "hello", "Welcome", "Willkommen"],
                   ["select_one yn", "met", "Did you meet?", "Habt ihr euch getroffen?", "be honest", "yes"],
                   ["begin_group", "more", "About the meeting", "Zum Treffen", None, None, "${met} = 'yes'"],
                   ["integer", "times", "How often?", "Wie oft?", None, "true()", None, ". >= 1 and . <= 31"],
                   ["select_one agree", "glad", "I am glad.", "Ich bin froh.", None, "yes", "${times} > 2", None, "likert"],
                   ["end_group"],
                   ["select_multiple yn or_other", "kinds", "What kinds?", None, None, "no"],
                   ["date", "day", "Which day?", None, None, None, None, ". >= date('2026-01-01')"],
                   ["geopoint", "where", "Where?"],
                   ["text", "say", "Anything else?", None, None, None, "not(selected(${kinds}, 'no'))", "string-length(.) < 501"]],
        "choices": [["list_name", "name", "label", "label::Deutsch (de)"],
                    ["yn", "yes", "Yes", "Ja"], ["yn", "no", "No", "Nein"],
                    ["agree", 1, "not at all", "gar nicht"], ["agree", 2.0, "quite", None], ["agree", 3, "very", "sehr"]],
        "settings": [["form_title", "form_id", "default_language"], ["How was it?", "how-was-it", "English (en)"]],
        "scales": [["name", "label", "scoring", "items", "reversed"], ["joy", "Joy", "mean", "glad", "glad"]],
        "notes of mine": [["remember", "the milk"]]}


def test_preview_take_and_a_next_edition(program, import_form):
    shown = import_form(FORM)
    assert not instruments(program, key="how-was-it") and "--take" in shown
    for part in ("new instrument How was it?; key: how-was-it; edition: 1; language: en; state: draft",
                 "new item glad; position: 5; kind: likert; label: I am glad.; choices: 1=not at all | 2=quite | 3=very; required: yes; "
                 "relevant: (${met} = 'yes') and (${times} > 2) (form.xlsx, sheet survey:6)",
                 "new item_text; language: de; label: Habt ihr euch getroffen?; choices: yes=Ja | no=Nein",
                 "new scale joy; label: Joy; scoring: mean; items: glad; reversed: glad (form.xlsx, sheet scales:2)",
                 "form.xlsx, sheet survey, row 10, column 1 (type): geopoint where is left out: there are no questions of that type here",
                 "form.xlsx, sheet survey, row 3, column 5 (hint): the column is left out: ",
                 "form.xlsx, sheet notes of mine: this sheet is not read",
                 "form.xlsx, sheet survey, row 8, column 1 (type): the choice 'other' and the question 'kinds_other' are added"):
        assert part in shown, part
    taken = import_form(FORM, "--take")
    assert "geopoint where is left out" in taken and "would be" not in taken
    (made,) = instruments(program, key="how-was-it")
    found = {item["name"]: item for item in rows_of(program, made["object"].rsplit("/")[-1])["items"]}
    assert list(found) == ["hello", "met", "more", "times", "glad", "kinds", "kinds_other", "day", "say"]
    assert found["more"]["kind"] == "note" and found["more"]["relevant"] == "${met} = 'yes'"
    assert (found["times"]["min"], found["times"]["max"], found["times"]["relevant"]) == (1, 31, "${met} = 'yes'")
    assert found["kinds"]["choices"] == "yes=Yes\nno=No\nother=Other" and not found["kinds"]["required"]
    assert found["kinds_other"]["relevant"] == "selected(${kinds}, 'other')"
    assert (found["day"]["min"], found["say"]["max"]) == (20454, 500)
    assert "edition: 2" in import_form(FORM, "--take")
    assert [row["edition"] for row in instruments(program, key="how-was-it")] == [1, 2]
    import_form(FORM, "--as", "other", "--take")
    assert instruments(program, key="other") and "letters" in import_form(FORM, "--as", "No Key", status=USAGE)


def test_an_import_is_taken_later_and_undone_but_never_from_under_a_form_in_use(program, import_form):
    import_form(FORM)
    batch = program.json("import", "list", "--fields", "id,state,format")[0]
    assert (batch["state"], batch["format"]) == ("ready", "xlsform")
    program("import", "take", batch["id"])
    (made,) = instruments(program, key="how-was-it")
    number = made["object"].rsplit("/")[-1]
    before = rows_of(program, number)
    program("instrument", "ready", number)
    program("import", "undo", batch["id"], "--yes")
    assert rows_of(program, number) == before and len(before["items"]) == 9     # a form that is ready stays as it was asked
    import_form(FORM, "--as", "second", "--take")
    batch = [row for row in program.json("import", "list", "--fields", "id,state") if row["state"] == "taken"][0]
    program("import", "undo", batch["id"], "--yes")
    assert not instruments(program, key="second")


def test_a_killed_daemon_takes_it_whole(program, daemon, import_form):
    rows = [["text", f"q{i}", f"Question {i}", f"Frage {i}"] for i in range(450)]
    form = survey(*rows, heads=("type", "name", "label", "label::German (de)"))
    ends, midst = {"taken": 901, "failed": 0, "undone": 0}, 0
    for number in range(4):
        before = read_rows(daemon.state, "SELECT (SELECT count(*) FROM item) + (SELECT count(*) FROM item_text) + "
                           "(SELECT count(*) FROM instrument) AS n")[0]["n"]
        import_form(form, "--as", f"big{number}", "--take", "--no-wait")
        if number % 2:
            wait_until(lambda: read_rows(daemon.state, "SELECT count(*) AS n FROM instrument")[0]["n"] > number // 2, what="the first row")
        daemon.kill()
        count = "SELECT (SELECT count(*) FROM item) + (SELECT count(*) FROM item_text) + (SELECT count(*) FROM instrument) AS n"
        midst += 0 < read_rows(daemon.state, count)[0]["n"] - before < 901
        daemon.start(clock=BEGIN)
        state = "SELECT state FROM import ORDER BY id DESC LIMIT 1"
        wait_until(lambda: read_rows(daemon.state, state)[0]["state"] in ends, what="the import to end")
        assert read_rows(daemon.state, count)[0]["n"] - before == ends[read_rows(daemon.state, state)[0]["state"]]
    assert midst


# ---- what is refused, with its place ----

REFUSED = {
    "a name twice": (survey(["text", "a", "A"], ["text", "a", "B"]), r"sheet survey, row 3, column 2 \(name\): the name 'a' is there already \(row 2\)"),
    "no name": (survey(["text", None, "A"]), r"sheet survey, row 2: the row has no name"),
    "a bad name": (survey(["text", "no good", "A"]), r"row 2, column 2 \(name\): 'no good' is no name"),
    "no type": (survey(["text", "a", "A"], [None, "b", "B"]), r"row 3: the row has no type"),
    "an unknown type": (survey(["telepathy", "a", "A"]), r"row 2, column 1 \(type\): 'telepathy' is no type"),
    "a list that is missing": (survey(["select_one nowhere", "a", "A"]), r"row 2, column 1 \(type\): there is no list 'nowhere'"),
    "no text": (survey(["text", "a", None]), r"row 2: the question 'a' has no text"),
    "a choice twice": (survey(["select_one l", "a", "A"], choices=[["list_name", "name", "label"], ["l", "x", "X"], ["l", "x", "Y"]]),
                       r"sheet choices, row 3, column 2 \(name\): the list 'l' has a choice 'x' already"),
    "a choice with blanks": (survey(["select_one l", "a", "A"], choices=[["list name", "name", "label"], ["l", "x y", "X"]]),
                             r"row 2, column 1 \(type\): 'x y' cannot be the value of a choice"),
    "what comes later": (survey(["text", "a", "A", "${b} = 'x'"], ["text", "b", "B"]), r"row 2, column 4 \(relevant\): 'b' comes later"),
    "a circle": (survey(["text", "a", "A", "${b} = 'x'"], ["text", "b", "B", "${a} = 'y'"]),
                 r"row 2, column 4 \(relevant\): 'a' and 'b' wait for each other: that is a circle"),
    "itself": (survey(["text", "a", "A", "${a} = 'x'"]), r"row 2, column 4 \(relevant\): 'a' waits for its own answer"),
    "nobody": (survey(["text", "a", "A", "${ghost} = 'x'"]), r"row 2, column 4 \(relevant\): there is no question called 'ghost'"),
    "a circle by a group": (survey(["begin group", "g", None, "${b} = 1"], ["text", "a", "A"], ["integer", "b", "B"], ["end group"]),
                            r"row 2, column 4 \(relevant\): 'b' comes later"),
    "a function": (survey(["text", "a", "A"], ["text", "b", "B", "regex(${a}, 'x')"]), r"row 3, column 4 \(relevant\): character 1: 'regex' is not known here.*leave_out"),
    "one that is left out": (survey(["geopoint", "a", "A"], ["text", "b", "B", "${a} != ''"]),
                             r"row 3, column 4 \(relevant\): it asks for 'a' \(row 2\), which is left out"),
    "a group without an end": (survey(["begin group", "g", "G"], ["text", "a", "A"]), r"row 2: the group that begins here never ends"),
    "an end without a group": (survey(["text", "a", "A"], ["end group"]), r"row 3: a group ends here, but none has begun"),
    "a repeat without an end": (survey(["text", "b", "B"], ["begin repeat", "g", "G"], ["text", "a", "A"]), r"row 3: the repeat that begins here never ends"),
    "nothing to ask": (survey(["note", "a", "A"]), r"sheet survey: there is nothing to answer in it"),
    "no survey": ({"sheet 1": [["a"]], "sheet 2": [["b"]]}, r"there is no sheet called 'survey'"),
    "no columns": ({"survey": [["question", "text"], ["a", "b"]]}, r"sheet survey, row 1: there is no column 'type'"),
    "a language that nobody knows": (survey(["text", "a", "A"], heads=("type", "name", "label::Quenya")), r"row 1, column 3 \(label::Quenya\): which language is 'Quenya'"),
    "a column twice": (survey(["text", "a", "A", "B"], heads=("type", "name", "label", "Label")), r"row 1, column 4 \(Label\): the column 'Label' is there already"),
    "a scale of words": (survey(["text", "a", "A"], scales=[["name", "items"], ["s", "a"]]), r"sheet scales, row 2: 'a' cannot be counted"),
    "a scale of nobody": (survey(["text", "a", "A"], scales=[["name", "items"], ["s", "ghost"]]), r"sheet scales, row 2: there is no item called 'ghost'"),
    "a long text": (survey(["text", "a", "A" * 2001]), r"row 2: the text has more than 2000 characters"),
    "a control character": (survey(["text", "a", "A\u202eB"]), r"sheet survey, row 2, column 3: "),
}


@pytest.mark.parametrize("why", sorted(REFUSED))
def test_a_form_that_cannot_be_true_is_refused_with_its_place(program, import_form, why):
    form, said = REFUSED[why]
    import_form(form, "--take", status=USAGE)
    assert not instruments(program)
    shown = import_problems(program)
    assert re.search(said, shown), shown


def import_problems(ctl):
    number = max(row["id"] for row in ctl.json("import", "list", "--fields", "id,state"))
    found = ctl.json("import", "show", number)
    assert found["state"] == "refused" and found["problems"] > 0
    return found["problem"]


def test_questions_whose_condition_is_not_understood_are_left_out_if_wanted(program, import_form):
    form = survey(["text", "a", "A"], ["text", "b", "B", "regex(${a}, 'x')"], ["text", "c", "C", "${b} = 'y'"],
                  ["begin group", "g", "G", "once(${a})"], ["text", "d", "D"], ["end group"], ["text", "e", "E", "${a} = 'z'"])
    import_form(form, "--take", status=USAGE)
    said = import_form(form, "--leave-out", "--take")
    assert [item["name"] for item in rows_of(program, 1)["items"]] == ["a", "e"]
    for row, name in ((3, "b"), (4, "c"), (5, "g")):
        assert re.search(rf"row {row}, column 4 \(relevant\): the condition of '{name}' is not understood, so what waits for it is left out", said), said
    import_form(survey(["text", "a", "A", "${ghost} = 1"]), "--leave-out", status=USAGE)     # that is no matter of understanding


# ---- files that are none ----

def packed(how=zipfile.ZIP_DEFLATED, **parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/"), text)
    return out.getvalue()


def changed(part, change, form=None):
    """A good workbook with one of its parts changed."""
    out, good = io.BytesIO(), io.BytesIO()
    book(form or survey(["text", "a", "A"])).save(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in old.namelist():
            made.writestr(name, change(old.read(name).decode()) if name.endswith(part) else old.read(name))
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
DTD = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
NOT_FORMS = {
    "xls": (OLE, r"libreoffice --convert-to xlsx"),
    "locked": (OLE + "EncryptedPackage".encode("utf-16le"), r"locked with a password"),
    "ods": (packed(zipfile.ZIP_STORED, mimetype="application/vnd.oasis.opendocument.spreadsheet"), r"OpenDocument"),
    "a zip": (packed(hello="x"), r"xl/workbook.xml: is not in the file"),
    "half a file": (changed("none", str)[:900], r"no whole ZIP"),
    "lss": (b'<?xml version="1.0"?><document><LimeSurveyDocType>Survey</LimeSurveyDocType></document>', r"LimeSurvey"),
    "tsv of LimeSurvey": (b"id\trelated_id\tclass\ttype/scale\tname\n", r"LimeSurvey"),
    "markdown": (b"| survey |\n| | type | name | label |\n", r"no spreadsheet"),
    "entities": (changed("sheet1.xml", lambda text: DTD + text.replace(">A<", ">&b;&c;<")), r"document type"),
    "entities in the list of sheets": (changed("workbook.xml", lambda text: DTD + text), r"document type"),
    "broken XML": (changed("sheet1.xml", lambda text: text[:-30]), r"no whole XML"),
    "deep XML": (changed("sheet1.xml", lambda text: "<a>" * 100000), r"no whole XML"),
    "strings that are not there": (changed("sheet1.xml", lambda text: text.replace('t="inlineStr"><is><t>A</t></is>', 't="s"><v>999</v>')), r"a text that the file has not"),
    "rows out of order": (changed("sheet1.xml", lambda text: text.replace('r="2"', 'r="1"')), r"out of order"),
    "a formula without a value": (survey(["text", "a", "=1+1"]), r"row 2, column 3: there is a formula without a value"),
    "a gigabyte of blanks": (packed(**{"xl__workbook.xml": "<workbook><sheets><sheet name='survey' id='r1'/></sheets></workbook>",
                                       "xl___rels__workbook.xml.rels": "<R><Relationship Id='r1' Target='s.xml'/></R>",
                                       "xl__s.xml": " " * (1 << 27)}), r"unpacks to more than 64 MiB"),
    "empty": (b"", r"empty"),
}


@pytest.mark.parametrize("why", sorted(NOT_FORMS))
def test_a_file_that_is_no_form_says_so(program, import_form, why):
    form, said = NOT_FORMS[why]
    import_form(form, "--take", status=USAGE)
    assert re.search(said, import_problems(program)), import_problems(program)
    assert not instruments(program)


def test_what_spreadsheets_make_of_cells(program, import_form, folder):
    """Formulas with values, rich texts, inline texts, dates, yes and no, a million blank rows."""
    def sheet(text):
        cells = ('<row r="2"><c r="A2" t="str"><f>"te"&amp;"xt"</f><v>text</v></c><c r="B2" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r>'
                 '<rPh><t>no</t></rPh></is></c><c r="C2" t="inlineStr"><is><t xml:space="preserve"> It_x000D_\nis &lt;so&gt;&#x1F354; </t></is></c>'
                 '<c r="E2" t="b"><v>1</v></c></row><row><c t="inlineStr"><is><t>date</t></is></c><c t="inlineStr"><is><t>c</t></is></c>'
                 '<c s="1"><v>46357</v></c></row>')
        blanks = "".join(f'<row r="{row}"/>' for row in range(4, 1048577))
        return re.sub(r'<row r="2".*</row>', lambda _: cells + blanks, text, flags=re.S)
    made = book(survey(["text", "x", "y", None, "z"], heads=("type", "name", "label", "relevant", "required")))
    made["survey"]["E2"].number_format = "yyyy-mm-dd"
    good, out = io.BytesIO(), io.BytesIO()
    made.save(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet(old.read(name).decode()) if name.endswith("sheet1.xml") else old.read(name))
    import_form(out.getvalue(), "--take")
    first, second = rows_of(program, 1)["items"]
    assert (first["name"], first["kind"], first["label"], first["required"]) == ("ab", "text", "It\nis <so>\U0001f354", True)
    assert (second["name"], second["label"]) == ("c", "2026-12-01")


CSV = "survey,,,,\n,type,name,label,required\n,select one from yn,q,Größe?,yes\nchoices,,,,\n,list name,name,label,\n,yn,yes,Ja,\n,yn,no,Nein,\n" \
      "settings,,,,\n,form_title,form_id,default_language,\n,Frage,frage,German (de),\n"


@pytest.mark.parametrize("encoding", ("utf-8", "utf-8-sig", "latin-1", "utf-16"))
def test_the_flat_csv(program, import_form, encoding):
    if encoding in ("latin-1", "utf-16"):
        import_form(CSV.encode(encoding), "--take", name="form.csv", status=USAGE)
        assert "UTF-8" in import_problems(program)
        return
    import_form(CSV.encode(encoding), "--take", name="form.csv")
    (made,) = instruments(program, key="frage")
    (item,) = rows_of(program, 1)["items"]
    assert made["language"] == "de" and (item["label"], item["choices"], item["required"]) == ("Größe?", "yes=Ja\nno=Nein", True)


def test_who_may(program, daemon, import_form, folder):
    import_form(FORM)
    nobody = Ctl(daemon, "mt-nobody")
    assert "coordinator" in nobody("instrument", "import", folder / "form.xlsx", "--program", "1", status=DENIED)
    assert "instruments" in program("import", "person", folder / "form.xlsx", "--program", "peers", "--format", "xlsform", status=USAGE)
    assert "questionnaires" in program("import", folder / "form.xlsx", "--program", "peers", "--format", "csv", "--as", "x", status=USAGE)


# ---- forms that others made ----

SHARED_FORMS = {
    "yes_or_no_question.csv": [("good_day", "single", "have you had a good day today?", "yes=yes\nno=no")],
    "yes_or_no_question.xlsx": [("good_day", "single", "have you had a good day today?", "yes=yes\nno=no")],
    "text_and_integer.csv": [("your_name", "text", "What is your name?", None), ("your_age", "number", "How many years old are you?", None)],
    "survey_no_name.xlsx": [("state", "text", "The State", None)],
    "specify_other.csv": [("sex", "single", "What sex are you?", "male=Male\nfemale=Female\nother=Other"),
                          ("sex_other", "text", "Please say what else.", None)],
    "utf_csv.csv": [("burger_toppings", "text", "\u2026what toppings do you prefer on your \U0001f354s?", None)],
    "case_insensitivity.csv": [("q1", "single", "Are you good?", "n1-c=l1-c\nn2-c=l2-c")],
    "loop.csv": [("available_toilet_types", "multiple", "What type of toilets are on the premises?",
                  "pit_latrine_with_slab=Pit latrine with slab\nopen_pit_latrine=Pit latrine without slab/open pit\nbucket_system=Bucket system\n"
                  "other=Other"), ("available_toilet_types_other", "text", "Please say what else.", None)],
    **{f"group.{kind}": [("family_name", "text", "What's your family name?", None), ("father", "note", "Father", None),
                         ("phone_number", "text", "What's your father's phone number?", None),
                         ("age", "number", "How old is your father?", None)] for kind in ("csv", "xlsx")},
}


def shared(name):
    path = XLSFORM / name
    if not path.exists():
        pytest.skip(f"the forms of others are not here: {path}")
    return path.read_bytes()


@pytest.mark.parametrize("name", sorted(SHARED_FORMS))
def test_forms_of_others(program, import_form, name):
    import_form(shared(name), "--take", name=name)
    items = rows_of(program, 1)["items"]
    assert [(item["name"], item["kind"], item["label"], item["choices"] or None) for item in items] == SHARED_FORMS[name]


def asked_in(xml):
    """Names, with the choices offered, of all that an XForm asks, but for those of kinds that are none here."""
    body = xml.partition("<h:body>")[2]
    return re.findall(r'<(?:input|select1|select)[^>]* ref="[^"]*/([\w-]+)"', body)


@pytest.mark.parametrize("name", ("or_other", "widgets", "flat_xlsform_test"))
def test_forms_of_others_against_what_their_own_program_made(program, import_form, name):
    """The other program's XForm asks what is taken here and what is listed as left out, and nothing else, in the same order."""
    file = f"{name}.csv" if name == "widgets" else f"{name}.xlsx"
    data, expected = shared(file), shared(f"expected/{name}.xml").decode()
    said = import_form(data, "--leave-out", "--take", name=file)
    items = rows_of(program, 1)["items"]
    left = re.findall(r"\(type\): \S+ (\S+) is left out", said) + re.findall(r"the condition of '(\S+)' is not understood", said) + \
        re.findall(r"the note '(\S+)' has no text", said)
    names = [item["name"] for item in items]
    asked = [ask for ask in asked_in(expected) if not ask.startswith("reserved_name_")]
    if name == "widgets":                                            # the XForm is of a newer edition of the CSV
        asked = [ask for ask in asked if f'"{ask}"' in data.decode()]
    assert asked and [asked_name for asked_name in asked if asked_name not in left] == [n for n in names if n in asked]
    assert set(asked) <= set(names) | set(left)
    assert name == "widgets" or set(names) - set(asked) <= {"labeled_select_group"}


def test_a_form_of_others_against_its_json(program, import_form):
    expected = json.loads(shared("expected/yes_or_no_question.json"))
    import_form(shared("yes_or_no_question.xlsx"), "--take", name="yes_or_no_question.xlsx")
    (item,) = rows_of(program, 1)["items"]
    (asked,) = [child for child in expected["children"] if child["type"] != "group"]
    assert (item["name"], item["label"]) == (asked["name"], asked["label"]["english"])
    assert item["choices"] == "\n".join(f"{choice['name']}={choice['label']['english']}" for choice in asked["choices"])


def test_a_form_of_others_with_a_condition_that_is_not_known(program, import_form):
    import_form(shared("flat_xlsform_test.xlsx"), "--take", status=USAGE)
    assert re.search(r"sheet survey, row 3, column 14 \(relevant\): character 1: 'regex' is not known", import_problems(program))
    import_form(shared("group.xls"), name="group.xls", status=USAGE)
    assert "libreoffice --convert-to xlsx" in import_problems(program)
    import_form(shared("simple_loop.csv"), name="simple_loop.csv", status=USAGE)
    assert "nothing to answer" in import_problems(program)
