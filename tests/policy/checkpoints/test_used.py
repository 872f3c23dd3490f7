"""What a run had used of its limits is used in the process in which it goes on, too."""

from __future__ import annotations

import json

from smolagents.policy import Policy

from ..executions import execution
from ..limits import Books, books, passes, run_info


def begun(**limits):
    """The books of a process in which a run begins."""
    made = books(**limits)
    made.budgets.begin_run(run_info())
    return made


def went_on(before: Books, *, now=3.0, run_id="run", policy=None, **limits):
    """The books of the process in which the run goes on from a checkpoint, which is JSON."""
    made = books(policy, **limits)
    made.clock.now = now
    made.budgets.use(run_id, json.loads(json.dumps(before.budgets.used("run"))))
    assert made.budgets.begin_run(run_info(run_id)) == []
    return made


def codes(made: Books, name: str, **of):
    return [reason.code for reason in made.budgets.reached(execution(name, **of))]


def test_calls_are_used_in_all_limits_of_the_run_and_of_no_other():
    limits = {"tool_calls": 3, "per_tool": {"s*": 2}}
    before = begun(**limits)
    assert passes(before.budgets, execution("shell")) and passes(before.budgets, execution("search"))
    after = went_on(before, run_id="again", **limits)
    assert codes(after, "shell", run_id="again") == ["limit_per_tool"]
    assert passes(after.budgets, execution("other", run_id="again"))
    assert codes(after, "other", run_id="again") == ["limit_tool_calls"]
    assert codes(after, "shell", run_id="another") == []


def test_a_call_that_is_under_way_is_used():
    before = begun(tool_calls=1)
    before.budgets.reserve(execution("shell"))
    assert codes(went_on(before, tool_calls=1), "shell") == ["limit_tool_calls"]


def test_seconds_go_on_from_where_they_were_whatever_the_clock_of_the_process_says():
    before = begun(run_seconds=60)
    before.clock.now += 50
    after = went_on(before, run_seconds=60)
    assert after.budgets.deadline(execution("shell")) == 10
    after.clock.now += 10
    assert codes(after, "shell") == ["limit_run_seconds"]


def test_identical_denials_are_counted_on():
    before = begun(identical_denials=2)
    assert before.budgets.refused(execution("shell", command="ls")) == []
    after = went_on(before, identical_denials=2).budgets
    assert after.refused(execution("shell", command="rm")) == []
    assert [reason.action for reason in after.refused(execution("shell", command="ls"))] == ["stop"]


def test_each_policy_has_what_was_used_of_its_own_limits(tmp_path):
    (tmp_path / "base.yaml").write_text("{version: 1, default: allow, limits: {per_tool: {shell: 1}}}")
    text = "{version: 1, default: allow, extends: base.yaml, limits: {tool_calls: 2}}"
    policy = Policy.loads(text, directory=tmp_path)
    before = begun(policy=policy)
    assert passes(before.budgets, execution("shell"))
    after = went_on(before, policy=policy)
    assert codes(after, "shell") == ["limit_per_tool"]
    assert passes(after.budgets, execution("other")) and codes(after, "other") == ["limit_tool_calls"]


def test_in_a_session_what_both_processes_count_is_counted_once():
    limits = {"tool_calls": 4, "scope": "session"}
    before = begun(**limits)
    assert passes(before.budgets, execution("shell")) and passes(before.budgets, execution("shell"))
    after = begun(**limits)
    assert passes(after.budgets, execution("shell"))
    after.budgets.use("again", before.budgets.used("run"))
    assert [passes(after.budgets, execution("shell", run_id="again")) for _ in range(3)] == [True, True, False]


def test_who_was_warned_is_not_warned_again():
    before = begun(tool_calls=5)
    assert all(passes(before.budgets, execution("shell")) for _ in range(4)) and len(before.warnings) == 1
    after = went_on(before, tool_calls=5)
    assert passes(after.budgets, execution("shell")) and after.warnings == []


def test_of_a_run_that_is_not_known_nothing_is_known():
    assert books(tool_calls=1).budgets.used("run") is None
