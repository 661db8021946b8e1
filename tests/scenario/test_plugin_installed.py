# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins as systemd runs them: hosts under accounts of their own, known by their socket and their uid, without a daemon that starts them."""
import os
import pwd
import subprocess

import pytest

from harness import as_user, environment
from test_mail import Post, plugin_directory, until
from world import built_world, world  # noqa: F401 (fixtures)


class Units:
    """What tmpfiles.d makes, and hosts as the units start them."""

    def __init__(self, post, scratch):
        self.post, self.scratch, self.started = post, scratch, []
        self.sockets = scratch / "run"
        (self.sockets / "plugins").mkdir(parents=True)
        for path in (scratch, self.sockets, self.sockets / "plugins"):
            path.chmod(0o755)
        self.directory("smtp")
        daemon = post.daemon
        path = daemon.config / "etc/mentorship/mentorship.conf.d/20-mail.conf"
        path.write_text(path.read_text().replace("plugins: {", f'plugins: {{ sockets = "{self.sockets}";').replace(
            f'directory = "{plugin_directory(daemon.installed)}"; ', ""))

    def directory(self, name):
        path = self.sockets / "plugins" / name
        path.mkdir()
        os.chown(path, pwd.getpwnam("mentorship").pw_uid, pwd.getpwnam(f"mentorship-{name}").pw_gid)
        path.chmod(0o710)

    def host(self, name, user):
        """Starts the host of a plugin as a user; gives the process."""
        installed, state = self.post.daemon.installed, self.scratch / f"state-{name}-{user}"
        state.mkdir(mode=0o700)
        os.chown(state, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        host = installed.path("usr/libexec/mentorship/mentorship-plugin-host")
        command = [host, name, "--plugin-dir", plugin_directory(installed), "--config",
                   self.post.daemon.config / f"etc/mentorship/plugins.d/{name}.conf", "--link", self.sockets / "plugins" / name / "link",
                   "--state", state]
        log = open(self.scratch / f"host-{name}-{user}", "w", encoding="utf-8")
        self.started.append(subprocess.Popen(as_user(user, command), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env=environment()))
        return self.started[-1]

    def said(self, name, user):
        return (self.scratch / f"host-{name}-{user}").read_text()

    def stop(self):
        for process in self.started:
            process.terminate()
            process.wait(20)


@pytest.fixture
def units(world, scratch):  # noqa: F811
    post = Post(world, scratch)
    units = Units(post.configure(), scratch)
    yield units
    units.stop()
    post.stop()


def state(units, name="smtp"):
    rows = units.post.world.rows("SELECT state FROM plugin WHERE name = ?", name)
    return rows[0]["state"] if rows else None


def test_a_host_under_its_own_account_is_let_in_and_outlives_the_daemon(units):
    units.post.world.restart()
    assert state(units) == "waiting", "the daemon starts no host itself"
    host = units.host("smtp", "mentorship-smtp")
    assert until(lambda: state(units) == "running"), (units.said("smtp", "mentorship-smtp"), units.post.daemon.tail())
    units.post.daemon.kill()
    units.post.world.start()
    assert until(lambda: state(units) == "running"), units.said("smtp", "mentorship-smtp")
    assert host.poll() is None, "it is still the same host"


@pytest.mark.parametrize("user", ["mentorship-template", "mt-nobody", "mentorship"])
def test_another_account_is_not(units, user):
    """Who cannot reach the directory is stopped by its mode, who can by their uid."""
    units.post.world.restart()
    if user != "mentorship":
        (units.sockets / "plugins/smtp").chmod(0o711)  # the uid is checked, too, where the mode lets somebody through
    units.host("smtp", user)
    assert not until(lambda: state(units) == "running", 3)
    assert state(units) == "waiting"


def test_the_mode_of_the_directory_keeps_others_from_the_socket(units):
    units.post.world.restart()
    socket = units.sockets / "plugins/smtp/link"
    assert socket.is_socket()
    reach = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    for user, status in (("mentorship-smtp", 0), ("mentorship-template", 1), ("mt-nobody", 1)):
        done = subprocess.run(as_user(user, ["/usr/bin/python3", "-c", reach, socket]), capture_output=True, env=environment(), cwd="/")
        assert done.returncode == status, (user, done.stderr)


def test_a_plugin_without_an_account_is_named(units):
    path = units.post.daemon.config / "etc/mentorship/mentorship.conf.d/20-mail.conf"
    path.write_text(path.read_text().replace('load = "smtp"', 'load = "smtp letters"'))
    units.post.plugin("letters", "")
    units.post.daemon.stop()
    units.post.world.start()
    assert "mentorship-letters" in units.post.daemon.tail()
    assert until(lambda: state(units, "letters") == "failed"), state(units, "letters")
