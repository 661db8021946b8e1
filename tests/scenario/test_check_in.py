# SPDX-License-Identifier: GPL-3.0-or-later
"""A check-in that asks the program's form, by the link in its mail: through the real mail server, host, plugin, daemon and web page."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import harness
import pytest
from harness import ROOT, environment
from test_mail import until
from test_own_page import link, text_of
from test_webforms import CHECK, web   # noqa: F401 (fixture)
from world import built_world, world   # noqa: F401 (fixtures)


def due(web, language=None):
    """The program asks the shipped form; the paths and numbers of the check-ins that fall due next, the newest last."""
    web.start()
    coord, program = web.post.world.caller("mt-coord"), web.post.world.programs["a"]
    form = coord.create("instruments", {"program": program, "starter": "check-in"})["object"]
    coord.verb(form, "Instrument.Ready")
    coord.verb(program, "Program.Revise", {"check_in_form": form}, options={"reason": "what we want to know"})
    before = web.post.world.rows("SELECT coalesce(max(id), 0) AS id FROM check_in")[0]["id"]
    if language:
        for row in web.post.world.rows("SELECT DISTINCT person FROM participant WHERE role = 'mentee'"):
            coord.verb(f"{harness.TOP}/people/{row['person']}", "Person.Update", {"language": language})
    asked = lambda: web.post.world.rows("SELECT * FROM check_in WHERE id > ? AND form = ?", before, int(form.rpartition("/")[2]))   # noqa: E731
    for _ in range(40):
        web.post.advance(86400)
        if asked():
            break
    subject = "Wie läuft es mit" if language == "de" else "How is it going with"
    mails = lambda: [mail for mail in web.post.mails() if mail["Subject"].startswith(subject)]            # noqa: E731
    assert asked() and until(mails), (web.post.daemon.tail(), [mail["Subject"] for mail in web.post.mails()])
    for mail in reversed(mails()):
        owner = web.post.world.rows("SELECT id FROM person WHERE email = ?", mail["To"].addresses[0].addr_spec)[0]["id"]
        row = [row for row in asked() if row["person"] == owner]
        if row:
            return link(mail), row[-1]
    raise AssertionError("nobody was asked by mail")


def now(web, row):
    return web.post.world.rows("SELECT rating, flags, state FROM check_in WHERE id = ?", row["id"])[0]


def responses(web, row):
    return web.post.world.rows("SELECT * FROM response WHERE check_in = ?", row["id"])


def test_a_form_is_asked_and_answered_once(web):          # noqa: F811
    path, row = due(web)
    page = web.ask("GET", path)
    assert page.status == 200 and 'name="q.rating"' in page.body and 'name="q.why_not"' in page.body and 'name="rating"' not in page.body
    assert "this is about you and" in page.body and "The coordinators read this; your partner does not." in page.body
    fields = web.form(path)
    hash_name = next(name for name, value in fields.items() if re.fullmatch("[0-9a-f]{64}", value))
    answer = {**fields, "do": "send", "q.rating": "2", "q.met": "no", "q.times": "4", "q.why_not": "no_answer", "q.say": "he, too,\nis ill"}
    assert web.ask("POST", path, {**answer, hash_name: "0" * 64}).status == 409 and not responses(web, row), "another page was read"
    wrong = web.ask("POST", path, {**answer, "q.rating": "7"})
    assert wrong.status == 422 and 'class="error' in wrong.body and "he, too,\nis ill" in wrong.body and not responses(web, row)
    kept = web.ask("POST", path, {**fields, "do": "keep", "q.say": "half a thought"})
    assert kept.status == 200 and "Kept for later" in kept.body and now(web, row)["state"] == "due"
    assert "half a thought" in web.ask("GET", path).body, "the draft is there again"
    for _ in range(3):
        done = web.ask("POST", path, answer)
        assert done.status == 200 and "nothing more is to be done" in done.body
    response, = responses(web, row)
    assert response["answers"] == "rating=2\nmet=no\nwhy_not=no_answer\nsay=he, too,\\nis ill"
    assert (response["state"], response["person"], response["entered"]) == ("submitted", row["person"], 0)
    assert now(web, row) == {"rating": 2, "flags": "not_met\nnot_contacted", "state": "answered"}
    assert web.ask("POST", path, {**answer, "q.rating": "5"}).status == 404, "another answer is too late"
    assert web.ask("GET", path).status == 404
    read = web.post.world.caller("mt-coord").verb(f"{harness.TOP}/responses/{response['id']}", "Response.Read")
    assert "say=he, too,\\nis ill" in str(read["answers"])


def test_it_is_in_the_readers_language(web):          # noqa: F811
    path, _ = due(web, "de")
    page = web.ask("GET", path)
    assert "Wie läuft es zu zweit?" in page.body and "nicht so gut" in page.body and "es geht um Sie und" in page.body
    assert "Gab es ein Treffen" in page.body and "What kept you" not in page.body


def test_it_waits_on_the_own_page(web):          # noqa: F811
    path, row = due(web)
    mail = next(mail for mail in reversed(web.post.mails()) if path in text_of(mail))
    own = [found for found in re.findall(r"/l/[A-Za-z0-9_-]{43}", text_of(mail)) if f"go:check-in:{row['id']}" in web.ask("GET", found).body][0]
    part = web.ask("POST", own, {**web.form(own), "do": f"go:check-in:{row['id']}"})
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', part.body))
    assert part.status == 200 and 'name="q.rating"' in part.body
    done = web.ask("POST", own, {**fields, "do": "send", "q.rating": "5", "q.met": "yes", "q.times": "1"})
    assert done.status == 200 and now(web, row) == {"rating": 5, "flags": None, "state": "answered"}
    assert web.ask("POST", own, {**fields, "do": "send", "q.rating": "1", "q.met": "no"}).status != 200
    assert now(web, row)["rating"] == 5 and len(responses(web, row)) == 1


@pytest.mark.limit(120)
@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser(web, scratch, width):          # noqa: F811
    """It fits and has its labels, and so does what is said when it is kept for later; MENTORSHIP_PICTURES keeps pictures."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium")
    path, _ = due(web)
    pages, url = scratch / "pages", f"http://127.0.0.1:{web.port}"
    pages.mkdir()
    done = subprocess.run(["/usr/bin/python3", "-B", ROOT / "tests/fakes/browser.py", browser, str(width), url + web.paths[0], str(pages), CHECK,
                           f"check-in={url}{path}", f"kept={url}{path} keep"], capture_output=True, text=True, timeout=100,
                          env=environment(HOME=str(scratch), **({"AXE": os.environ["MENTORSHIP_AXE"]} if "MENTORSHIP_AXE" in os.environ else {})), cwd="/")
    if "MENTORSHIP_PICTURES" in os.environ:
        for picture in pages.glob("*.png"):
            shutil.copy(picture, pathlib.Path(os.environ["MENTORSHIP_PICTURES"]) / f"check-in-{width}-{picture.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, found in json.loads(done.stdout).items():
        assert found == "", f"{name}: {found}"
