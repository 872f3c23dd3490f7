"""The attribute `deadline` of hooks, through real agents: control comes back, and what is left behind does no more."""

import threading

import pytest

from smolagents import ActionStep, CodeAgent, Deny, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from tests.test_time_limit import Effect, Hang, wait_for_threads


class Deadline(RecordingHook):
    """Gives the executions of some names a deadline."""

    def __init__(self, seconds, *names, **kwargs):
        super().__init__(**kwargs)
        self.seconds, self.limited = seconds, names

    def deadline(self, execution, /):
        return self.seconds if execution.name in self.limited else None


@pytest.fixture
def hang():
    tool = Hang()
    yield tool
    tool.release.set()
    wait_for_threads()


both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


def agent_that_calls(kind, *names, tools, hooks, **kwargs):
    """An agent that calls tools, one a step, and then answers."""
    if kind is ToolCallingAgent:
        turns = [[(name, {})] for name in names] + [[("final_answer", {"answer": "done"})]]
    else:
        turns = [code(f"print({name}())") for name in names] + [code("final_answer('done')")]
    return kind(tools=tools, model=ScriptedModel(*turns), hooks=hooks, verbosity_level=0, **kwargs)


def steps_of(agent):
    return [step for step in agent.memory.steps if isinstance(step, ActionStep)]


@both_agents
def test_control_comes_back_while_the_tool_still_hangs(kind, hang, caplog):
    hook = Deadline(0.2, "hang")
    agent = agent_that_calls(kind, "hang", tools=[hang], hooks=[hook])
    assert agent.run("task") == "done"
    assert hang.started.is_set() and not hang.release.is_set()
    outcome = hook.outcome_of("hang")
    assert (outcome.status, outcome.denial.code, outcome.denied_by) == ("timeout", "timeout", "Deadline")
    assert outcome.result is None and outcome.duration >= 0.2
    assert "'hang'" in caplog.text and "left behind" in caplog.text


@both_agents
def test_a_timeout_reaches_the_model_as_an_observation(kind, hang):
    agent = agent_that_calls(kind, "hang", tools=[hang], hooks=[Deadline(0.2, "hang")])
    agent.run("task")
    first = steps_of(agent)[0]
    assert first.error is None
    assert "did not end within 0.2 seconds" in first.observations and "(timeout)" in first.observations


def test_a_program_can_catch_a_timeout_and_go_on(hang):
    program = "try:\n    hang()\nexcept Exception as e:\n    print('caught', e)\nfinal_answer('went on')"
    agent = CodeAgent(
        tools=[hang], model=ScriptedModel(code(program)), hooks=[Deadline(0.2, "hang")], verbosity_level=0
    )
    assert agent.run("task") == "went on"


@both_agents
def test_a_tool_that_is_in_time_gives_its_result(kind):
    hook, effect = Deadline(60, "effect"), Effect()
    agent = agent_that_calls(kind, "effect", tools=[effect], hooks=[hook])
    assert agent.run("task") == "done"
    assert hook.outcome_of("effect").result == "done"
    assert effect.effects == 1


@both_agents
def test_an_error_of_a_tool_that_is_in_time_is_an_error(kind):
    class Failing(Effect):
        name = "failing"

        def forward(self) -> str:
            raise OSError("the disk is on fire")

    hook = Deadline(60, "failing")
    agent = agent_that_calls(kind, "failing", tools=[Failing()], hooks=[hook])
    agent.run("task")
    assert hook.outcome_of("failing").status == "error"
    assert "the disk is on fire" in str(steps_of(agent)[0].error)


@both_agents
def test_the_late_result_is_dropped(kind, hang):
    hook = Deadline(0.2, "hang")
    agent = agent_that_calls(kind, "hang", tools=[hang], hooks=[hook])
    agent.run("task")
    hang.release.set()
    wait_for_threads()
    assert len(hook.asked) == len(hook.told)
    assert "came too late" not in agent.model.read()


@both_agents
@pytest.mark.parametrize("seconds", [[0.2, 60], [60, 0.2], [None, 0.2], [0.2, None]])
def test_the_smallest_deadline_counts(kind, seconds, hang):
    hooks = [Deadline(value, "hang") for value in seconds]
    agent = agent_that_calls(kind, "hang", tools=[hang], hooks=hooks)
    agent.run("task")
    assert not hang.release.is_set()
    assert [hook.outcome_of("hang").status for hook in hooks] == ["timeout", "timeout"]


@both_agents
@pytest.mark.parametrize("seconds", [None, 60, 1e300, float("inf")])
def test_a_deadline_may_be_far_away_or_absent(kind, seconds):
    effect = Effect()
    agent_that_calls(kind, "effect", tools=[effect], hooks=[Deadline(seconds, "effect")]).run("task")
    assert effect.effects == 1


@both_agents
@pytest.mark.parametrize("seconds", [0, -1, float("-inf")])
def test_without_any_time_left_nothing_is_executed(kind, seconds):
    hook, effect = Deadline(seconds, "effect"), Effect()
    agent_that_calls(kind, "effect", tools=[effect], hooks=[hook]).run("task")
    assert effect.effects == 0
    assert hook.outcome_of("effect").status == "timeout"


@both_agents
@pytest.mark.parametrize("answer", [True, False, "soon", float("nan"), Deny("no"), [1], 1j])
def test_a_deadline_that_is_no_number_denies(kind, answer):
    hook, effect = Deadline(answer, "effect"), Effect()
    assert agent_that_calls(kind, "effect", tools=[effect], hooks=[hook]).run("task") == "done"
    assert effect.effects == 0
    outcome = hook.outcome_of("effect")
    assert (outcome.status, outcome.denial.code) == ("denied", "invalid_decision")


@both_agents
def test_a_deadline_method_that_raises_denies(kind, caplog):
    class Broken(RecordingHook):
        def deadline(self, execution, /):
            if execution.name == "effect":
                raise KeyError("password hunter2")

    hook, effect = Broken(), Effect()
    agent = agent_that_calls(kind, "effect", tools=[effect], hooks=[hook])
    assert agent.run("task") == "done"
    assert effect.effects == 0
    assert hook.outcome_of("effect").denial.code == "hook_error"
    assert "hunter2" not in steps_of(agent)[0].observations and "hunter2" in caplog.text


def test_a_deadline_that_is_no_method_is_refused_when_the_agent_is_built():
    hook = RecordingHook()
    hook.deadline = 5
    with pytest.raises(TypeError, match="`deadline` of RecordingHook is 5, expected a method"):
        ToolCallingAgent(tools=[], model=ScriptedModel("x"), hooks=[hook])


@both_agents
def test_a_denied_execution_is_not_asked_for_a_deadline(kind):
    hook = Deadline("nonsense", "effect", before=answering(Deny("no"), "effect"))
    agent_that_calls(kind, "effect", tools=[Effect()], hooks=[hook]).run("task")
    assert hook.outcome_of("effect").denial.code == "denied"


def test_a_deadline_counts_only_for_the_kinds_that_the_hook_wants():
    class CodeOnly(RecordingHook):
        kinds = {"code"}

        def deadline(self, execution, /):
            assert execution.kind == "code"

    effect = Effect()
    agent_that_calls(CodeAgent, "effect", tools=[effect], hooks=[CodeOnly()]).run("task")
    assert effect.effects == 1


def test_a_code_action_has_a_deadline(hang):
    class Hook(RecordingHook):
        def deadline(self, execution, /):
            return 0.2 if "hang" in execution.arguments.get("code", "") else None

    hook = Hook()
    agent = agent_that_calls(CodeAgent, "hang", tools=[hang], hooks=[hook])
    assert agent.run("task") == "done"
    assert not hang.release.is_set()
    first = steps_of(agent)[0]
    assert first.error is None and "(timeout)" in first.observations
    statuses = [outcome.status for execution, outcome in hook.told if execution.kind == "code"]
    assert statuses == ["timeout", "ok"]


def test_an_endless_program_ends_at_the_deadline_of_its_code_action():
    class Hook(RecordingHook):
        def deadline(self, execution, /):
            return 0.2 if "while" in execution.arguments.get("code", "") else None

    program = "while True:\n    try:\n        while True: x = 1\n    finally:\n        continue"
    agent = CodeAgent(
        tools=[],
        model=ScriptedModel(code(program), code("final_answer('went on')")),
        executor_kwargs={"timeout_seconds": None},
        hooks=[Hook()],
        verbosity_level=0,
    )
    assert agent.run("task") == "went on"
    wait_for_threads()


def test_a_parallel_call_that_hangs_leaves_the_results_of_its_siblings(hang):
    effect = Effect()
    model = ScriptedModel(
        [("effect", {}), ("hang", {}), ("effect", {})],
        [("final_answer", {"answer": "done"})],
    )
    agent = ToolCallingAgent(tools=[hang, effect], model=model, hooks=[Deadline(0.2, "hang")], verbosity_level=0)
    assert agent.run("task") == "done"
    assert not hang.release.is_set() and effect.effects == 2
    observations = steps_of(agent)[0].observations
    assert observations.count("done") == 2 and "(timeout)" in observations


def managed(model, *tools, kind=ToolCallingAgent):
    return kind(tools=list(tools), model=model, name="sub", description="Helps.", verbosity_level=0)


def manager_of(sub, kind, hook):
    if kind is ToolCallingAgent:
        turns = [("sub", {"task": "work"})], [("final_answer", {"answer": "done"})]
    else:
        turns = code("print(sub('work'))"), code("final_answer('done')")
    return kind(tools=[], model=ScriptedModel(*turns), managed_agents=[sub], hooks=[hook], verbosity_level=0)


@both_agents
def test_a_managed_agent_that_is_left_behind_takes_no_further_step(kind):
    thinking, release = threading.Event(), threading.Event()

    def think(messages):
        thinking.set()
        while not release.is_set():
            try:
                release.wait()
            except BaseException:  # A client of a model may swallow what ends it
                pass
        return [("effect", {})]

    effect, model = Effect(), ScriptedModel(think, [("effect", {})])
    hook = Deadline(1, "sub")
    agent = manager_of(managed(model, effect), kind, hook)
    assert agent.run("task") == "done"
    assert thinking.is_set() and not release.is_set()
    assert hook.outcome_of("sub").status == "timeout"
    release.set()
    wait_for_threads()
    assert effect.effects == 0
    assert len(model.seen) == 1
    assert "effect" not in hook.names()


@both_agents
def test_the_tool_of_a_managed_agent_that_is_left_behind_is_the_last_thing_it_does(kind, hang):
    effect, model = Effect(), ScriptedModel([("hang", {})], [("effect", {})])
    agent = manager_of(managed(model, hang, effect), kind, Deadline(1, "sub"))
    assert agent.run("task") == "done"
    hang.release.set()
    wait_for_threads()
    assert (effect.effects, len(model.seen)) == (0, 1)


@both_agents
def test_parallel_calls_of_a_managed_agent_that_is_left_behind_hold_nobody_up(kind, hang):
    effect, model = Effect(), ScriptedModel([("hang", {}), ("hang", {})], [("effect", {})])
    agent = manager_of(managed(model, hang, effect), kind, Deadline(1, "sub"))
    assert agent.run("task") == "done"
    assert not hang.release.is_set()
    hang.release.set()
    wait_for_threads()
    assert (effect.effects, len(model.seen)) == (0, 1)


@both_agents
def test_a_managed_code_agent_that_loops_ends_at_the_deadline_of_the_delegation(kind):
    model = ScriptedModel(code("while True:\n    try: effect()\n    finally: continue"))
    hook, effect = Deadline(0.3, "sub"), Effect()
    agent = manager_of(managed(model, effect, kind=CodeAgent), kind, hook)
    assert agent.run("task") == "done"
    wait_for_threads()
    assert len(model.seen) <= 1  # On a slow machine the deadline comes before the model is asked
    assert len(hook.asked) == len(hook.told)


def test_the_time_that_an_inner_execution_waits_for_a_person_does_not_count():
    def ask(execution):
        if execution.name == "effect":
            threading.Event().wait(1.0)  # Longer than the deadline: the person never comes

    effect = Effect()
    sub = managed(ScriptedModel([("effect", {})], [("final_answer", {"answer": "report"})]), effect)
    hook = Deadline(0.5, "sub", before=ask)
    assert manager_of(sub, ToolCallingAgent, hook).run("task") == "done"
    assert effect.effects == 1 and hook.outcome_of("sub").status == "ok"


def test_the_deadlines_of_outer_hooks_hold_for_executions_of_managed_agents(hang):
    sub = managed(ScriptedModel([("hang", {})], [("final_answer", {"answer": "report"})]), hang)
    hook = Deadline(0.2, "hang")
    assert manager_of(sub, ToolCallingAgent, hook).run("task") == "done"
    assert hook.outcome_of("hang").status == "timeout" and hook.outcome_of("sub").status == "ok"


def test_a_hook_that_waits_for_what_it_was_asked_about_is_not_cut_off():
    """Telling hooks takes as long as it takes: what one of them reserved is settled before control comes back."""
    settled = []

    def settle(execution, outcome):
        if execution.name == "effect":
            threading.Event().wait(0.5)
            settled.append(outcome.status)

    agent_that_calls(ToolCallingAgent, "effect", tools=[Effect()], hooks=[Deadline(0.2, "effect", after=settle)]).run(
        "task"
    )
    assert settled == ["ok"]


class Delayed(Tool):
    name = "delayed"
    description = "Runs an agent."
    inputs = {}
    output_type = "string"

    def __init__(self, agent):
        super().__init__()
        self.agent = agent

    def forward(self) -> str:
        return self.agent.run("work")


def test_an_agent_that_a_tool_runs_ends_with_the_tool(hang):
    effect, model = Effect(), ScriptedModel([("hang", {})], [("effect", {})])
    inner = ToolCallingAgent(tools=[hang, effect], model=model, verbosity_level=0)
    agent = agent_that_calls(ToolCallingAgent, "delayed", tools=[Delayed(inner)], hooks=[Deadline(0.2, "delayed")])
    assert agent.run("task") == "done"
    hang.release.set()
    wait_for_threads()
    assert (effect.effects, len(model.seen)) == (0, 1)
