"""Limits are exact, whatever happens at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy.call_limit import CallLimit


def test_a_place_is_taken_until_there_is_none():
    limit = CallLimit(2)
    assert [limit.reserve("run", name) for name in "abc"] == [True, True, False]


def test_a_call_that_was_not_made_gives_its_place_back():
    limit = CallLimit(1)
    assert limit.reserve("run", "a")
    limit.settle("run", "a", was_run=False)
    assert limit.reserve("run", "b")
    limit.settle("run", "b", was_run=True)
    assert not limit.reserve("run", "c")


def test_settling_twice_or_what_never_had_a_place_changes_nothing():
    limit = CallLimit(1)
    assert limit.reserve("run", "a")
    assert not limit.reserve("run", "b")
    limit.settle("run", "b", was_run=False)
    limit.settle("other", "b", was_run=False)
    assert not limit.reserve("run", "c")
    limit.settle("run", "a", was_run=False)
    limit.settle("run", "a", was_run=False)
    assert [limit.reserve("run", name) for name in "de"] == [True, False]


def test_asking_twice_for_one_call_takes_one_place():
    limit = CallLimit(2)
    assert limit.reserve("run", "a") and limit.reserve("run", "a") and limit.reserve("run", "b")


def test_runs_are_counted_apart():
    limit = CallLimit(1)
    assert limit.reserve("one", "a") and limit.reserve("two", "b")
    assert limit.is_reached("one") and not limit.is_reached("three")


def test_a_limit_of_zero_lets_nothing_pass():
    limit = CallLimit(0)
    assert limit.is_reached("run") and not limit.reserve("run", "a")


@pytest.mark.parametrize("seed", range(10))
def test_fifty_threads_that_start_at_once_at_a_limit_of_ten_run_exactly_ten(seed):
    limit = CallLimit(10)
    start = threading.Barrier(50)

    def attempt(number: int) -> bool:
        start.wait()
        has_place = limit.reserve("run", f"{seed}-{number}")
        if has_place:
            limit.settle("run", f"{seed}-{number}", was_run=True)
        return has_place

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == 10


@given(st.integers(0, 5), st.lists(st.tuples(st.sampled_from(["reserve", "run", "refuse"]), st.integers(0, 9))))
def test_never_more_calls_are_made_or_under_way_than_allowed(allowed, steps):
    limit = CallLimit(allowed)
    under_way: set[int] = set()
    made = 0
    for step, call in steps:
        if step == "reserve" and call not in under_way:
            has_place = limit.reserve("run", str(call))
            assert has_place == (made + len(under_way) < allowed)
            if has_place:
                under_way.add(call)
        elif step != "reserve" and call in under_way:
            limit.settle("run", str(call), was_run=step == "run")
            under_way.discard(call)
            made += step == "run"


def test_the_run_that_has_been_quiet_longest_is_forgotten_first():
    limit = CallLimit(1, remembered_runs=2)
    for run_id in ("one", "two", "three"):
        assert limit.reserve(run_id, run_id)
        limit.settle(run_id, run_id, was_run=True)
    assert len(limit._runs) == 2
    assert limit.is_reached("two") and limit.is_reached("three") and not limit.is_reached("one")


def test_a_run_with_a_call_under_way_is_not_forgotten():
    limit = CallLimit(1, remembered_runs=2)
    assert limit.reserve("busy", "a")
    for number in range(100):
        run_id = f"quiet {number}"
        assert limit.reserve(run_id, run_id)
        limit.settle(run_id, run_id, was_run=True)
    assert limit.is_reached("busy")
    assert len(limit._runs) == 2
