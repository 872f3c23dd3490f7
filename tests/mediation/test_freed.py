"""What is left of an agent that nobody needs any more: nothing, whatever happened in its runs."""

import copy
import gc
import weakref

import pytest

from smolagents import Deny, ToolExecutionStopped
from smolagents.hook_scope import make_key, value_of
from smolagents.hooks_testing import RecordingHook, answering
from tests.test_time_limit import Effect, Hang, wait_for_threads

from .conftest import code_agent, tool_calling_agent


class Failing(Effect):
    name = "failing"

    def forward(self) -> str:
        raise ValueError("it failed")


def fail(messages):
    raise ValueError("no model")


def with_managed_agent(make, turn, hook):
    inner = tool_calling_agent(fail, tools=[], name="sub", description="Helps.")
    return make(turn, tools=[], managed_agents=[inner], hooks=[hook])


AGENTS = {
    "no error": lambda hook: code_agent("1 + 1", tools=[], hooks=[hook]),
    "an error of a program": lambda hook: code_agent("1 / 0", tools=[], hooks=[hook]),
    "an error of a tool": lambda hook: code_agent("failing()", tools=[Failing()], hooks=[hook]),
    "an error that the program keeps": lambda hook: code_agent(
        "try: failing()\nexcept Exception as error: kept = error", tools=[Failing()], hooks=[hook]
    ),
    "errors of parallel calls": lambda hook: tool_calling_agent(
        [("failing", {}), ("failing", {})], tools=[Failing()], hooks=[hook]
    ),
    "a time limit": lambda hook: code_agent(
        "while True: pass", tools=[], hooks=[hook], executor_kwargs={"timeout_seconds": 0.05}
    ),
    "an error of an agent that a program calls": lambda hook: with_managed_agent(code_agent, "sub('work')", hook),
    "an error of an agent": lambda hook: with_managed_agent(tool_calling_agent, [("sub", {"task": "work"})], hook),
}


@pytest.mark.row("F8")
@pytest.mark.parametrize("make", AGENTS.values(), ids=AGENTS)
def test_an_agent_is_freed_whatever_its_memory_holds(make):
    agent = make(RecordingHook())  # Which keeps the errors, too
    agent.run("task")
    agent = weakref.ref(agent)
    wait_for_threads()
    gc.collect()
    assert agent() is None


@pytest.mark.row("F8")
def test_an_agent_that_was_stopped_is_freed():
    hook = RecordingHook(answering(Deny("no", stop=True), "failing"))
    agent = code_agent("failing()", tools=[Failing()], hooks=[hook])
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    agent = weakref.ref(agent)
    wait_for_threads()
    gc.collect()
    assert agent() is None


@pytest.mark.row("F8")
def test_an_agent_whose_tool_was_left_behind_is_freed_once_the_tool_ends():
    hang, hook = Hang(), RecordingHook()
    hook.deadline = lambda execution: 0.05 if execution.name == "hang" else None
    agent = tool_calling_agent([("hang", {})], tools=[hang], hooks=[hook])
    assert agent.run("task") == "done"
    agent = weakref.ref(agent)
    hang.release.set()
    wait_for_threads()
    gc.collect()
    assert agent() is None


@pytest.mark.row("B15")
def test_no_attribute_of_a_key_leads_to_what_it_stands_for():
    class Secret:
        pass

    secret = Secret()
    key = make_key(secret)
    assert value_of(key) is secret
    names = {*dir(key), *dir(type(key)), *type(key).__slots__}
    assert not any(getattr(key, name, None) is secret for name in names)
    assert not any(hasattr(vars(type(key)).get(name), "__get__") for name in type(key).__slots__ if name[:2] != "__")
    with pytest.raises(AttributeError):
        value_of(copy.copy(key))
