"""The matrix of docs/mediation.md: its rows, the tests that name them, and the page agree."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mediation.matrix import NOT_COVERED, Covered, page, problems, table
from tests.mediation.rows import ROWS, SECTIONS


ROOT = Path(__file__).parents[1]
EACH_ROW_ONCE = {f"test of {row}": Covered((row,)) for row in ROWS}


def test_rows_tests_and_the_page_agree():
    command = [sys.executable, "-m", "tests.mediation", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_row_without_a_test_is_a_problem_unless_its_tests_are_awaited():
    for row in ROWS.values():
        others = {name: test for name, test in EACH_ROW_ONCE.items() if test.rows != (row.id,)}
        assert bool(problems(others)) is not row.awaited


@pytest.mark.parametrize("rows, problem", [(("A99",), "A99"), ((), "names no row")])
def test_a_test_that_names_an_unknown_row_or_none_is_a_problem(rows, problem):
    (found,) = problems({**EACH_ROW_ONCE, "the test": Covered(rows)})
    assert "the test" in found and problem in found


def test_a_row_is_covered_as_soon_as_a_test_names_it():
    assert NOT_COVERED in table({}, "C") and NOT_COVERED not in table(EACH_ROW_ONCE, "C")


def test_a_test_that_is_expected_to_fail_is_a_gap_of_its_row():
    tests = {**EACH_ROW_ONCE, "the test": Covered(("A1",), gap="It leaks")}
    assert "stopped; **gap**: It leaks |" in table(tests, "A")


def test_each_row_is_in_one_section_and_on_the_page():
    assert all(row.id == id and id[0] in SECTIONS for id, row in ROWS.items())
    assert all(f"| {row} |" in page(EACH_ROW_ONCE) for row in ROWS)
