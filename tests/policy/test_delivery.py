"""Events reach their handlers in a thread of the hook, in order, and none is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from smolagents import CodeAgent, tool
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy.delivery import Delivery

from .executions import execution, hook_for


def test_a_slow_handler_does_not_delay_a_decision_and_hears_of_it_all_the_same():
    hook, released, heard = hook_for(tools={"deny": ["shell"]}), threading.Event(), []

    def slow(event):
        released.wait()
        heard.append(event)

    hook.on("tool_call_blocked", slow)
    assert hook.before_tool_execution(execution("shell")) is not None
    assert heard == []
    assert hook.flush(0) is False
    released.set()
    assert hook.flush() is True
    assert [event.execution.name for event in heard] == ["shell"]


def test_a_handler_that_asks_for_it_is_called_before_the_decision():
    hook, heard = hook_for(), []
    hook.on("policy_check", heard.append, synchronous=True)
    hook.before_tool_execution(execution("shell"))
    assert len(heard) == 1


def test_the_order_of_the_events_of_a_run_is_kept():
    hook, heard = hook_for(tools={"deny": ["t1*"]}), []
    hook.on("*", lambda event: heard.append((event.execution.name, event.name)))
    for number in range(50):
        hook.before_tool_execution(execution(f"t{number}"))
    hook.flush()
    told = [name for name, event in heard if event == "policy_check"]
    assert told == [f"t{number}" for number in range(50)]
    assert [event for name, event in heard if name == "t10"] == [
        "policy_check",
        "policy_violation",
        "tool_call_blocked",
    ]


def test_a_handler_that_fails_in_any_way_does_not_keep_others_from_hearing():
    hook, heard = hook_for(), []

    def leaves(event):
        raise SystemExit

    hook.on("policy_check", leaves)
    hook.on("policy_check", heard.append)
    for _ in range(3):
        hook.before_tool_execution(execution("shell"))
    assert hook.flush() is True
    assert len(heard) == 3


def test_whoever_hands_in_too_much_waits_until_there_is_room():
    delivery, released, made, handed_in = Delivery(max_waiting=2), threading.Event(), [], threading.Event()

    def hand_in():
        for number in range(5):
            delivery.put(lambda number=number: (released.wait(), made.append(number)))
        handed_in.set()

    thread = threading.Thread(target=hand_in)
    thread.start()
    assert not handed_in.is_set()
    released.set()
    thread.join()
    delivery.flush()
    assert made == [0, 1, 2, 3, 4]


def test_a_handler_may_cause_events_although_many_wait():
    delivery, made = Delivery(max_waiting=1), []
    delivery.put(lambda: [delivery.put(lambda number=number: made.append(number)) for number in range(4)])
    delivery.flush()
    assert made == [0, 1, 2, 3]


def test_a_handler_may_run_an_agent_with_the_same_hook_although_many_wait(monkeypatch):
    hook, answers = hook_for(), []
    monkeypatch.setattr(hook._listeners, "_delivery", Delivery(max_waiting=1))

    def answer() -> object:
        # Its code runs in threads of their own, which tell of events too.
        model = ScriptedModel(code("final_answer(7)"))
        return CodeAgent(tools=[], model=model, hooks=[hook], verbosity_level=-1).run("Answer.")

    def run_an_agent(event):
        if not answers:
            answers.append(None)
            answers.append(answer())
            answers.append(hook.flush())

    hook.on("policy_check", run_an_agent)
    assert answer() == 7
    assert hook.flush() is True
    assert answers == [None, 7, False]


def test_after_unsubscribing_no_call_begins_not_even_with_what_was_before():
    hook, heard, released = hook_for(), [], threading.Event()
    hook.on("policy_check", lambda event: released.wait())
    unsubscribe = hook.on("policy_check", heard.append)
    hook.before_tool_execution(execution("shell"))
    unsubscribe()
    released.set()

    assert hook.flush() is True
    assert heard == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_interrupts_the_program_in_a_handler_that_is_waited_for_ends_the_run_before_anything_is_done(error):
    hook, done = hook_for(), []

    @tool
    def act() -> str:
        """Act."""
        done.append(True)
        return "done"

    def interrupt(event):
        if event.execution.name == "act":
            raise error

    hook.on("policy_check", interrupt, synchronous=True)
    agent = CodeAgent(tools=[act], model=ScriptedModel(code("act()")), hooks=[hook], verbosity_level=-1)
    with pytest.raises(error):
        agent.run("Act.")
    assert done == []


def test_nothing_is_lost_when_the_interpreter_exits():
    program = (
        "import time\nfrom smolagents.policy.delivery import Delivery\ndelivery = Delivery()\n"
        "for number in range(20):\n"
        "    delivery.put(lambda number=number: (time.sleep(0.01), print(number, flush=True)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(number) for number in range(20)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_process_neither_waits_for_the_calls_of_its_parent_nor_makes_them():
    delivery, released, begun, made = Delivery(), threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        released.wait()
        made.append("slow")

    delivery.put(slow)
    delivery.put(lambda: made.append("waiting"))
    begun.wait()
    child = os.fork()
    if child == 0:
        is_empty = delivery.flush(0)
        delivery.put(lambda: made.append("of the child"))
        os._exit(0 if is_empty and delivery.flush(10) and made == ["of the child"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    released.set()
    assert delivery.flush() is True
    assert made == ["slow", "waiting"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_handler_may_fork():
    delivery, statuses = Delivery(), []

    def fork():
        child = os.fork()
        if child == 0:
            made = []
            delivery.put(lambda: made.append("of the child"))
            os._exit(0 if delivery.flush(10) and made else 1)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    delivery.put(fork)
    assert delivery.flush() is True
    assert statuses == [0]


def test_where_no_thread_can_be_started_the_call_is_made_at_once(monkeypatch):
    delivery, made = Delivery(), []

    def start(thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        delivery.put(lambda: delivery.put(lambda: made.append(1)))
        assert made == [1]
        assert delivery.flush(0) is True
    delivery.put(lambda: made.append(2))
    assert delivery.flush() is True
    assert made == [1, 2]
