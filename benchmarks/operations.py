"""
What operations cost: `python -m benchmarks.operations`.

The audit hook stays for the life of the process, so the host's `open` is measured before a hook first wants operations
and after. All else is measured by turns. A figure is the minimum of its rounds.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from smolagents import CodeAgent, ToolExecution
from smolagents.hooks_testing import ScriptedModel, code


OPENS = 200
LOOP = "total = 0\nfor i in range(1300):\n    if i % 2 == 0:\n        total += i * 3\nfinal_answer(total)"


class NoObjection:
    kinds = {"tool", "agent", "code", "operation"}

    def before_tool_execution(self, execution: ToolExecution, /) -> None:
        return None

    def after_tool_execution(self, execution: ToolExecution, outcome: Any, /) -> None:
        return None


def seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def run_of(program: str, hooks: list[Any] | None) -> Callable[[], Any]:
    model = ScriptedModel(code(program))
    imports = ["os", "io"]
    agent = CodeAgent(tools=[], model=model, hooks=hooks, additional_authorized_imports=imports, verbosity_level=0)
    return lambda: agent.run("Work.")


def by_turns(rounds: int, *functions: Callable[[], Any]) -> list[float]:
    """The least time of each function, in seconds."""
    return [min(times) for times in zip(*([seconds(function) for function in functions] for _ in range(rounds)))]


def host_opens(path: str, depth: int = 0) -> None:
    if depth:
        host_opens(path, depth - 1)
        return
    for _ in range(OPENS):
        open(path).close()


def build() -> None:
    arguments = MappingProxyType({"text": "hello"})
    for _ in range(OPENS):
        ToolExecution(
            kind="tool",
            name="name",
            arguments=arguments,
            id="id",
            parent_id=None,
            run_id="run",
            agent_path=("agent",),
            step_number=1,
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operations", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile() as file:
        path = file.name
        shallow, deep = (lambda: host_opens(path)), (lambda: host_opens(path, 50))
        before = by_turns(options.rounds, shallow, deep)
        generated = f"import io\nfor i in range({OPENS}):\n    io.open({path!r}).close()\nfinal_answer(1)"
        free, asked = run_of(generated, None), run_of(generated, [NoObjection()])
        loop, watched = run_of(LOOP, None), run_of(LOOP, [NoObjection()])
        asked()
        unit, open_free, open_asked = by_turns(options.rounds, build, free, asked)
        loop_free, loop_watched = by_turns(options.rounds, loop, watched)
        after = by_turns(options.rounds, shallow, deep)
    figures = [
        ("open() in generated code, one hook", (open_asked - open_free) / unit, 25, "units"),
        ("a loop without effects, one hook", loop_watched / loop_free, 1.02, "times"),
        ("the host's open()", after[0] / before[0], 1.5, "times"),
        ("the same, 50 frames deep", after[1] / before[1], 1.5, "times"),
    ]
    for name, figure, target, of in figures:
        print(f"{name:40} {figure:6.2f} {of}   target {target:5}   {'met' if figure <= target else 'MISSED'}")
    print(f"one unit: building a ToolExecution, {unit / OPENS * 1e6:.2f} us; Python in process {os.getpid()}")
    return int(options.check and any(figure > target for _, figure, target, _ in figures))


if __name__ == "__main__":
    raise SystemExit(main())
