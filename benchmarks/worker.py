"""One process of measurements, printed as JSON. See `benchmarks.hooks` for what they mean."""

import json
import sys
from contextlib import ExitStack
from functools import partial

from benchmarks.packages import FORK, Loaded, fetch_release
from benchmarks.timing import Block, block, left_to_the_garbage_collector, take_turns


CALLS = 50  # A block of calls takes well under a millisecond, so that many blocks are left undisturbed
MORE_HOOKS = 11
STEPS = 10
TURNS = 1_666  # Of 12 operations


def tool_calls(fork: Loaded, release: Loaded, rounds: int) -> dict[str, list[float]]:
    subjects = fork.subjects
    blocks: dict[str, Block] = {
        "unit": block(subjects.building_one_execution(), 10 * CALLS),
        "call, release": block(release.subjects.tool_call(), CALLS),
        "call, fork": block(subjects.tool_call(), CALLS),
        "call, 1 hook": block(subjects.tool_call(1), CALLS),
        f"call, {MORE_HOOKS} hooks": block(subjects.tool_call(MORE_HOOKS), CALLS),
    }
    with ExitStack() as stack:
        for hooks, name in ((1, "call in a run, 1 hook"), (MORE_HOOKS, f"call in a run, {MORE_HOOKS} hooks")):
            call, context = stack.enter_context(subjects.tool_call_in_run(hooks))
            blocks[name] = partial(context.run, block(call, CALLS))
        return take_turns(blocks, rounds)


def runs(fork: Loaded, release: Loaded, rounds: int) -> dict[str, list[float]]:
    return take_turns(
        {
            "run, release": block(release.subjects.run_of_tool_steps(STEPS)),
            "run, fork": block(fork.subjects.run_of_tool_steps(STEPS)),
            "run, 1 hook": block(fork.subjects.run_of_tool_steps(STEPS, 1)),
            "logged run, fork": block(fork.subjects.run_of_tool_steps(STEPS, logged=True)),
            "logged run, 1 hook": block(fork.subjects.run_of_tool_steps(STEPS, 1, logged=True)),
        },
        rounds,
    )


def loops(fork: Loaded, release: Loaded, rounds: int) -> dict[str, list[float]]:
    return take_turns(
        {
            "loop, release": block(release.subjects.run_of_a_loop(TURNS)),
            "loop, fork": block(fork.subjects.run_of_a_loop(TURNS)),
            "loop, 1 hook": block(fork.subjects.run_of_a_loop(TURNS, 1)),
        },
        rounds,
    )


def main() -> None:
    """Measure, and print the samples, in seconds, and the counts."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    release, fork = Loaded(fetch_release()), Loaded(FORK)
    samples: dict[str, list[float]] = {}
    # Nothing that is timed of the release imports late: it would find the fork
    with fork.in_place():
        counts = {
            "operations": fork.subjects.run_of_a_loop(TURNS)(),
            "garbage": left_to_the_garbage_collector(fork.subjects.tool_call(1)),
        }
        samples |= tool_calls(fork, release, max(1, round(300 * scale)))
        samples |= runs(fork, release, max(1, round(60 * scale)))
        samples |= loops(fork, release, max(1, round(21 * scale)))
    json.dump({"samples": samples, "counts": counts}, sys.stdout)


if __name__ == "__main__":
    main()
