"""Programs are parsed to be looked at, which is no occasion to complain about them."""

import subprocess
import sys

import pytest

from smolagents.policy.program import parse, parse_expression


_READS = """
from smolagents.policy import classify
from smolagents.policy.folding import folded

program = {program!r}
assert [text.value for text in folded(program)] == ["rm -rf"]
assert classify("python_interpreter", {{"code": program}}).dangerous
"""


@pytest.mark.parametrize("warns", [r"x = '\d'", "1 is 1", "assert (x, 'always')", "1or 2"])
def test_a_program_that_python_warns_of_is_read_without_a_word_even_where_warnings_are_errors(warns):
    program = f"import shutil\n{warns}\nshutil.rmtree('/')\ny = 'rm ' + '-rf'"
    reads = [sys.executable, "-W", "error::SyntaxWarning", "-W", "error::DeprecationWarning", "-c"]

    ended = subprocess.run([*reads, _READS.format(program=program)], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_no_program_is_an_error():
    with pytest.raises(SyntaxError):
        parse("x =")
    with pytest.raises(SyntaxError):
        parse_expression("x = 1")
