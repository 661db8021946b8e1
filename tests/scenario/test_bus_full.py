# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk in the middle of turns: what was acknowledged is there, what was refused is not, and service goes on."""
import os
import pwd
import subprocess

import pytest

from harness import COLLECTION, TOP, Refused

PEOPLE = f"{TOP}/people"


@pytest.fixture
def small(stopped_daemon):
    """Its state lies on a disk of 3 MB."""
    state = stopped_daemon.state
    account = pwd.getpwnam("mentorship")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=3m,mode=0700,uid={account.pw_uid},gid={account.pw_gid}", "small", state],
                   check=True)
    yield stopped_daemon.start()
    if stopped_daemon.running:
        stopped_daemon.stop()
    subprocess.run(["umount", state], check=True)


def burst(caller, names):
    """Many calls at once, so that they share turns: name -> object or error."""
    calls = {name: caller.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", ({"given_name": name, "family_name": "F"}, {})) for name in names}
    outcome = {}
    for name, call in calls.items():
        try:
            outcome[name] = call.result()[0]["object"]
        except Refused as error:
            outcome[name] = error.short
    return outcome


def test_a_full_disk(small):
    root = small.caller("root")
    outcome = {}
    for number in range(4000):
        outcome |= burst(root, [f"N{number}-{part}-{'x' * 60}" for part in range(60)])
        if "StoreFull" in outcome.values():
            break
    refused = {name for name, answer in outcome.items() if not answer.startswith("/")}
    assert refused and {outcome[name] for name in refused} == {"StoreFull"}
    made = {answer for answer in outcome.values() if answer.startswith("/")}
    # reads go on, and show exactly what was acknowledged
    there = {f"{PEOPLE}/{row[0]}" for row in root.list_all("people", ["id"], limit=1000)}
    assert there == made
    report = root.manager("VerifyAudit", "a{sv}", ({},))
    assert report["whole"] is True and report["records"] == len(made)
    # room again: service as before, without a restart
    # (with the source named, mount adds no options of its own, whose uid no user namespace would take)
    subprocess.run(["mount", "-o", "remount,size=32m", "small", small.state], check=True)
    assert root.create("people", {"given_name": "After", "family_name": "F"})["object"] not in made
    assert root.manager("VerifyAudit", "a{sv}", ({},))["whole"] is True
    # and a killed daemon remembers the same
    small.kill()
    small.start()
    assert len(small.caller("root").list_all("people", ["id"], limit=1000)) == len(made) + 1
    assert os.path.ismount(small.state)
