"""What a `ToolCallingAgent` executes."""

import contextvars
import json
import re
import threading

import pytest

from smolagents import (
    ActionStep,
    ChatMessage,
    ChatMessageStreamDelta,
    ChatMessageToolCall,
    CodeAgent,
    Deny,
    MessageRole,
    PythonInterpreterTool,
    ToolCallingAgent,
)
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.models import ChatMessageToolCallFunction, ChatMessageToolCallStreamDelta

from .conftest import Apply, DenyingHook, balance, code_agent, observations, tool_calling_agent


CALL = [("shell", {"command": "x"})]


def run_it(agent):
    return agent.run("task")


def stream_it(agent):
    return list(agent.run("task", stream=True))


def step_it(agent):
    agent.step(ActionStep(step_number=1, timing=None))


def execute_it(agent):
    agent.execute_tool_call("shell", {"command": "x"})


def process_it(agent):
    call = ChatMessageToolCall(
        id="1", type="function", function=ChatMessageToolCallFunction(name="shell", arguments={"command": "x"})
    )
    message = ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call])
    list(agent.process_tool_calls(message, ActionStep(step_number=1, timing=None)))


def abandon_it(agent):
    stream = agent.run("task", stream=True)
    for item in stream:
        if isinstance(item, ActionStep):
            break
    stream.close()


@pytest.mark.row("A1", "A3")
@pytest.mark.parametrize("way", [run_it, stream_it, step_it, execute_it, process_it, abandon_it])
def test_a_call_is_guarded_whichever_way_the_host_makes_it(way, make_shell):
    free, denied, hook = make_shell(), make_shell(), DenyingHook("shell")
    way(tool_calling_agent(CALL, tools=[free]))
    way(tool_calling_agent(CALL, tools=[denied], hooks=[hook]))
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert dict(hook.asked_about("shell").arguments) == {"command": "x"}
    assert hook.outcome_of("shell").status == "denied"
    asked, told = balance(hook)
    assert asked == told


class StreamingModel(ScriptedModel):
    """Says its turns in pieces."""

    def generate_stream(self, messages, **kwargs):
        message = self.generate(messages, **kwargs)
        if message.content:
            for character in message.content:
                yield ChatMessageStreamDelta(content=character)
        for index, call in enumerate(message.tool_calls or ()):
            pieces = [call.function.arguments] if isinstance(call.function.arguments, str) else []
            pieces = pieces or re.findall(".{1,5}", json.dumps(call.function.arguments))
            for number, piece in enumerate(pieces):
                function = ChatMessageToolCallFunction(name=call.function.name if not number else "", arguments=piece)
                delta = ChatMessageToolCallStreamDelta(index=index, id=call.id, type="function", function=function)
                yield ChatMessageStreamDelta(tool_calls=[delta])


def streamed(kind, tools, hooks):
    turns = (
        [[("shell", {"command": "x"}), ("shell", {"command": "x"})], [("final_answer", {"answer": "done"})]]
        if kind is ToolCallingAgent
        else [code("shell('x')\nshell('x')"), code("final_answer('done')")]
    )
    model = StreamingModel(*turns)
    return kind(tools=tools, model=model, hooks=hooks, stream_outputs=True, verbosity_level=0, max_steps=4)


@pytest.mark.row("A2", "A3")
@pytest.mark.parametrize("way", [run_it, stream_it])
@pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])
def test_calls_in_output_that_a_model_streams_are_guarded(kind, way, make_shell):
    free, denied, hook = make_shell(), make_shell(), DenyingHook("shell")
    way(streamed(kind, [free], None))
    way(streamed(kind, [denied], [hook]))
    assert (free.ran(), denied.ran()) == (["x", "x"], [])
    asked, told = balance(hook)
    assert asked == told


@pytest.mark.row("A3")
@pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])
def test_a_stream_that_is_closed_before_the_model_has_finished_executes_nothing(kind, make_shell):
    for hooks in (None, [RecordingHook()]):
        agent_shell = make_shell()
        stream = streamed(kind, [agent_shell], hooks).run("task", stream=True)
        while not isinstance(next(stream), ChatMessageStreamDelta):
            pass
        try:
            stream.close()
        except RuntimeError as error:  # Upstream yields the step while its generator is being closed
            assert "ignored GeneratorExit" in str(error)
        assert agent_shell.ran() == []
    assert hooks[0].asked == []


@pytest.mark.row("A2")
def test_parallel_calls_are_guarded_each_and_siblings_of_a_denied_one_keep_their_results(make_shell):
    turn = [("shell", {"command": "x"}), ("apply", {"function": "say"}), ("shell", {"command": "y"})]
    free, denied, hook = make_shell(), make_shell(), DenyingHook("shell")
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        agent = tool_calling_agent(turn, tools=[agent_shell, Apply()], hooks=hooks)
        agent.state["say"] = lambda: "a result"
        assert agent.run("task") == "done"
    assert (sorted(free.ran()), denied.ran()) == (["x", "y"], [])
    assert "a result" in observations(agent)
    assert [call.name for call in agent.memory.steps[1].tool_calls] == ["shell", "apply", "shell"]
    asked, told = balance(hook)
    assert asked == told and len(asked) == 4


@pytest.mark.row("A4")
def test_the_hook_sees_the_value_of_a_state_variable_and_not_its_name(make_shell):
    def decide(execution):
        return Deny("no") if execution.arguments.get("command") == "rm -rf x" else None

    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [RecordingHook(decide)])):
        agent = tool_calling_agent([("shell", {"command": "harmless"})], tools=[agent_shell], hooks=hooks)
        agent.state["harmless"] = "rm -rf x"
        agent.run("task")
    assert (free.ran(), denied.ran()) == (["rm -rf x"], [])


@pytest.mark.row("A5")
@pytest.mark.parametrize(
    "name, arguments",
    [
        ("shel", {"command": "x"}),
        ("shell", {"commands": "x"}),
        ("shell", {}),
        ("shel", "x"),
        ("shell", {"command": "x", "more": "y"}),
    ],
)
def test_a_call_that_cannot_be_made_is_one_execution_with_an_error(name, arguments, shell):
    hook = RecordingHook()
    agent = tool_calling_agent([(name, arguments)], tools=[shell], hooks=[hook])
    assert agent.run("task") == "done"
    outcome = hook.outcome_of(name)
    assert (outcome.status, shell.ran()) == ("error", [])
    assert agent.memory.steps[1].error is not None


@pytest.mark.row("A5")
def test_a_call_with_unknown_name_can_be_denied_and_is_then_no_error(shell):
    agent = tool_calling_agent([("shel", {"command": "x"})], tools=[shell], hooks=[DenyingHook("shel")])
    assert agent.run("task") == "done"
    assert agent.memory.steps[1].error is None
    assert "shel is not for agents" in observations(agent)


@pytest.mark.row("A5")
def test_of_two_calls_with_one_id_none_gets_around_the_hook(make_shell):
    class SameIds(ScriptedModel):
        def generate(self, *args, **kwargs):
            message = super().generate(*args, **kwargs)
            for call in message.tool_calls:
                call.id = "same"
            return message

    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        model = SameIds(
            [("shell", {"command": "x"}), ("shell", {"command": "y"})], [("final_answer", {"answer": "a"})]
        )
        ToolCallingAgent(tools=[agent_shell], model=model, hooks=hooks, verbosity_level=0, max_steps=3).run("task")
    assert (free.ran(), denied.ran()) == (["y"], [])


@pytest.mark.row("A6", "A18")
@pytest.mark.parametrize("kind", ["agent", "its tool"])
def test_a_managed_agent_and_what_it_does_are_guarded(kind, make_shell):
    free, denied = make_shell(), make_shell()
    hook = DenyingHook("researcher" if kind == "agent" else "shell")
    for agent_shell, hooks in ((free, None), (denied, [hook])):
        sub = tool_calling_agent(CALL, tools=[agent_shell], name="researcher", description="Researches.")
        turn = [("researcher", {"task": "do it"})]
        assert tool_calling_agent(turn, tools=[], managed_agents=[sub], hooks=hooks).run("task") == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])
    assert hook.asked_about("researcher").kind == "agent"
    if kind == "its tool":
        delegation, call = hook.asked_about("researcher"), hook.asked_about("shell")
        assert call.parent_id == delegation.id
        assert call.agent_path == ("ToolCallingAgent", "researcher")
        assert call.run_id == delegation.run_id


@pytest.mark.row("A7")
def test_the_interpreter_tool_is_guarded_as_a_tool():
    turn = [("python_interpreter", {"code": "1 + 1"})]
    hook = DenyingHook("python_interpreter")
    free = tool_calling_agent(turn, tools=[PythonInterpreterTool()])
    denied = tool_calling_agent(turn, tools=[PythonInterpreterTool()], hooks=[hook])
    assert (free.run("task"), denied.run("task")) == ("done", "done")
    assert "Output: 2" in observations(free) and "Output: 2" not in observations(denied)
    assert dict(hook.asked_about("python_interpreter").arguments) == {"code": "1 + 1"}


@pytest.mark.row("A13")
def test_a_denied_final_answer_is_not_final():
    hook = RecordingHook(lambda execution: Deny("not yet") if len(hook.asked) <= 1 else None)
    agent = tool_calling_agent([("final_answer", {"answer": "secret"})], tools=[], hooks=[hook])
    assert agent.run("task") == "done"
    assert agent.memory.steps[1].action_output is None or "not yet" in str(agent.memory.steps[1].action_output)


@pytest.mark.row("A13")
def test_a_state_variable_that_the_answer_names_is_decided_as_an_answer_of_its_own():
    hook = RecordingHook(lambda execution: Deny("leaks") if execution.arguments.get("answer") == "s3cret" else None)
    for hooks, expected in ((None, "s3cret"), ([hook], "done")):
        agent = tool_calling_agent([("final_answer", {"answer": "innocent"})], tools=[], hooks=hooks)
        agent.state["innocent"] = "s3cret"
        assert agent.run("task") == expected


@pytest.mark.row("A15", "B23")
def test_the_answer_at_max_steps_is_decided_and_a_denial_takes_its_place(shell):
    for hooks, expected in ((None, "s3cret"), ([DenyingHook("final_answer")], "not for agents")):
        agent = ToolCallingAgent(
            tools=[shell], model=ScriptedModel(CALL, "s3cret"), hooks=hooks, max_steps=1, verbosity_level=0
        )
        answer = agent.run("task")
        assert expected in answer and ("s3cret" in answer) == (hooks is None)
        assert ("s3cret" in str(agent.memory.steps[-1].action_output)) == (hooks is None)


@pytest.mark.row("A15")
def test_an_answer_that_a_subclass_gives_by_itself_is_decided():
    from smolagents.agents import ActionOutput

    class Eager(ToolCallingAgent):
        def _step_stream(self, memory_step):
            yield ActionOutput(output="s3cret", is_final_answer=True)

    hook = DenyingHook("final_answer")
    free = Eager(tools=[], model=ScriptedModel("text"), verbosity_level=0, max_steps=1)
    denied = Eager(tools=[], model=ScriptedModel("text"), hooks=[hook], verbosity_level=0, max_steps=1)
    assert (free.run("task"), "s3cret" in denied.run("task")) == ("s3cret", False)


@pytest.mark.row("A30")
def test_a_tool_that_is_added_later_is_guarded(make_shell):
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        agent = tool_calling_agent(CALL, tools=[], hooks=hooks)
        agent.tools["shell"] = agent_shell
        agent.run("task")
    assert (free.ran(), denied.ran()) == (["x"], [])


@pytest.mark.row("A30")
def test_a_tool_that_was_removed_is_not_called_and_the_hook_is_told_of_the_attempt(shell):
    for hooks in (None, [RecordingHook()]):
        agent = tool_calling_agent(CALL, tools=[shell], hooks=hooks)
        del agent.tools["shell"]
        agent.run("task")
    assert shell.ran() == []
    assert hooks[0].outcome_of("shell").status == "error"


def fail(execution):
    raise RuntimeError("broken")


@pytest.mark.row("A34")
@pytest.mark.parametrize("answer", [lambda e: False, lambda e: True, lambda e: "no", lambda e: 0, fail])
@pytest.mark.parametrize("way", [run_it, stream_it, step_it, execute_it, process_it])
def test_a_hook_that_fails_or_answers_anything_else_denies_on_every_way(way, answer, shell):
    hook = RecordingHook(lambda execution: answer(execution) if execution.name == "shell" else None)
    way(tool_calling_agent(CALL, tools=[shell], hooks=[hook]))
    assert shell.ran() == []
    assert hook.outcome_of("shell").status == "denied"


@pytest.mark.row("F2")
def test_two_runs_of_one_agent_at_once_have_ids_and_steps_of_their_own(shell):
    hook = RecordingHook()
    agent = tool_calling_agent(CALL, CALL, CALL, tools=[shell], hooks=[hook], max_steps=9)
    agent.memory.reset()
    first, second = agent.run("one", stream=True), agent.run("two", stream=True)
    next(first), next(second)
    for stream in (second, first):
        contextvars.Context().run(lambda: list(stream))
    runs = {execution.run_id for execution in hook.asked}
    assert len(runs) == 2
    assert {execution.parent_id for execution in hook.asked} == {None}
    assert {execution.agent_path for execution in hook.asked} == {("ToolCallingAgent",)}


@pytest.mark.row("A3", "F2")
def test_the_scope_of_a_run_does_not_leak_to_who_consumes_its_stream(make_shell):
    from smolagents.hook_scope import current_scope

    hook, other = RecordingHook(), make_shell()
    outside = tool_calling_agent(CALL, tools=[other])
    for _ in tool_calling_agent(CALL, tools=[make_shell()], hooks=[hook]).run("task", stream=True):
        assert current_scope() is None
        outside.run("task")
    assert set(hook.names()) == {"shell", "final_answer"} and len(hook.asked) == 2
    assert other.ran()


@pytest.mark.row("A3", "F2")
def test_a_stream_that_is_advanced_from_several_threads_keeps_its_identity(shell):
    hook = RecordingHook()
    stream = tool_calling_agent(CALL, CALL, tools=[shell], hooks=[hook]).run("task", stream=True)
    over = object()
    item = None
    while item is not over:
        box = []
        thread = threading.Thread(target=lambda: box.append(next(stream, over)))
        thread.start()
        thread.join()
        (item,) = box
    assert len({execution.run_id for execution in hook.asked}) == 1
    assert [execution.step_number for execution in hook.asked] == [1, 2, 3]


@pytest.mark.row("A6", "A18")
def test_a_code_agent_under_a_tool_calling_agent_is_guarded_inside(make_shell):
    free, denied = make_shell(), make_shell()
    for agent_shell, hooks in ((free, None), (denied, [DenyingHook("shell")])):
        sub = code_agent("shell('x')", tools=[agent_shell], name="coder", description="Codes.")
        turn = [("coder", {"task": "do it"})]
        assert tool_calling_agent(turn, tools=[], managed_agents=[sub], hooks=hooks).run("task") == "done"
    assert (free.ran(), denied.ran()) == (["x"], [])


@pytest.mark.row("B44")
def test_a_code_block_in_a_text_answer_is_not_executed(shell):
    agent = ToolCallingAgent(
        tools=[shell], model=ScriptedModel(code("shell('x')")), hooks=[RecordingHook()], max_steps=1, verbosity_level=0
    )
    agent.run("task")
    assert shell.ran() == []
