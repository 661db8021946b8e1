# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails that come back: a Maildir of notifications, read by the SMTP plugin and told to the daemon."""
import os
import pathlib
import re

import pytest

import harness
from harness import ROOT
from plugin_drive import drive
from test_mail import post, running, until  # noqa: F401 (fixtures)
from world import built_world, world  # noqa: F401 (fixtures)

SHAPES = ROOT / "tests/unit/data/dsn"
OURS = "m1a2b3c4d5e6f7@mentoring.uni.test"


class Maildir:
    def __init__(self, place):
        self.place = pathlib.Path(place)
        for name in ("new", "cur", "tmp"):
            (self.place / name).mkdir(parents=True, exist_ok=True)

    def put(self, name, data):
        (self.place / "tmp" / name).write_bytes(data)
        (self.place / "tmp" / name).rename(self.place / "new" / name)

    def new(self):
        return {path.name for path in (self.place / "new").iterdir()}

    def cur(self):
        """What was read, and what is left unread."""
        names = {path.name for path in (self.place / "cur").iterdir()}
        return {name.removesuffix(":2,S") for name in names if name.endswith(":2,S")}, {name.removesuffix(":2,") for name in names if name.endswith(":2,")}


@pytest.fixture
def box(tmp_path):
    return Maildir(tmp_path / "box")


def read(tmp_path, box, *more, seconds=2, **settings):
    run = drive(tmp_path, "smtp", {"server": "127.0.0.1", "port": 9, "tls": "none", "sender": "mentoring@uni.test", "bounces": box.place, **settings}, [],
                "--stay", "1", *more, seconds=seconds)
    run.bounces = re.findall(r"^bounced (\S+) (\d+) (\S+) (.*)$", run.text, re.M)
    return run


def test_shapes(tmp_path, box):
    for path in SHAPES.glob("*.eml"):
        box.put(path.stem, path.read_bytes())
    run = read(tmp_path, box, envelope_sender="bounces+%@uni.test")
    seen, unread = box.cur()
    assert not box.new() and unread == {path.stem for path in SHAPES.glob("none-*.eml")} and seen == {path.stem for path in SHAPES.glob("*.eml")} - unread
    assert len(run.bounces) == 9
    assert (OURS, "7358", "5.1.10", "550 5.1.10") in run.bounces and (OURS, "0", "5.1.1", "550 5.1.1") in run.bounces
    assert ("-", "7358", "5.1.2", "5.1.2") in run.bounces               # by the address that it came to alone
    assert any("a mail is delayed (4.4.1)" in line for line in run.logs)
    assert not any("@" in line or "anna" in line for line in run.logs)
    assert not any("anna" in word for bounce in run.bounces for word in bounce)


def test_without_a_number_and_an_id_nothing_can_be_said(tmp_path, box):
    box.put("x", (SHAPES / "verp-only.eml").read_bytes())
    run = read(tmp_path, box)
    assert not run.bounces and box.cur() == (set(), {"x"}) and any("does not say which mail failed" in line for line in run.logs)
    for address in ("bounces+@uni.test", "bounces+7358x@uni.test", "bounces+07@uni.test", "bounces+-7@uni.test", "other+7358@uni.test",
                    "bounces+99999999999999999999@uni.test"):
        box.put("y", (SHAPES / "verp-only.eml").read_bytes().replace(b"bounces+7358@uni.test", address.encode()))
        assert not read(tmp_path, box, envelope_sender="bounces+%@uni.test", seconds=1).bounces, address


@pytest.mark.parametrize("answer", ["-1", "2"])
def test_what_the_daemon_did_not_take_stays(tmp_path, box, answer):
    box.put("x", (SHAPES / "postfix-unknown-user.eml").read_bytes())
    run = read(tmp_path, box, "--answer", answer)
    assert len(run.bounces) == 1 and box.new() == {"x"} and box.cur() == (set(), set())
    run = read(tmp_path, box)
    assert len(run.bounces) == 1 and not box.new() and box.cur() == ({"x"}, set())


def test_what_is_unknown_is_left_unread(tmp_path, box):
    box.put("x", (SHAPES / "postfix-unknown-user.eml").read_bytes())
    read(tmp_path, box, "--answer", "1")
    assert not box.new() and box.cur() == (set(), {"x"})


def test_what_is_no_mail_is_put_away_unread(tmp_path, box):
    good = (SHAPES / "postfix-unknown-user.eml").read_bytes()
    (tmp_path / "elsewhere").write_bytes(good)
    os.symlink(tmp_path / "elsewhere", box.place / "new/link")
    os.mkfifo(box.place / "new/pipe")
    (box.place / "new/directory").mkdir()
    box.put("large", good + b"x" * (1 << 20))
    box.put("empty", b"")
    box.put("zeros", bytes(100_000))
    box.put("good:2,", good)
    box.put(".hidden", good)
    run = read(tmp_path, box)
    assert len(run.bounces) == 1 and box.new() == {".hidden"}
    assert box.cur() == ({"good"}, {"link", "pipe", "directory", "large", "empty", "zeros"})
    assert (tmp_path / "elsewhere").exists()


def test_many_do_not_hold_up_the_mail(tmp_path, box):
    """drive() itself fails if the loop was kept for a second."""
    good = (SHAPES / "exchange-not-found.eml").read_bytes()
    for number in range(1000):
        box.put(f"{number}", good + b"\r\n" * 10_000)
    run = read(tmp_path, box, seconds=20)
    assert len(run.bounces) == 1000 and not box.new() and run.longest < 200


@pytest.mark.parametrize("change", ["absent", "no cur", "a file"])
def test_maildirs_refused(tmp_path, box, change):
    if change == "no cur":
        (box.place / "cur").rmdir()
    place = {"absent": tmp_path / "nowhere", "no cur": box.place, "a file": tmp_path / "settings"}[change]
    run = read(tmp_path, box, bounces=place)
    assert run.status == 1 and "bounces is no Maildir that this plugin may change" in run.refused and "ReadWritePaths" in run.refused
    assert ("cur/" if change == "no cur" else "new/") in run.refused


# ---- with the daemon ----

def bounce(mail, status="5.1.1", action="failed"):
    """As Postfix would write it, for a mail that the sink was given."""
    text = (SHAPES / "postfix-unknown-user.eml").read_text().replace(OURS, mail["Message-ID"].strip("<>"))
    return text.replace("Status: 5.1.1", f"Status: {status}").replace("Action: failed", f"Action: {action}").encode()


@pytest.fixture
def inbox(post):
    """The world with a Maildir for what comes back, and a mail that was sent to somebody."""
    post.configure(settle=0)
    box = Maildir(post.daemon.state / "plugins/smtp/bounces")
    owner = post.daemon.state.stat()
    for path in (post.daemon.state / "plugins", box.place.parent, box.place, *box.place.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid)
    post.plugin("smtp", f'server = "127.0.0.1";\nport = {post.port};\ntls = "none";\nsender = "mentoring@example.org";\nbounces = "{box.place}";\n')
    post.start()
    running(post)
    post.world.caller("mt-coord").verb(post.world.matches["proposed"], "Match.Offer")
    post.advance(10)
    assert until(lambda: post.mails() and not post.world.rows("SELECT 1 FROM message WHERE state = 'sending'"))
    return box


def row(post, mail):
    return post.world.rows("SELECT * FROM message WHERE lead = ? ORDER BY id", int(re.search(r"<m([0-9a-f]+)@", mail["Message-ID"])[1], 16))


def test_a_mail_that_came_back_failed_after_all(post, inbox):
    mail = post.mails()[0]
    person = row(post, mail)[0]["person"]
    inbox.put("1", bounce(mail, "4.4.1", "delayed"))
    assert until(lambda: inbox.cur()[0] == {"1"}) and row(post, mail)[0]["state"] == "sent"
    inbox.put("2", bounce(mail))
    assert until(lambda: inbox.cur()[0] == {"1", "2"})
    assert row(post, mail)[0]["state"] == "failed" and row(post, mail)[0]["outcome"] == "bounced: 5.1.1, 550 5.1.1"
    inbox.put("3", bounce(mail))                                           # the same again
    inbox.put("4", bounce({"Message-ID": "<m123456789@mentoring.example.org>"}))   # somebody guesses
    inbox.put("5", (SHAPES / "none-vacation.eml").read_bytes())
    assert until(lambda: inbox.cur()[1] == {"3", "4", "5"})
    assert post.world.rows("SELECT bounces FROM person WHERE id = ?", person)[0]["bounces"] == 1


def test_over_a_kill_of_the_daemon_it_is_counted_once(post, inbox):
    mail = post.mails()[0]
    person = row(post, mail)[0]["person"]
    post.daemon.kill()
    inbox.put("1", bounce(mail))
    assert not until(lambda: not inbox.new(), 7)                           # the host, which goes on, keeps it
    post.world.start("--development")
    assert until(lambda: inbox.cur()[0] == {"1"}, 30)
    assert row(post, mail)[0]["state"] == "failed"
    assert post.world.rows("SELECT bounces FROM person WHERE id = ?", person)[0]["bounces"] == 1


def agenda(caller):
    return [item for item in caller.manager("Agenda", "a{sv}", ({},)) if item["kind"] == "address that does not work"]


def test_the_third_pauses_the_address_and_the_coordinator_hears_of_it(post, inbox):
    world, coord, match = post.world, post.world.caller("mt-coord"), post.world.matches["offered"]
    world.caller("mt-mentor2").verb(match, "Match.Accept")
    coord.verb(match, "Match.Accept", options={"for": world.people["mt-mentee2"]})
    coord.verb(match, "Match.Start")
    meeting = f"{harness.TOP}/meetings/" + str(world.rows("SELECT id FROM meeting WHERE match = ? AND first", int(match.rpartition("/")[2]))[0]["id"])
    to_her = lambda: [mail for mail in post.mails() if "yngvild@" in mail["To"]]                    # noqa: E731
    for act in (None, lambda: coord.verb(meeting, "Meeting.Move", {"place": "Library"}), lambda: coord.verb(meeting, "Meeting.Cancel")):
        if act:
            act()
        before = len(to_her())
        post.advance(10)
        assert until(lambda: len(to_her()) > before or not act)                                    # noqa: B023
    assert until(lambda: len(to_her()) >= 3 and all(row(post, mail)[0]["state"] == "sent" for mail in to_her()))
    for number, mail in enumerate(to_her()[:3]):
        assert not agenda(coord)
        inbox.put(str(number), bounce(mail))
        assert until(lambda: len(inbox.cur()[0]) == number + 1), inbox.cur()                       # noqa: B023
    assert world.rows("SELECT bounces, mail_paused FROM person WHERE given_name = 'Yngvild'")[0] == {"bounces": 3, "mail_paused": 1}
    line, = agenda(coord)
    assert line["object"] == world.people["mt-mentor2"] and "Yngvild" in line["label"]
    assert agenda(world.caller("mt-coord2")) == []                           # of another program
    post.advance(86400)
    told = lambda: [mail for mail in post.mails() if "come back" in mail["Subject"] + mail.get_body(("plain",)).get_content()]     # noqa: E731
    assert until(told)
    readers = {mail["To"].addresses[0].addr_spec.split("@")[0] for mail in told()}
    assert "qorinna" in readers and not readers & {"yngvild", "zdenka", "qordula"}        # her coordinators, and nobody else
    coord.verb(world.people["mt-mentor2"], "Person.TryMail")
    assert not agenda(coord)
