# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms as long as they may be, in the page that people answer: every question stands there and every answer comes; what is longer is
refused when the form is made ready, or told to who wrote it. Nothing is left out in silence."""
import re

import pytest
from harness import Refused
from test_webforms import asked, responses, web  # noqa: F401 (fixture)
from world import built_world, world             # noqa: F401 (fixtures)

LONG = "\n".join(f"c{n}=Answer number {n}" for n in range(200))


def items_of(count):
    """Questions of every kind with notes, conditions of both sorts and long lists; as many boxes as a page may have."""
    items = [("met", "single", {"choices": "yes=Yes\nno=No"})]
    for n in range(1, count):
        kind = ("single", "text", "number", "likert", "date", "note", "multiple")[n % 7]
        more = {"single": {"choices": LONG if n % 3 else "yes=Yes\nno=No"}, "likert": {"choices": "1=Never\n2=Often"},
                "multiple": {"choices": "\n".join(LONG.split("\n")[:20])}}.get(kind, {})
        if n % 5 == 0 and kind != "note":
            more["relevant"] = "${met} = 'yes'" if n % 2 else "not(${met} = 'no')"
        items.append((f"i{n}", kind, more))
    return items


def value_of(name, kind, more):
    if kind in ("single", "multiple", "likert"):
        return more["choices"].rpartition("\n")[2].partition("=")[0] if name != "met" else "yes"
    return {"text": f"words of {name}", "number": "7", "date": "2026-02-03"}[kind]


@pytest.mark.limit(200)
def test_five_hundred_questions_are_asked_kept_and_answered(web):  # noqa: F811
    items = items_of(500)
    wave, path, _ = asked(web, "named", items)
    page = web.ask("GET", path).body
    for name, kind, _more in items:
        assert (f"{name}?" in page) if kind == "note" else (f'name="q.{name}"' in page), name
    assert 'value="send"' in page and 'value="keep"' in page and 'value="talk"' in page
    fields = web.form(path)
    given = {f"q.{name}": value_of(name, kind, more) for name, kind, more in items if kind != "note"}
    wanted = "\n".join(f"{name[2:]}={value}" for name, value in given.items())
    empty = {name: given.get(name, "") for name in given}                          # a browser sends what is not filled in, too
    assert web.ask("POST", path, {**fields, **empty, "do": "keep"}).status == 200
    assert [(row["state"], row["answers"]) for row in responses(web, wave)] == [("draft", wanted)]
    page = web.ask("GET", path).body
    assert len(re.findall(r">\s*words of i\d+</textarea>", page)) == sum(kind == "text" for _, kind, _ in items), "the draft is there again"
    wrong = web.ask("POST", path, {**fields, **given, "q.i499": "not one of them", "do": "send"})
    assert wrong.status == 422 and 'class="error' in wrong.body and 'name="q.i498"' in wrong.body
    assert web.ask("POST", path, {**fields, **given, "do": "send"}).status == 200
    assert [(row["state"], row["answers"]) for row in responses(web, wave)] == [("submitted", wanted)]


@pytest.mark.limit(100)
def test_answers_at_the_limit_come_and_above_it_their_writer_is_told(web):  # noqa: F811
    """60,000 characters of all answers as they are kept, of any alphabet; a body longer than is taken has a page that says so."""
    wave, path, _ = asked(web, "named", [(f"t{n}", "text", {}) for n in range(7)])
    fields = web.form(path)
    names = [f"q.t{n}" for n in range(7)]
    frame = sum(len(name) - 2 + 1 for name in names) + 6                            # name= of each, and line feeds between
    def texts(total):                                                               # noqa: E306
        left, out = total - frame, {}
        for name in names:
            out[name] = "x" * min(left, 9000)
            left -= len(out[name])
        return out
    over = web.ask("POST", path, {**fields, **texts(60001), "do": "keep"})
    assert over.status == 422 and "may have 60000 characters; these have 60001" in over.body, over.body[:3000]
    assert over.body.count("x" * 9000) >= 6, "what was written is still there"
    assert not responses(web, wave)
    single = web.ask("POST", path, {**fields, "q.t0": "y" * 10001, "do": "send"})
    assert single.status == 422 and 'class="error' in single.body and not responses(web, wave)
    huge = web.ask("POST", path, {**fields, "q.t0": "z" * 300000, "do": "send"}, headers=[("Accept-Language", "de")])
    assert huge.status == 413 and "ist länger, als auf einmal gesendet werden kann" in huge.body and "<html" in huge.body
    body = 256 * 1024 - len("q.t0=") - len("&do=send&_page=") - 64
    hashed = next(value for value in fields.values() if re.fullmatch("[0-9a-f]{64}", value))
    at = web.ask("POST", path, {"q.t0": "z" * body, "do": "send", "_page": hashed})
    assert at.status == 422, "at the limit of a body it is read, and told of"
    assert web.ask("POST", path, {"q.t0": "z" * (body + 1), "do": "send", "_page": hashed}).status == 413
    assert web.ask("GET", path).status == 200, "no answer has ended the link"
    assert web.ask("POST", path, {**fields, **texts(60000), "do": "send"}).status == 200
    row, = responses(web, wave)
    assert len(row["answers"]) == 60000


def test_a_form_too_long_for_a_page_is_refused_when_it_is_made_ready(web):  # noqa: F811
    coord, program = web.post.world.caller("mt-coord"), web.post.world.programs["a"]
    def made(key, items):                                                           # noqa: E306
        form = coord.create("instruments", {"program": program, "key": key, "title": key})["object"]
        for name, kind, more in items:
            coord.create("items", {"instrument": form, "name": name, "kind": kind, "label": name, **more})
        return form
    boxes = [(f"m{n}", "multiple", {"choices": LONG}) for n in range(9)] + [(f"n{n}", "number", {}) for n in range(100)]
    coord.verb(made("boxes", boxes), "Instrument.Ready")
    with pytest.raises(Refused) as error:
        coord.verb(made("more-boxes", boxes + [("one", "number", {})]), "Instrument.Ready")
    assert error.value.name.endswith("LimitExceeded") and "asks for 1901 answers" in str(error.value) and "make two forms" in str(error.value)
    wide = "\n".join(f"c{n}=" + "ä" * 90 for n in range(200))
    form = made("texts", [(f"s{n}", "single", {"choices": wide}) for n in range(13)])
    coord.verb(form, "Instrument.Ready")                                             # 13 lists of 37 kB
    form = made("more-texts", [(f"s{n}", "single", {"choices": wide}) for n in range(13)])
    coord.create("items", {"instrument": form, "name": "last", "kind": "single", "label": "last", "choices": wide})
    coord.create("items", {"instrument": form, "name": "really", "kind": "single", "label": "last", "choices": wide})
    with pytest.raises(Refused) as error:
        coord.verb(form, "Instrument.Ready")
    assert "bytes long, and a page takes 524288" in str(error.value) and "shorten texts" in str(error.value)
