# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad files: databases, configurations and disks that are not what they should be.

Each is refused with its name and a way out, untouched; a disk that is full takes nothing by halves and loses nothing.
"""
import contextlib
import os
import pwd
import sqlite3
import struct
import subprocess
import time

import pytest

from harness import COLLECTION, TOP, Refused, wait_until
from world import built_world, world     # noqa: F401

PEOPLE = f"{TOP}/people"
NEW = {"given_name": "New", "family_name": "Comer"}


def refused(error, call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    assert caught.value.short == error, caught.value
    return caught.value.message


def serves(world):
    assert world.caller("mt-coord").get(world.people["lone"], "Person", "GivenName") == "Kunibert"


def will_not_start(daemon, *words, status=1, **options):
    """Starts it, expects that exit status and all the words in what it says."""
    daemon.expected = (status,)
    size = daemon.log.stat().st_size
    daemon.start(ready=None, **options)
    assert daemon.wait(30) == status
    text = daemon.log.read_text()[size:]
    assert all(word in text for word in words), (words, text)
    daemon.expected = (0,)
    return text


def own(daemon, path):
    account = pwd.getpwnam(daemon.user)
    os.chown(path, account.pw_uid, account.pw_gid)
    os.chmod(path, 0o600)


def broken(kind, path):
    data = bytearray(path.read_bytes())
    if kind == "garbage":
        path.write_bytes(os.urandom(len(data)))
    elif kind == "text":
        path.write_text("given_name,family_name\n" * 2000)
    elif kind == "cut":
        path.write_bytes(data[:len(data) // 2 + 17])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "header":
        data[20] ^= 0xff
        path.write_bytes(data)
    elif kind == "newer":
        data[60:64] = struct.pack(">I", 1000)
        path.write_bytes(data)
    elif kind == "foreign":
        path.unlink()
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE somebody_elses (x)")
        db.commit()
        db.close()
    elif kind == "another application":
        data[68:72] = struct.pack(">I", 0x12345678)
        path.write_bytes(data)
    elif kind == "pages":
        for at in range(4096, len(data) - 4096, 4096):
            data[at:at + 1000] = os.urandom(1000)
        path.write_bytes(data)


@pytest.mark.parametrize("kind", ["garbage", "text", "cut", "header", "newer", "foreign", "another application", "pages"])
def test_a_database_that_is_none_of_ours(world, kind):
    """Refused untouched, with the command that puts a backup back; which it then does."""
    daemon = world.daemon
    name = world.root.manager("Backup", "a{sv}", ({},))["name"]
    daemon.stop()
    path = daemon.state / "mentorship.db"
    broken(kind, path)
    own(daemon, path)
    before = path.read_bytes()
    will_not_start(daemon, "mentorshipd --restore", clock=0)
    assert path.read_bytes() == before
    done = daemon.run("--restore", name)
    assert done.returncode == 0, done.stderr
    world.start()
    serves(world)
    assert world.root.manager("VerifyAudit", "a{sv}", ({},))["whole"]


@pytest.mark.parametrize("name", ["", "../backup", "/etc/passwd", "no-such.db", "mentorship-20260101T000000Z.db", "x" * 300, ".", "a\nb"])
def test_a_restore_of_nothing(world, name):
    world.daemon.stop()
    before = (world.daemon.state / "mentorship.db").read_bytes()
    done = world.daemon.run("--restore", name)
    assert done.returncode == 1 and done.stderr.strip(), done
    assert (world.daemon.state / "mentorship.db").read_bytes() == before
    world.start()
    serves(world)


def test_a_restore_beside_a_running_daemon(world):
    name = world.root.manager("Backup", "a{sv}", ({},))["name"]
    done = world.daemon.run("--restore", name)
    assert done.returncode == 1 and done.stderr.strip()
    serves(world)


def test_state_files_that_are_something_else(stopped_daemon):
    """Links, pipes and directories in the place of the database; a directory that others can read."""
    daemon = stopped_daemon
    path = daemon.state / "mentorship.db"
    for make in (lambda: path.symlink_to("/etc/passwd"), lambda: os.mkfifo(path), path.mkdir):
        make()
        will_not_start(daemon, "mentorship.db")
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    daemon.start()
    daemon.stop()


@pytest.mark.parametrize("what", ["pipe", "large", "include a directory", "nul", "device", "wrong type", "deep", "link to a device"])
def test_configurations_that_are_none(stopped_daemon, what):
    """Exit status 78 for each, with the file's name; a running daemon keeps the settings that it has."""
    daemon = stopped_daemon
    path = daemon.configure("log: { level = \"info\"; };\n", "50-bad.conf")
    daemon.start()
    root = daemon.caller("root")
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        os.mknod(path, 0o644 | 0o020000, os.makedev(1, 5))
    elif what == "link to a device":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes({"large": b"# " + b"x" * (2 << 20), "include a directory": b'@include "/etc"\n', "nul": b"log: { level = \"info\"; };\n\0\n",
                          "wrong type": b"limits: { queue = \"many\"; };\n",
                          "deep": b"a = " + b"(" * 50_000 + b")" * 50_000 + b";\n"}[what])
    start = time.monotonic()
    with pytest.raises(Refused) as caught:
        root.manager("Reload", seconds=30)
    assert caught.value.short == "InvalidField" and time.monotonic() - start < 15, caught.value
    assert root.manager("WhoAmI")["uid"] == 0 and root.create("people", NEW)
    daemon.stop()
    will_not_start(daemon, "50-bad.conf", status=78)
    path.unlink()
    daemon.start()


# ---- disks ----

@contextlib.contextmanager
def small_disk(daemon, size):
    account = pwd.getpwnam(daemon.user)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700,uid={account.pw_uid},gid={account.pw_gid}", "small", daemon.state], check=True)
    try:
        yield
    finally:
        if daemon.running:
            daemon.stop()
        subprocess.run(["umount", daemon.state], check=True)


def filled(state):
    """Fills the disk to its last block; gives the file to remove."""
    path = state / "filler"
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"f" * 4096)
    return path


def test_a_full_disk(stopped_daemon):
    """While it is full: writes are StoreFull, reads go on, nothing sealed is shown without its record. Afterwards all is well."""
    daemon = stopped_daemon
    with small_disk(daemon, "6m"):
        daemon.start()
        root = daemon.caller("root")
        person = root.create("people", {**NEW, "birth_date": "1971-03-29"})["object"]
        for account, duty in (("mt-coord", "coordinator"), ("mt-protection", "data-protection officer")):
            me = root.create("people", NEW)["object"]
            root.create("logins", {"person": me, "user_name": account})
            root.create("duties", {"person": me, "duty": duty})
            daemon.caller(account).manager("WhoAmI")
        coord, officer = daemon.caller("mt-coord"), daemon.caller("mt-protection")
        filler = filled(daemon.state)
        made, full = {}, 0
        for n in range(400):                                     # the log of the database has some room left
            try:
                made[n] = coord.create("people", {"given_name": f"Full{n}", "family_name": "X" * 90}, options={"key": f"f{n}"})
            except Refused as error:
                assert error.short == "StoreFull", error
                full += 1
                if full > 20:
                    break
        assert full
        assert coord.get(person, "Person", "GivenName") == "New"
        with pytest.raises(Refused) as caught:
            officer.verb(person, "Person.Disclose", {"fields": ["birth_date"]}, options={"reason": "r" * 400})
        assert caught.value.short == "StoreFull" and "1971" not in str(caught.value)
        refused("StoreFull", root.manager, "Backup", "a{sv}", ({},))
        filler.unlink()
        again = {n: coord.create("people", {"given_name": f"Full{n}", "family_name": "X" * 90}, options={"key": f"f{n}"}) for n in made}
        assert again == made
        assert officer.verb(person, "Person.Disclose", {"fields": ["birth_date"]}, options={"reason": "r"})["birth_date"] == "1971-03-29"
        assert len(coord.list_all("people", ["id"], where=[("given_name", "prefix", "Full")])) == len(made)
        assert root.manager("VerifyAudit", "a{sv}", ({},))["whole"]
        daemon.kill()
        daemon.start()
        assert len(daemon.caller("mt-coord").list_all("people", ["id"], where=[("given_name", "prefix", "Full")])) == len(made)


def test_a_backup_directory_that_is_none(world):
    """A nightly backup that fails is told in the journal, and harms nothing; the next one is made."""
    place, root = world.daemon.state / "backup", world.root
    failed = lambda: world.daemon.log.read_text(errors="replace").count("A backup could not be made")
    place.rename(world.daemon.state / "elsewhere")
    place.write_text("")
    now = root.get(TOP, "Manager", "Now")
    root.manager("AdvanceClock", "x", (now + 86400,))
    wait_until(failed, what="the event")
    assert world.caller("mt-coord").create("people", NEW)["object"]
    place.unlink()
    (world.daemon.state / "elsewhere").rename(place)
    before = set(os.listdir(place))
    root.manager("AdvanceClock", "x", (now + 2 * 86400,))
    wait_until(lambda: set(os.listdir(place)) - before, what="the next backup")
    serves(world)


def test_a_disk_full_in_the_middle_of_a_turn(stopped_daemon):
    """Sixty calls at a time share their commits: what was acknowledged is there, what was refused is not, and nothing of it by halves."""
    daemon = stopped_daemon
    with small_disk(daemon, "6m"):
        root = daemon.start().caller("root")
        root.create("people", NEW)
        filler = filled(daemon.state)
        os.truncate(filler, filler.stat().st_size - 500_000)     # room for some turns
        done, full, number = {}, 0, 0
        while not full and number < 6000:
            waiting = {}
            for number in range(number + 1, number + 61):
                given = {"given_name": f"Turn{number}", "family_name": "X" * (1 + number * 37 % 100)}
                waiting[number] = root.start(PEOPLE, COLLECTION, "Create", "a{sv}a{sv}", (given, {"key": f"t{number}"}))
            for one, pending in waiting.items():
                try:
                    done[one] = pending.result()[0]["object"]
                except Refused as error:
                    assert error.short == "StoreFull", error
                    full += 1
        assert full and done, (full, len(done))
        shown = root.list_all("people", ["id", "given_name"], where=[("given_name", "prefix", "Turn")])
        assert {name: f"{PEOPLE}/{id}" for id, name in shown} == {f"Turn{one}": path for one, path in done.items()}
        daemon.kill()
        filler.unlink()
        root = daemon.start().caller("root")
        shown = root.list_all("people", ["id", "given_name"], where=[("given_name", "prefix", "Turn")])
        assert {name: f"{PEOPLE}/{id}" for id, name in shown} == {f"Turn{one}": path for one, path in done.items()}
        audit = root.manager("VerifyAudit", "a{sv}", ({},))
        assert audit["whole"] and audit["records"] == len(done) + 1, audit
        assert root.create("people", NEW)


def test_a_disk_full_at_the_start(stopped_daemon):
    daemon = stopped_daemon
    with small_disk(daemon, "6m"):
        daemon.start()
        daemon.caller("root").create("people", NEW)
        daemon.stop()
        filler = filled(daemon.state)
        daemon.expected = (0, 1)
        try:
            daemon.start()
            assert daemon.caller("root").list_all("people", ["id"]) == [(1,)]
            daemon.stop()
        except RuntimeError as error:
            assert "full" in str(error) or "space" in str(error)
        filler.unlink()
        daemon.expected = (0,)
        daemon.start()
        assert daemon.caller("root").create("people", NEW)["object"] == f"{PEOPLE}/2"


def test_a_read_only_disk(stopped_daemon):
    """It says so and how to mend it; the database is as it was."""
    daemon = stopped_daemon
    with small_disk(daemon, "8m"):
        daemon.start()
        daemon.caller("root").create("people", NEW)
        daemon.stop()
        before = (daemon.state / "mentorship.db").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", daemon.state], check=True)
        try:
            daemon.expected = (0, 1)
            try:
                daemon.start()
                root = daemon.caller("root")
                refused("ReadOnly", root.create, "people", NEW)
                assert root.list_all("people", ["id"]) == [(1,)]
                daemon.stop()
            except RuntimeError as error:
                assert "read-only" in str(error).lower() or "cannot be written" in str(error).lower(), error
        finally:
            subprocess.run(["mount", "-o", "remount,rw", daemon.state], check=True)
        daemon.expected = (0,)
        assert (daemon.state / "mentorship.db").read_bytes() == before
        daemon.start()
        assert daemon.caller("root").list_all("people", ["id"]) == [(1,)]
