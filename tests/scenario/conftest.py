# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves the test run among its own accounts once, then offers the fixtures of harness.py."""
import os
import pathlib
import pwd
import shutil
import signal
import sys
import tempfile

import pytest

import harness

HERE = pathlib.Path(__file__).resolve().parent


def among_own_accounts():
    try:
        return pwd.getpwnam("mt-outside").pw_uid == 61170
    except KeyError:
        return False


def pytest_configure(config):
    if config.option.collectonly or config.option.help or among_own_accounts():
        return
    # Under pytest's capture the descriptors are not ours; give them back before leaving for good.
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture:
        capture.stop_global_capturing()
    place = tempfile.mkdtemp(prefix="mentorship-test-", dir="/tmp")
    os.chmod(place, 0o755)
    os.environ["MENTORSHIP_SCRATCH"] = place
    command = [HERE.parent / "fakes/accounts.sh", place, HERE / "accounts",
               harness.PYTHON, "-B", "-m", "pytest", *config.invocation_params.args]
    os.chdir(config.invocation_params.dir)
    sys.stdout.flush()
    os.execv(command[0], [str(part) for part in command])


def pytest_unconfigure(config):
    if "MENTORSHIP_SCRATCH" in os.environ and among_own_accounts():
        shutil.rmtree(os.environ["MENTORSHIP_SCRATCH"], ignore_errors=True)


def pytest_collection_modifyitems(config, items):
    if config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("campaign")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """A test that hangs fails, with the line where it hung."""
    marker = item.get_closest_marker("limit")
    seconds = marker.args[0] if marker else 120

    def late(signum, frame):
        raise TimeoutError(f"the test took more than {seconds} s")
    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what the daemon had to say."""
    report = (yield).get_result()
    if report.failed:
        for daemon in {id(value): value for value in getattr(item, "funcargs", {}).values()}.values():
            if isinstance(daemon, harness.Daemon):
                report.sections.append((f"log of {daemon.directory.name}", daemon.tail()))


@pytest.fixture(scope="session")
def place():
    """The scratch directory of the whole run; other users can look into it."""
    return pathlib.Path(os.environ["MENTORSHIP_SCRATCH"])


@pytest.fixture(scope="session")
def installed(place):
    """The installed tree."""
    return harness.Installed(place / "root")


@pytest.fixture(scope="session")
def all_callers():
    callers = harness.Callers()
    yield callers
    callers.stop()


@pytest.fixture
def scratch(place):
    """An empty directory for one test, readable by every user."""
    path = pathlib.Path(tempfile.mkdtemp(dir=place))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def bare_bus(scratch, all_callers):
    """A bus that knows nothing of mentorshipd."""
    bus = harness.Bus(scratch / "bus", callers=all_callers)
    yield bus
    all_callers.take_back()
    bus.stop()


@pytest.fixture
def bus(scratch, installed, all_callers):
    """A bus with the installed policy."""
    bus = harness.Bus(scratch / "bus", [installed.policy], all_callers)
    yield bus
    all_callers.take_back()
    bus.stop()


@pytest.fixture
def polkit(bus, place, installed):
    """polkitd on that bus with the installed actions and the example rule."""
    polkit = harness.Polkit(bus, place / "polkit", [installed.actions], [installed.rules])
    yield polkit
    polkit.stop()


@pytest.fixture
def stopped_daemon(bus, installed, scratch):
    """A daemon that was not started yet."""
    daemon = harness.Daemon(bus, installed, scratch / "daemon")
    yield daemon
    daemon.close()


@pytest.fixture
def daemon(stopped_daemon):
    """A running daemon on an empty database."""
    return stopped_daemon.start()
