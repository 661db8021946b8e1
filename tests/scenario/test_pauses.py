# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends or rests for somebody's sake, and who is told: the safeguarding lead sees guardians, an offer that is taken back is called off by mail,
an adult pauses. Through the real mail server, host, plugin, daemon and web page."""
import harness
import pytest
from test_mail import until
from test_own_page import own_of, parts_of
from test_webforms import TOKEN, web               # noqa: F401 (fixture)
from world import built_world, shared_world, world   # noqa: F401 (fixtures)


def number(path):
    return int(path.rpartition("/")[2])


def subjects(web, ending):
    """Who got a mail with that subject's end."""
    return sorted(mail["To"].addresses[0].addr_spec for mail in web.post.mails() if mail["Subject"].endswith(ending))


def addresses(web, match):
    rows = web.post.world.rows("SELECT p.email FROM match_member mm JOIN person p ON p.id = mm.person WHERE mm.match = ?", number(match))
    return sorted(row["email"] for row in rows)


def test_the_safeguarding_lead_lists_guardianships(shared_world):          # noqa: F811
    lead, coord = shared_world.caller("mt-safe"), shared_world.caller("mt-coord")
    fields = ["program", "minor", "guardian", "relation", "state"]
    rows = lead.list_all("guardianships", fields)
    a = shared_world.programs["a"]
    assert rows and {row[0] for row in rows} == {a}, "those of the program that the duty is for, and no other's"
    assert (a, shared_world.people["mt-mentee1"], shared_world.people["mt-guardian"], "parent", "claimed") in [tuple(row) for row in rows]
    assert {row[0] for row in coord.list_all("guardianships", fields)} > {a}
    for account in ("mt-mentor1", "mt-mentee1", "mt-observer", "mt-interview"):
        with pytest.raises(harness.Refused):
            assert not shared_world.caller(account).list_all("guardianships", fields)
            raise harness.Refused("nothing", "an empty list is no sight either")


def test_who_read_an_offer_hears_that_it_is_off(web):          # noqa: F811
    web.start()
    match = web.post.world.matches["proposed"]
    both = addresses(web, match)
    offered = {address: next(text for to, text in web.mails.items() if to.addresses[0].addr_spec == address) for address in both}
    web.post.world.caller("mt-coord").verb(match, "Match.Withdraw")
    web.post.advance(40)
    assert until(lambda: len(subjects(web, "The match that we offered is off")) == 2), web.post.daemon.tail()
    assert subjects(web, "The match that we offered is off") == both
    for text in offered.values():
        assert web.ask("GET", f"/l/{TOKEN.findall(text)[0]}").status == 404, "nothing is left to be answered"
    rows = web.post.world.rows("SELECT state FROM message WHERE template_name = 'match-withdrawn' AND about_id = ?", number(match))
    assert [row["state"] for row in rows] == ["sent", "sent"]


def test_an_adult_makes_a_pause_on_the_own_page(web):          # noqa: F811
    web.start()
    own, person = own_of(web)
    place = next(place for place in parts_of(web.ask("GET", own))[0] if place.startswith("go:pause:"))
    at = number(place.replace(":", "/"))
    state = lambda: web.post.world.rows("SELECT state, person FROM participant WHERE id = ?", at)[0]               # noqa: E731
    assert state() == {"state": "ready", "person": person["id"]}
    for verb, wanted in (("pause", "paused"), ("resume", "ready")):
        page = web.ask("POST", own, {**web.form(own), "do": place})
        assert f'value="{verb}"' in page.body
        assert web.ask("POST", own, {**parts_of(page)[1], "do": verb}).status == 200
        assert state()["state"] == wanted


def test_an_adult_who_takes_back_taking_part_pauses(web):          # noqa: F811
    """Their pair at once, and both are told; nobody starts it again without the consent."""
    web.start()
    coord, match, mentor = web.post.world.caller("mt-coord"), web.post.world.matches["active"], web.post.world.people["mt-mentor1"]
    consent = coord.create("consents", {"program": web.post.world.programs["a"], "person": mentor, "giver": mentor, "purpose": "take part"})["object"]
    coord.verb(consent, "Consent.Give", {"evidence": "folder 1"}, options={"for": mentor})
    coord.verb(consent, "Consent.Withdraw", {"evidence": "by phone"}, options={"for": mentor})
    one = web.post.world.rows("SELECT state FROM participant WHERE person = ? AND program = 1", number(mentor))[0]
    assert one["state"] == "paused"
    assert web.post.world.rows('SELECT state FROM "match" WHERE id = ?', number(match))[0]["state"] == "paused"
    web.post.advance(40)
    assert until(lambda: set(addresses(web, match)) <= set(subjects(web, "take a break"))), web.post.daemon.tail()
    with pytest.raises(harness.Refused, match="consents of the mentor to take part are missing"):
        coord.verb(match, "Match.Resume")
