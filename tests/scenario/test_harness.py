# SPDX-License-Identifier: GPL-3.0-or-later
"""The ground itself: callers have the uids they claim, the bus has rules, polkit decides by group."""
import pwd

import pytest

from harness import Polkit, Refused, ROOT, run

DBUS = ("/org/freedesktop/DBus", "org.freedesktop.DBus")
AUTHORITY = ("/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization")
ACTIONS = ROOT / "systemd/org.mentorship1.policy"
RULES = ROOT / "systemd/50-mentorship-admins.rules"


@pytest.mark.parametrize("user", ["root", "mt-admin", "mt-coord", "mt-nobody"])
def test_the_bus_sees_the_uid_of_the_account(bare_bus, user):
    caller = bare_bus.caller(user)
    uid = caller.call(*DBUS, "GetConnectionUnixUser", "s", (caller.unique,), destination=DBUS[1])
    assert uid == pwd.getpwnam(user).pw_uid


def test_the_real_clients_run_under_the_uid_too(bare_bus):
    assert run("mt-coord", ["id", "-u"]).stdout == "61002\n"
    own = bare_bus.busctl("mt-coord", "call", DBUS[1], *DBUS, "GetConnectionUnixUser", "s", DBUS[1])
    assert own.stdout == "u 0\n", own.stderr
    got = bare_bus.gdbus("mt-coord", "call", "--dest", DBUS[1], "--object-path", DBUS[0],
                         "--method", DBUS[1] + ".GetNameOwner", DBUS[1])
    assert got.stdout == "('org.freedesktop.DBus',)\n", got.stderr


def test_only_the_policy_lets_somebody_own_a_name(bare_bus):
    with pytest.raises(Refused) as refused:
        bare_bus.caller("mt-nobody").call(*DBUS, "RequestName", "su", ("org.mentorship1", 0), destination=DBUS[1])
    assert refused.value.name == "org.freedesktop.DBus.Error.AccessDenied"


def test_calls_signals_and_descriptors_between_callers(bare_bus):
    watcher = bare_bus.caller("mt-coord")
    watcher.watch(sender=DBUS[1], member="NameOwnerChanged", match=True)
    other = bare_bus.caller("mt-mentor1", 1)
    seen = watcher.wait_signal(lambda s: s[3][0] == other.unique)
    assert seen[3] == (other.unique, "", other.unique)
    assert other.proxy(*DBUS, "GetNameOwner", DBUS[1], destination=DBUS[1]) == DBUS[1]
    with pytest.raises(Refused) as refused:
        other.proxy(*DBUS, "GetNameOwner", "no.such", destination=DBUS[1])
    assert refused.value.name == "org.freedesktop.DBus.Error.NameHasNoOwner"
    calls = [other.start(*DBUS, "GetNameOwner", "s", (DBUS[1],), destination=DBUS[1]) for _ in range(64)]
    assert all(call.result() == (DBUS[1],) for call in calls)
    with open("/dev/null") as null, pytest.raises(Refused) as refused:
        other.call(*DBUS, "GetId", "h", (0,), destination=DBUS[1], fds=[null.fileno()])
    assert refused.value.name == "org.freedesktop.DBus.Error.InvalidArgs"


def test_a_bus_comes_back_at_the_same_address(bare_bus):
    bare_bus.caller("mt-coord")
    bare_bus.kill()
    bare_bus.start()
    assert bare_bus.caller("mt-coord").call(*DBUS, "GetId", destination=DBUS[1])


def authorized(bus, user, action):
    """What polkit says to root about the connection of `user`: (yes, could be yes after a password)."""
    subject = ("system-bus-name", {"name": ("s", bus.caller(user).unique)})
    answer = bus.caller("root").call(*AUTHORITY, "(sa{sv})sa{ss}us", (subject, action, {}, 0, ""),
                                     destination="org.freedesktop.PolicyKit1")
    return answer[:2]


def test_polkit_lets_the_group_manage_and_nobody_else(bare_bus, place):
    polkit = Polkit(bare_bus, place / "polkit", [ACTIONS], [RULES])
    try:
        assert authorized(bare_bus, "mt-admin", "org.mentorship1.manage") == (True, False)
        assert authorized(bare_bus, "mt-coord", "org.mentorship1.manage") == (False, True)
        assert authorized(bare_bus, "mt-admin", "org.mentorship1.break-glass") == (False, True)
        with pytest.raises(Refused):
            authorized(bare_bus, "mt-admin", "org.mentorship1.no-such-action")
    finally:
        polkit.stop()
