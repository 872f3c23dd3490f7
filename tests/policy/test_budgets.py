"""Limits are exact, whatever happens at the same time."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.memory import ActionStep, PlanningStep
from smolagents.models import ChatMessage, MessageRole
from smolagents.monitoring import AgentLogger, Timing, TokenUsage
from smolagents.policy import Policy
from smolagents.policy.budgets import Budgets
from smolagents.policy.layer_limits import LAST_STEP_SECONDS
from smolagents.utils import AgentMaxStepsError

from .executions import code, execution, frozen
from .limits import Clock, books, passes, policy_of, run_info


def codes(reasons):
    return [reason.code for reason in reasons]


def chain(*policies):
    """Policies that decide together, as one does with those that it extends."""

    class Chain(Policy):
        @property
        def layers(self):
            return policies

    return Chain(version=1)


# Calls


def test_a_place_is_taken_until_there_is_none():
    budgets = books(tool_calls=2).budgets
    assert [budgets.reserve(execution()) == [] for _ in range(3)] == [True, True, False]


def test_a_call_that_was_not_made_gives_its_place_back():
    budgets = books(tool_calls=1, per_tool={"shell": 1}).budgets
    first, second = execution(), execution()
    assert budgets.reserve(first) == []
    budgets.settle(first, was_run=False)
    assert budgets.reserve(second) == []
    budgets.settle(second, was_run=True)
    assert codes(budgets.reserve(execution())) == ["limit_tool_calls", "limit_per_tool"]


def test_settling_twice_or_what_never_had_a_place_changes_nothing():
    budgets = books(tool_calls=1).budgets
    first, second = execution(), execution()
    assert budgets.reserve(first) == []
    assert budgets.reserve(second) != []
    budgets.settle(second, was_run=False)
    budgets.settle(execution(run_id="other"), was_run=False)
    assert budgets.reserve(execution()) != []
    budgets.settle(first, was_run=False)
    budgets.settle(first, was_run=False)
    assert [budgets.reserve(execution()) == [] for _ in range(2)] == [True, False]


def test_asking_twice_for_one_call_takes_one_place():
    budgets = books(tool_calls=2, rates={"shell": "2/hour"}).budgets
    first = execution()
    assert budgets.reserve(first) == budgets.reserve(first) == budgets.reserve(execution()) == []


def test_runs_are_counted_apart():
    budgets = books(tool_calls=1).budgets
    assert passes(budgets, execution(run_id="one")) and passes(budgets, execution(run_id="two"))
    assert budgets.reached(execution(run_id="one")) and not budgets.reached(execution(run_id="three"))


def test_in_a_session_all_runs_are_counted_together():
    budgets = books(tool_calls=2, scope="session").budgets
    assert passes(budgets, execution(run_id="one")) and passes(budgets, execution(run_id="two"))
    budgets.begin_run(run_info("two"))
    budgets.end_run(run_info("two"))
    (reason,) = budgets.reserve(execution(run_id="three"))
    assert "this session has used all 2 calls" in reason.message


@pytest.mark.parametrize(
    "limits", [{"tool_calls": 0}, {"per_tool": {"shell": 0}}, {"tokens": 0}, {"rates": {"shell": "0/minute"}}]
)
def test_a_limit_of_zero_lets_nothing_pass(limits):
    budgets = books(**limits).budgets
    assert len(budgets.reached(execution())) == len(budgets.reserve(execution())) == 1


def test_code_and_the_final_answer_are_never_refused_for_a_limit():
    limits = {"tool_calls": 0, "per_tool": {"*": 0, "final_answer": 0}, "tokens": 0, "rates": {"*": "0/day"}}
    budgets = books(**limits).budgets
    assert budgets.reserve(execution("final_answer", answer=1)) == []
    assert budgets.reserve(code("1")) == []
    assert budgets.reserve(execution("worker", kind="agent")) != []


def test_the_tools_that_a_glob_names_share_its_limit():
    budgets = books(per_tool={"read_*": 2, "read_mail": 1}).budgets
    assert passes(budgets, execution("read_mail"))
    (reason,) = budgets.reserve(execution("read_mail"))
    assert (reason.code, reason.entry, reason.text) == ("limit_per_tool", "limits.per_tool.read_mail", "1")
    assert passes(budgets, execution("read_file"))
    (reason,) = budgets.reserve(execution("read_web"))
    assert reason.entry == "limits.per_tool.read_*"
    assert passes(budgets, execution("write"))


def test_an_mcp_tool_is_limited_by_the_name_that_its_server_gives_it():
    budgets = books(per_tool={"remote-rm": 1}, rates={"remote-ls": "1/hour"}).budgets
    assert passes(budgets, execution("remote_rm")) and not passes(budgets, execution("remote_rm"))
    assert passes(budgets, execution("remote_ls")) and not passes(budgets, execution("remote_ls"))


def test_a_call_gets_its_places_in_all_limits_or_in_none():
    budgets = books(tool_calls=2, per_tool={"shell": 1}).budgets
    assert passes(budgets, execution("shell"))
    assert codes(budgets.reserve(execution("shell"))) == ["limit_per_tool"]
    assert passes(budgets, execution("other"))
    assert codes(budgets.reserve(execution("other"))) == ["limit_tool_calls"]


def test_a_call_without_room_in_a_rate_gives_its_other_places_back():
    budgets = books(tool_calls=2, rates={"shell": "1/hour"}).budgets
    assert passes(budgets, execution("shell"))
    assert codes(budgets.reserve(execution("shell"))) == ["limit_rate"]
    assert passes(budgets, execution("other"))


def test_looking_takes_nothing():
    budgets = books(tool_calls=1, rates={"shell": "1/hour"}).budgets
    assert [budgets.reached(execution()) for _ in range(3)] == [[], [], []]
    assert passes(budgets, execution())


@pytest.mark.usefixtures("counting_gives_way")
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_attempts_in_two_hundred_threads_get_exactly_the_places_there_are(seed):
    chance = random.Random(seed)
    total, of_tool, of_rate = chance.randint(500, 2000), chance.randint(100, 400), chance.randint(100, 400)
    budgets = books(
        tool_calls=total, per_tool={"limited": of_tool}, rates={"rated": f"{of_rate}/day"}, scope="session"
    ).budgets
    names = [chance.choice(["limited", "rated", "free"]) for _ in range(10_000)]
    start = threading.Barrier(200, timeout=60)

    def attempt(number):
        start.wait()
        mine = (name for index, name in enumerate(names) if index % 200 == number)
        return [name for name in mine if passes(budgets, execution(name, run_id=f"run {number % 7}"))]

    with ThreadPoolExecutor(200) as pool:
        made = [name for of_thread in pool.map(attempt, range(200)) for name in of_thread]
    assert len(made) == total
    assert made.count("limited") <= of_tool and made.count("rated") <= of_rate


@pytest.mark.usefixtures("counting_gives_way")
@pytest.mark.parametrize("limits", [{"per_tool": {"sh*": 100}}, {"rates": {"shell": "100/day"}}])
def test_each_kind_of_limit_is_exact(limits):
    budgets = books(**limits).budgets
    start = threading.Barrier(50, timeout=60)

    def attempt(_):
        start.wait()
        return sum(passes(budgets, execution()) for _ in range(10))

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == 100


@given(st.integers(0, 5), st.lists(st.tuples(st.sampled_from(["reserve", "run", "refuse"]), st.integers(0, 9))))
def test_never_more_calls_are_made_or_under_way_than_allowed(allowed, steps):
    budgets = books(tool_calls=allowed).budgets
    under_way = {}
    made = 0
    for step, number in steps:
        if step == "reserve" and number not in under_way:
            call = execution()
            has_place = budgets.reserve(call) == []
            assert has_place == (made + len(under_way) < allowed)
            if has_place:
                under_way[number] = call
        elif step != "reserve" and number in under_way:
            budgets.settle(under_way.pop(number), was_run=step == "run")
            made += step == "run"


# Several policies


def test_each_policy_of_a_chain_has_its_own_account():
    policy = chain(policy_of(name="base", tool_calls=2), policy_of(name="own", tool_calls=3, scope="session"))
    budgets = books(policy).budgets
    assert passes(budgets, execution(run_id="one")) and passes(budgets, execution(run_id="one"))
    (reason,) = budgets.reserve(execution(run_id="one"))
    assert 'the policy "base"' in reason.message
    assert passes(budgets, execution(run_id="two"))
    (reason,) = budgets.reserve(execution(run_id="two"))
    assert 'the policy "own"' in reason.message


def test_a_policy_that_only_watches_says_what_it_would_refuse_and_refuses_nothing():
    policy = chain(
        policy_of(mode="shadow", tool_calls=1, per_tool={"shell": 0}, call_seconds=1), policy_of(tool_calls=3)
    )
    budgets = books(policy).budgets
    assert [(reason.code, reason.counts) for reason in budgets.reserve(execution("shell"))] == [
        ("limit_per_tool", False)
    ]
    # What it would have refused is no call that it would have counted
    assert budgets.reserve(execution("other")) == []
    assert [(reason.code, reason.counts) for reason in budgets.reserve(execution())] == [
        ("limit_tool_calls", False),
        ("limit_per_tool", False),
    ]
    assert ("limit_tool_calls", True) in [(reason.code, reason.counts) for reason in budgets.reserve(execution())]
    assert budgets.deadline(execution()) is None


# Memory


def test_the_end_of_the_outermost_agent_frees_what_is_known_of_a_run():
    budgets = books(tool_calls=5).budgets
    inner = run_info("run", "manager", "worker", parent_id="execution-1")
    budgets.begin_run(run_info())
    budgets.begin_run(inner)
    assert passes(budgets, execution())
    budgets.end_run(inner)
    assert budgets._runs["run"].accounts[0].calls[None] == 1
    budgets.end_run(run_info())
    assert not budgets._runs


def test_a_call_that_is_over_after_its_run_was_left_behind_changes_nothing():
    budgets = books(tool_calls=5).budgets
    late = execution()
    budgets.begin_run(run_info())
    assert budgets.reserve(late) == []
    budgets.end_run(run_info())
    budgets.settle(late, was_run=False)
    budgets.end_run(run_info())
    assert not budgets._runs


@pytest.mark.parametrize("was_run", [True, False])
def test_a_call_that_outlives_its_run_keeps_its_place_in_the_session_only_if_it_was_made(was_run):
    budgets = books(tool_calls=1, scope="session").budgets
    late = execution()
    budgets.begin_run(run_info())
    assert budgets.reserve(late) == []
    budgets.end_run(run_info())
    assert codes(budgets.reserve(execution(run_id="next"))) == ["limit_tool_calls"]
    budgets.settle(late, was_run=was_run)
    assert passes(budgets, execution(run_id="next")) is not was_run
    assert set(budgets._runs) == {"next"}


def test_the_run_that_has_been_quiet_longest_is_forgotten_first():
    budgets = books(tool_calls=1, remembered_runs=2).budgets
    for run_id in ("one", "two", "three"):
        assert passes(budgets, execution(run_id=run_id))
    assert len(budgets._runs) == 2
    assert budgets.reached(execution(run_id="two")) and budgets.reached(execution(run_id="three"))
    assert not budgets.reached(execution(run_id="one"))


@pytest.mark.parametrize("busy_with", ["a call", "an agent"])
def test_a_run_with_something_under_way_is_not_forgotten(busy_with):
    budgets = books(tool_calls=1, remembered_runs=2).budgets
    if busy_with == "an agent":
        budgets.begin_run(run_info("busy"))
        assert passes(budgets, execution(run_id="busy"))
    else:
        assert budgets.reserve(execution(run_id="busy")) == []
    for number in range(100):
        assert passes(budgets, execution(run_id=f"quiet {number}"))
    assert budgets.reached(execution(run_id="busy"))
    assert len(budgets._runs) == 2


def test_looking_at_a_run_does_not_make_it_known():
    budgets = books(tool_calls=1).budgets
    budgets.reached(execution(run_id="unknown"))
    assert not budgets._runs


# Time


def test_the_clock_of_a_run_starts_when_its_outermost_agent_does():
    kept = books(run_seconds=10)
    kept.clock.now += 100
    kept.budgets.begin_run(run_info())
    kept.clock.now += 6
    kept.budgets.begin_run(run_info("run", "manager", "worker", parent_id="execution-1"))
    assert kept.budgets.reserve(execution()) == []
    kept.clock.now += 4
    (reason,) = kept.budgets.reserve(execution())
    assert (reason.code, reason.action) == ("limit_run_seconds", "deny")
    assert "used the 10 seconds" in reason.message
    assert kept.budgets.reserve(execution("final_answer")) == kept.budgets.reserve(code("1")) == []


def test_the_time_in_which_a_person_is_waited_for_does_not_count():
    kept = books(run_seconds=10)
    kept.budgets.begin_run(run_info())
    with kept.budgets.waiting("run"):
        kept.clock.now += 50
        with kept.budgets.waiting("run"):
            kept.clock.now += 50
        kept.clock.now += 50
        assert kept.budgets.reserve(execution()) == []
    kept.clock.now += 9
    assert kept.budgets.reserve(execution()) == []
    kept.clock.now += 1
    assert kept.budgets.reserve(execution()) != []


def test_the_clock_goes_on_when_waiting_for_a_person_fails():
    kept = books(run_seconds=10)
    with pytest.raises(KeyboardInterrupt), kept.budgets.waiting("run"):
        raise KeyboardInterrupt
    kept.clock.now += 10
    assert kept.budgets.reserve(execution()) != []


def test_a_run_may_end_while_a_person_is_waited_for():
    kept = books(run_seconds=10)
    kept.budgets.begin_run(run_info())
    with kept.budgets.waiting("run"):
        kept.budgets.end_run(run_info())
    assert not kept.budgets._runs


def test_an_execution_may_take_what_one_may_take_and_what_is_left_of_the_run():
    kept = books(run_seconds=10, call_seconds=4)
    kept.budgets.begin_run(run_info())
    worker = execution("worker", kind="agent")
    assert [kept.budgets.deadline(about) for about in (execution(), worker, code("1"))] == [4, 4, 4]
    kept.clock.now += 7
    assert [kept.budgets.deadline(about) for about in (execution(), worker, code("1"))] == [3, 3, 3]
    assert kept.budgets.deadline(execution("file.read", kind="operation")) is None


def test_what_can_give_the_answer_gets_a_moment_when_nothing_is_left():
    kept = books(run_seconds=10)
    kept.budgets.begin_run(run_info())
    kept.clock.now += 11
    assert kept.budgets.deadline(execution()) == 0
    answers = (code("final_answer(1)"), execution("final_answer", answer=1))
    assert [kept.budgets.deadline(about) for about in answers] == [LAST_STEP_SECONDS] * 2


def test_the_shortest_time_of_a_chain_of_policies_counts():
    kept = books(chain(policy_of(call_seconds=3), policy_of(call_seconds=5, run_seconds=60)))
    assert kept.budgets.deadline(execution()) == 3


def test_without_a_limit_of_time_there_is_no_deadline():
    assert books(tool_calls=1).budgets.deadline(execution()) is None


# Tokens

LOGGER = AgentLogger()


def step(tokens=15, *, answers=False, error=None, output="text"):
    message = None if output is None else ChatMessage(role=MessageRole.ASSISTANT, content=output)
    usage = None if tokens is None else TokenUsage(input_tokens=tokens, output_tokens=0)
    return ActionStep(
        step_number=1,
        timing=Timing(0),
        token_usage=usage,
        model_output_message=message,
        is_final_answer=answers,
        error=error,
    )


def plan(tokens=15):
    message = ChatMessage(role=MessageRole.ASSISTANT, content="plan")
    usage = TokenUsage(input_tokens=tokens, output_tokens=0)
    return PlanningStep(
        model_input_messages=[], model_output_message=message, plan="", timing=Timing(0), token_usage=usage
    )


def test_when_the_tokens_are_used_up_calls_are_refused_and_two_steps_are_left_to_answer():
    kept = books(tokens=30)
    run = run_info()
    assert kept.budgets.begin_run(run) == kept.budgets.add_step(run, step()) == kept.budgets.reserve(execution()) == []
    assert kept.budgets.add_step(run, step()) == []
    (reason,) = kept.budgets.reserve(execution())
    assert (reason.code, reason.action) == ("limit_tokens", "deny")
    assert "used 30 of the 30 tokens" in reason.message
    assert kept.budgets.deadline(code("1")) == LAST_STEP_SECONDS
    assert kept.budgets.add_step(run, step()) == []
    (reason,) = kept.budgets.add_step(run, step())
    assert (reason.code, reason.action) == ("limit_tokens", "stop")


def codes_of_steps(budgets, run, *steps):
    return [codes(budgets.add_step(run, taken)) for taken in steps]


STOP = ["limit_tokens"]


@pytest.mark.parametrize("usage", [(-1000, 10), (10, -1000), (0, 0), (float("nan"), 0), (-5, 10)])
def test_tokens_that_cannot_be_are_as_good_as_none_and_use_up_the_limit(usage):
    budgets = books(tokens=1000).budgets
    taken = step()
    taken.token_usage = TokenUsage(*usage)
    budgets.begin_run(run_info())
    budgets.add_step(run_info(), taken)
    (reason,) = budgets.reserve(execution())
    assert (reason.code, "does not say" in reason.message) == ("limit_tokens", True)


def test_a_plan_is_not_one_of_the_last_steps():
    budgets = books(tokens=10).budgets
    steps = (step(), plan(), step(), plan(), plan(), step())
    assert codes_of_steps(budgets, run_info(), *steps) == [[], [], [], [], [], STOP]


def test_a_plan_that_uses_the_last_tokens_is_followed_by_the_last_steps():
    budgets = books(tokens=10).budgets
    assert codes_of_steps(budgets, run_info(), plan(), step(), step()) == [[], [], STOP]


def test_every_agent_of_a_run_has_its_last_steps():
    budgets = books(tokens=30).budgets
    manager, worker = run_info(), run_info("run", "manager", "worker", parent_id="execution-1")
    budgets.begin_run(manager)
    budgets.begin_run(worker)
    assert codes_of_steps(budgets, worker, step(), step(), step(), step(answers=True)) == [[]] * 4
    # The first is the step in which the worker was called
    assert codes_of_steps(budgets, manager, step(), step(), step()) == [[], [], STOP]


def test_an_agent_that_a_call_under_way_starts_has_its_last_steps():
    budgets = books(tokens=10).budgets
    late = run_info("run", "manager", "worker", parent_id="execution-1")
    budgets.begin_run(run_info())
    budgets.add_step(run_info(), step())
    assert budgets.begin_run(late) == []
    assert codes_of_steps(budgets, late, step(), step()) == [[], STOP]


def test_a_run_that_has_nothing_left_when_it_begins_is_stopped():
    budgets = books(tokens=15, scope="session").budgets
    assert budgets.begin_run(run_info("one")) == []
    assert budgets.add_step(run_info("one"), step()) == []
    (reason,) = budgets.begin_run(run_info("two"))
    assert (reason.code, reason.action) == ("limit_tokens", "stop")


@pytest.mark.parametrize("last", [{"answers": True}, {"error": AgentMaxStepsError("Reached max steps.", LOGGER)}])
def test_a_step_that_ends_the_run_anyway_is_not_stopped(last):
    budgets = books(tokens=10).budgets
    assert codes_of_steps(budgets, run_info(), step(), step(), step(**last)) == [[], [], []]


@pytest.mark.parametrize("unknown", [None, 0])
def test_a_model_that_does_not_say_how_many_tokens_it_uses_has_used_them_up(unknown):
    kept = books(tokens=1000)
    assert kept.budgets.add_step(run_info(), step(unknown)) == []
    (reason,) = kept.budgets.reserve(execution())
    assert "the model does not say how many it uses" in reason.message


def test_a_step_whose_model_call_failed_has_used_nothing():
    budgets = books(tokens=10).budgets
    assert budgets.add_step(run_info(), step(None, output=None)) == budgets.reserve(execution()) == []


def test_without_a_limit_of_tokens_it_does_not_matter_what_a_model_says():
    budgets = books(tool_calls=5).budgets
    assert budgets.add_step(run_info(), step(None)) == budgets.add_step(run_info(), step(None)) == []
    assert budgets.reserve(execution()) == []


# Identical denials


def test_the_same_call_refused_too_often_stops_the_run():
    budgets = books(identical_denials=3).budgets
    calls = [execution(command="rm", options={"a": [1], "b": 2}), execution(command="rm", options={"b": 2, "a": [1]})]
    assert budgets.refused(calls[0]) == budgets.refused(calls[1]) == []
    assert budgets.refused(execution(command="ls")) == budgets.refused(execution("other", command="rm")) == []
    (reason,) = budgets.refused(calls[0])
    assert (reason.code, reason.action, reason.entry) == ("identical_denials", "stop", "limits.identical_denials")
    assert "was refused 3 times" in reason.message


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (1, "1"), ("a", b"a"), ([1, 2], [2, 1]), ([1], {1}), ({"a": 1}, {"a": "1"})],
)
def test_calls_with_different_arguments_are_different(one, other):
    budgets = books(identical_denials=2).budgets
    assert budgets.refused(execution(value=one)) == budgets.refused(execution(value=other)) == []
    assert budgets.refused(execution(value=one)) != []


def test_a_call_with_an_opaque_value_is_like_no_other():
    budgets = books(identical_denials=1).budgets
    assert budgets.refused(execution(value=object())) == budgets.refused(execution(value=[{"a": object()}])) == []


def test_a_value_that_contains_itself_many_times_is_looked_at_once():
    value = frozen(["x"])
    for _ in range(90):
        value = (value, value)
    budgets = books(identical_denials=1).budgets
    call = execution()
    object.__setattr__(call, "arguments", {"value": value})
    assert codes(budgets.refused(call)) == ["identical_denials"]


def test_denials_are_counted_for_each_run_unless_the_policy_is_about_the_session():
    by_run, by_session = books(identical_denials=2).budgets, books(identical_denials=2, scope="session").budgets
    for budgets in (by_run, by_session):
        assert budgets.refused(execution(run_id="one")) == []
    assert by_run.refused(execution(run_id="two")) == []
    assert by_session.refused(execution(run_id="two")) != []


def test_denials_that_were_not_repeated_for_long_are_forgotten(monkeypatch):
    monkeypatch.setattr("smolagents.policy.account.REMEMBERED_DENIALS", 3)
    budgets = books(identical_denials=2).budgets
    for value in (0, 1, 2, 3):
        assert budgets.refused(execution(value=value)) == []
    assert budgets.refused(execution(value=0)) == []
    assert budgets.refused(execution(value=3)) != []


# Warnings


def test_there_is_one_warning_when_four_fifths_of_a_limit_are_used():
    kept = books(tool_calls=10, per_tool={"shell": 5}, tokens=100, run_seconds=60)
    kept.budgets.begin_run(run_info())
    for _ in range(3):
        passes(kept.budgets, execution())
    assert kept.warnings == []
    passes(kept.budgets, execution())
    passes(kept.budgets, execution())
    for _ in range(3):
        passes(kept.budgets, execution("other"))
    kept.budgets.add_step(run_info(), step(90))
    kept.clock.now += 48
    passes(kept.budgets, execution("other"))
    passes(kept.budgets, execution("other"))
    assert [(warning.run_id, warning.entry, warning.used, warning.limit) for warning in kept.warnings] == [
        ("run", "limits.per_tool.shell", 4, 5),
        ("run", "limits.tool_calls", 8, 10),
        ("run", "limits.tokens", 90, 100),
        ("run", "limits.run_seconds", 48, 60),
    ]


def test_each_run_is_warned_of_but_a_session_once():
    of_runs, of_session = books(tool_calls=1), books(tool_calls=5, scope="session")
    for kept in (of_runs, of_session):
        for run_id in ("one", "two", "three", "four", "five"):
            passes(kept.budgets, execution(run_id=run_id))
    assert [warning.run_id for warning in of_runs.warnings] == ["one", "two", "three", "four", "five"]
    assert [warning.run_id for warning in of_session.warnings] == ["four"]


def test_a_rate_is_warned_of_whenever_it_comes_to_be_high():
    kept = books(rates={"shell": "5/minute"})
    for _ in range(2):
        for _ in range(6):
            passes(kept.budgets, execution())
        kept.clock.now += 60
        assert passes(kept.budgets, execution())
        kept.clock.now += 60
    assert [(warning.entry, warning.used, warning.limit) for warning in kept.warnings] == [
        ("limits.rates.shell", 4, 5)
    ] * 2


def test_the_lock_is_free_while_a_warning_is_handled_and_the_clock_is_read():
    def look(*_):
        acquired.append(budgets._lock.acquire(blocking=False))
        budgets._lock.release()
        return 0.0

    acquired = []
    budgets = Budgets(policy_of(tool_calls=1, run_seconds=5), look, look)
    run = run_info()
    budgets.begin_run(run)
    passes(budgets, execution())
    budgets.refused(execution())
    budgets.deadline(execution())
    budgets.reached(execution())
    budgets.add_step(run, step())
    with budgets.waiting("run"):
        pass
    assert len(acquired) >= 8 and all(acquired)


def test_budgets_need_no_one_to_warn():
    budgets = Budgets(policy_of(tool_calls=1), Clock())
    assert passes(budgets, execution())
