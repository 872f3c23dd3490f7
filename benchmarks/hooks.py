"""
What hooks cost: `python -m benchmarks.hooks`.

Costs of a call are told in units: what building one `ToolExecution` costs in the same process. The unpatched release,
the fork without hooks and the fork with hooks that do nothing take turns there, and the least disturbed turn of each
counts, since what else a machine does only ever adds time. (`pyperf`'s own runner measures one benchmark after
another: only its clock and its description of the machine are used.) Where code and data happen to lie in memory
makes a process some per cent faster or slower than the next one, so the figures are the medians of several processes.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pyperf

from benchmarks.packages import ROOT, fetch_release
from benchmarks.worker import MORE_HOOKS, STEPS


class Times:
    """The shortest times of one process, in seconds, by variant, and what it counted."""

    def __init__(self, measured: dict[str, Any]):
        self.best: dict[str, float] = {name: min(samples) for name, samples in measured["samples"].items()}
        self.counts: dict[str, float] = measured["counts"]

    def more_units(self, variant: str, than: str) -> float:
        """What a call costs more than another, in units."""
        return (self.best[variant] - self.best[than]) / self.best["unit"]


@dataclass(frozen=True)
class Figure:
    """
    One line of the table.

    Args:
        name (`str`): What is measured.
        unit (`str`): What it is measured in.
        measure (`Callable[[Times], float]`): Takes the figure from one process.
        target (`float`, *optional*): The most that it may be; without one it is told for information.
    """

    name: str
    unit: str
    measure: Callable[[Times], float]
    target: float | None = None


def units(name: str, variant: str, more_than: str, target: float) -> Figure:
    """What a call costs more than another, in units."""
    return Figure(name, "units", lambda times: times.more_units(variant, more_than), target)


def multiple(name: str, variant: str, of: str, target: float | None = None) -> Figure:
    """What a run costs, as a multiple of another."""
    return Figure(name, "times", lambda times: times.best[variant] / times.best[of], target)


def each_further(name: str, call: str, target: float) -> Figure:
    """What a call costs more with one hook more, in units."""

    def measure(times: Times) -> float:
        return times.more_units(f"{call}, {MORE_HOOKS} hooks", f"{call}, 1 hook") / (MORE_HOOKS - 1)

    return Figure(name, "units", measure, target)


def microseconds(name: str, variant: str) -> Figure:
    """What something costs, for information."""
    return Figure(name, "us", lambda times: times.best[variant] * 1e6)


FIGURES = (
    units("execute_tool_call: one hook", "call, 1 hook", "call, fork", 12),
    units("  the same inside of a run", "call in a run, 1 hook", "call, fork", 12),
    each_further("execute_tool_call: each further hook", "call", 2),
    each_further("  the same inside of a run", "call in a run", 2),
    units("execute_tool_call: no hooks, to the release", "call, fork", "call, release", 0.5),
    multiple(f"run of {STEPS} tool steps: one hook", "logged run, 1 hook", "logged run, fork", 1.03),
    multiple("  the same without logging", "run, 1 hook", "run, fork", 1.03),
    multiple("  the same, no hooks, to the release", "run, fork", "run, release"),
    multiple("run of 20,000 operations: one hook", "loop, 1 hook", "loop, fork", 1.02),
    multiple("  no hooks, to the release", "loop, fork", "loop, release"),
    Figure("  operations, as the interpreter counts", "", lambda times: times.counts["operations"]),
    microseconds("one unit: building a ToolExecution", "unit"),
    microseconds("execute_tool_call: the release", "call, release"),
    microseconds(f"run of {STEPS} tool steps: no hooks", "logged run, fork"),
    microseconds("  the same without logging", "run, fork"),
    Figure("left to the garbage collector by a call", "objects", lambda times: times.counts["garbage"], 0),
)


@dataclass(frozen=True)
class Result:
    """A figure as measured: the median of the processes, the least and the most."""

    figure: Figure
    measured: float
    least: float
    most: float

    @property
    def met(self) -> bool | None:
        """Whether the target is met; `None` without one."""
        return None if self.figure.target is None else self.measured <= self.figure.target


def measure(processes: int, scale: float) -> list[Times]:
    """Run the worker in so many processes, one after the other."""
    fetch_release()
    measured = []
    for number in range(1, processes + 1):
        print(f"\rmeasuring, process {number} of {processes} ...", end="", file=sys.stderr, flush=True)
        # Another seed for hashes each time: their order is one of the things that differ between processes
        environment = {**os.environ, "PYTHONHASHSEED": str(number), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "benchmarks.worker", str(scale)]
        worker = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False)
        if worker.returncode:
            raise SystemExit(f"\nThe measuring process ended with exit code {worker.returncode}, see above.")
        measured.append(Times(json.loads(worker.stdout)))
    print(file=sys.stderr)
    return measured


def summarize(measured: Sequence[Times]) -> list[Result]:
    """Take each figure from every process."""
    results = []
    for figure in FIGURES:
        values = [figure.measure(times) for times in measured]
        results.append(Result(figure, median(values), min(values), max(values)))
    return results


def table(results: Sequence[Result]) -> str:
    """The results as text, a line each."""
    lines = [f"{'':<46} {'target':>8} {'measured':>10} {'(least to most)':>20}"]
    for result in results:
        figure = result.figure
        target = "" if figure.target is None else f"{figure.target:g}"
        digits = 3 if figure.unit == "times" else 2
        spread = f"({result.least:.{digits}f} to {result.most:.{digits}f})"
        verdict = {None: "", True: "met", False: "MISSED"}[result.met]
        line = f"{figure.name:<46} {target:>8} {result.measured:>10.{digits}f} {spread:>20} {figure.unit:<7} {verdict}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What pyperf knows of the machine."""
    metadata = pyperf.Run([1.0], collect_metadata=True).get_metadata()
    return {name: entry.value if hasattr(entry, "value") else entry for name, entry in metadata.items()}


def save(path: Path, results: Sequence[Result], measured: Sequence[Times]) -> None:
    """Write the results, the shortest times of each process in seconds, and the machine, as JSON."""
    figures = [
        {
            "name": result.figure.name.strip(),
            "unit": result.figure.unit,
            "target": result.figure.target,
            "measured": result.measured,
            "least": result.least,
            "most": result.most,
            "met": result.met,
        }
        for result in results
    ]
    processes = [{"seconds": times.best, "counts": times.counts} for times in measured]
    path.write_text(json.dumps({"figures": figures, "processes": processes, "machine": machine()}, indent=2) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hooks", description="Measure what hooks cost.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--processes", type=int, default=5, help="how many processes to measure in (default 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds, to try the command out")
    options = parser.parse_args(arguments)
    measured = measure(max(1, options.processes), 0.1 if options.quick else 1.0)
    results = summarize(measured)
    about = machine()
    print(f"Python {about.get('python_version', '')}, {about.get('cpu_model_name', about.get('platform', ''))}")
    print(table(results))
    if options.json:
        save(options.json, results, measured)
    return int(options.check and any(result.met is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
