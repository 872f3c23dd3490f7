"""The comparison, on what two real sessions recorded.

`data/` holds the records of upstream's tests of ToolCallingAgent and FinalAnswerTool on the release, and on a copy of
it whose ToolCallingAgent was broken on purpose: it joins observations with "; " instead of a line break.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from .compare import Outcome, compare, settle
from .sides import read_report


DATA = Path(__file__).parent / "data"
PREFIX = "tests/test_agents.py::TestToolCallingAgent::"
PASSING = PREFIX + "test_toolcalling_agent_instructions"
SKIPPED = PREFIX + "test_change_tools_after_init"


@pytest.fixture
def release() -> dict[str, Outcome]:
    return read_report(DATA / "release.jsonl").outcomes


@pytest.fixture
def broken_fork() -> dict[str, Outcome]:
    return read_report(DATA / "broken_fork.jsonl").outcomes


def test_a_fork_that_was_broken_on_purpose_has_exactly_the_regressions_that_this_causes(release, broken_fork):
    comparison = compare(release, broken_fork)

    assert [difference.test.removeprefix(PREFIX) for difference in comparison.regressions] == [
        "test_toolcalling_agent_api",
        "test_toolcalling_agent_stream_logs_multiple_tool_calls_observations",
        "test_process_tool_calls[test_case0]",
        "test_process_tool_calls[test_case1]",
        "test_process_tool_calls[test_case5]",
    ]
    assert comparison.gains == ()
    assert comparison.summary() == (
        "upstream's tests: 18 passed on the release, 13 of them pass on the fork (5 regressions, 2 pass on neither)"
    )


def test_a_regression_is_told_with_the_name_of_the_test_and_what_it_said(release, broken_fork):
    told = str(compare(release, broken_fork).regressions[2])

    assert told.startswith(f"{PREFIX}test_process_tool_calls[test_case0]: passed on the release, failed on the fork (")
    assert "'Processed: test_value; ' == 'Processed: test_value'" in told


def test_the_release_compared_with_itself_has_no_differences(release):
    comparison = compare(release, release)

    assert comparison.differences == ()
    assert comparison.summary() == (
        "upstream's tests: 18 passed on the release, 18 of them pass on the fork (0 regressions, 2 pass on neither)"
    )


@pytest.mark.parametrize("status", ["failed", "error", "skipped", "xfailed"])
def test_a_test_that_passed_on_the_release_and_ends_otherwise_on_the_fork_is_a_regression(release, status):
    fork = {**release, PASSING: Outcome(status, "why")}

    (regression,) = compare(release, fork).regressions

    assert str(regression) == f"{PASSING}: passed on the release, {status} on the fork (why)"


def test_a_test_that_the_forks_run_never_reported_is_a_regression(release):
    fork = {test: outcome for test, outcome in release.items() if test != PASSING}

    (regression,) = compare(release, fork).regressions

    assert str(regression) == f"{PASSING}: passed on the release, missing on the fork"


def test_a_test_that_passes_on_the_fork_only_is_listed_but_is_no_regression(release):
    fork = {**release, SKIPPED: Outcome("passed")}

    comparison = compare(release, fork)

    assert comparison.regressions == ()
    assert [difference.test for difference in comparison.gains] == [SKIPPED]
    assert comparison.summary().endswith("(0 regressions, 1 pass on neither, 1 on the fork only)")


def test_what_passes_on_neither_side_is_counted_by_how_it_ended_on_the_release(release):
    fork = {**release, SKIPPED: Outcome("failed")}

    comparison = compare(release, fork)

    assert comparison.differences == ()
    assert comparison.pass_on_neither == {"skipped": 2}


def test_a_test_that_passes_when_run_again_is_no_regression(release, broken_fork):
    chance = compare(release, broken_fork).regressions[0].test

    settled = settle(broken_fork, {chance: Outcome("passed")})

    assert chance not in [difference.test for difference in compare(release, settled).regressions]
    assert len(compare(release, settled).regressions) == 4


def test_a_test_that_fails_again_stays_a_regression_with_what_it_said_first(release, broken_fork):
    again = {test: replace(outcome, message="something else") for test, outcome in broken_fork.items()}

    assert compare(release, settle(broken_fork, again)) == compare(release, broken_fork)


def test_a_test_that_passed_first_is_not_held_to_a_failure_when_run_again(release):
    assert settle(release, {PASSING: Outcome("failed")}) == release
