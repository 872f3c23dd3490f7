"""The rules of the protocol, each through real agents: what is asked, what is denied, what the model reads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smolagents import (
    ActionStep,
    CodeAgent,
    Deny,
    PlanningStep,
    Tool,
    ToolCallingAgent,
    ToolExecutionDenied,
    ToolExecutionStopped,
)
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.local_python_executor import CodeOutput, PythonExecutor
from smolagents.monitoring import Timing


class Effect(Tool):
    """A tool whose effect is an entry in a list."""

    description = "Has an effect."
    inputs = {"what": {"type": "string", "description": "What to do."}}
    output_type = "string"

    def __init__(self, name: str = "effect"):
        super().__init__()
        self.name = name
        self.effects: list[str] = []

    def forward(self, what: str) -> str:
        self.effects.append(what)
        return f"did {what}"


class Failing(Tool):
    name = "failing"
    description = "Fails."
    inputs = {}
    output_type = "string"

    def forward(self) -> str:
        raise OSError("the disk is on fire")


def tool_calling_agent(*turns, tools, hooks=None, **kwargs):
    return ToolCallingAgent(tools=tools, model=ScriptedModel(*turns), hooks=hooks, verbosity_level=0, **kwargs)


def code_agent(*turns, tools, hooks=None, **kwargs):
    return CodeAgent(
        tools=tools, model=ScriptedModel(*map(code, turns)), hooks=hooks, verbosity_level=0, max_steps=5, **kwargs
    )


def either_agent(kind, tool, hooks):
    """An agent of either class that calls the tool once and then answers."""
    if kind is ToolCallingAgent:
        turns = [(tool.name, {"what": "this"})], [("final_answer", {"answer": "done"})]
        return tool_calling_agent(*turns, tools=[tool], hooks=hooks)
    return code_agent(f"{tool.name}('this')", "final_answer('done')", tools=[tool], hooks=hooks)


both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


def steps_of(agent):
    return [step for step in agent.memory.steps if isinstance(step, ActionStep)]


# Rule 1: None means no objection, and everything else denies


@both_agents
def test_a_hook_without_objection_lets_the_tool_run(kind):
    hook, tool = RecordingHook(), Effect()
    assert either_agent(kind, tool, [hook]).run("task") == "done"
    assert tool.effects == ["this"]
    assert hook.outcome_of("effect").result == "did this"


@both_agents
@pytest.mark.parametrize(
    "answer, expected",
    [
        (Deny("not today", code="calendar"), "calendar"),
        (False, "invalid_decision"),
        (True, "invalid_decision"),
        ("no", "invalid_decision"),
        (0, "invalid_decision"),
        ({}, "invalid_decision"),
        (Deny, "invalid_decision"),
    ],
)
def test_any_answer_but_none_denies(kind, answer, expected):
    hook, tool = RecordingHook(answering(answer, "effect")), Effect()
    agent = either_agent(kind, tool, [hook])
    assert agent.run("task") == "done"
    assert tool.effects == []
    outcome = hook.outcome_of("effect")
    assert (outcome.status, outcome.denial.code, outcome.denied_by) == ("denied", expected, "RecordingHook")


@both_agents
def test_a_hook_that_raises_denies_and_tells_only_the_type_of_its_exception(kind, caplog):
    def fail(execution):
        if execution.name == "effect":
            raise KeyError("password hunter2")

    tool = Effect()
    agent = either_agent(kind, tool, [RecordingHook(fail)])
    assert agent.run("task") == "done"
    assert tool.effects == []
    observations = steps_of(agent)[0].observations
    assert "KeyError" in observations and "hook_error" in observations
    assert "hunter2" not in observations
    assert "hunter2" in caplog.text


@both_agents
def test_a_coroutine_as_an_answer_denies(kind):
    class Asynchronous(RecordingHook):
        async def before_tool_execution(self, execution, /):
            return None

    tool = Effect()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        either_agent(kind, tool, [Asynchronous()]).run("task")
    assert tool.effects == []


# Rule 2: every hook is asked, the most severe denial counts, `after` runs in reverse for those that were asked


@both_agents
def test_every_hook_is_asked_also_after_another_has_denied(kind):
    order = []
    hooks = [
        RecordingHook(
            lambda execution, n=n: order.append(("before", n)) or (Deny("no") if n == 0 else None),
            lambda execution, outcome, n=n: order.append(("after", n)),
        )
        for n in range(3)
    ]
    agent = either_agent(kind, Effect(), hooks)
    del order[:]
    agent.run("task")
    about_effect = order[:6] if kind is ToolCallingAgent else None
    if about_effect:
        assert about_effect == [("before", 0), ("before", 1), ("before", 2), ("after", 2), ("after", 1), ("after", 0)]
    assert all([len(hook.asked) == len(hook.told) for hook in hooks])
    assert hooks[0].names() == hooks[1].names() == hooks[2].names()


@both_agents
def test_the_first_of_several_denials_counts(kind):
    hooks = [RecordingHook(answering(Deny(text, code=text), "effect")) for text in ("first", "second")]
    either_agent(kind, Effect(), hooks).run("task")
    assert [hook.outcome_of("effect").denial.code for hook in hooks] == ["first", "first"]


@both_agents
def test_a_stop_counts_more_than_an_earlier_denial(kind):
    hooks = [
        RecordingHook(answering(Deny("no"), "effect")),
        RecordingHook(answering(Deny("end", stop=True), "effect")),
    ]
    tool = Effect()
    agent = either_agent(kind, tool, hooks)
    with pytest.raises(ToolExecutionStopped) as stopped:
        agent.run("task")
    assert stopped.value.denial.reason == "end"
    assert tool.effects == []
    assert len(steps_of(agent)) == 1


@both_agents
def test_after_is_told_once_when_an_execution_fails(kind):
    hook = RecordingHook()
    agent = (
        tool_calling_agent([("failing", {})], [("final_answer", {"answer": "done"})], tools=[Failing()], hooks=[hook])
        if kind is ToolCallingAgent
        else code_agent("failing()", "final_answer('done')", tools=[Failing()], hooks=[hook])
    )
    agent.run("task")
    outcome = hook.outcome_of("failing")
    assert outcome.status == "error" and isinstance(outcome.error, OSError)
    assert len(hook.asked) == len(hook.told)


def test_the_hooks_that_were_asked_are_told_when_a_later_hook_is_interrupted():
    def interrupt(execution):
        raise KeyboardInterrupt

    first, second, third = RecordingHook(), RecordingHook(interrupt), RecordingHook()
    tool = Effect()
    agent = either_agent(ToolCallingAgent, tool, [first, second, third])
    with pytest.raises(KeyboardInterrupt):
        agent.run("task")
    assert [len(hook.told) for hook in (first, second, third)] == [1, 1, 0]
    assert tool.effects == []


# Rule 3: a denial from `after` withholds the result


@both_agents
def test_a_denial_after_the_execution_withholds_the_result(kind):
    hook = RecordingHook(after=lambda execution, outcome: Deny("secret") if execution.name == "effect" else None)
    tool = Effect()
    agent = either_agent(kind, tool, [hook])
    assert agent.run("task") == "done"
    assert tool.effects == ["this"]
    assert "did this" not in agent.model.read()
    assert "withheld" in steps_of(agent)[0].observations


@both_agents
def test_a_hook_that_raises_after_the_execution_withholds_the_result(kind):
    def fail(execution, outcome):
        if execution.name == "effect":
            raise ValueError

    agent = either_agent(kind, Effect(), [RecordingHook(after=fail)])
    agent.run("task")
    assert "did this" not in agent.model.read()


def test_a_denial_after_a_code_action_withholds_its_output_and_its_logs():
    hook = RecordingHook(after=lambda execution, outcome: Deny("secret") if "xyzzy" in str(outcome.result) else None)
    agent = code_agent("print('xyz' + 'zy')\n'xyz' + 'zy'", "final_answer('done')", tools=[], hooks=[hook])
    assert agent.run("task") == "done"
    assert "xyzzy" not in agent.model.read()


def test_a_denial_after_a_code_action_that_failed_withholds_its_logs():
    hook = RecordingHook(after=lambda execution, outcome: Deny("secret") if "xyzzy" in str(outcome.result) else None)
    agent = code_agent("print('xyz' + 'zy')\n1 / 0", "final_answer('done')", tools=[], hooks=[hook])
    assert agent.run("task") == "done"
    assert "xyzzy" not in agent.model.read()


# Rule 4: the outcome does not depend on order, and adding a hook only removes behaviour

NAMES = ["alpha", "beta", "gamma", "delta"]


def executed_with(denied_names_by_hook):
    tools = [Effect(name) for name in NAMES]
    hooks = [RecordingHook(answering(Deny("no"), *names)) for names in denied_names_by_hook]
    program = "\n".join(f"try:\n    {name}('x')\nexcept Exception:\n    pass" for name in NAMES)
    code_agent(program, "final_answer('done')", tools=tools, hooks=hooks).run("task")
    return {tool.name for tool in tools if tool.effects}


sets_of_names = st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(hooks=sets_of_names, data=st.data())
def test_every_order_of_hooks_allows_the_same_executions(hooks, data):
    assert executed_with(hooks) == executed_with(data.draw(st.permutations(hooks)))


@settings(max_examples=40, deadline=None)
@given(hooks=sets_of_names, added=st.sets(st.sampled_from(NAMES)))
def test_adding_a_hook_never_allows_a_new_execution(hooks, added):
    assert executed_with([*hooks, added]) <= executed_with(hooks)


# Rule 5: a denial is an observation, never an error


@both_agents
def test_the_model_reads_the_reason_of_a_denial_as_an_observation(kind):
    agent = either_agent(kind, Effect(), [RecordingHook(answering(Deny("mail stays inside", code="dlp"), "effect"))])
    assert agent.run("task") == "done"
    first, _ = steps_of(agent)
    assert first.error is None
    assert "mail stays inside" in first.observations and "dlp" in first.observations
    assert "mail stays inside" in agent.model.read()
    assert "Now let's retry" not in agent.model.read()


def test_a_denied_parallel_call_leaves_the_observations_of_its_siblings():
    turns = [[("effect", {"what": "one"}), ("other", {"what": "two"}), ("effect", {"what": "three"})]]
    turns.append([("final_answer", {"answer": "done"})])
    denied, other = Effect(), Effect("other")
    hook = RecordingHook(answering(Deny("no"), "effect"))
    agent = tool_calling_agent(*turns, tools=[denied, other], hooks=[hook])
    assert agent.run("task") == "done"
    observations = steps_of(agent)[0].observations
    assert "did two" in observations
    assert observations.count("was denied") == 2
    assert (denied.effects, other.effects) == ([], ["two"])


def test_a_call_whose_id_a_later_one_has_is_not_made_and_that_is_logged(capsys):
    class SameIds(ScriptedModel):
        def generate(self, *args, **kwargs):
            message = super().generate(*args, **kwargs)
            for call in message.tool_calls:
                call.id = "same"
            return message

    hook, tool = RecordingHook(), Effect()
    model = SameIds([("effect", {"what": "1"}), ("effect", {"what": "2"})], [("final_answer", {"answer": "done"})])
    ToolCallingAgent(tools=[tool], model=model, hooks=[hook], verbosity_level=0).run("task")
    assert tool.effects == ["2"] and hook.asked_about("effect").arguments == {"what": "2"}
    assert "call of 'effect' is not made" in capsys.readouterr().out


def test_a_program_can_catch_a_denial_and_go_on():
    program = "try:\n    effect('x')\nexcept Exception as e:\n    print('caught', e)\nprint('went on')"
    agent = code_agent(
        program, "final_answer('done')", tools=[Effect()], hooks=[RecordingHook(answering(Deny("no"), "effect"))]
    )
    agent.run("task")
    observations = steps_of(agent)[0].observations
    assert "caught" in observations and "went on" in observations


def test_a_denial_that_a_program_swallows_is_named_in_the_observations_with_a_count():
    program = "for i in range(50):\n    try:\n        effect('x')\n    except Exception:\n        pass"
    hook = RecordingHook(answering(Deny("no effects"), "effect"))
    agent = code_agent(program, "final_answer('done')", tools=[Effect()], hooks=[hook])
    agent.run("task")
    observations = steps_of(agent)[0].observations
    assert observations.count("no effects") == 1
    assert "(50 times)" in observations


def test_many_different_denials_are_capped_with_a_count():
    program = "for i in range(50):\n    try:\n        effect(str(i))\n    except Exception:\n        pass"
    hook = RecordingHook(lambda e: Deny(f"no {e.arguments['what']}") if e.name == "effect" else None)
    agent = code_agent(program, "final_answer('done')", tools=[Effect()], hooks=[hook])
    agent.run("task")
    observations = steps_of(agent)[0].observations
    assert observations.count("was denied") == 10
    assert "40 more denials" in observations


def test_a_denial_is_named_also_when_the_program_fails_afterwards():
    program = "try:\n    effect('x')\nexcept Exception:\n    pass\n1 / 0"
    hook = RecordingHook(answering(Deny("no effects"), "effect"))
    agent = code_agent(program, "final_answer('done')", tools=[Effect()], hooks=[hook])
    agent.run("task")
    first = steps_of(agent)[0]
    assert "no effects" in first.observations
    assert "ZeroDivisionError" in str(first.error)


def test_an_uncaught_denial_ends_the_code_action_but_not_as_an_error():
    tool = Effect()
    hook = RecordingHook(lambda e: Deny("no") if e.arguments.get("what") == "bad" else None)
    agent = code_agent(
        "print('before')\neffect('bad')\neffect('after')", "final_answer('done')", tools=[tool], hooks=[hook]
    )
    agent.run("task")
    first = steps_of(agent)[0]
    assert first.error is None
    assert "before" in first.observations
    assert tool.effects == []


def test_a_denied_code_action_runs_not_one_statement():
    tool = Effect()
    hook = RecordingHook(lambda e: Deny("no code") if e.kind == "code" and "effect" in e.arguments["code"] else None)
    agent = code_agent("print('leak')\neffect('x')", "final_answer('done')", tools=[tool], hooks=[hook])
    assert agent.run("task") == "done"
    first = steps_of(agent)[0]
    assert tool.effects == [] and first.error is None
    assert "leak" not in first.observations and "no code" in first.observations


# Rule 12: a final answer counts only if the hooks let it through


@both_agents
def test_a_denied_final_answer_is_not_final(kind):
    def before(execution):
        return Deny("say it nicely") if execution.arguments.get("answer") == "rude" else None

    agent = (
        tool_calling_agent(
            [("final_answer", {"answer": "rude"})],
            [("final_answer", {"answer": "nice"})],
            tools=[],
            hooks=[RecordingHook(before)],
        )
        if kind is ToolCallingAgent
        else code_agent("final_answer('rude')", "final_answer('nice')", tools=[], hooks=[RecordingHook(before)])
    )
    assert agent.run("task") == "nice"
    assert "say it nicely" in steps_of(agent)[0].observations


@both_agents
def test_an_answer_written_at_max_steps_is_dispatched_as_a_final_answer(kind):
    hook, tool = RecordingHook(), Effect()
    if kind is ToolCallingAgent:
        agent = tool_calling_agent([("effect", {"what": "x"})], "the end", tools=[tool], hooks=[hook])
    else:
        agent = CodeAgent(
            tools=[tool], model=ScriptedModel(code("effect('x')"), "the end"), hooks=[hook], verbosity_level=0
        )
    assert agent.run("task", max_steps=1) == "the end"
    assert hook.asked_about("final_answer").arguments == {"answer": "the end"}


@both_agents
def test_an_answer_that_is_denied_at_max_steps_is_replaced_by_the_reason(kind):
    hook = RecordingHook(answering(Deny("no endings"), "final_answer"))
    if kind is ToolCallingAgent:
        agent = tool_calling_agent([("effect", {"what": "x"})], "the end", tools=[Effect()], hooks=[hook])
    else:
        agent = CodeAgent(
            tools=[Effect()], model=ScriptedModel(code("effect('x')"), "the end"), hooks=[hook], verbosity_level=0
        )
    output = agent.run("task", max_steps=1)
    assert "no endings" in output and "the end" not in output
    assert steps_of(agent)[-1].action_output == output


def test_an_answer_that_names_a_second_state_variable_is_checked_with_its_value():
    hook = RecordingHook(lambda e: Deny("secret") if e.arguments.get("answer") == "hunter2" else None)
    agent = tool_calling_agent(
        [("final_answer", {"answer": "a"})], [("final_answer", {"answer": "done"})], tools=[], hooks=[hook]
    )
    assert agent.run("task", additional_args={"a": "b", "b": "hunter2"}) == "done"


class Elsewhere(PythonExecutor):
    """An executor that runs code out of reach, as remote ones do."""

    def send_tools(self, tools): ...

    def send_variables(self, variables): ...

    def __call__(self, code_action):
        return CodeOutput(output=code_action, logs="", is_final_answer=True)


def test_a_hook_that_wants_more_than_an_executor_delivers_is_refused_when_the_agent_is_built():
    with pytest.raises(ValueError, match="Elsewhere delivers code actions only.*kinds = {'code'}"):
        code_agent("1", tools=[], hooks=[RecordingHook()], executor=Elsewhere())


def test_an_executor_that_was_swapped_is_refused_when_the_agent_runs():
    agent = code_agent("1", tools=[], hooks=[RecordingHook()])
    agent.python_executor = Elsewhere()
    with pytest.raises(ValueError, match="Elsewhere delivers code actions only"):
        agent.run("task")


def test_the_code_action_of_an_executor_elsewhere_is_guarded():
    hook = RecordingHook(lambda e: Deny("no") if "rude" in e.arguments["code"] else None)
    hook.kinds = {"code"}
    agent = code_agent("'rude'", "'nice'", tools=[], hooks=[hook], executor=Elsewhere())
    assert agent.run("task") == "'nice'"


def test_tools_that_the_host_sends_outside_of_a_run_are_guarded():
    tool, hook = Effect(), RecordingHook(answering(Deny("no"), "effect"))
    agent = code_agent("effect('x')", tools=[tool], hooks=[hook])
    agent.python_executor.send_tools(agent.tools)
    agent.step(ActionStep(step_number=1, timing=Timing(start_time=0)))
    assert tool.effects == [] and hook.outcome_of("effect").status == "denied"


def test_a_tool_whose_name_a_function_of_the_executor_takes_is_refused():
    with pytest.raises(ValueError, match="filter cannot be guarded.*another name"):
        code_agent("1", tools=[Effect("filter")], hooks=[RecordingHook()]).run("task")


# What an execution says of itself


@both_agents
def test_an_execution_says_where_it_belongs(kind):
    hook = RecordingHook()
    either_agent(kind, Effect(), [hook]).run("task")
    effect, answer = hook.asked_about("effect"), hook.asked_about("final_answer")
    assert effect.kind == "tool"
    assert effect.arguments == {"what": "this"}
    assert effect.agent_path == (kind.__name__,)
    assert (effect.step_number, answer.step_number) == (1, 2)
    assert effect.run_id == answer.run_id and effect.id != answer.id
    if kind is CodeAgent:
        first_code = hook.asked[0]
        assert (first_code.kind, first_code.name) == ("code", "python_interpreter")
        assert first_code.arguments == {"code": "effect('this')"}
        assert effect.parent_id == first_code.id
    else:
        assert effect.parent_id is None


@both_agents
def test_each_run_has_an_id_of_its_own(kind):
    hook = RecordingHook()
    agent = either_agent(kind, Effect(), [hook])
    agent.run("task")
    agent.run("task")
    assert len({execution.run_id for execution in hook.asked}) == 2


@pytest.mark.parametrize("manager_kind", [ToolCallingAgent, CodeAgent])
@pytest.mark.parametrize("worker_kind", [ToolCallingAgent, CodeAgent])
def test_a_managed_agent_is_asked_about_and_so_is_what_it_does(manager_kind, worker_kind):
    hook, tool = RecordingHook(), Effect()
    worker = either_agent(worker_kind, tool, None)
    worker.name, worker.description = "worker", "Works."
    turns = (
        ([("worker", {"task": "work"})], [("final_answer", {"answer": "done"})])
        if manager_kind is ToolCallingAgent
        else (code("worker(task='work')"), code("final_answer('done')"))
    )
    manager = manager_kind(
        tools=[], model=ScriptedModel(*turns), managed_agents=[worker], hooks=[hook], name="manager", verbosity_level=0
    )
    assert manager.run("task") == "done"
    delegation, effect = hook.asked_about("worker"), hook.asked_about("effect")
    assert (delegation.kind, delegation.arguments) == ("agent", {"task": "work"})
    assert effect.agent_path == ("manager", "worker")
    assert effect.run_id == delegation.run_id
    parents = {execution.id: execution.parent_id for execution in hook.asked}
    chain = [effect.id]
    while parents[chain[-1]] is not None:
        chain.append(parents[chain[-1]])
    assert delegation.id in chain
    assert tool.effects == ["this"]


def test_the_hooks_of_a_manager_and_of_its_worker_are_each_asked_once():
    outer, shared, inner, tool = RecordingHook(), RecordingHook(), RecordingHook(), Effect()
    worker = either_agent(CodeAgent, tool, [shared, inner])
    worker.name, worker.description = "worker", "Works."
    manager = code_agent(
        "worker(task='work')", "final_answer('done')", tools=[], managed_agents=[worker], hooks=[outer, shared]
    )
    manager.run("task")
    assert [hook.names().count("effect") for hook in (outer, shared, inner)] == [1, 1, 1]


# What a hook may be


@pytest.mark.parametrize(
    "hooks, error, message",
    [
        (RecordingHook(), TypeError, "expected a list of hooks"),
        ([RecordingHook], TypeError, "expected an instance"),
        ([object()], TypeError, "has no method `before_tool_execution`"),
        ([lambda execution: None], TypeError, "has no method"),
    ],
)
def test_what_is_no_list_of_hooks_is_refused_when_the_agent_is_built(hooks, error, message):
    with pytest.raises(error, match=message):
        code_agent("1", tools=[], hooks=hooks)


@pytest.mark.parametrize("kinds", ["code", {"tools"}, ["tool", "shell"]])
def test_kinds_that_do_not_exist_are_refused_when_the_agent_is_built(kinds):
    hook = RecordingHook()
    hook.kinds = kinds
    with pytest.raises(ValueError, match="`kinds` of RecordingHook"):
        code_agent("1", tools=[], hooks=[hook])


@both_agents
def test_a_hook_is_asked_only_about_the_kinds_it_wants(kind):
    hook = RecordingHook()
    hook.kinds = {"code"}
    either_agent(kind, Effect(), [hook]).run("task")
    assert set(hook.names()) <= {"python_interpreter"}


@both_agents
def test_the_hooks_of_an_agent_cannot_be_swapped_unnoticed(kind):
    agent = either_agent(kind, Effect(), [RecordingHook()])
    with pytest.raises(AttributeError):
        agent.hooks = []


def test_a_run_whose_stream_is_abandoned_is_over():
    leaked = []
    tool, hook = Effect(), RecordingHook()
    agent = code_agent("kept = effect", tools=[tool], hooks=[hook])
    stream = agent.run("task", stream=True)
    for item in stream:
        if isinstance(item, ActionStep):
            break
    leaked.append(agent.python_executor.state["kept"])
    try:
        stream.close()
    except RuntimeError:  # Upstream's generator yields in a `finally`
        pass
    with pytest.raises(ToolExecutionDenied):
        leaked[0]("x")
    assert tool.effects == []


def test_a_consumer_of_a_stream_is_outside_of_the_run():
    hook, tool = RecordingHook(), Effect()
    agent = code_agent("effect('x')", "final_answer('done')", tools=[tool], hooks=[hook])
    other = code_agent("effect('y')", "final_answer('done')", tools=[tool])
    for item in agent.run("task", stream=True):
        if isinstance(item, ActionStep):
            other.run("task")
    assert "y" in tool.effects
    assert all(execution.arguments.get("what") != "y" for execution in hook.asked)


# After each step


def test_a_hook_is_told_of_every_step_that_is_in_memory_and_can_stop_the_run():
    class Budget(RecordingHook):
        def __init__(self):
            super().__init__()
            self.steps = []

        def after_step(self, step):
            assert step in agent.memory.steps
            self.steps.append(type(step))
            if len(self.steps) == 3:
                return Deny("budget spent")

    hook, tool = Budget(), Effect()
    agent = code_agent("effect('x')", tools=[tool], hooks=[hook])
    with pytest.raises(ToolExecutionStopped, match="budget spent"):
        agent.run("task")
    assert tool.effects == ["x", "x", "x"]
    assert len(steps_of(agent)) == 3


def test_a_step_that_gave_the_answer_is_answered_although_a_hook_stops_after_it():
    hook = RecordingHook()
    hook.after_step = lambda step: Deny("budget spent")
    agent = code_agent("final_answer('done')", tools=[], hooks=[hook])
    assert agent.run("task") == "done"


def test_a_planning_step_can_stop_the_run_before_the_next_model_call():
    hook = RecordingHook()
    hook.after_step = lambda step: Deny("no plans") if isinstance(step, PlanningStep) else None
    agent = code_agent("final_answer('done')", tools=[], hooks=[hook], planning_interval=1)
    with pytest.raises(ToolExecutionStopped, match="no plans"):
        agent.run("task")
    assert len(agent.model.seen) == 1
    assert isinstance(agent.memory.steps[-1], PlanningStep)


# A stop


@both_agents
def test_after_a_stop_nothing_runs_and_the_next_run_starts_clean(kind):
    tool = Effect()
    hook = RecordingHook(answering(Deny("enough", stop=True), "effect"))
    agent = either_agent(kind, tool, [hook])
    with pytest.raises(ToolExecutionStopped) as stopped:
        agent.run("task")
    assert stopped.value.denial == Deny("enough", stop=True)
    hook.before = lambda execution: None
    agent.model.seen.clear()
    assert agent.run("task") == "done"
    assert tool.effects == ["this"]


def test_a_program_cannot_go_on_after_it_swallowed_a_stop():
    bad, good = Effect("bad"), Effect("good")
    program = """
for i in range(3):
    for tool in (bad, good):
        try:
            tool('x')
        except Exception:
            pass
"""
    agent = code_agent(program, tools=[bad, good], hooks=[RecordingHook(answering(Deny("end", stop=True), "bad"))])
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    assert (bad.effects, good.effects) == ([], [])


def test_a_stop_in_a_managed_agent_ends_the_outermost_run():
    tool = Effect()
    worker = either_agent(CodeAgent, tool, None)
    worker.name, worker.description = "worker", "Works."
    program = "try:\n    worker(task='work')\nexcept Exception:\n    pass"
    manager = code_agent(
        program,
        "final_answer('done')",
        tools=[],
        managed_agents=[worker],
        hooks=[RecordingHook(answering(Deny("end", stop=True), "effect"))],
    )
    with pytest.raises(ToolExecutionStopped):
        manager.run("task")
    assert tool.effects == []


# No hooks


@both_agents
def test_without_hooks_a_tool_raises_no_denial_and_memory_says_nothing_of_one(kind):
    tool = Effect()
    agent = either_agent(kind, tool, None)
    assert agent.run("task") == "done"
    assert agent.hooks == ()
    assert tool.effects == ["this"]
    assert "Denied" not in str([step.observations for step in steps_of(agent)])


def test_a_denial_reaches_generated_code_as_an_exception_that_carries_it():
    program = "try:\n    effect('x')\nexcept Exception as e:\n    found = e"
    hook = RecordingHook(answering(Deny("no", code="x"), "effect"))
    agent = code_agent(program, "final_answer('done')", tools=[Effect()], hooks=[hook])
    agent.run("task")
    found = agent.python_executor.state["found"]
    assert isinstance(found, ToolExecutionDenied)
    assert found.denial == Deny("no", code="x")
