"""Runs go on in another process after kill -9, with the same answer and with what they had used of their limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .lives import STEPS


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no kill -9 on this system.")

SQUARES = {str(number): number**2 for number in range(1, STEPS + 1)}
ANSWERS = {"CodeAgent": SQUARES, "ToolCallingAgent": {key: SQUARES[key] for key in list(SQUARES)[:-1]}}
AGENTS = tuple(ANSWERS)


@pytest.fixture(scope="module")
def lives() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.policy.checkpoints.lives"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def live(lives, tmp_path):
    """Plays one life of a run, in a process of its own."""

    def live(agent: str, *, restored: bool, every: int = 1, limits: dict[str, Any] | None = None, **job: Any) -> Any:
        checkpoints = {"path": str(tmp_path / "checkpoints"), "every": every, **job.pop("checkpoints", {})}
        policy = {"version": 1, "default": "allow", "checkpoints": checkpoints, "limits": limits or {}}
        job |= {"agent": agent, "restored": restored, "policy": policy, "folder": str(tmp_path)}
        lives.stdin.write(json.dumps(job) + "\n")
        lives.stdin.flush()
        return json.loads(lives.stdout.readline())

    return live


def calls(tmp_path: Path) -> list[int]:
    """The calls that took effect, over all lives of the run."""
    return [int(line) for line in (tmp_path / "calls").read_text().split()]


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("kill_at", range(STEPS + 1))
def test_a_run_that_was_killed_after_any_step_goes_on_with_the_next_one(live, tmp_path, agent, kill_at):
    assert live(agent, restored=False, when="after", kill_at=kill_at) == {"killed": True}
    went_on = live(agent, restored=True)
    assert went_on == {"answer": ANSWERS[agent], "steps": [*range(1, STEPS + 1)], "tokens": 15 * STEPS}
    assert calls(tmp_path) == [int(key) for key in ANSWERS[agent]]  # Each once


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("kill_at", range(1, STEPS + 1))
def test_a_run_that_was_killed_inside_of_any_step_takes_that_step_again(live, tmp_path, agent, kill_at):
    assert live(agent, restored=False, when="inside", kill_at=kill_at) == {"killed": True}
    went_on = live(agent, restored=True)
    assert went_on == {"answer": ANSWERS[agent], "steps": [*range(1, STEPS + 1)], "tokens": 15 * STEPS}
    assert sorted(set(calls(tmp_path))) == [int(key) for key in ANSWERS[agent]]


@pytest.mark.parametrize("agent", AGENTS)
def test_a_run_that_is_killed_in_every_step_still_comes_to_the_same_answer(live, agent):
    for step in range(1, STEPS + 1):
        assert live(agent, restored=step > 1, when="after", kill_at=step) == {"killed": True}
    assert live(agent, restored=True)["answer"] == ANSWERS[agent]


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("kill_at", range(1, STEPS))
def test_calls_are_limited_over_all_lives_of_a_run(live, tmp_path, agent, kill_at):
    limits = {"tool_calls": 7}
    killed = live(agent, restored=False, limits=limits, when="after", kill_at=kill_at)
    live(agent, restored=True, limits=limits)
    assert killed == {"killed": True} and calls(tmp_path) == [*range(1, 8)]


@pytest.mark.parametrize("agent", AGENTS)
def test_with_a_checkpoint_before_every_call_those_count_too_in_which_the_process_was_killed(live, tmp_path, agent):
    options = {"limits": {"tool_calls": 4}, "checkpoints": {"executions": 1}}
    for is_restored in (False, True, True, True):
        killed = live(agent, restored=is_restored, when="inside", kill_at=1, **options)
        assert killed == {"killed": True}
    live(agent, restored=True, **options)
    assert calls(tmp_path) == [1, 1, 1, 1]


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("kill_at", [1, 3, 5, 6])
def test_tokens_are_limited_over_all_lives_of_a_run_and_so_are_its_last_steps(live, tmp_path, agent, kill_at):
    limits = {"tokens": 75}  # A step takes 15: nothing is left after the fifth, and two more are for the answer
    assert live(agent, restored=False, limits=limits, when="after", kill_at=kill_at) == {"killed": True}
    went_on = live(agent, restored=True, limits=limits)
    assert (went_on["stopped"], went_on["steps"]) == ("limit_tokens", [1, 2, 3, 4, 5, 6, 7])
    assert calls(tmp_path) == [1, 2, 3, 4, 5]


def test_with_fewer_checkpoints_the_run_goes_on_from_the_latest_one(live, tmp_path):
    assert live("CodeAgent", restored=False, every=4, when="inside", kill_at=7) == {"killed": True}
    went_on = live("CodeAgent", restored=True, every=4)
    assert went_on["answer"] == ANSWERS["CodeAgent"]
    assert calls(tmp_path) == [1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9, 10]
