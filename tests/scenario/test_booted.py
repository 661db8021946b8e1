# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole machine: a fresh Debian that systemd boots in a container, the demo on it, the service for good.

A minimal Debian with what packages.txt names for the tasks install and demo is made once and booted for each kind of bus; tests/fakes/booted.sh
is what its administrator does there. Needs root, systemd-nspawn and mmdebstrap, and a mirror of Debian's packages.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import ROOT

pytestmark = pytest.mark.campaign
UNIT = """[Unit]
After=multi-user.target
[Service]
ExecStart=/usr/local/bin/booted.sh
Environment=LC_ALL=C.UTF-8 HOME=/root
"""
KEPT = ["/etc/credstore/mentorship-link-key", "/etc/credstore/mentorship-sealing-key", "/etc/mentorship", "/etc/mentorship/mentorship.conf.d",
        "/etc/polkit-1/rules.d/50-mentorship-admins.rules", "/var/lib/mentorship"]


def packages():
    lines = (ROOT / "packages.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if re.search(r"#.*\b(install|demo)\b", line) and line[0].isalnum()]


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    missing = [name for name in ("mmdebstrap", "systemd-nspawn") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"needs root and {' and '.join(missing) or 'nothing else'}")
    place = tmp_path_factory.mktemp("debian", numbered=True) / "root"
    names = ["systemd-sysv", "procps", "util-linux", *packages(), "dbus-broker"]
    done = subprocess.run(["mmdebstrap", "--variant=minbase", f"--include={','.join(names)}", "bookworm", place], capture_output=True, text=True,
                          timeout=900, stdin=subprocess.DEVNULL)
    if done.returncode:
        pytest.skip("no Debian could be made: " + done.stderr[-300:])
    yield place
    shutil.rmtree(place, ignore_errors=True)


def boot(debian, place, bus):
    root = place / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", debian, root], check=True)
    (root / "srv/tree").mkdir()
    files = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout
    archive = subprocess.run(["tar", "-C", ROOT, "--null", "-T-", "-c"], input=files, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-C", root / "srv/tree", "-x"], input=archive, check=True)
    shutil.copy(ROOT / "tests/fakes/booted.sh", root / "usr/local/bin")
    unit = root / "etc/systemd/system/booted.service"
    unit.write_text(UNIT)
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "booted.service").symlink_to(unit.relative_to(root).as_posix().join(["/", ""]))
    subprocess.run(["systemctl", f"--root={root}", "enable" if bus == "dbus-broker" else "disable", "dbus-broker.service"], check=True,
                   capture_output=True)
    # a zone of the guest's own, not the host's file bound over it; what workers lock themselves in with, which a container forbids by itself
    subprocess.run(["unshare", "--mount", "--propagation", "private", "systemd-nspawn", "--boot", "-q", "-D", root, "--register=no", "--keep-unit",
                    "--timezone=off", "--resolv-conf=off", "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self", "--private-network", f"--machine=mentorship-{os.getpid()}", "--console=pipe"],
                   stdin=subprocess.DEVNULL, stdout=open(place / "console", "w"), stderr=subprocess.STDOUT, timeout=900)
    lines = (root / "seen").read_text().splitlines()
    assert lines and lines[-1] == "END", (root / "transcript").read_text()[-3000:]
    return dict(line.split("=", 1) for line in lines[:-1]), (root / "transcript").read_text()


@pytest.mark.parametrize("bus", ["dbus-daemon", "dbus-broker"])
def test_a_machine_of_its_own(debian, tmp_path, bus):
    seen, transcript = boot(debian, tmp_path, bus)
    print(seen)
    assert seen["bus"] == ("dbus-broker.service" if bus == "dbus-broker" else "dbus.service")
    assert seen["demo"] == "0", transcript[-3000:]
    assert float(seen["demo_seconds"]) < 180
    assert (seen["install"], seen["enabled"], seen["active"]) == ("0", "0", "active mentorship notify")
    assert seen["status"].startswith("0 programs, ")
    assert int(seen["pss"].split()[0]) < 6 * 1024
    assert seen["seccomp"] == "2 0000000000000000" and float(seen["exposure"]) <= 1.2
    assert seen["program"] == "First" and set(re.findall(r":(\d+)", seen["sealed"])) == {"0"}
    assert seen["import"] == "0 270" and seen["match_run"] == "0 proposed", transcript[-6000:]
    assert seen["ada_is_no_admin"] == "4" and seen["ben_is_admin"] == "0"
    assert seen["reload_bad"] != "0" and seen["reload_said"] != "0" and seen["reload"] == "0"
    assert int(seen["message_ids"]) > 5 and int(seen["catalogue"]) > 0
    assert seen["after_kill"] == seen["after_hang"] == "First" and seen["activated"] == "inactive First active"
    assert seen["garbage"] != "0" and seen["garbage_said"] != "0" and seen["restore"] == "0"
    assert seen["held"] == "yes" and seen["resumed"] == "First yes"
    assert seen["uninstall"] == "0" and seen["left"].split() == KEPT
    assert seen["again"] == "First"
