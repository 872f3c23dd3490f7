"""Made-up programs and parallel calls, some in each run of the tests; `make fuzz` plays many more."""

import pytest

from .fuzz import play_parallel_calls, play_programs


@pytest.mark.row("F6")
def test_no_made_up_program_gets_to_the_denied_tool():
    figures = play_programs(200, derandomize=True)
    assert figures.programs >= 200
    assert figures.tried_the_denied_tool > 50 and figures.called_the_other_tool > 50 and figures.stopped > 10


@pytest.mark.row("F1", "A2")
def test_of_parallel_calls_each_is_asked_about_once_and_told_once_to_each_hook():
    play_parallel_calls(rounds=20)
