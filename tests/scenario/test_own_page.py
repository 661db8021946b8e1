# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do about themselves by link: through the real mail server, host, plugin, daemon and web page."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import harness
import pytest
from harness import ROOT, environment
from test_mail import Post, until
from test_webforms import CHECK, TOKEN, Web, web   # noqa: F401 (fixture)
from world import built_world, world               # noqa: F401 (fixtures)


def mails_to(web, address):
    return [mail for mail in web.post.mails() if address in (mail["To"] or "")]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def flat(text):
    return " ".join(text.split())


def came(web, address, subject):
    """The newest mail to the address whose subject begins so."""
    found = lambda: [mail for mail in mails_to(web, address) if mail["Subject"].startswith(subject)]       # noqa: E731
    web.post.advance(40)
    assert until(found), (web.post.daemon.tail(), [(mail["To"], mail["Subject"]) for mail in web.post.mails()])
    return found()[-1]


def person_of(web, address):
    return web.post.world.rows("SELECT * FROM person WHERE email = ?", address)[0]


def asked_by(web):
    """Somebody who was asked something by mail: their address, and the text of that mail."""
    to, text = next(iter(web.mails.items()))
    return to.addresses[0].addr_spec, text


def link(mail):
    return f"/l/{TOKEN.findall(text_of(mail))[0]}"


def test_an_address_is_confirmed_from_the_new_one_and_the_old_one_is_told(web):          # noqa: F811
    web.start()
    old, text = asked_by(web)
    person, coord = person_of(web, old), web.post.world.caller("mt-coord")
    path, new = f"{harness.TOP}/people/{person['id']}", "quite-new@planted-post.example"
    offered = f"/l/{TOKEN.findall(text)[0]}"
    coord.verb(path, "Person.Update", {"email": new})
    asked, told = came(web, new, "Is this your address?"), came(web, old, "Your address is to change")
    assert person_of(web, old)["id"] == person["id"]
    assert len(TOKEN.findall(text_of(asked))) == 1 and "List-Unsubscribe" not in asked, "no way to the person's own affairs"
    assert new not in flat(text_of(told)) and "q***@planted-post.example" in flat(text_of(told))
    page = web.ask("GET", link(asked))
    assert page.status == 200 and new in page.body and person["family_name"] not in page.body and 'value="talk"' not in page.body
    assert web.ask("POST", link(asked), {**web.form(link(asked)), "do": "confirm"}).status == 200
    assert person_of(web, new)["id"] == person["id"]
    assert web.ask("GET", offered).status == 404, "links to the old address have ended"
    after = came(web, old, "Your address has changed")
    assert web.ask("POST", link(after), {**web.form(link(after)), "do": "object"}).status == 200
    assert person_of(web, new)["mail_paused"] == 1
    staff = came(web, "", "Objected to: the new address")
    change = int(re.search(r"address-change show (\d+)", text_of(staff))[1])
    coord.verb(f"{harness.TOP}/address_changes/{change}", "AddressChange.TakeBack", options={"reason": "asked on site"})
    assert person_of(web, old)["mail_paused"] == 0


def own_of(web):
    """The own page of somebody who was asked, and their person."""
    address, text = asked_by(web)
    return f"/l/{TOKEN.findall(text)[-1]}", person_of(web, address)


def parts_of(page):
    """Words of the buttons that lead to parts, and the hidden fields of the page."""
    return re.findall(r'value="(go:[^"]+)"', page.body), dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.body))


def fresh_of(web, own, person):
    assert web.ask("POST", own, {**web.form(own), "do": "fresh"}).status == 200
    return link(came(web, person["email"], "The link that you asked for"))


def test_what_is_deep_comes_by_a_mail_of_a_moment_ago(web):          # noqa: F811
    web.start()
    own, person = own_of(web)
    places, fields = parts_of(web.ask("GET", own))
    assert any(place.startswith("go:times:") for place in places) and "go:data:0" not in places
    fresh = fresh_of(web, own, person)
    data = web.ask("POST", fresh, {**web.form(fresh), "do": "go:data:0"})
    assert data.status == 200 and person["email"] in data.body, "one's own, by the fresh link"
    assert person["email"] not in web.ask("POST", own, {**fields, "do": "go:data:0"}).body, "and not by the old one"
    done = web.ask("POST", fresh, {**parts_of(data)[1], "do": "export"})
    assert done.status == 200 and "data-protection officer" in done.body
    assert web.post.world.rows("SELECT export_asked FROM person WHERE id = ?", person["id"])[0]["export_asked"]
    web.post.advance(15 * 60)
    assert web.ask("GET", fresh).status == 404 and web.ask("GET", own).status == 200


@pytest.mark.limit(150)
@pytest.mark.parametrize("width", [360, 1280])
def test_parts_in_a_browser(web, scratch, width):          # noqa: F811
    """Each part fits, has its labels, and leads back; MENTORSHIP_PICTURES keeps pictures."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium")
    web.start()
    own, person = own_of(web)
    fresh = fresh_of(web, own, person)
    pages = scratch / "pages"
    pages.mkdir()
    url = f"http://127.0.0.1:{web.port}"
    places = [place for place in parts_of(web.ask("GET", fresh))[0] if not place.startswith("go:match-offer")]
    assert {place.split(":")[1] for place in places} >= {"times", "pause", "leave", "settings", "links", "data", "address"}
    others = [f"{place.split(':')[1]}={url}{fresh} {place}" for place in places]
    done = subprocess.run(["/usr/bin/python3", "-B", ROOT / "tests/fakes/browser.py", browser, str(width), url + web.paths[0], str(pages), CHECK,
                           f"fresh={url}{fresh}", *others], capture_output=True, text=True, timeout=140,
                          env=environment(HOME=str(scratch), **({"AXE": os.environ["MENTORSHIP_AXE"]} if "MENTORSHIP_AXE" in os.environ else {})), cwd="/")
    if "MENTORSHIP_PICTURES" in os.environ:
        for picture in pages.glob("*.png"):
            shutil.copy(picture, pathlib.Path(os.environ["MENTORSHIP_PICTURES"]) / f"own-{width}-{picture.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, found in json.loads(done.stdout).items():
        assert found == "", f"{name}: {found}"
