# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract with plugins does not change unsaid: abidiff against what was written down for its version.

tests/golden/plugin-abi-ABI.MINOR.xml is written once, when a version is new (MENTORSHIP_GOLDEN=write), and never again.
"""
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT

HEADER = ROOT / "plugins/mentorship-plugin.h"
pytestmark = pytest.mark.skipif(not shutil.which("abidiff"), reason="no abidiff here")


def version(text):
    return ".".join(re.search(rf"#define MENTORSHIP_PLUGIN_{word} (\d+)", text)[1] for word in ("ABI", "MINOR"))


def built(place, text):
    """A shared object with all types of a header."""
    (place / "mentorship-plugin.h").write_text(text)
    shutil.copy(ROOT / "tests/fakes/plugins/contract.c", place)
    subprocess.run(["gcc", "-std=gnu11", "-g", "-gdwarf-4", "-O0", "-fPIC", "-shared", "-I.", "-o", "contract.so", "contract.c"], cwd=place, check=True)
    return place / "contract.so"


def compared(golden, shared):
    return subprocess.run(["abidiff", golden, shared], capture_output=True, text=True)


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    text = HEADER.read_text()
    path = ROOT / f"tests/golden/plugin-abi-{version(text)}.xml"
    if os.environ.get("MENTORSHIP_GOLDEN") == "write" and not path.exists():
        shared = built(tmp_path_factory.mktemp("abi"), text)
        done = subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--type-id-style", "hash", shared], capture_output=True,
                              text=True, check=True)
        path.write_text(done.stdout)
    assert path.exists(), "a new version of the contract: MENTORSHIP_GOLDEN=write ./run test -k plugin_abi writes it down"
    return path


def test_the_contract_is_what_was_promised(golden, tmp_path):
    done = compared(golden, built(tmp_path, HEADER.read_text()))
    assert done.returncode == 0, f"the contract changed; raise MENTORSHIP_PLUGIN_ABI or _MINOR:\n{done.stdout}{done.stderr}"


CHANGES = {
    "a member at the end": ("	void (*unload)(void *self);\n", "	void (*unload)(void *self);\n	int (*more)(void *self);\n"),
    "members that change places": ("const char *value, *text;", "const char *text, *value;"),
    "another type": ("	int64_t attempt; ", "	int32_t attempt; "),
    "another number of a word": ("MENTORSHIP_LATER = 1,", "MENTORSHIP_LATER = 7,"),
    "another parameter": ("(*event_done)(const struct mentorship_host *, int64_t sequence)", "(*event_done)(const struct mentorship_host *, int32_t sequence)"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(golden, tmp_path, what):
    old, new = CHANGES[what]
    text = HEADER.read_text()
    assert old in text
    done = compared(golden, built(tmp_path, text.replace(old, new)))
    assert done.returncode & 4 and not done.returncode & 3, done.stdout + done.stderr
