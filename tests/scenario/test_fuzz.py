# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzz targets, each on its seeds and as many inputs of its own as a test run bears; for minutes in the campaign.

They are built by clang (-DFUZZ=ON), beside the other check of clang's warnings. What one finds lies in the
directory that the message names; the seeds of a target are the files of tests/fuzz/corpus/TARGET.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import ROOT

BUILD = pathlib.Path(os.environ.get("MENTORSHIP_FUZZ", ROOT / "build-clang"))
TARGETS = sorted(path.stem for path in (ROOT / "tests/fuzz").glob("fuzz_*.c"))
LONGEST = {"fuzz_settings": 2000, "fuzz_store": 400}
# libconfig keeps the last word of a text that it refuses; only a child of the daemon ever reads such a text.
LEAKS = {"fuzz_settings": "detect_leaks=0"}
RUNS = {"fuzz_import": 8000, "fuzz_frame": 200000, "fuzz_settings": 200000}


def fuzz(name, place, *limits):
    program = BUILD / "fuzz" / name
    if not program.exists():
        pytest.skip(f"{program} is not built: ./run test builds it with clang")
    corpus = place / "corpus"
    shutil.copytree(ROOT / "tests/fuzz/corpus" / name.removeprefix("fuzz_"), corpus)
    done = subprocess.run([program, "-seed=1", "-timeout=20", f"-max_len={LONGEST.get(name, 4096)}",
                           f"-artifact_prefix={place}/", *limits, corpus], capture_output=True, text=True, errors="replace", timeout=3600,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": LEAKS.get(name, "")})
    assert done.returncode == 0, f"{place}:\n" + done.stderr[-6000:]
    return int(re.search(r"Done (\d+) runs", done.stderr).group(1))


@pytest.mark.parametrize("name", TARGETS)
def test_fuzz(name, tmp_path):
    runs = RUNS.get(name, 80000)
    assert fuzz(name, tmp_path, f"-runs={runs}") >= runs


@pytest.mark.campaign
@pytest.mark.parametrize("name", TARGETS)
def test_fuzz_campaign(name, tmp_path):
    assert fuzz(name, tmp_path, "-max_total_time=600") > 0
