"""What hooks are told of runs: however one ends, who was told that it began is told once how it ended."""

import threading

import pytest

from smolagents import Deny, ToolExecutionDenied, ToolExecutionStopped, current_run
from smolagents.hook_limits import require_room
from smolagents.hooks_testing import RecordingHook, answering
from smolagents.memory import TaskStep
from tests.test_time_limit import wait_for_threads

from .conftest import code_agent, tool_calling_agent


class LogHook(RecordingHook):
    """Notes all that it is told, in order."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.log, self.errors = [], []

    def before_run(self, run):
        self.log.append(("begin", run.agent_path))

    def after_step(self, step):
        self.log.append(("step", current_run().agent_path))

    def after_run(self, run, error):
        self.log.append(("end", run.agent_path))
        self.errors.append(error)


TOLD_OF_BOTH = [
    ("begin", ("top",)),
    ("begin", ("top", "sub")),
    ("step", ("top", "sub")),
    ("end", ("top", "sub")),
    ("step", ("top",)),
    ("end", ("top",)),
]


@pytest.mark.row("F7")
def test_a_hook_is_told_of_the_end_of_a_managed_agent_that_a_stop_ends():
    hook = LogHook()
    hook.before = answering(Deny("no", stop=True), "final_answer")
    inner = tool_calling_agent(tools=[], name="sub", description="Helps.")
    outer = code_agent("sub('work')", tools=[], managed_agents=[inner], hooks=[hook], name="top")
    with pytest.raises(ToolExecutionStopped):
        outer.run("task")
    wait_for_threads()
    assert hook.log == TOLD_OF_BOTH
    assert [type(error) for error in hook.errors] == [ToolExecutionDenied, ToolExecutionStopped]


@pytest.mark.row("F7")
def test_a_hook_is_told_of_the_end_of_a_managed_agent_that_was_left_behind_at_a_deadline():
    class Deadline(LogHook):
        def deadline(self, execution):
            return 0.05 if execution.kind == "agent" else None

    late = threading.Event()

    def think(messages):
        late.wait()
        return [("final_answer", {"answer": "late"})]

    hook = Deadline()
    inner = tool_calling_agent(think, tools=[], name="sub", description="Helps.")
    outer = code_agent("sub('work')", tools=[], managed_agents=[inner], hooks=[hook], name="top")
    assert outer.run("task") == "done"
    late.set()
    wait_for_threads()
    assert sorted(hook.log) == sorted([*TOLD_OF_BOTH, ("step", ("top",))])
    assert hook.log[-1] == ("end", ("top", "sub"))


@pytest.mark.row("F7")
@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("method", ["before_run", "after_step", "after_run"])
@pytest.mark.parametrize("raises_first", [False, True])
def test_hooks_are_told_of_a_run_that_another_hook_interrupts(method, raised, raises_first):
    def interrupt(*args):
        raise raised

    hook, interrupting = LogHook(), RecordingHook()
    setattr(interrupting, method, interrupt)
    hooks = [interrupting, hook] if raises_first else [hook, interrupting]
    with pytest.raises(raised):
        code_agent(tools=[], hooks=hooks).run("task")
    steps = [] if method == "before_run" else ["step"]
    assert [what for what, _ in hook.log] == ["begin", *steps, "end"]


@pytest.mark.row("F7")
@pytest.mark.parametrize("make", [code_agent, tool_calling_agent])
def test_hooks_are_told_of_the_step_in_which_a_stream_is_abandoned(make):
    items = list(make(tools=[], hooks=[LogHook()], planning_interval=1).run("task", stream=True))
    for count in range(1, len(items) + 1):
        hook = LogHook()
        agent = make(tools=[], hooks=[hook], planning_interval=1)
        stream = agent.run("task", stream=True)
        for _ in range(count):
            next(stream)
        try:
            stream.close()
        except RuntimeError as error:  # As without hooks, if a step was going on
            assert "ignored GeneratorExit" in str(error)
        steps = [step for step in agent.memory.steps if not isinstance(step, TaskStep)]
        assert [what for what, _ in hook.log] == ["begin", *["step"] * len(steps), "end"]
        assert [type(error) for error in hook.errors] == [GeneratorExit]


@pytest.mark.row("F7")
def test_a_run_at_the_end_of_the_stack_is_told_to_begin_only_if_it_can_be_told_to_end():
    class Deep(RecordingHook):
        """Needs some stack of its own."""

        def __init__(self):
            super().__init__()
            self.begun = self.ended = 0

        def before_run(self, run):
            require_room(40)
            self.begun += 1

        def after_run(self, run, error):
            require_room(40)
            self.ended += 1

    hook = Deep()
    inner = tool_calling_agent(tools=[], name="sub", description="Helps.")
    program = """
def dig():
    try:
        sub('work')
    except Exception:
        pass
    dig()
try:
    dig()
except Exception:
    pass
"""
    outer = code_agent(program, tools=[], managed_agents=[inner], hooks=[hook])
    assert outer.run("task") == "done"
    assert hook.begun == hook.ended > 1


@pytest.mark.row("F1")
@pytest.mark.parametrize("make", [code_agent, tool_calling_agent])
def test_a_hook_that_is_given_twice_is_asked_and_told_once(make):
    hook = LogHook()
    agent = make(tools=[], hooks=[hook, hook])
    agent.run("task")
    assert agent.hooks == (hook,)
    assert hook.names().count("final_answer") == 1
    assert [what for what, _ in hook.log] == ["begin", "step", "end"]
