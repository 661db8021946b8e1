# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract with plugins does not change unsaid: abidiff against what was written down for its version.

tests/golden/plugin-abi-ABI.MINOR.xml is written once, when a version is new (MENTORSHIP_GOLDEN=write), and never again. What an older minor
version of the same ABI promised must still be there, at the same place: since then, members may only have been added at the end.
"""
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

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
        place = tmp_path_factory.mktemp("abi")
        shutil.copy(written(built(place, text), place), path)
    assert path.exists(), "a new version of the contract: MENTORSHIP_GOLDEN=write ./run test -k plugin_abi writes it down"
    return path


def test_the_contract_is_what_was_promised(golden, tmp_path):
    done = compared(golden, built(tmp_path, HEADER.read_text()))
    assert done.returncode == 0, f"the contract changed; raise MENTORSHIP_PLUGIN_ABI or _MINOR:\n{done.stdout}{done.stderr}"


# Structs that the host makes and plugins read: they may grow at their end.
GROW = {"mentorship_host", "mentorship_message", "mentorship_calendar", "mentorship_page", "mentorship_part", "mentorship_event"}


def written(shared, place):
    done = subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--type-id-style", "hash", shared], capture_output=True,
                          text=True, check=True)
    (place / "now.xml").write_text(done.stdout)
    return place / "now.xml"


def promises(path):
    """Every member as (struct, name): (place, type), every word of an enum, and the sizes of structs."""
    root = ElementTree.parse(path).getroot()
    types = {one.get("id"): one for one in root.iter() if one.get("id")}

    def spelt(number):
        one = types[number]
        inner = [child.get("type-id") for child in one if child.tag in ("parameter", "return") and child.get("type-id")]
        if one.get("name") and one.tag != "typedef-decl":
            return one.get("name")
        return f"{one.tag} {one.get('name', '')} {one.get('const', '')} " + " ".join(map(spelt, [one.get("type-id")] if one.get("type-id") else inner))
    found, sizes = {}, {}
    for struct in root.iter("class-decl"):
        name = struct.get("name") or ""
        if not name.startswith("mentorship_"):
            continue
        sizes[name] = int(struct.get("size-in-bits") or 0)
        for member in struct.iter("data-member"):
            variable = member.find("var-decl")
            found[name, variable.get("name")] = member.get("layout-offset-in-bits"), spelt(variable.get("type-id"))
    for enum in root.iter("enum-decl"):
        for word in enum.iter("enumerator"):
            found[enum.get("name"), word.get("name")] = word.get("value")
    return found, sizes


def broken(old, new):
    """What of an older version is not there any more, or lies elsewhere."""
    (was, sizes), (now, sizes_now) = promises(old), promises(new)
    return [f"{one}: {was[one]} became {now.get(one)}" for one in was if now.get(one) != was[one]] + [
        f"{name}: {sizes[name]} bits became {sizes_now.get(name)}" for name in sizes
        if sizes_now.get(name) != sizes[name] and not (name in GROW and sizes_now.get(name, 0) > sizes[name])]


def older():
    text = version(HEADER.read_text())
    return [path for path in sorted((ROOT / "tests/golden").glob(f"plugin-abi-{text.split('.')[0]}.*.xml")) if text not in path.name]


def test_older_plugins_still_find_what_they_were_promised(tmp_path):
    new = written(built(tmp_path, HEADER.read_text()), tmp_path)
    assert older()
    for path in older():
        assert not broken(path, new), path.name


@pytest.mark.parametrize("old, new", [("	int (*event_done)(", "	int (*squeezed)(void);\n	int (*event_done)("), ("	int64_t attempt; ", "	int32_t attempt; "),
                                      ("	const char *list_name; ", "	const char *called; "), ("MENTORSHIP_LATER = 1,", "MENTORSHIP_LATER = 7,"),
                                      ("	const char *value, *text;", "	const char *text, *value;"), ("int64_t id, int outcome,", "int32_t id, int outcome,"),
                                      ("	void (*unload)(void *self);\n", "	void (*unload)(void *self);\n	int (*more)(void *self);\n")])
def test_a_broken_promise_is_seen(tmp_path, old, new):
    text = HEADER.read_text()
    assert old in text
    assert broken(older()[0], written(built(tmp_path, text.replace(old, new)), tmp_path))


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
