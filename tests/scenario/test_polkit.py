# SPDX-License-Identifier: GPL-3.0-or-later
"""Administrators by polkit: asked for verbs only, about the sender, without blocking anybody; whatever is not a plain yes is no.

A stand-in for polkitd (FAKE) owns its name where a real one cannot be made to answer as oddly as needed; all else is the
real polkitd with the installed actions and the example rule.
"""
import json
import os
import signal
import subprocess
import time

import pytest

from harness import COLLECTION, MANAGER, NAME, PYTHON, TOP, Refused, as_user, end, environment, wait_until
from world import built_world, world     # noqa: F401

PEOPLE = f"{TOP}/people"
AUTH = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
AUTHORITY = "org.freedesktop.PolicyKit1"
NEW = {"given_name": "New", "family_name": "Comer"}

FAKE = """
import json, sys
from gi.repository import Gio, GLib
how, log = sys.argv[2], open(sys.argv[3], "a", buffering=1)
xml = ('<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization"><arg type="(sa{sv})" direction="in"/>'
       '<arg type="s" direction="in"/><arg type="a{ss}" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>'
       '<arg type="' + ('(bba{ss})' if how != "shape" else 's') + '" direction="out"/></method>'
       '<method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method></interface></node>')
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                                              Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
def call(connection, sender, path, interface, method, args, invocation):
    log.write(json.dumps([method, args.unpack()]) + "\\n")
    if method == "CancelCheckAuthorization" or how == "silent":
        return
    if how == "error":
        invocation.return_dbus_error("org.freedesktop.PolicyKit1.Error.Failed", "no")
    elif how == "shape":
        invocation.return_value(GLib.Variant("(s)", ("yes",)))
    elif how == "slow":
        GLib.timeout_add(1500, lambda: invocation.return_value(GLib.Variant("((bba{ss}))", ((True, False, {}),))) and False)
    else:
        invocation.return_value(GLib.Variant("((bba{ss}))", (({"yes": (True, False, {}), "both": (False, False, {"polkit.result": "yes"}),
                                                              "challenge": (False, True, {})}[how]),)))
bus.register_object("/org/freedesktop/PolicyKit1/Authority", Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0], call, None, None)
bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
              GLib.Variant("(su)", ("org.freedesktop.PolicyKit1", 4)), None, 0, -1, None)
GLib.MainLoop().run()
"""


class Fake:
    """A polkitd that answers in one odd way and notes what it was asked."""

    def __init__(self, bus, how):
        self.bus, self.path = bus, bus.directory / f"fake-{how}-{time.monotonic_ns()}"
        self.path.touch()
        self.path.chmod(0o666)
        self.process = subprocess.Popen(as_user("polkitd", [PYTHON, "-c", FAKE, bus.address, how, self.path]), env=environment(), cwd="/",
                                        stdin=subprocess.DEVNULL)
        wait_until(lambda: bus.owner(AUTHORITY), what="the stand-in of polkitd")

    def asked(self, method="CheckAuthorization"):
        return [args for name, args in map(json.loads, self.path.read_text().splitlines()) if name == method]

    def stop(self):
        end(self.process)
        wait_until(lambda: not self.bus.owner(AUTHORITY), what="the name to be free")


@pytest.fixture
def fake(daemon):
    made = []

    def make(how):
        made.append(Fake(daemon.bus, how))
        return made[-1]
    yield make
    for one in made:
        one.stop()


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return caught.value.message


def people(daemon):
    return daemon.caller("root").list_all("people", ["id"])


def test_an_admin_by_polkit_begins_everything(polkit, daemon):
    """The first person, login and coordinator of all are an admin's; and the admin then reads no more than an admin reads."""
    admin = daemon.caller("mt-admin")
    me = admin.create("people", {"given_name": "First", "family_name": "One", "email": "first@example.org"})["object"]
    admin.create("logins", {"person": me, "user_name": "mt-coord"})
    admin.create("duties", {"person": me, "duty": "coordinator"})
    assert "coordinator" in daemon.caller("mt-coord").manager("WhoAmI")["roles"]
    assert "admin" not in admin.manager("WhoAmI")["roles"]       # polkit is asked for verbs only
    refused("NotFound", admin.get, me, "Person", "Name")
    refused("NotAllowed", admin.list, "logins", ["user_name"])
    admin.verb(me, "Person.Suspend", options={"reason": "r"})
    admin.verb(me, "Person.Reinstate")
    refused("NotAllowed", admin.create, "programs", {"key": "abc", "title": "Any"})        # no admin's verb
    refused("NotFound", admin.verb, me, "Person.Erase", options={"reason": "r"})


def test_what_polkit_is_asked(fake, daemon):
    one = fake("yes")
    nobody = daemon.caller("mt-nobody")
    nobody.create("people", NEW)
    nobody.create("people", NEW, interactive=True)
    plain, dialog = one.asked()
    for question, flags in ((plain, 0), (dialog, 1)):
        subject, action, details, asked_flags, cancel = question
        assert subject == ["system-bus-name", {"name": nobody.unique}] and action == "org.mentorship1.manage"
        assert asked_flags == flags and cancel and details == {}
    assert plain[4] != dialog[4]


def test_polkit_is_not_asked_where_it_does_not_matter(fake, daemon):
    """Neither for reads, nor for verbs of no action, nor for who may anyway, nor for uid 0."""
    root = daemon.caller("root")
    me = root.create("people", NEW)["object"]
    root.create("logins", {"person": me, "user_name": "mt-coord"})
    root.create("duties", {"person": me, "duty": "coordinator"})
    one = fake("yes")
    nobody, coord = daemon.caller("mt-nobody"), daemon.caller("mt-coord")
    refused("NotFound", nobody.get_all, me, "Person")
    refused("NotAllowed", nobody.list, "people", ["id"])
    nobody.manager("Agenda", "a{sv}", ({},))
    refused("NotFound", nobody.verb, me, "Person.RequestErase")
    coord.create("people", NEW)
    root.create("people", NEW)
    root.manager("Backup", "a{sv}", ({},))
    assert one.asked() == []


@pytest.mark.parametrize("how, error", [("error", "NotAllowed"), ("shape", "NotAllowed"), ("both", "NotAllowed"), ("challenge", AUTH)])
def test_all_but_a_plain_yes_is_no(fake, daemon, how, error):
    """An error, another shape, 'no' with a detail that says yes, and a challenge when no dialog was allowed."""
    fake(how)
    admin = daemon.caller("mt-admin")
    refused(error, admin.create, "people", NEW)
    refused(error, admin.manager, "Backup", "a{sv}", ({},))
    refused(error, admin.manager, "Reload")
    assert people(daemon) == []
    backups = daemon.state / "backup"
    assert not backups.exists() or not list(backups.glob("mentorship-*.db"))


def test_a_challenge_after_a_dialog_was_allowed_is_no(fake, daemon):
    fake("challenge")
    refused("NotAllowed", daemon.caller("mt-admin").create, "people", NEW, interactive=True)
    refused("NotAllowed", daemon.caller("mt-admin").manager, "Backup", "a{sv}", ({},), interactive=True)


def test_absent(daemon):
    for interactive in (False, True):
        refused("NotAllowed", daemon.caller("mt-admin").create, "people", NEW, interactive=interactive)
    assert people(daemon) == []


def test_silent_is_no_after_a_while_and_the_question_is_withdrawn(fake, daemon):
    one = fake("silent")
    admin, root = daemon.caller("mt-admin"), daemon.caller("root")
    start = time.monotonic()
    waiting = admin.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", (NEW, {}))
    slowest = 0
    for _ in range(30):
        before = time.monotonic()
        root.create("people", {"given_name": "While", "family_name": "Waiting"})
        slowest = max(slowest, time.monotonic() - before)
    refused("NotAllowed", waiting.result)
    assert 4 < time.monotonic() - start < 9 and slowest < 1
    question, = one.asked()
    wait_until(lambda: one.asked("CancelCheckAuthorization") == [[question[4]]], what="the question to be withdrawn")
    assert len(people(daemon)) == 30


def test_a_dialog_has_the_time_of_the_setting(fake, daemon):
    daemon.configure("identity: { uid_min = 61000; uid_max = 61150; polkit_timeout = 1; };\n", "00-tests.conf")
    daemon.restart()
    fake("silent")
    start = time.monotonic()
    refused("NotAllowed", daemon.caller("mt-admin").create, "people", NEW, interactive=True)
    assert 0.8 < time.monotonic() - start < 4


def test_a_slow_yes_is_a_yes_and_what_changed_meanwhile_counts(fake, daemon):
    """While polkit thinks nothing is open: the call begins anew, and finds the world as it is then."""
    root = daemon.caller("root")
    person = root.create("people", NEW)["object"]
    fake("slow")
    admin = daemon.caller("mt-admin")
    waiting = admin.start(person, f"{NAME}.Person", "Suspend", "a{sv}a{sv}", ({}, {"reason": "r", "version": ("x", 1)}))
    time.sleep(0.3)
    root.verb(person, "Person.Suspend", options={"reason": "first"})
    refused("Conflict", waiting.result)
    done = admin.verb(person, "Person.Reinstate")
    assert done["version"] == 3


def test_a_yes_is_for_one_call(fake, daemon):
    """Nothing of an answer is kept: the next call asks again, and a no in between is a no."""
    one = fake("yes")
    admin = daemon.caller("mt-admin")
    admin.create("people", NEW)
    admin.create("people", NEW)
    assert len(one.asked()) == 2
    one.stop()
    refused("NotAllowed", admin.create, "people", NEW)
    again = Fake(daemon.bus, "challenge")
    refused(AUTH, admin.create, "people", NEW)
    again.stop()
    one.stop = lambda: None


def test_a_frozen_polkitd_stops_nobody_else(polkit, daemon):
    admin, nobody = daemon.caller("mt-admin"), daemon.caller("mt-nobody")
    polkit.freeze()
    try:
        waiting = [admin.start(TOP, MANAGER, "Backup", "a{sv}", ({},)), nobody.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", (NEW, {}))]
        assert daemon.caller("root").create("people", NEW)["object"]
        assert daemon.caller("mt-mentor1").manager("WhoAmI")["uid"] == 61004
        for one in waiting:
            refused("NotAllowed", one.result)
    finally:
        polkit.freeze(False)
    admin.create("people", NEW)                                  # and all is well afterwards


def test_polkitd_restarts(polkit, daemon):
    admin = daemon.caller("mt-admin")
    admin.create("people", NEW)
    polkit.stop()
    refused("NotAllowed", admin.create, "people", NEW)
    polkit.start()
    admin.create("people", NEW)
    assert len(people(daemon)) == 2


def test_the_clients_ask_for_the_dialog_with_their_own_options(fake, daemon):
    """busctl's --allow-interactive-authorization reaches polkit as the flag of the question."""
    one = fake("yes")
    create = ["call", NAME, PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", "2", "given_name", "s", "A", "family_name", "s", "B", "0"]
    done = daemon.bus.busctl("mt-nobody", "--allow-interactive-authorization=no", *create)
    assert done.returncode == 0, done.stderr
    daemon.bus.busctl("mt-nobody", "--allow-interactive-authorization=yes", *create)
    assert [question[3] for question in one.asked()] == [0, 1]
