"""
Plays made-up programs and rounds of parallel calls against the hooks.

    python -m tests.mediation.fuzz [PROGRAMS [ROUNDS]]    # what `make fuzz` does: 20000 and 500
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from smolagents import CodeAgent, Tool, ToolCallingAgent, ToolExecutionStopped
from smolagents.agents import EMPTY_PROMPT_TEMPLATES
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.monitoring import LogLevel

from .conftest import Apply, DenyingHook, balance
from .programs import programs


class Counting(Tool):
    """A tool that counts its calls."""

    description = "Counts."
    inputs = {"what": {"type": "any", "description": "Anything."}}
    output_type = "any"

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self.calls = 0

    def forward(self, what):
        self.calls += 1
        return what


@dataclass
class Figures:
    """What the programs did: a fuzzer whose programs call nothing shows nothing."""

    programs: int = 0
    tried_the_denied_tool: int = 0
    denied_calls: int = 0
    called_the_other_tool: int = 0
    stopped: int = 0


def play_program(program: str, stop: bool, figures: Figures) -> None:
    """
    Run a program by an agent that may not call `shell`.

    Raises:
        AssertionError: If `shell` ran, a hook was not told of what it was asked, or something ran after a stop.
        Exception: What `run()` raises, other than a stop.
    """
    shell, echo, hook = Counting("shell"), Counting("echo"), DenyingHook("shell", stop=stop)
    model = ScriptedModel(code(program), code("final_answer('done')"))
    agent = CodeAgent(
        tools=[shell, echo, Apply()],
        model=model,
        hooks=[hook],
        max_steps=2,
        verbosity_level=LogLevel.OFF,
        prompt_templates=EMPTY_PROMPT_TEMPLATES,  # Loading the usual ones takes most of the time
    )
    stopped = False
    try:
        agent.run("task")
    except ToolExecutionStopped:
        stopped = True
    names = hook.names()
    assert shell.calls == 0, program
    made = [execution for execution, outcome in hook.told if execution.name == "echo" and outcome.status == "ok"]
    assert echo.calls == len(made), program
    asked, told = balance(hook)
    assert asked == told, program
    assert stopped == (stop and "shell" in names), program
    assert not stopped or names[-1] == "shell", program
    figures.programs += 1
    figures.denied_calls += names.count("shell")
    figures.tried_the_denied_tool += "shell" in names
    figures.called_the_other_tool += echo.calls > 0
    figures.stopped += stopped


def play_programs(count: int, derandomize: bool = False) -> Figures:
    """Have Hypothesis make up programs, and play each."""
    figures = Figures()

    @settings(
        max_examples=count,
        derandomize=derandomize,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(program=programs(), stop=st.sampled_from((False, False, False, True)))
    def play(program, stop):
        play_program(program, stop, figures)

    play()
    return figures


def play_parallel_calls(rounds: int, calls: int = 64, threads: int = 16) -> int:
    """
    Make parallel tool calls, of which a quarter is denied, with three hooks.

    Returns:
        `int`: How many calls were made.

    Raises:
        AssertionError: If a hook was not asked once and told once of each.
    """
    for _ in range(rounds):
        shell, echo = Counting("shell"), Counting("echo")
        hooks = [RecordingHook(), DenyingHook("shell"), RecordingHook()]
        turn = [("shell" if number % 4 == 0 else "echo", {"what": number}) for number in range(calls)]
        model = ScriptedModel(turn, [("final_answer", {"answer": "done"})])
        agent = ToolCallingAgent(
            tools=[shell, echo], model=model, hooks=hooks, max_tool_threads=threads, verbosity_level=LogLevel.OFF
        )
        assert agent.run("task") == "done"
        assert shell.calls == 0
        for hook in hooks:
            of_calls = {e.id: e.arguments["what"] for e in hook.asked if e.name != "final_answer"}
            asked, told = Counter(e.id for e in hook.asked), Counter(e.id for e, _ in hook.told)
            assert asked == told and set(asked.values()) == {1}
            assert sorted(of_calls.values()) == list(range(calls))
            assert Counter(outcome.status for _, outcome in hook.told) == {
                "denied": calls // 4,
                "ok": calls - calls // 4 + 1,
            }
    return rounds * calls


def main(count: int = 20_000, rounds: int = 500) -> None:
    start = time.perf_counter()
    figures = play_programs(count)
    print(f"Programs made up:                {figures.programs} in {time.perf_counter() - start:.0f} s")
    print(f"  that tried the denied tool:    {figures.tried_the_denied_tool}, and it ran 0 times")
    print(f"  denials:                       {figures.denied_calls}")
    print(f"  that called the other tool:    {figures.called_the_other_tool}")
    print(f"  that were stopped:             {figures.stopped}")
    start = time.perf_counter()
    calls = play_parallel_calls(rounds)
    print(f"Parallel calls on 16 threads:    {calls} in {time.perf_counter() - start:.0f} s; {rounds} rounds")
    print("  asked and told of each, once:  each of 3 hooks")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
