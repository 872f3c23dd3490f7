"""A run of ten steps in processes that are killed: what the tests of restoring play.

    python -m tests.policy.checkpoints.lives

It reads jobs, a line of JSON each, and does each one in a process of its own, which is forked, so that the library is
imported once. The model keeps nothing: which step it is at, it reads from the messages.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks import ToolExecutionStopped
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code
from smolagents.policy import Policy, PolicyHook, restore


STEPS = 10


def _squares_in(messages: list[Any]) -> dict[int, int]:
    """What the model can read of the steps so far."""
    text = "\n".join(str(message.content) for message in messages)
    return {int(number): int(square) for number, square in re.findall(r"(\d+) squared is (\d+)", text)}


def _program(messages: list[Any]) -> str:
    number = len(_squares_in(messages)) + 1
    lines = ["squares = {}"] if number == 1 else []
    lines += [f"note = square({number})", f"squares[{number}] = int(note.split()[-1])", "print(note)"]
    return code("\n".join([*lines, "final_answer(squares)"] if number == STEPS else lines))


def _calls(messages: list[Any]) -> list[tuple[str, Any]]:
    squares = _squares_in(messages)
    number = len(squares) + 1
    return [("square", {"number": number}) if number < STEPS else ("final_answer", {"answer": squares})]


def _build(job: dict[str, Any]) -> CodeAgent | ToolCallingAgent:
    """The agent of a job. It is killed at the step `kill_at`: in the middle of it, or after it."""
    folder, kill_at, when = Path(job["folder"]), job.get("kill_at"), job.get("when")

    def kill_if(is_now: bool) -> None:
        if is_now:
            os.kill(os.getpid(), signal.SIGKILL)

    @tool
    def square(number: int) -> str:
        """Multiply a number by itself.

        Args:
            number: The number.
        """
        with open(folder / "calls", "a", encoding="utf-8") as file:
            file.write(f"{number}\n")
        return f"{number} squared is {number * number}"

    def kill_inside(execution: Any, outcome: Any) -> None:
        kill_if(when == "inside" and execution.kind == "tool" and execution.step_number == kill_at)

    def kill_after(event: Any) -> None:
        kill_if(when == "after" and event.checkpoint.step_number == kill_at)

    hook = PolicyHook(Policy.from_data(job["policy"]))
    hook.on("checkpoint_created", kill_after, synchronous=True)
    kind, turn = (CodeAgent, _program) if job["agent"] == "CodeAgent" else (ToolCallingAgent, _calls)
    hooks = [hook, RecordingHook(after=kill_inside)]
    return kind(tools=[square], model=ScriptedModel(turn), hooks=hooks, verbosity_level=-1, max_steps=STEPS)


def _live(job: dict[str, Any]) -> dict[str, Any]:
    """Run the agent, or let it go on from its latest checkpoint."""
    agent = _build(job)
    result: dict[str, Any] = {}
    try:
        result["answer"] = restore(agent).run() if job["restored"] else agent.run("Square the numbers.")
    except ToolExecutionStopped as stopped:
        result["stopped"] = stopped.denial.code
    except Exception as error:
        result["error"] = repr(error)
    result["steps"] = [step.step_number for step in agent.memory.steps if hasattr(step, "step_number")]
    result["tokens"] = agent.monitor.get_total_token_counts().total_tokens
    return result


def main() -> None:
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            with open(writer, "w", encoding="utf-8") as file:
                json.dump(_live(json.loads(line)), file)
            os._exit(0)
        os.close(writer)
        with open(reader, encoding="utf-8") as file:
            text = file.read()
        _, status = os.waitpid(child, 0)
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": True}) if is_killed else text, flush=True)


if __name__ == "__main__":
    main()
