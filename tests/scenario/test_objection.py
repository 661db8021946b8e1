# SPDX-License-Identifier: GPL-3.0-or-later
"""A guardian objects to whom a minor works with, by the link of the introduction: through the real mail server, host, plugin, daemon and page."""
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
from test_own_page import came, link, mails_to, text_of
from test_webforms import CHECK, web   # noqa: F401 (fixture)
from world import built_world, world   # noqa: F401 (fixtures)

PARENT = "parent@planted-post.example"


def begun(web, language="en"):
    """The offered pair begins, its mentee a minor with a verified guardian, both reading that language: the path of the match, the guardian's
    person, and the paths of the guardian's and of the minor's links."""
    web.start()
    coord, match, program = web.post.world.caller("mt-coord"), web.post.world.matches["proposed"], web.post.world.programs["a"]
    minor, mentor = web.post.world.people["proposed"], web.post.world.people["mt-mentor1"]
    coord.verb(minor, "Person.Update", {"birth_date": "2014-05-06", "language": language})
    guardian = coord.create("people", {"given_name": "Gerda", "family_name": "Guard", "email": PARENT, "language": language,
                                       "birth_date": "1980-05-06"})["object"]
    coord.verb(coord.create("guardianships", {"program": program, "minor": minor, "guardian": guardian, "source": "registration"})["object"],
               "Guardianship.Verify", {"verified_how": "at the desk"})
    for giver in (minor, guardian):
        consent = coord.create("consents", {"program": program, "person": minor, "giver": giver, "purpose": "take part"})["object"]
        coord.verb(consent, "Consent.Give", {"evidence": "folder 1"}, options={"for": giver})
    for side in (minor, mentor):
        coord.verb(match, "Match.Accept", options={"for": side})
    coord.verb(match, "Match.Start")
    address = web.post.world.rows("SELECT email FROM person WHERE id = ?", int(minor.rpartition("/")[2]))[0]["email"]
    mails = lambda to, subject: [mail for mail in mails_to(web, to) if re.search(subject, mail["Subject"])]               # noqa: E731
    web.post.advance(40)
    assert until(lambda: mails(PARENT, "has a pair|hat ein Gegenüber") and mails(address, "time to begin|kann losgehen")), web.post.daemon.tail()
    return match, guardian, link(mails(PARENT, "has a pair|hat ein Gegenüber")[0]), link(mails(address, "time to begin|kann losgehen")[0])


def state_of(web, match):
    return web.post.world.rows('SELECT state FROM "match" WHERE id = ?', int(match.rpartition("/")[2]))[0]["state"]


def concerns(web):
    return web.post.world.rows("SELECT * FROM concern WHERE objects")


def agenda(caller):
    return {item["kind"]: item for item in caller.manager("Agenda", "a{sv}", ({},))}


def test_a_guardian_objects_and_the_pair_pauses(web):          # noqa: F811
    match, guardian, path, own = begun(web)
    lead, coord, audits = web.post.world.caller("mt-safe"), web.post.world.caller("mt-coord"), web.audits()
    for _ in range(3):
        page = web.ask("GET", path)
        assert page.status == 200 and "works with" in page.body and 'value="object"' in page.body and "<script" not in page.body
        assert web.ask("HEAD", path).status in (200, 405)
    assert state_of(web, match) == "active" and not concerns(web) and web.audits() == audits, "who reads changes nothing"
    answer = {**web.form(path), "do": "object", "text": "He waits for her at the gate."}
    done = web.ask("POST", path, answer)
    assert done.status == 200 and "Thank you for telling us" in done.body
    assert state_of(web, match) == "paused"
    again = web.ask("POST", path, answer)
    assert again.status == 409 and "You objected on" in again.body and 'value="object"' not in again.body
    concern, = concerns(web)
    assert concern["person"] == int(guardian.rpartition("/")[2]) and concern["match"] == int(match.rpartition("/")[2])
    # the lead's agenda says about whom, and the lead reads why; coordinators hear that there is something, and nothing of it
    waits = agenda(lead)["concern to take up"]
    assert re.fullmatch("Gerda Guard: .+ & .+", waits["label"])
    assert "concern to take up" not in agenda(coord) and "pair that is objected to" in agenda(coord)
    read = lead.verb(waits["object"], "Concern.Disclose", options={"reason": "to help"})
    assert read["text"] == "He waits for her at the gate."
    told = came(web, "", "Objected to, and paused")
    assert "Gerda" not in text_of(told) and not [mail for mail in web.post.mails() if "gate" in text_of(mail)]
    assert len([mail for mail in web.post.mails() if mail["Subject"].endswith("take a break")]) == 2
    with pytest.raises(harness.Refused, match="objected to") as refused:
        coord.verb(match, "Match.Resume")
    assert refused.value.name.endswith(".WrongState")
    # the minor may, too; then all is settled, and the end of the match ends the links
    assert web.ask("POST", own, {**web.form(own), "do": "object"}).status == 200 and len(concerns(web)) == 2
    for one in concerns(web):
        at = f"{harness.TOP}/concerns/{one['id']}"
        lead.verb(at, "Concern.Acknowledge")
        lead.verb(at, "Concern.Resolve", options={"reason": "talked with all"})
    coord.verb(match, "Match.Resume")
    assert 'value="object"' in web.ask("GET", path).body, "the link stays"
    coord.verb(match, "Match.End", {"close_reason": "did not fit"})
    assert web.ask("GET", path).status == web.ask("GET", own).status == 404


def test_a_minor_is_called_du_and_a_guardian_sie(web):          # noqa: F811
    _, _, path, own = begun(web, "de")
    mails = {link(mail): text_of(mail) for mail in web.post.mails() if re.search("kann losgehen|hat ein Gegenüber", mail["Subject"])}
    assert "Guten Tag Gerda Guard!" in mails[path] and "Sie können jederzeit" in mails[path]
    assert "Hallo " in mails[own] and "Ihr seid nun ein Tandem: du und" in mails[own] and not re.search(r"\b(Sie|Ihnen|Ihre)\b", mails[own])
    theirs, page = web.ask("GET", path).body, web.ask("GET", own).body
    assert "Widersprechen Sie diesem Tandem?" in theirs and "sagt Ihnen das" in theirs
    assert "Widersprichst du diesem Tandem?" in page and "sagt dir das" in page and '<html lang="de"' in page
    talk = web.ask("POST", path, {**web.form(path), "do": "talk"})
    assert "rufen Sie 112 an" in talk.body
    talk = web.ask("POST", own, {**web.form(own), "do": "talk"})
    assert "ruf 112 an" in talk.body


@pytest.mark.limit(120)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "de"])
def test_in_a_browser(web, scratch, width, language):          # noqa: F811
    """It fits, has its labels and keeps the rules of axe-core, for a guardian and for a minor; MENTORSHIP_PICTURES keeps pictures."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium")
    _, _, path, own = begun(web, language)
    pages, url = scratch / "pages", f"http://127.0.0.1:{web.port}"
    pages.mkdir()
    done = subprocess.run(["/usr/bin/python3", "-B", ROOT / "tests/fakes/browser.py", browser, str(width), "-", str(pages), CHECK,
                           f"guardian={url}{path}", f"minor={url}{own}", f"objected={url}{path} object", f"after={url}{path}"],
                          capture_output=True, text=True, timeout=100,
                          env=environment(HOME=str(scratch), **({"AXE": os.environ["MENTORSHIP_AXE"]} if "MENTORSHIP_AXE" in os.environ else {})), cwd="/")
    if "MENTORSHIP_PICTURES" in os.environ:
        for picture in pages.glob("*.png"):
            shutil.copy(picture, pathlib.Path(os.environ["MENTORSHIP_PICTURES"]) / f"objection-{language}-{width}-{picture.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, found in json.loads(done.stdout).items():
        assert found == "", f"{name}: {found}"
