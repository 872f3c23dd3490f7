"""What hooks are told of runs."""

import pytest

from smolagents import Deny, Tool, ToolExecutionStopped, current_run
from smolagents.hooks_testing import RecordingHook, ScriptedModel
from smolagents.memory import ActionStep

from .mediation.conftest import code_agent, tool_calling_agent


class RunHook(RecordingHook):
    """Notes what it is told of runs, and answers as it was made to."""

    def __init__(self, at_begin=None, at_end=None):
        super().__init__()
        self.at_begin, self.at_end = at_begin, at_end
        self.begun, self.ended, self.current = [], [], []

    def before_run(self, run):
        self.begun.append(run)
        return self.at_begin

    def after_step(self, step):
        self.current.append(current_run())

    def after_run(self, run, error):
        self.ended.append((run, error))
        return self.at_end


def test_a_hook_is_told_of_each_run_of_a_tree_of_agents():
    inner = code_agent("final_answer('found')", tools=[], name="searcher", description="Searches.")
    hook = RunHook()
    outer = code_agent("searcher('what')", tools=[], managed_agents=[inner], hooks=[hook], name="manager")
    assert outer.run("task") == "done"
    assert [run.agent for run in hook.begun] == [outer, inner]
    assert [run.agent_path for run in hook.begun] == [("manager",), ("manager", "searcher")]
    assert [(run.agent, error) for run, error in hook.ended] == [(inner, None), (outer, None)]
    assert {run.run_id for run in hook.begun} == {hook.asked_about("searcher").run_id}
    assert [run.parent_id for run in hook.begun] == [None, hook.asked_about("searcher").id]


def test_a_hook_can_ask_which_run_a_step_belongs_to():
    hook = RunHook()
    agent = code_agent("1 + 1", tools=[], hooks=[hook])
    agent.run("task")
    assert [run.run_id for run in hook.current] == [hook.begun[0].run_id] * 2
    assert current_run() is None


def test_a_run_that_a_hook_denies_makes_no_model_call():
    hook = RunHook(at_begin=Deny("not today"))
    agent = code_agent(tools=[], hooks=[hook])
    with pytest.raises(ToolExecutionStopped, match="not today"):
        agent.run("task")
    assert agent.model.seen == []
    assert len(hook.ended) == 1


def test_what_ends_a_managed_agent_can_stop_the_tree():
    class StoppingHook(RunHook):
        def after_run(self, run, error):
            super().after_run(run, error)
            return Deny("enough") if len(run.agent_path) == 2 else None

    inner = code_agent("final_answer('found')", tools=[], name="searcher", description="Searches.")
    hook = StoppingHook()
    outer = code_agent("searcher('what')", tools=[], managed_agents=[inner], hooks=[hook])
    with pytest.raises(ToolExecutionStopped, match="enough"):
        outer.run("task")
    (_, error), (_, outer_error) = hook.ended
    assert error is None and isinstance(outer_error, ToolExecutionStopped)


def test_a_hook_is_told_of_the_error_that_ended_a_run():
    def fail(messages):
        raise KeyError("no model")

    hook = RunHook()
    agent = code_agent(tools=[], hooks=[hook])
    agent.model = ScriptedModel(fail)
    with pytest.raises(Exception) as raised:
        agent.run("task")
    assert [error for _, error in hook.ended] == [raised.value]


def test_a_hook_is_told_of_the_end_of_a_stream_that_is_abandoned():
    hook = RunHook()
    agent = code_agent("1 + 1", tools=[], hooks=[hook])
    stream = agent.run("task", stream=True)
    next(item for item in stream if isinstance(item, ActionStep))
    stream.close()
    assert [type(error) for _, error in hook.ended] == [GeneratorExit]


def test_a_stream_that_is_never_begun_is_no_run():
    hook = RunHook()
    code_agent(tools=[], hooks=[hook]).run("task", stream=True)
    assert hook.begun == hook.ended == []


def test_what_the_host_calls_outside_of_a_run_is_a_run_of_its_own():
    class Echo(Tool):
        name, description = "echo", "Repeats."
        inputs = {"text": {"type": "string", "description": "The text."}}
        output_type = "string"

        def forward(self, text):
            return text + (" in a run" if current_run() else "")

    hook = RunHook()
    agent = tool_calling_agent(tools=[Echo()], hooks=[hook])
    assert agent.execute_tool_call("echo", {"text": "hello"}) == "hello in a run"
    assert [run.run_id for run in hook.begun] == [hook.asked_about("echo").run_id]
    assert [(run.agent, error) for run, error in hook.ended] == [(agent, None)]


def test_a_hook_can_refuse_an_agent_and_those_that_it_manages():
    class Particular(RecordingHook):
        def check_agent(self, agent):
            if "searcher" == agent.name:
                raise ValueError("this policy knows no searcher")

    inner = code_agent(tools=[], name="searcher", description="Searches.")
    with pytest.raises(ValueError, match="knows no searcher"):
        code_agent(tools=[], managed_agents=[inner], hooks=[Particular()])


@pytest.mark.parametrize("name", ["deadline", "check_agent", "before_run", "after_step", "after_run"])
def test_an_optional_attribute_that_is_no_method_is_refused(name):
    hook = RecordingHook()
    setattr(hook, name, 3)
    with pytest.raises(TypeError, match=f"`{name}` of RecordingHook is 3, expected a method"):
        code_agent(tools=[], hooks=[hook])


def test_nothing_is_executed_while_a_hook_is_told_of_a_run():
    class Running(RunHook):
        def before_run(self, run):
            super().before_run(run)
            other.run("task")

    inner_hook = RecordingHook()
    other = code_agent("1 + 1", tools=[], hooks=[inner_hook])
    hook = Running()
    agent = code_agent("1 + 1", tools=[], hooks=[hook])
    assert agent.run("task") == "done"
    assert [run.agent for run in hook.begun] == [agent]
    assert inner_hook.asked == []
