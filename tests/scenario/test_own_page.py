# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do about themselves by link: through the real mail server, host, plugin, daemon and web page."""
import re

import harness
from test_mail import Post, until
from test_webforms import TOKEN, Web, web          # noqa: F401 (fixture)
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
