"""Mutated programs: what is left of a program after a few cuts, copies and stray characters. The same in each run."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.policy.intents import attacks, escapes, harmless


SEEDS = (
    *(case for module in (escapes, attacks) for cases in module.FAMILIES.values() for case in cases),
    *harmless.PROGRAMS,
)
_STRAY = ("\0", "\ud800", "(", ")", "'", '"', "\n", "\t", "{", "}", ":", "é", "\\", "#", "\u200b", "f'", "\f", "\r")
_LONGEST = 20_000


def mutated(count: int, seed: int) -> Iterator[str]:
    """So many mutated programs."""
    chance = random.Random(seed)
    for _ in range(count):
        program = chance.choice(SEEDS)
        for _ in range(chance.randint(1, 4)):
            program = _mutation(chance, program)[:_LONGEST]
        yield program


def _mutation(chance: random.Random, program: str) -> str:
    start, end = sorted((chance.randint(0, len(program)), chance.randint(0, len(program))))
    other = chance.choice(SEEDS)
    return chance.choice(
        (
            program[:start] + program[end:],
            program[:start] + other + program[end:],
            program + "\n" + other,
            program[:start] + chance.choice(_STRAY) + program[start:],
            program[:start] + program[start:end] * chance.randint(2, 5) + program[end:],
            program[:start] + program[start:end][::-1] + program[end:],
        )
    )
