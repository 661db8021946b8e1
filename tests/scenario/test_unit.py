# SPDX-License-Identifier: GPL-3.0-or-later
"""What the unit programs said when ./run test ran them, so that one summary counts everything."""
import xml.etree.ElementTree as xml

import pytest

from harness import BUILD, ROOT

RESULTS = BUILD / "unit.xml"


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "tests/unit").glob("test_*.c")))
def test_unit_program(name):
    if not RESULTS.exists():
        pytest.skip("the unit programs were not run: ./run test")
    case = next((case for case in xml.parse(RESULTS).iter("testcase") if case.get("name") == name), None)
    assert case is not None, f"{name} was not run"
    assert case.get("status") == "run", case.findtext("system-out")
