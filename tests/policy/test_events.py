"""Listeners hear what was decided and cannot change it."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
from datetime import timedelta

import pytest

from smolagents import ToolCallingAgent, tool
from smolagents.hooks import Deny, ToolExecutionStopped
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering
from smolagents.policy.events import EVENT_NAMES
from smolagents.utils import AgentGenerationError

from .executions import execution, hook_for, refused


def test_an_allowed_call_is_a_check_and_a_denied_one_also_a_violation_that_was_blocked():
    hook = hook_for(name="production", tools={"deny": ["shell"]})
    heard = []
    hook.on("*", heard.append, synchronous=True)
    hook.before_tool_execution(execution("search"))
    assert [event.name for event in heard] == ["policy_check"]
    heard.clear()
    hook.before_tool_execution(execution("shell"))
    assert [event.name for event in heard] == ["policy_check", "policy_violation", "tool_call_blocked"]


def test_an_event_says_what_was_decided_about_what_by_which_policy_and_when():
    hook = hook_for(name="production", tools={"deny": ["shell"]})
    heard = []
    hook.on("policy_violation", heard.append, synchronous=True)
    call = execution("shell", command="ls")
    hook.before_tool_execution(call)
    (event,) = heard
    assert event.execution is call
    assert event.decision.action == "deny" and event.decision.reasons[0].entry == "tools.deny[0]"
    assert (event.policy_name, event.policy_digest) == ("production", hook.policy.digest)
    assert event.time.utcoffset() == timedelta(0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.decision = None


def test_every_event_has_an_id_of_its_own():
    hook = hook_for()
    ids = []
    hook.on("*", lambda event: ids.append(event.id), synchronous=True)
    for _ in range(10):
        hook.before_tool_execution(execution())
    assert len(set(ids)) == 10


def test_who_unsubscribes_hears_nothing_more_and_others_still_do():
    hook = hook_for()
    heard = []
    unsubscribe = hook.on("policy_check", lambda event: heard.append("first"), synchronous=True)
    hook.on("policy_check", lambda event: heard.append("second"), synchronous=True)
    unsubscribe()
    unsubscribe()
    hook.before_tool_execution(execution())
    assert heard == ["second"]


def test_one_handler_may_subscribe_twice_and_leave_once():
    hook = hook_for()
    heard = []
    leave = hook.on("policy_check", heard.append, synchronous=True)
    hook.on("policy_check", heard.append, synchronous=True)
    leave()
    hook.before_tool_execution(execution())
    assert len(heard) == 1


def test_a_handler_that_fails_is_logged_and_changes_neither_the_decision_nor_the_others(caplog):
    def fails(event):
        raise RuntimeError("my handler is broken")

    hook = hook_for(tools={"deny": ["shell"]})
    heard = []
    hook.on("*", fails, synchronous=True)
    hook.on("*", heard.append, synchronous=True)
    with caplog.at_level(logging.ERROR, logger="smolagents.policy.events"):
        assert refused(hook, execution("shell"))
        assert not refused(hook, execution("search"))
    assert len(heard) == 4
    assert "my handler is broken" in caplog.text


def test_what_a_handler_returns_does_not_matter():
    hook = hook_for(tools={"deny": ["shell"]})
    hook.on("*", lambda event: False, synchronous=True)
    assert refused(hook, execution("shell")) and not refused(hook, execution("search"))


def test_a_handler_may_subscribe_and_unsubscribe_while_it_is_called():
    hook = hook_for()
    heard = []

    def once(event):
        heard.append(event)
        leave()
        hook.on("policy_check", heard.append, synchronous=True)

    leave = hook.on("policy_check", once, synchronous=True)
    hook.before_tool_execution(execution())
    assert len(heard) == 1
    hook.before_tool_execution(execution())
    assert len(heard) == 2


def test_an_event_that_does_not_exist_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match="did you mean 'policy_violation'"):
        hook_for().on("policy_violations", print)
    with pytest.raises(TypeError, match="cannot be called"):
        hook_for().on("*", "print")


def test_a_warning_of_a_limit_says_where_the_agent_was_and_how_much_is_used():
    hook = hook_for(name="production", limits={"tool_calls": 5})
    heard = []
    hook.on("limit_warning", heard.append, synchronous=True)
    for _ in range(5):
        hook.before_tool_execution(execution("search"))
    (event,) = heard
    assert (event.entry, event.used, event.limit) == ("limits.tool_calls", 4, 5)
    assert (event.run_id, event.agent_path, event.step_number) == ("run", ("CodeAgent",), 1)
    assert (event.policy_name, event.policy_digest) == ("production", hook.policy.digest)


def test_a_warning_of_a_limit_that_a_step_comes_near_names_the_step():
    hook = hook_for(limits={"tokens": 32})  # The script's model says that a step takes 15
    heard = []
    hook.on("limit_warning", heard.append, synchronous=True)
    model = ScriptedModel([("final_answer", {"no": "answer"})], [("final_answer", {"answer": "done"})])
    ToolCallingAgent(tools=[], model=model, hooks=[hook], name="boss", verbosity_level=0).run("task")
    (event,) = heard
    assert (event.entry, event.used, event.agent_path, event.step_number) == ("limits.tokens", 30, ("boss",), 2)


@tool
def search(query: str) -> str:
    """Search.

    Args:
        query: For what.
    """
    return "nothing"


@tool
def shell(command: str) -> str:
    """Run a command.

    Args:
        command: Which.
    """
    return "done"


def events_of(hook, *turns, name="boss"):
    """The events of a run, without those of its decisions, and the error that ended it."""
    heard = []
    hook.on("*", heard.append, synchronous=True)
    agent = ToolCallingAgent(
        tools=[search, shell], model=ScriptedModel(*turns), hooks=[hook], name=name, verbosity_level=0
    )
    with contextlib.suppress(ToolExecutionStopped, AgentGenerationError):
        agent.run("task")
    return [event for event in heard if event.name.startswith("run_")]


def test_a_run_starts_and_finishes():
    started, finished = events_of(hook_for(), [("final_answer", {"answer": "done"})])
    assert (started.name, started.parent_id, started.continues) == ("run_started", None, None)
    assert (finished.name, finished.parent_id, finished.error) == ("run_finished", None, None)
    assert started.run_id == finished.run_id


def test_the_error_that_ends_a_run_is_told_by_its_type():
    def fails(messages):
        raise RuntimeError("the model is away")

    _, finished = events_of(hook_for(), fails)
    assert finished.error == "AgentGenerationError"


def test_a_stop_is_told_once_with_its_reason_before_the_run_finishes():
    stopping = hook_for(rules=[{"id": "a", "when": {"name": "shell"}, "action": "stop", "reason": "No shell."}])
    started, stopped, finished = events_of(stopping, [("shell", {"command": "a"}), ("shell", {"command": "b"})])
    assert (stopped.name, stopped.code, stopped.step_number) == ("run_stopped", "rule", 1)
    assert "No shell" in stopped.reason
    assert finished.error == "ToolExecutionStopped"


def test_a_stop_by_another_hook_is_told_too():
    hook = hook_for()
    heard = []
    hook.on("run_stopped", heard.append, synchronous=True)
    other = RecordingHook(before=answering(Deny("Enough.", "enough", stop=True), "shell"))
    model = ScriptedModel([("shell", {"command": "ls"})])
    agent = ToolCallingAgent(tools=[shell], model=model, hooks=[hook, other], verbosity_level=0)
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    assert [(event.code, event.reason) for event in heard] == [("enough", "Enough.")]


def test_the_run_of_a_managed_agent_is_told_with_what_it_happens_in():
    hook = hook_for()
    heard = []
    hook.on("*", heard.append, synchronous=True)
    inner = ScriptedModel([("final_answer", {"answer": "found"})])
    helper = ToolCallingAgent(tools=[], model=inner, name="helper", description="Helps.", verbosity_level=0)
    outer = ScriptedModel([("helper", {"task": "find it"})], [("final_answer", {"answer": "done"})])
    ToolCallingAgent(tools=[], model=outer, managed_agents=[helper], name="boss", hooks=[hook], verbosity_level=0).run(
        "task"
    )
    runs = [event for event in heard if event.name in ("run_started", "run_finished")]
    assert [(event.name, event.agent_path) for event in runs] == [
        ("run_started", ("boss",)),
        ("run_started", ("boss", "helper")),
        ("run_finished", ("boss", "helper")),
        ("run_finished", ("boss",)),
    ]
    delegation = next(event.execution for event in heard if event.name == "policy_check")
    assert [event.parent_id for event in runs] == [None, delegation.id, delegation.id, None]


def test_what_all_events_have_in_common_is_said_by_each_of_them(tmp_path):
    folder = tmp_path / "checkpoints"
    hook = hook_for(
        tools={"deny": ["shell"]},
        limits={"tool_calls": 1, "identical_denials": 2},
        rules=[{"id": "a", "when": {"name": "search"}, "action": "ask"}],
        checkpoints={"path": str(folder)},
    )
    heard = []
    hook.on("*", heard.append, synchronous=True)

    def take_the_folder_away(event):
        shutil.rmtree(folder)
        folder.write_text("")

    hook.on("checkpoint_created", take_the_folder_away, synchronous=True)
    model = ScriptedModel([("search", {"query": "a"})], [("shell", {"command": "ls"})])
    with pytest.raises(ToolExecutionStopped):
        ToolCallingAgent(tools=[search, shell], model=model, hooks=[hook], name="boss", verbosity_level=0).run("task")
    assert {event.name for event in heard} == set(EVENT_NAMES)
    for event in heard:
        assert event.agent_path == ("boss",) and event.run_id == heard[0].run_id
        assert event.time.utcoffset() == timedelta(0) and event.id
        assert event.policy_digest == hook.policy.digest
        with pytest.raises(dataclasses.FrozenInstanceError):
            event.run_id = "another"
    assert [event.monotonic for event in heard] == sorted(event.monotonic for event in heard)
