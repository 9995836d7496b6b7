"""Every fault of `FAULTS.md` has a test that exists, or a reason why it has none."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROWS = re.findall(
    r"^\| ([A-Z]\d+) \| (.*) \| (.*) \|$", (TESTS / "FAULTS.md").read_text(), re.M
)
COUNTS = {"D": 16, "C": 13, "W": 7, "L": 9, "T": 9, "K": 4, "E": 2, "U": 4}


def test_every_fault_has_its_line():
    expected = [f"{c}{i + 1}" for c, count in COUNTS.items() for i in range(count)]
    assert [name for name, _, _ in ROWS] == expected


@pytest.mark.parametrize(("name", "fault", "tests"), ROWS, ids=[r[0] for r in ROWS])
def test_its_tests_exist(name, fault, tests):
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert named or tests.startswith("does not apply: ")
    for path, function in named:
        assert re.search(rf"^ *def {function}\(", (TESTS / path).read_text(), re.M)
