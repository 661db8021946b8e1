# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/plugins.md does what it says: its files are written, its commands run, what it shows is what came out."""
import os
import re
import shlex
import subprocess

import pytest

from harness import ROOT, environment

GUIDE = ROOT / "docs/plugins.md"
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.M | re.S)


def blocks():
    return [(kind, word, text) for kind, word, text in BLOCK.findall(GUIDE.read_text())]


@pytest.fixture(scope="module")
def followed(installed, tmp_path_factory):
    """The directory of somebody who went through the guide: (directory, [(shell block, output, what the guide shows)])."""
    place = tmp_path_factory.mktemp("guide")
    place.chmod(0o755)
    pc = next(installed.root.glob("usr/lib/**/pkgconfig/mentorshipd-plugin.pc"))
    env = {**environment(), "PATH": os.environ["PATH"], "PKG_CONFIG_PATH": str(pc.parent), "LC_ALL": "C.UTF-8"}
    seen, at = [], place
    for kind, word, text in blocks():
        name = re.match(r"(?:/\*|#) ([\w./-]+)(?: \*/)?\n", text)
        if kind in ("c", "conf"):
            assert name, f"a block of {kind} begins with its file's name: {text}"
            if not name[1].startswith("/"):
                (at / name[1]).write_text(text)
        elif kind == "sh" and not word:
            assert "cd " not in text or "cd pigeon" in text
            done = subprocess.run(["bash", "-euc", f"umask 022\n{text}"], cwd=at, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL, timeout=100)
            assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
            at = place / "pigeon"
            seen.append((text, done.stdout, None))
        elif kind == "text":
            seen[-1] = (*seen[-1][:2], text)
    return at, seen


def test_what_the_guide_shows_is_what_comes_out(followed):
    shown = [(command, output, text) for command, output, text in followed[1] if text is not None]
    assert len(shown) == 4
    for command, output, text in shown:
        assert re.sub(r"\d+ ms", "0 ms", output) == text, command


def test_the_template_builds_and_its_test_runs(followed):
    first = followed[1][0][1]
    assert "100% tests passed, 0 tests failed out of 1" in first


def test_the_plugin_of_the_guide_lies_where_hosts_look(followed, installed):
    plugin = next(installed.root.glob("usr/lib/**/mentorship/plugins-1/pigeon.so"))
    assert not plugin.stat().st_mode & 0o022


def test_what_root_does_is_shell(followed):
    for kind, word, text in blocks():
        if word == "root":
            assert kind == "sh"
            subprocess.run(["bash", "-n", "-c", text], check=True)
            for line in text.splitlines():
                assert shlex.split(line)[0] in ("systemd-sysusers", "systemd-tmpfiles", "systemctl", "install")
    account, directory = (text for kind, _, text in blocks() if kind == "conf" and re.match(r"# /etc/(sysusers|tmpfiles)", text))
    ours = (ROOT / "systemd/sysusers.conf").read_text() + (ROOT / "systemd/tmpfiles.conf").read_text()
    for line in (account.splitlines()[1], directory.splitlines()[1]):
        assert re.sub(r'"[^"]*"', "", line.replace("pigeon", "smtp")).strip() in re.sub(r'"[^"]*"', "", ours), line
