"""Limits on real agents: what is used is counted once, no limit is passed, and a run that is at its end can answer."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from smolagents import CodeAgent, Deny, Tool, ToolCallingAgent, ToolExecutionStopped
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.memory import ActionStep
from smolagents.models import ChatMessageStreamDelta
from smolagents.policy import Policy, PolicyHook

from .limits import Clock, policy_of


TOKENS = 15  # That a call of ScriptedModel says it used


class Tick(Tool):
    name = "tick"
    description = "Counts how often it is run."
    inputs = {"label": {"type": "string", "description": "Anything."}}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.runs = []
        self._tell_at, self._tell = 0, lambda: None

    def after(self, count, tell):
        self._tell_at, self._tell = count, tell

    def forward(self, label: str) -> str:
        self.runs.append(label)
        if len(self.runs) == self._tell_at:
            self._tell()
        return label


class WaitFor(Tool):
    name = "wait_for"
    description = "Comes back when it is told to."
    inputs = {}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.event = threading.Event()

    def forward(self) -> str:
        self.event.wait(60)
        return "now"


class Hang(Tool):
    name = "hang"
    description = "Never comes back by itself."
    inputs = {}
    output_type = "string"

    def __init__(self):
        super().__init__()
        self.release = threading.Event()

    def forward(self) -> str:
        self.release.wait()


class StreamingModel(ScriptedModel):
    """Says its turns in two pieces, with the tokens of each."""

    def generate_stream(self, messages, **kwargs):
        message = self.generate(messages, **kwargs)
        usage = message.token_usage
        half = len(message.content) // 2
        yield ChatMessageStreamDelta(content=message.content[:half])
        yield ChatMessageStreamDelta(content=message.content[half:], token_usage=usage)


ANSWER = [("final_answer", {"answer": "done"})]


def tool_calling(*turns, tools=(), hooks=(), **kwargs):
    return ToolCallingAgent(
        tools=list(tools), model=ScriptedModel(*turns), hooks=list(hooks), verbosity_level=0, **kwargs
    )


def coding(*programs, tools=(), hooks=(), model=None, **kwargs):
    model = model or ScriptedModel(*(code(program) for program in programs))
    return CodeAgent(tools=list(tools), model=model, hooks=list(hooks), verbosity_level=0, **kwargs)


def ticks(*labels):
    return [("tick", {"label": label}) for label in labels]


# Calls


@pytest.mark.usefixtures("counting_gives_way")
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_attempts_of_agents_in_two_hundred_threads_run_exactly_as_many_as_allowed(seed):
    chance = random.Random(seed)
    limit = chance.randint(100, 400)
    tick, begun = Tick(), []
    all_have_begun = threading.Barrier(10, timeout=60)

    def turn_of(number):
        def turn(messages):
            begun.append(number)
            all_have_begun.wait()
            return ticks(*(f"{number}/{call}" for call in range(999)))

        return turn

    workers = [
        tool_calling(
            turn_of(number), ANSWER, tools=[tick], name=f"worker_{number}", description="Works.", max_tool_threads=20
        )
        for number in range(10)
    ]
    delegations = [(worker.name, {"task": "work"}) for worker in workers]
    hook, recorder = PolicyHook(policy_of(tool_calls=limit)), RecordingHook()
    manager = tool_calling(delegations, ANSWER, managed_agents=workers, hooks=[hook, recorder], max_tool_threads=10)
    assert manager.run("task") == "done"
    assert len([name for name in recorder.names() if name != "final_answer"]) == 10_000
    assert len(begun) + len(tick.runs) == limit


@pytest.mark.usefixtures("counting_gives_way")
def test_calls_that_the_host_makes_outside_of_a_run_are_limited_for_the_session():
    tick, start = Tick(), threading.Barrier(50, timeout=60)
    agent = tool_calling(tools=[tick], hooks=[PolicyHook(policy_of(tool_calls=100, scope="session"))])

    def call(number):
        start.wait()
        for _ in range(10):
            agent.execute_tool_call("tick", {"label": str(number)})

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(call, range(50)))
    assert len(tick.runs) == 100


@pytest.mark.parametrize("seed", range(3))
def test_no_limit_is_passed_when_calls_fail_or_others_refuse_them(seed):
    chance = random.Random(seed)
    labels = [f"{chance.choice(['ok', 'no'])} {number}" for number in range(500)]
    tick = Tick()
    other = RecordingHook(lambda about: Deny("no") if "no" in about.arguments.get("label", "") else None)
    hook = PolicyHook(policy_of(tool_calls=100))
    agent = tool_calling(
        ticks(*labels), ticks(*(f"ok later {number}" for number in range(200))), ANSWER,
        tools=[tick], hooks=[hook, other], max_tool_threads=50,
    )  # fmt: skip
    assert agent.run("task") == "done"
    assert len(tick.runs) == 100 and not any("no" in label for label in tick.runs)


def test_the_delegation_and_the_calls_of_the_agent_count_together():
    tick = Tick()
    worker = coding("for i in range(9):\n    tick(str(i))", tools=[tick], name="worker", description="Works.")
    hook = PolicyHook(policy_of(tool_calls=9, per_tool={"work*": 1}))
    worker.model = ScriptedModel(code("for i in range(5):\n    tick(str(i))"), code("final_answer('worked')"))
    programs = ["worker('work')", "worker('more')", "for i in range(9):\n    tick(str(i))", "final_answer('done')"]
    manager = coding(*programs, tools=[tick], managed_agents=[worker], hooks=[hook])
    assert manager.run("task") == "done"
    assert len(tick.runs) == 8
    assert len(worker.model.seen) == 2


# Tokens


def tokens_counted(agent_with, *, runs=1, **run):
    """What is counted of the runs of an agent, which is made with a hook."""
    hook = PolicyHook(policy_of(tokens=10**9, scope="session"))
    agent = agent_with(hook)
    for _ in range(runs):
        answer = agent.run("task", **run)
        if run.get("stream"):
            list(answer)
    return hook.budgets._session[0].tokens


def calls_of(*models):
    return sum(len(model.seen) for model in models)


def test_every_step_of_every_agent_is_counted_once():
    inner = coding("1 + 1", "final_answer('found')", name="inner", description="Works.")
    middle = tool_calling(
        [("inner", {"task": "go"})], ANSWER, managed_agents=[inner], name="middle", description="Works."
    )
    outer = []

    def agent_with(hook):
        programs = ["middle('go')\nmiddle('go')", "not python", "final_answer('done')"]
        outer.append(coding(*programs, managed_agents=[middle], hooks=[hook, RecordingHook()]))
        return outer[0]

    counted = tokens_counted(agent_with, runs=2, reset=False)
    calls = calls_of(outer[0].model, middle.model, inner.model)
    assert calls == 9 and counted == calls * TOKENS


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("stream_outputs", [True, False])
def test_plans_are_counted_once(streams, stream_outputs):
    agents = []

    def agent_with(hook):
        turns = ["The plan.", code("1 + 1"), "Another plan.", code("2 + 2"), "A third.", code("final_answer('done')")]
        model = StreamingModel(*turns)
        agents.append(coding(model=model, hooks=[hook], planning_interval=1, stream_outputs=stream_outputs))
        return agents[0]

    assert tokens_counted(agent_with, stream=streams) == 6 * TOKENS
    assert calls_of(agents[0].model) == 6


@pytest.mark.parametrize("streams", [True, False])
def test_the_answer_at_max_steps_is_counted_once(streams):
    agents = []

    def agent_with(hook):
        agents.append(coding("1 + 1", "2 + 2", "the answer", hooks=[hook], max_steps=2))
        return agents[0]

    assert tokens_counted(agent_with, stream=streams) == 3 * TOKENS
    assert calls_of(agents[0].model) == 3


def test_a_run_whose_model_fails_is_counted_up_to_there():
    def fail(messages):
        raise KeyError("no model")

    hook = PolicyHook(policy_of(tokens=10**9, scope="session"))
    agent = coding(model=ScriptedModel(code("1 + 1"), fail), hooks=[hook])
    with pytest.raises(Exception, match="no model"):
        agent.run("task")
    assert hook.budgets._session[0].tokens == TOKENS


def test_a_stream_that_is_abandoned_is_counted_up_to_there_and_its_run_is_forgotten():
    hook = PolicyHook(policy_of(tokens=10**9, tool_calls=5, scope="session"))
    stream = coding("1 + 1", hooks=[hook]).run("task", stream=True)
    next(item for item in stream if isinstance(item, ActionStep))
    assert len(hook.budgets._runs) == 1
    stream.close()
    assert not hook.budgets._runs
    assert hook.budgets._session[0].tokens == TOKENS


def test_when_the_tokens_are_used_up_the_model_is_told_and_can_give_the_answer():
    tick = Tick()
    hook = PolicyHook(policy_of(tokens=2 * TOKENS))
    agent = tool_calling(ticks("1"), ticks("2"), ticks("3"), ANSWER, tools=[tick], hooks=[hook])
    assert agent.run("task") == "done"
    assert tick.runs == ["1", "2"]
    assert "limits.tokens" in agent.model.read() and "Give a final answer with what you have" in agent.model.read()


def test_a_program_that_calls_nothing_can_still_answer_when_the_tokens_are_used_up():
    agent = coding("x = 20", "final_answer(x + 1)", hooks=[PolicyHook(policy_of(tokens=TOKENS))])
    assert agent.run("task") == 21


def test_a_model_that_does_not_answer_then_is_stopped():
    tick = Tick()
    agent = tool_calling(ticks("again"), tools=[tick], hooks=[PolicyHook(policy_of(tokens=2 * TOKENS))])
    with pytest.raises(ToolExecutionStopped, match="limits.tokens") as stopped:
        agent.run("task")
    assert stopped.value.denial.code == "limit_tokens"
    assert len(tick.runs) == 2 and len(agent.model.seen) == 4


def test_a_stop_leaves_the_memory_intact_and_the_next_run_starts_anew():
    tick = Tick()
    turns = [ticks("1"), ticks("2"), ticks("3"), ticks("4"), ANSWER]
    agent = tool_calling(*turns, tools=[tick], hooks=[PolicyHook(policy_of(tokens=2 * TOKENS))])
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    steps = [step for step in agent.memory.steps if isinstance(step, ActionStep)]
    assert [step.step_number for step in steps] == [1, 2, 3, 4]
    assert [step.observations for step in steps[:2]] == ["1", "2"]
    assert "limits.tokens" in steps[2].observations and "limits.tokens" in steps[3].observations
    assert all(step.token_usage is not None for step in steps)
    assert agent.run("more", reset=False) == "done"
    assert len(agent.memory.steps) == 7


def test_the_answer_at_max_steps_is_given_though_nothing_is_left():
    agent = coding("1 + 1", "the answer", hooks=[PolicyHook(policy_of(tokens=TOKENS))], max_steps=1)
    assert "the answer" in agent.run("task")


def test_a_manager_can_answer_when_a_managed_agent_has_used_the_tokens():
    worker = coding("1 + 1", "final_answer('found')", name="worker", description="Works.")
    hook = PolicyHook(policy_of(tokens=2 * TOKENS))
    manager = coding("print(worker('go'))", "final_answer('done')", managed_agents=[worker], hooks=[hook])
    assert manager.run("task") == "done"
    assert "found" in manager.memory.steps[1].observations


def test_a_session_that_has_used_its_tokens_makes_no_further_model_call():
    agent = coding("final_answer(1)", hooks=[PolicyHook(policy_of(tokens=TOKENS, scope="session"))])
    assert agent.run("task") == 1
    with pytest.raises(ToolExecutionStopped, match="this session has used"):
        agent.run("task")
    assert len(agent.model.seen) == 1


def test_a_model_that_does_not_say_how_many_tokens_it_uses_does_not_go_on():
    class Silent(ScriptedModel):
        def generate(self, messages, **kwargs):
            message = super().generate(messages, **kwargs)
            message.token_usage = None
            return message

    agent = tool_calling(tools=[Tick()], hooks=[PolicyHook(policy_of(tokens=10**6))])
    agent.model = Silent(ticks("1"))
    with pytest.raises(ToolExecutionStopped, match="the model does not say"):
        agent.run("task")
    assert len(agent.model.seen) == 3


# Time


def test_a_tool_that_hangs_gives_control_back():
    hook = PolicyHook(policy_of(call_seconds=0.01), clock=Clock())
    hang = Hang()
    agent = tool_calling([("hang", {})], ANSWER, tools=[hang], hooks=[hook])
    assert agent.run("task") == "done"
    assert not hang.release.is_set()
    hang.release.set()
    assert "did not end within 0.01 seconds" in agent.memory.steps[1].observations


def test_the_time_of_a_run_ends_a_program_without_end():
    hook = PolicyHook(policy_of(run_seconds=0.01), clock=Clock())
    agent = coding("while True:\n    pass", "final_answer('done')", hooks=[hook])
    assert agent.run("task") == "done"
    assert "(timeout)" in agent.memory.steps[1].observations


def test_when_the_time_of_a_run_is_used_up_it_can_still_answer_in_the_next_step():
    clock, tick = Clock(), Tick()
    hook = PolicyHook(policy_of(run_seconds=10), clock=clock)

    def late(messages):
        clock.now += 10
        return code("tick('late')")

    agent = coding(
        model=ScriptedModel(code("tick('1')"), late, code("final_answer('done')")), tools=[tick], hooks=[hook]
    )
    assert agent.run("task") == "done"
    assert tick.runs == ["1"]
    assert "limits.run_seconds" in agent.memory.steps[2].observations


def test_a_run_whose_time_is_used_up_and_that_does_not_answer_is_stopped():
    clock = Clock()

    def slow(messages):
        clock.now += 6
        return code("1 + 1")

    agent = coding(model=ScriptedModel(slow), hooks=[PolicyHook(policy_of(run_seconds=10), clock=clock)])
    with pytest.raises(ToolExecutionStopped) as stopped:
        agent.run("task")
    assert stopped.value.denial.code == "limit_run_seconds"
    assert len(agent.model.seen) == 4


def test_a_managed_agent_shares_the_time_of_the_run():
    clock = Clock()

    def slow(messages):
        clock.now += 10
        return code("final_answer('found')")

    worker = coding(model=ScriptedModel(slow), name="worker", description="Works.")
    tick = Tick()
    programs = ["worker('go')\ntick('after')", "final_answer('done')"]
    hook = PolicyHook(policy_of(run_seconds=10), clock=clock)
    manager = coding(*programs, tools=[tick], managed_agents=[worker], hooks=[hook])
    assert manager.run("task") == "done"
    assert tick.runs == []


# Identical denials

SWALLOWED = "while True:\n    try:\n        tick('secret')\n    except Exception:\n        pass"


def test_a_program_that_swallows_a_denial_in_a_loop_is_stopped():
    policy = Policy.from_data(
        {"version": 1, "default": "allow", "patterns": ["secret"], "limits": {"identical_denials": 3}}
    )
    tick = Tick()
    events = []
    hook = PolicyHook(policy)
    hook.on("tool_call_blocked", events.append, synchronous=True)
    agent = coding(SWALLOWED.replace("'secret'", "'sec' + 'ret'"), tools=[tick], hooks=[hook])
    with pytest.raises(ToolExecutionStopped, match="was refused 3 times") as stopped:
        agent.run("task")
    assert stopped.value.denial.code == "identical_denials"
    assert [event.decision.action for event in events] == ["deny", "deny", "stop"]
    assert tick.runs == []
    assert isinstance(agent.memory.steps[-1], ActionStep)


def test_a_model_that_repeats_what_a_limit_refuses_is_stopped():
    tick = Tick()
    hook = PolicyHook(policy_of(tool_calls=1, identical_denials=2))
    agent = tool_calling(ticks("same"), tools=[tick], hooks=[hook])
    with pytest.raises(ToolExecutionStopped):
        agent.run("task")
    assert tick.runs == ["same"] and len(agent.model.seen) == 3


# Aborts and ends


@pytest.mark.parametrize("count", [1, 2, 5, 10, 20])
def test_what_is_aborted_leaves_no_lock_taken(count):
    # A program that books without end is aborted by a stop that comes from elsewhere, at a moment that nobody chose.
    tick, waiting = Tick(), WaitFor()
    tick.after(count, waiting.event.set)
    limits = {"tool_calls": 10**6, "per_tool": {"tick": 10**6}, "tokens": 10**9, "identical_denials": 10**6}
    hook = PolicyHook(policy_of(**limits, run_seconds=10**6, call_seconds=10**6, scope="session"))
    stopper = RecordingHook(
        after=lambda about, outcome: Deny("enough", stop=True) if about.name == "wait_for" else None
    )
    program = "while True:\n    try:\n        tick('x')\n        tick(1)\n    except Exception:\n        pass"
    worker = coding(program, tools=[tick], name="worker", description="Works.")
    turns = [[("worker", {"task": "go"}), ("wait_for", {})]]
    agent = tool_calling(*turns, tools=[waiting], managed_agents=[worker], hooks=[hook, stopper])
    with pytest.raises(ToolExecutionStopped, match="enough"):
        agent.run("task")
    assert hook.budgets._lock.acquire(timeout=60)
    hook.budgets._lock.release()
    runs = len(tick.runs)
    assert hook.budgets._session[0].calls[None] >= runs >= count
    assert coding("final_answer('done')", tools=[Tick()], hooks=[hook]).run("task") == "done"


def test_the_account_of_a_run_is_dropped_with_it():
    hook = PolicyHook(policy_of(tool_calls=5))
    agent = coding("tick('1')", "final_answer('done')", tools=[Tick()], hooks=[hook])
    for _ in range(3):
        assert agent.run("task") == "done"
        assert not hook.budgets._runs
