# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tables print is kept in tests/golden, so that a change of the interface shows as a difference.

`MENTORSHIP_GOLDEN=write` (./run golden) writes the files anew.
"""
import os
import pathlib
import subprocess

import pytest

import harness

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"


@pytest.mark.parametrize("what", ["schema", "bus", "policy", "docs", "privacy", "messages"])
def test_printed(what):
    printed = subprocess.run([harness.BUILD / "mentorshipd", "--print", what], capture_output=True, text=True, timeout=30,
                             env=harness.environment(), stdin=subprocess.DEVNULL)
    assert printed.returncode == 0, printed.stderr
    file = GOLDEN / f"{what}.txt"
    if os.environ.get("MENTORSHIP_GOLDEN") == "write":
        file.write_text(printed.stdout)
    assert printed.stdout == file.read_text(), f"./run golden writes {file.name} anew; read the difference"


def test_reference():
    """The reference documents are the printed ones."""
    reference = GOLDEN.parents[1] / "docs/reference"
    for what, name in (("docs", "objects"), ("privacy", "processing"), ("messages", "messages")):
        text = (GOLDEN / f"{what}.txt").read_text()
        file = reference / f"{name}.md"
        if os.environ.get("MENTORSHIP_GOLDEN") == "write":
            reference.mkdir(exist_ok=True)
            file.write_text(text)
        assert file.read_text() == text


def test_unknown_word():
    printed = subprocess.run([harness.BUILD / "mentorshipd", "--print", "nonsense"], capture_output=True, text=True, timeout=30,
                             env=harness.environment(), stdin=subprocess.DEVNULL)
    assert printed.returncode == 2 and "schema, bus, policy, docs, privacy, messages, interfaces" in printed.stderr
