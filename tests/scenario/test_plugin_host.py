# SPDX-License-Identifier: GPL-3.0-or-later
"""mentorship-plugin-host against a stand-in of the daemon: the link, and that no plugin harms more than itself."""
import signal

import pytest

from harness import ROOT, wait_until
from host_world import World

TEMPLATE = ROOT / "plugins/template.c"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.stop()


def serving(world, name="template", source=TEMPLATE, **more):
    world.plugin(name, source)
    daemon = world.daemon()
    host = world.host(name, **more)
    assert daemon.until("Ready")
    return daemon, host


# ---- the link ----

def test_whole_path(world):
    daemon, host = serving(world)
    assert daemon.seen[-3:] == ["Hello 'template' 1 0 1 '1.0'", "Holding []", "Ready"]
    daemon.say("deliver 7 Welcome")
    assert daemon.until("Report") == "Report [(7 0 '250 written')]"
    text = (world.state / "messages.txt").read_text()
    assert "To: ada@example.org\n" in text and "Subject: Welcome\n" in text and "\nHello\n" in text
    daemon.say("ping")
    assert daemon.until("answer")
    daemon.say("stop")
    assert host.process.wait(10) == 0
    assert (world.state / ".host/outcomes").read_bytes() == b""


def test_a_signal_stops_it(world):
    _daemon, host = serving(world)
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(10) == 0
    assert host.rest() == ""


def test_outcomes_wait_for_the_daemon(world):
    daemon, host = serving(world)
    daemon.say("take off")
    daemon.say("deliver 7 Welcome")
    assert daemon.until("Report [(7 0")
    host.process.kill()
    assert daemon.until("gone")
    daemon.say("take on")
    world.host("template")
    assert daemon.until("Hello")
    assert daemon.next() == "Report [(7 0 '250 written')]"
    assert daemon.next() == "Holding []"
    wait_until(lambda: (world.state / ".host/outcomes").read_bytes() == b"", what="the file is emptied")


def test_the_daemon_comes_again(world):
    daemon, host = serving(world)
    daemon.say("mute on")
    daemon.say("deliver 7 Welcome")
    assert daemon.until("Report")
    daemon.stop()
    daemon = world.daemon()
    assert daemon.next(5) == "Hello 'template' 1 0 1 '1.0'"
    assert daemon.next() == "Report [(7 0 '250 written')]"
    assert daemon.until("Ready")
    assert host.process.poll() is None
    daemon.say("deliver 8 Again")
    assert daemon.until("Report") == "Report [(8 0 '250 written')]"
