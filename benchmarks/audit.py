"""
What an audit trail costs: `python -m benchmarks.audit`.

A unit is what building one `ToolExecution` costs in that process. Everything takes turns, and a figure is made of the
shortest times. The growth of memory is measured over executions that a hook decides on and records.
"""

import argparse
import gc
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.policy import decision, execution, microseconds, units
from benchmarks.subjects import building_one_execution, tool_call_in_run
from benchmarks.timing import Block, block, take_turns
from smolagents.policy import Policy, PolicyHook
from smolagents.policy.audit.keys import AuditKey
from smolagents.policy.audit.verify import verify


KEY = "a key that only benchmarks have, and nobody else"
RECORDS = 100_000
EXECUTIONS = 1_000_000
MEMORY = 20  # MB
ROTATE = 1 << 26  # bytes, so that a million executions do not fill the disk: old files are removed

FIGURES = (
    units("an audited decision: before and after", "digest", "plain", 40),
    units("  a refusal", "refused, digest", "refused, plain"),
    units("  arguments and result redacted", "redacted", "plain"),
    units("  arguments and result in full", "full", "plain"),
    units("  1 kB of text, its digest", "digest, 1 kB", "plain, 1 kB"),
    units("  1 kB of text, redacted", "redacted, 1 kB", "plain, 1 kB"),
    units("  forced to the disk once a second", "interval", "plain"),
    units("  forced to the disk at once", "always", "plain"),
    units("a call in a run, audited", "call, digest", "call, plain"),
    microseconds("one unit: building a ToolExecution", "unit"),
)


def hook(folder: str, payload: str | None, fsync: str = "never", **policy: Any) -> PolicyHook:
    audit = {"path": f"{folder}/{payload}_{fsync}_{time.monotonic_ns()}.jsonl", "payload": payload, "fsync": fsync}
    return PolicyHook(
        Policy.from_data({"version": 1, "default": "allow", **policy, **({"audit": audit} if payload else {})})
    )


def blocks(folder: str, stack: ExitStack) -> dict[str, Block]:
    """What is measured."""
    small, large = execution("hello"), execution("lorem ipsum " * 85)

    def audited(payload: str | None, about: Any = small, fsync: str = "never") -> Block:
        return block(decision(hook(folder, payload, fsync), about), 50)

    def refused(payload: str | None) -> Block:
        refusing = hook(folder, payload, tools={"deny": ["repeat"]})
        return block(partial(refusing.before_tool_execution, small), 50)

    def called(payload: str | None) -> Block:
        call, context = stack.enter_context(tool_call_in_run([hook(folder, payload)]))
        return partial(context.run, block(call, 50))

    return {
        "unit": block(building_one_execution(), 500),
        "plain": audited(None),
        "digest": audited("digest"),
        "redacted": audited("redacted"),
        "full": audited("full"),
        "plain, 1 kB": audited(None, large),
        "digest, 1 kB": audited("digest", large),
        "redacted, 1 kB": audited("redacted", large),
        "interval": audited("digest", fsync="interval"),
        "always": audited("digest", fsync="always"),
        "refused, plain": refused(None),
        "refused, digest": refused("digest"),
        "call, plain": called(None),
        "call, digest": called("digest"),
    }


def records_per_second(folder: str) -> float:
    """How fast a trail is verified."""
    path = Path(folder) / "verified.jsonl"
    recording = decision(PolicyHook(_policy(path)), execution("hello"))
    for _ in range(RECORDS // 2):
        recording()
    key = AuditKey(KEY.encode())

    def seconds() -> float:
        start = time.perf_counter()
        result = verify(path, key)
        assert result.fault is None and result.records > RECORDS
        return time.perf_counter() - start

    return RECORDS / min(seconds() for _ in range(5))


def megabytes_of(executions: int, folder: str) -> float:
    """How much the memory of this process grows over so many executions."""
    path = Path(folder) / "many.jsonl"
    recording = decision(PolicyHook(_policy(path, rotate_bytes=ROTATE)), execution("hello"))
    start = 0.0
    for number in range(executions):
        recording()
        if number == executions // 100:
            gc.collect()
            start = _resident()
        if number % 50_000 == 0:
            for old in sorted(Path(folder).glob("many-*.jsonl"))[:-2]:
                old.unlink()
    gc.collect()
    return _resident() - start


def _policy(path: Path, **audit: Any) -> Policy:
    return Policy.from_data(
        {"version": 1, "default": "allow", "audit": {"path": str(path), "fsync": "never", **audit}}
    )


def _resident() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    except FileNotFoundError:  # Not on Linux; the most so far is all that there is to know
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> int:
    """Measure, and print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.audit", description="Measure what an audit trail costs."
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--rounds", type=int, default=100, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--executions", type=int, default=EXECUTIONS, help="for the memory (default: %(default)s)")
    options = parser.parse_args()
    os.environ["SMOLAGENTS_AUDIT_KEY"] = KEY
    lines: list[tuple[str, float | None, float, str, Callable[[float, float], bool]]] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        # First, as it may not hide in what other measurements have left free
        memory = megabytes_of(options.executions, folder)
        samples = take_turns(blocks(folder, stack), options.rounds)
        best = {name: min(times) for name, times in samples.items()}
        at_most, at_least = float.__le__, float.__ge__
        lines += [(line.name, line.target, line.measure(best), line.unit, at_most) for line in FIGURES]
        lines.append(("records verified in a second", 100_000.0, records_per_second(folder), "", at_least))
        what = f"memory over {options.executions:,} executions"
        lines.append((what, float(MEMORY), memory, "MB", at_most))
    missed = False
    for name, target, measured, unit, is_met in lines:
        is_missed = target is not None and not is_met(float(measured), float(target))
        missed |= is_missed
        verdict = "" if target is None else "MISSED" if is_missed else "met"
        print(
            f"{name:<50} {'' if target is None else f'{target:g}':>7} {measured:>12.3f} {unit:<6} {verdict}".rstrip()
        )
    return int(options.check and missed)


if __name__ == "__main__":
    sys.exit(main())
