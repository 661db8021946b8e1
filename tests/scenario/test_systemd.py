# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installed tree tells systemd, the bus and polkit, read by their own tools."""
import configparser
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

from harness import BUILD, ROOT

UNIT = "usr/lib/systemd/system/mentorshipd.service"
ACTIVATION = "usr/share/dbus-1/system-services/org.mentorship1.service"


def tool(*command, **more):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60, **more)


def settings(path):
    """The sections of a unit file; a setting that stands twice keeps both values."""
    sections, section = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and line[0] not in "#;":
            name, _, value = line.partition("=")
            section.setdefault(name, []).append(value)
    return sections


@pytest.fixture(scope="module")
def unit(installed):
    return settings(installed.path(UNIT))


def test_everything_is_in_its_place(installed):
    for path in (installed.daemon, installed.client, installed.worker):
        assert os.access(path, os.X_OK), path
    for path in (installed.policy, installed.actions, installed.rules, installed.path(UNIT), installed.path(ACTIVATION),
                 installed.path("usr/lib/sysusers.d/mentorship.conf"), installed.path("usr/lib/tmpfiles.d/mentorship.conf"),
                 installed.path("usr/lib/systemd/catalog/mentorshipd.catalog")):
        assert path.is_file(), path
    strange = [str(p.relative_to(installed.root)) for p in installed.root.rglob("*")
               if p.is_file() and not str(p.relative_to(installed.root)).startswith("usr/")]
    assert not strange, "files outside /usr belong to the admin"
    writable = [str(p) for p in installed.root.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o022]
    assert not writable


def test_the_unit_is_one_that_systemd_understands(installed, scratch):
    """In a root that holds our tree and the units and programs that the unit leans on."""
    root = scratch / "root"
    shutil.copytree(installed.root, root, symlinks=True)
    shutil.copy("/usr/bin/busctl", root / "usr/bin/busctl")
    units = root / "usr/lib/systemd/system"
    for name in ("sysinit", "basic", "shutdown", "multi-user"):
        (units / f"{name}.target").write_text("[Unit]\nDescription=x\n")
    (units / "dbus.socket").write_text("[Socket]\nListenStream=/run/dbus/x\n")
    (units / "dbus.service").write_text("[Service]\nExecStart=/usr/bin/busctl\n")
    for name in ("smtp", "webforms", "webhook", "exec"):
        result = tool("systemd-analyze", "verify", f"--root={root}", "--man=no", f"mentorship-plugin@{name}.service")
        assert result.returncode == 0 and not result.stderr, result.stderr
    command = ("systemd-analyze", "verify", f"--root={root}", "--man=no", "mentorshipd.service")
    result = tool(*command)
    assert result.returncode == 0 and not result.stderr, result.stderr
    (root / UNIT).write_text((root / UNIT).read_text().replace("WatchdogSec", "WatchdogSecs"))
    assert "Unknown key 'WatchdogSecs'" in tool(*command).stderr


def exposure(path):
    result = tool("systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", path)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", result.stdout)
    assert found, result.stdout + result.stderr
    return result.returncode, float(found.group(1))


def test_the_sandbox_leaves_an_exposure_of_at_most_1_2(installed, scratch):
    assert exposure(installed.path(UNIT)) == (0, pytest.approx(0.6, abs=0.6))
    bare = scratch / "mentorshipd.service"            # the measure itself must be able to fail
    bare.write_text("[Service]\nExecStart=/usr/sbin/mentorshipd\n")
    status, level = exposure(bare)
    assert status != 0 and level > 9


def test_a_plugin_has_a_sandbox_of_its_own(installed):
    unit = installed.path("usr/lib/systemd/system/mentorship-plugin@.service")
    assert exposure(unit) == (0, pytest.approx(0.6, abs=0.6))
    service = settings(unit)["Service"]
    assert service["User"] == ["mentorship-%i"] and service["PrivateUsers"] == ["no"]
    assert {"-/var/lib/mentorship", "-/etc/credstore", "-/run/dbus"} <= set(service["InaccessiblePaths"][0].split())
    assert service["MemoryMax"] == ["256M"] and service["TasksMax"] == ["64"], "what leaks or forks without end ends there"
    host = installed.path("usr/libexec/mentorship/mentorship-plugin-host")
    assert service["ExecStart"][0].startswith("/" + str(host.relative_to(installed.root)))
    for name in ("smtp", "webhook"):
        assert "SocketBindDeny=any" in installed.path(f"usr/lib/systemd/system/mentorship-plugin@{name}.service.d/50-network.conf").read_text()


def test_the_unit_says_how_the_daemon_lives(unit, installed):
    service = unit["Service"]
    assert service["Type"] == ["notify"]
    assert int(service["WatchdogSec"][0]) > 0
    assert service["RestartPreventExitStatus"] == ["78"]
    assert service["StateDirectory"] == ["mentorship"] and service["StateDirectoryMode"] == ["0700"]
    assert service["UMask"] == ["0077"] and service["User"] == ["mentorship"]
    assert {value.split(":")[0] for value in service["LoadCredential"]} == {"sealing-key", "link-key"}
    assert service["ExecReload"][0].startswith("+/usr/bin/busctl ") and service["ExecReload"][0].endswith(" Reload")
    assert "/" + str(installed.daemon.relative_to(installed.root)) == service["ExecStart"][0]
    assert "DynamicUser" not in service               # the bus policy needs an account that stays


def test_the_unit_has_no_network_but_sees_other_uids(unit):
    service = unit["Service"]
    assert service["PrivateNetwork"] == ["yes"] and service["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert service["PrivateUsers"] == ["no"]          # with it other uids could not authenticate
    assert "CAP_" not in "".join(service["CapabilityBoundingSet"] + service["AmbientCapabilities"])


def test_the_bus_starts_the_unit(unit, installed):
    activation = configparser.ConfigParser(interpolation=None)
    activation.optionxform = str
    activation.read(installed.path(ACTIVATION))
    service = activation["D-BUS Service"]
    assert installed.path(ACTIVATION).stem == service["Name"] == unit["Service"]["BusName"][0]
    assert service["SystemdService"] in unit["Install"]["Alias"]
    assert service["Exec"] == "/bin/false"            # only systemd may start it


def test_accounts_and_directories(installed, scratch):
    """systemd's own tools make them in an empty root."""
    root = scratch / "root"
    for name in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d"):
        (root / name).mkdir(parents=True)
    for kind in ("sysusers", "tmpfiles"):
        shutil.copy(installed.path(f"usr/lib/{kind}.d/mentorship.conf"), root / f"usr/lib/{kind}.d")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    made = tool("systemd-sysusers", f"--root={root}", "mentorship.conf")
    assert made.returncode == 0 and not made.stderr.count("warning"), made.stderr
    account = next(line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("mentorship:"))
    assert account.endswith(":/usr/sbin/nologin") and 0 < int(account.split(":")[2]) < 1000
    assert re.search(r"^mentorship-admins:x:\d+:$", (root / "etc/group").read_text(), re.M)
    made = tool("systemd-tmpfiles", "--create", f"--root={root}", "mentorship.conf")
    assert made.returncode == 0, made.stderr
    assert (root / "etc/mentorship/mentorship.conf.d").is_dir()
    uid = {line.split(":")[0]: int(line.split(":")[2]) for line in (root / "etc/passwd").read_text().splitlines()}
    gid = {line.split(":")[0]: int(line.split(":")[2]) for line in (root / "etc/group").read_text().splitlines()}
    for name in ("smtp", "webforms", "webhook", "exec"):
        place = (root / "run/mentorship/plugins" / name).stat()
        assert (place.st_mode & 0o777, place.st_uid, place.st_gid) == (0o710, uid["mentorship"], gid[f"mentorship-{name}"])
    assert (root / "etc/credstore").stat().st_mode & 0o777 == 0o700


def test_the_bus_policy_is_the_printed_one_and_names_a_destination_in_each_rule(installed):
    printed = tool(installed.daemon, "--print", "policy")
    assert printed.returncode == 0 and printed.stdout == installed.policy.read_text()
    policy = xml.fromstring(printed.stdout)
    assert policy.tag == "busconfig"
    rules = policy.findall("policy/allow") + policy.findall("policy/deny")
    assert rules
    for rule in rules:
        named = rule.attrib.keys() & {"own", "send_destination", "receive_sender"}
        assert named, f"a rule for every service on the machine: {rule.attrib}"
        assert all(rule.attrib[name] == "org.mentorship1" for name in named), rule.attrib
    owners = [p.attrib for p in policy.findall("policy") if any("own" in rule.attrib for rule in p.findall("allow"))]
    assert owners == [{"user": "mentorship"}], "only the daemon's account may own the name"


def test_the_polkit_actions(installed):
    actions = xml.parse(installed.actions).findall("action")
    defaults = {action.get("id"): {d.tag: d.text for d in action.find("defaults")} for action in actions}
    assert defaults == {
        "org.mentorship1.manage": {"allow_any": "auth_admin", "allow_inactive": "auth_admin",
                                   "allow_active": "auth_admin_keep"},
        "org.mentorship1.break-glass": {"allow_any": "auth_admin", "allow_inactive": "auth_admin",
                                        "allow_active": "auth_admin"},
    }
    for action in actions:
        assert action.findtext("description") and action.findtext("message")
    valid = tool("xmllint", "--noout", "--nonet", "--path", "/usr/share/polkit-1", "--dtdvalid",
                 "/usr/share/polkit-1/policyconfig-1.dtd", installed.actions)
    assert valid.returncode == 0, valid.stderr


def test_verbs_and_the_actions_file_name_the_same_actions(installed):
    """An action that a verb names but no file defines would always be refused."""
    named = set()
    for source in (ROOT / "daemon").rglob("*.[ch]"):
        named |= set(re.findall(r'"(org\.mentorship1\.(?:manage|break-glass|[a-z]+-[a-z-]+))"', source.read_text()))
    defined = {action.get("id") for action in xml.parse(installed.actions).findall("action")}
    assert named <= defined, f"not defined: {named - defined}"
    assert "org.mentorship1.manage" in named


def test_the_catalogue_is_one_that_journalctl_can_read(installed, scratch):
    catalog = installed.path("usr/lib/systemd/catalog/mentorshipd.catalog")
    root = scratch / "root"
    (root / "usr/lib/systemd/catalog").mkdir(parents=True)
    (root / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(catalog, root / "usr/lib/systemd/catalog")
    made = tool("journalctl", f"--root={root}", "--update-catalog")
    assert made.returncode == 0, made.stderr
    listed = tool("journalctl", f"--root={root}", "--list-catalog")
    ids = set(re.findall(r"^-- ([0-9a-f]{32})", catalog.read_text(), re.M))
    assert ids and ids <= set(re.findall(r"^([0-9a-f]{32})", listed.stdout, re.M)), listed.stderr


def test_the_build_that_is_tested_is_the_one_with_sanitizers():
    cache = (BUILD / "CMakeCache.txt").read_text()
    assert "SANITIZE:BOOL=ON" in cache
