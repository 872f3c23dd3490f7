"""Stops that hold: once a hook has stopped a run, nothing in its tree goes on, whatever it does."""

import itertools
import textwrap
import threading
from types import SimpleNamespace

import pytest

from smolagents import ActionStep, CodeAgent, Deny, Tool, ToolCallingAgent, ToolExecutionStopped
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from tests.test_time_limit import Effect, Hang, wait_for_threads


class Shell(Effect):
    name = "shell"


@pytest.fixture
def hang():
    tool = Hang()
    yield tool
    tool.release.set()
    wait_for_threads()


STOP = Deny("the shell is off limits", code="shell", stop=True)
both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


def code_agent(program, *tools, hook, **kwargs):
    # Without a time limit: only the stop can end the program
    return CodeAgent(
        tools=list(tools),
        model=ScriptedModel(code(textwrap.dedent(program)), code("effect()\nfinal_answer('went on')")),
        executor_kwargs={"timeout_seconds": None},
        hooks=[hook],
        verbosity_level=0,
        **kwargs,
    )


def assert_stopped(agent):
    with pytest.raises(ToolExecutionStopped) as stopped:
        agent.run("task")
    assert stopped.value.denial == STOP
    steps = [step for step in agent.memory.steps if isinstance(step, ActionStep)]
    assert len(steps) == 1
    assert len(agent.model.seen) == 1
    return steps[0]


STUBBORN = {
    "uncaught": "shell()\neffect()",
    "except": """
        try: shell()
        except Exception: pass
        effect()""",
    "finally": """
        try: shell()
        finally: effect()""",
    "finally-return": """
        def f():
            try: shell()
            finally: return 1
        f()
        effect()
        while True: f()""",
    "finally-continue": """
        for i in range(1000):
            try: shell()
            finally: continue
        effect()""",
    "finally-error": """
        try:
            try: shell()
            finally: 1 / 0
        except Exception: pass
        effect()""",
    "endless-finally-continue": """
        while True:
            try: shell()
            finally: continue""",
    "endless-except": """
        while True:
            try: shell()
            except Exception: effect()""",
    "endless-loop-after-it": """
        try: shell()
        except Exception: pass
        while True: pass""",
    "exit-that-returns-true": """
        class Swallow:
            def __enter__(self): return self
            def __exit__(self, *error):
                effect()
                return True
        while True:
            with Swallow(): shell()""",
    "recursion": """
        def f():
            try: shell()
            finally: return f()
        f()""",
    "map": """
        def f(x):
            try: return shell()
            except Exception: return effect()
        list(map(f, range(1000)))
        while True: list(map(f, range(1000)))""",
    "del": """
        class A:
            def __del__(self): effect()
        a = A()
        try: shell()
        except Exception: pass
        del a
        while True: A()""",
    "final-answer": """
        try: shell()
        except Exception: pass
        final_answer('the answer')""",
    "str-of-the-result": """
        class A:
            def __str__(self):
                while True: effect()
        try: shell()
        except Exception: pass
        A()""",
}


@pytest.mark.row("B29")
@pytest.mark.parametrize("program", STUBBORN.values(), ids=STUBBORN)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # `__del__` cannot raise
def test_a_program_does_not_outlive_a_stop(program):
    shell, effect = Shell(), Effect()
    hook = RecordingHook(answering(STOP, "shell"))
    agent = code_agent(program, shell, effect, hook=hook)
    step = assert_stopped(agent)
    wait_for_threads()
    assert (shell.effects, effect.effects) == (0, 0)
    assert "the shell is off limits" in step.observations
    assert len(hook.asked) == len(hook.told)


@pytest.mark.row("B29")
@pytest.mark.parametrize("program", [STUBBORN["uncaught"], STUBBORN["except"]])
def test_without_the_hook_the_same_programs_have_their_effect(program):
    shell, effect = Shell(), Effect()
    agent = CodeAgent(
        tools=[shell, effect],
        model=ScriptedModel(code(textwrap.dedent(program)), code("final_answer('done')")),
        verbosity_level=0,
    )
    assert agent.run("task") == "done"
    assert (shell.effects, effect.effects) == (1, 1)


@pytest.mark.row("B29")
def test_a_stop_from_after_an_execution_holds_as_well():
    shell, effect = Shell(), Effect()
    hook = RecordingHook(after=lambda execution, outcome: STOP if execution.name == "shell" else None)
    agent = code_agent(STUBBORN["endless-finally-continue"], shell, effect, hook=hook)
    assert_stopped(agent)
    wait_for_threads()
    assert (shell.effects, effect.effects) == (1, 0)


@pytest.mark.row("B29")
def test_the_output_of_a_stopped_program_up_to_the_stop_is_in_memory():
    agent = code_agent(
        "print('before')\nshell()\nprint('behind')", Shell(), hook=RecordingHook(answering(STOP, "shell"))
    )
    step = assert_stopped(agent)
    assert "before" in step.observations and "behind" not in step.observations


@pytest.mark.row("B29")
@both_agents
def test_the_next_run_starts_clean(kind):
    stopping = [True]
    hook = RecordingHook(lambda execution: STOP if stopping and execution.name == "shell" else None)
    shell = Shell()
    if kind is ToolCallingAgent:
        turns = [("shell", {})], [("shell", {})], [("final_answer", {"answer": "done"})]
    else:
        turns = code("shell()"), code("shell()"), code("final_answer('done')")
    agent = kind(tools=[shell], model=ScriptedModel(*turns), hooks=[hook], verbosity_level=0)
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    stopping.clear()
    assert agent.run("task") == "done"
    assert shell.effects == 1


@pytest.mark.row("B29")
@both_agents
def test_a_stop_in_a_managed_agent_ends_the_whole_tree(kind):
    shell, effect = Shell(), Effect()
    sub_model = ScriptedModel([("shell", {})], [("effect", {})])
    sub = ToolCallingAgent(tools=[shell, effect], model=sub_model, name="sub", description="Helps.", verbosity_level=0)
    if kind is ToolCallingAgent:
        turns = [("sub", {"task": "work"})], [("effect", {})]
    else:
        turns = code("while True:\n    try: sub('work')\n    finally: continue"), code("effect()")
    agent = kind(
        tools=[effect],
        model=ScriptedModel(*turns),
        managed_agents=[sub],
        hooks=[RecordingHook(answering(STOP, "shell"))],
        verbosity_level=0,
    )
    assert_stopped(agent)
    wait_for_threads()
    assert (shell.effects, effect.effects, len(sub_model.seen)) == (0, 0, 1)


@pytest.mark.row("B29")
def test_a_stop_in_a_managed_agent_ends_the_programs_above_it():
    shell, effect = Shell(), Effect()
    loop = "while True:\n    try: {}\n    finally: continue"
    sub_model = ScriptedModel(code(loop.format("shell()")))
    sub = CodeAgent(tools=[shell], model=sub_model, name="sub", description="Helps.", verbosity_level=0)
    agent = CodeAgent(
        tools=[effect],
        model=ScriptedModel(code(loop.format("sub('work')"))),
        managed_agents=[sub],
        executor_kwargs={"timeout_seconds": None},
        hooks=[RecordingHook(answering(STOP, "shell"))],
        verbosity_level=0,
    )
    assert_stopped(agent)
    wait_for_threads()
    assert (shell.effects, effect.effects, len(sub_model.seen)) == (0, 0, 1)


@pytest.mark.row("B29")
def test_a_stop_does_not_wait_for_a_parallel_call_that_hangs(hang):
    def stop_once_the_sibling_hangs(execution):
        if execution.name == "shell":
            hang.started.wait()
            return STOP

    shell = Shell()
    agent = ToolCallingAgent(
        tools=[shell, hang],
        model=ScriptedModel([("hang", {}), ("shell", {})]),
        hooks=[RecordingHook(stop_once_the_sibling_hangs)],
        verbosity_level=0,
    )
    assert_stopped(agent)
    assert shell.effects == 0 and not hang.release.is_set()


@pytest.mark.row("A36")
def test_a_parallel_managed_agent_takes_no_further_step_after_a_stop():
    thinking, stopped = threading.Event(), threading.Event()

    def think(messages):
        thinking.set()
        stopped.wait()
        return [("effect", {})]

    def stop_once_the_sibling_thinks(execution):
        if execution.name == "shell":
            thinking.wait()
            return STOP

    def note(execution, outcome):
        if execution.name == "shell":
            stopped.set()

    shell, effect, sub_model = Shell(), Effect(), ScriptedModel(think)
    sub = ToolCallingAgent(tools=[effect], model=sub_model, name="sub", description="Helps.", verbosity_level=0)
    agent = ToolCallingAgent(
        tools=[shell],
        model=ScriptedModel([("sub", {"task": "work"}), ("shell", {})]),
        managed_agents=[sub],
        hooks=[RecordingHook(stop_once_the_sibling_thinks, note)],
        verbosity_level=0,
    )
    assert_stopped(agent)
    wait_for_threads()
    assert (shell.effects, effect.effects, len(sub_model.seen)) == (0, 0, 1)


@pytest.mark.row("B29")
def test_what_a_hook_is_being_asked_about_while_another_stops_is_not_executed():
    asked, stopped = threading.Event(), threading.Event()

    def before(execution):
        if execution.name == "effect":
            asked.set()
            stopped.wait()
        if execution.name == "shell":
            asked.wait()
            return STOP

    shell, effect = Shell(), Effect()
    agent = ToolCallingAgent(
        tools=[shell, effect],
        model=ScriptedModel([("effect", {}), ("shell", {})]),
        hooks=[RecordingHook(before)],
        verbosity_level=0,
    )
    latch, tree = agent.hook_dispatcher.deny, []

    def note(run, name, denial, executed=False):  # Called once the stop is latched
        tree.append(run.tree.stop)
        stopped.set()
        return latch(run, name, denial, executed)

    agent.hook_dispatcher.deny = note
    assert_stopped(agent)
    assert tree[0] == STOP
    assert (shell.effects, effect.effects) == (0, 0)


# Row 28: the host renders a result once, inside the action and its time limit

EVIL = """
class Evil:
    def {method}(self):
        {body}
        return 'rendered'
"""


def rendering_agent(program, *tools, seconds=60, hook=None):
    def go_on(messages):
        agent.python_executor.timeout_seconds = 60
        return code("final_answer('went on')")

    agent = CodeAgent(
        tools=list(tools),
        model=ScriptedModel(code(program), go_on),
        executor_kwargs={"timeout_seconds": seconds},
        hooks=[hook or RecordingHook()],
        verbosity_level=0,
    )
    return agent


@pytest.mark.row("B30")
@pytest.mark.parametrize(
    "method, answer",
    [
        ("__str__", "Evil()"),
        ("__str__", "final_answer(Evil())"),
        ("__repr__", "Evil()"),
        ("__repr__", "[Evil()]"),
        ("__repr__", "{'key': (Evil(),)}"),
        ("__repr__", "final_answer([Evil()])"),
    ],
)
def test_an_endless_rendering_of_a_result_is_ended_by_the_time_limit(method, answer):
    program = EVIL.format(method=method, body="while True: pass") + answer
    agent = rendering_agent(program, seconds=0.2)
    assert agent.run("task") == "went on"
    assert "maximum execution time" in str(agent.memory.steps[1].error)


@pytest.mark.row("A28")
@pytest.mark.parametrize("final", [False, True])
def test_a_result_is_rendered_once_and_by_nobody_after_the_step(final):
    rendered = []
    program = "class Evil:\n    def __str__(self):\n        seen()\n        return 'rendered'\n"
    program += "final_answer(Evil())" if final else "Evil()"

    class Seen(Effect):
        name = "seen"

        def forward(self) -> str:
            rendered.append(threading.current_thread().name)
            return ""

    hook = RecordingHook()
    agent = rendering_agent(program, Seen(), hook=hook)
    result = agent.run("task")
    step = agent.memory.steps[1]
    assert "rendered" in step.observations
    for _ in range(3):
        agent.memory.get_full_steps(), str(step.action_output), f"{step.action_output}", repr(step)
    assert len(rendered) == hook.names().count("seen") == 1
    assert rendered[0].startswith("smolagents: ")
    assert (type(result).__name__ == "Evil") is final


@pytest.mark.row("A28")
def test_an_answer_that_is_more_than_plain_data_is_what_the_run_returns():
    class Table:
        rows = 3

    table = Table()
    checked = []
    agent = CodeAgent(
        tools=[],
        model=ScriptedModel(code("final_answer(table)")),
        hooks=[RecordingHook()],
        final_answer_checks=[lambda answer, memory, agent: checked.append(answer) or True],
        verbosity_level=0,
    )
    assert agent.run("task", additional_args={"table": table}) is table
    assert checked == [table]


@pytest.mark.row("A28")
def test_a_result_that_cannot_be_rendered_does_not_end_the_run():
    program = EVIL.format(method="__str__", body="1 / 0") + "Evil()"
    agent = rendering_agent(program)
    assert agent.run("task") == "went on"
    assert "cannot be shown" in agent.memory.steps[1].observations


@pytest.mark.row("A28")
@pytest.mark.parametrize(
    "program",
    [
        "_print_outputs = Evil()",
        "_print_outputs = Evil()\nwhile True: pass",
        "_print_outputs = Evil()\n1 / 0",
        "_print_outputs.value = Evil()",
        "_print_outputs.value = Evil()\nwhile True: pass",
        "_print_outputs = 5",
        "del _print_outputs",
    ],
)
def test_print_outputs_that_a_program_replaced_run_nothing_in_the_host(program):
    shell = Shell()
    program = EVIL.format(method="__str__", body="shell()\n        while True: pass") + program
    agent = rendering_agent(program, shell, seconds=0.3, hook=RecordingHook(answering(Deny("no"), "shell")))
    assert agent.run("task") == "went on"
    assert shell.effects == 0


@pytest.mark.row("A28")
def test_the_report_of_a_managed_agent_runs_nothing_of_its_program_after_its_step():
    program = "class Evil:\n    def __str__(self):\n        seen()\n        return 'rendered'\nfinal_answer(Evil())"
    seen = Effect()
    seen.name = "seen"
    sub = CodeAgent(
        tools=[seen], model=ScriptedModel(code(program)), name="sub", description="Helps.", verbosity_level=0
    )
    hook = RecordingHook()
    agent = CodeAgent(
        tools=[],
        model=ScriptedModel(code("final_answer(sub('work'))")),
        managed_agents=[sub],
        hooks=[hook],
        verbosity_level=0,
    )
    assert "rendered" in agent.run("task")
    assert seen.effects == hook.names().count("seen") == 1


@pytest.mark.row("B36")
def test_an_error_that_a_program_defined_is_not_reachable_from_the_error_of_its_action():
    program = "class E(Exception):\n    def __str__(self):\n        return 'once'\nraise E()"
    hook = RecordingHook()
    agent = rendering_agent(program, hook=hook)
    agent.run("task")
    (error,) = [outcome.error for _, outcome in hook.told if outcome.error is not None]
    assert "once" in str(error)
    assert error.__context__ is None and error.__cause__ is None


@pytest.mark.row("C14")
def test_an_operation_in_c_goes_on_when_the_time_is_up_until_it_is_done(monkeypatch):
    class Numbers(Tool):
        name, description, inputs, output_type = "numbers", "Gives an iterator.", {}, "any"
        iterator = itertools.count()

        def forward(self):
            return self.iterator

        def taken(self):
            return int(repr(self.iterator)[len("count(") : -1])

    numbers, size = Numbers(), 10_000_000
    # The clock of the limit goes by what the operation has done: the time is up in the middle of it, on any machine
    clock = SimpleNamespace(monotonic=lambda: float(numbers.taken() > 0))
    monkeypatch.setattr("smolagents.hook_limits.time", clock)
    program = f"""
from collections import deque
from itertools import repeat
deque(zip(repeat(None, {size}), numbers()), maxlen=0)
while True:
    pass"""
    agent = CodeAgent(
        tools=[numbers],
        model=ScriptedModel(code(program), code("final_answer('went on')")),
        executor_kwargs={"timeout_seconds": 0.02},
        hooks=[RecordingHook()],
        verbosity_level=0,
    )
    assert agent.run("task") == "went on"
    assert "maximum execution time" in str(agent.memory.steps[1].error)
    assert numbers.taken() == size


# The time of managed agents does not count, but what the program itself does in the course of it does

EVIL_ARGUMENT = """
class Evil:
    def __str__(self):
        while True:
            for i in range(1000): pass
    __repr__ = __str__
"""


@pytest.mark.row("B46")
@pytest.mark.parametrize("call", ["sub(Evil())", "sub('work', additional_args={'evil': Evil()})"])
@pytest.mark.parametrize("hooks", [None, [RecordingHook()]], ids=["plain", "guarded"])
def test_a_program_that_goes_on_inside_of_an_agent_that_it_called_is_ended_by_the_time_limit(hooks, call):
    def go_on(messages):
        agent.python_executor.timeout_seconds = 60
        return code("final_answer('went on')")

    answer = [("final_answer", {"answer": "done"})]
    sub = ToolCallingAgent(tools=[], model=ScriptedModel(answer), name="sub", description="Helps.", verbosity_level=0)
    agent = CodeAgent(
        tools=[],
        model=ScriptedModel(code(EVIL_ARGUMENT + call), go_on),
        managed_agents=[sub],
        executor_kwargs={"timeout_seconds": 0.2},
        hooks=hooks,
        verbosity_level=0,
    )
    assert agent.run("task") == "went on"
    assert "maximum execution time" in str(agent.memory.steps[1].error)


@pytest.mark.row("B46")
def test_an_agent_whose_argument_was_evaluated_may_take_its_time(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("smolagents.hook_limits.time", clock)

    def think(messages):
        clock.now += 100
        return [("final_answer", {"answer": "found"})]

    sub = ToolCallingAgent(tools=[], model=ScriptedModel(think), name="sub", description="Helps.", verbosity_level=0)
    program = EVIL.format(method="__str__", body="x = 1") + "final_answer(sub(Evil()))"
    agent = rendering_agent(program, seconds=10)
    agent.managed_agents["sub"] = sub
    assert "found" in agent.run("task")
