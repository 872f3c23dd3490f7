"""Interleaved timing: variants take turns in one process, so that what disturbs one of them disturbs all."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random

from pyperf import perf_counter


Block = Callable[[], float]  # Repeats something and gives the mean, in seconds


def block(function: Callable[[], object], loops: int = 1) -> Block:
    """Make a block that repeats a function."""
    repetitions = [None] * loops

    def time() -> float:
        start = perf_counter()
        for _ in repetitions:
            function()
        return float(perf_counter() - start) / loops

    return time


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Keep the garbage collector from running inside of a block: it would charge one variant for the others."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def take_turns(blocks: Mapping[str, Block], rounds: int) -> dict[str, list[float]]:
    """
    Run each block once a round. A first round warms up and is not counted.

    Each round has another order, since a block finds the processor's caches as the one before it leaves them.

    Returns:
        `dict[str, list[float]]`: Seconds, by variant and round.
    """
    samples: dict[str, list[float]] = {name: [] for name in blocks}
    names, random = list(blocks), Random(0)
    with garbage_kept():
        for number in range(rounds + 1):
            random.shuffle(names)
            for name in names:
                seconds = blocks[name]()
                if number:
                    samples[name].append(seconds)
                gc.collect()  # Else the next one works on memory that is not in the caches
    return samples


def left_to_the_garbage_collector(function: Callable[[], object], calls: int = 100) -> float:
    """Objects in reference cycles that a call leaves behind, a cost that `take_turns` does not see."""
    function()
    with garbage_kept():
        for _ in range(calls):
            function()
        return gc.collect() / calls
