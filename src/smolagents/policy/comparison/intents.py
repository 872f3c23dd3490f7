"""Whether what one policy says about intents covers what another says.

Which texts are taken for what, is up to readers of programs and commands, and not decided here: a category is at least
as strict as the same one with a milder action or a higher threshold, and nothing else is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..decision import SEVERITY
from ..intent_section import IntentEntry
from ..model import Policy
from .search import Side, Unknown


def undecided_intents(free: Side, tight: Side) -> list[Unknown]:
    """What the policy of `tight` may refuse for its intent, as far as that of `free` does not surely do so too."""
    covering = [entry for layer in free.layers for entry in layer.intents.entries()]
    return [
        Unknown(entry.path, f"which executions are taken for {entry.category} is not decided")
        for entry in _restricting(tight.layers)
        if not any(_covers(other, entry) for other in covering)
    ]


def _restricting(layers: Iterable[Policy]) -> Iterable[IntentEntry]:
    return (entry for layer in layers for entry in layer.intents.entries() if entry.action != "warn")


def _covers(entry: IntentEntry, other: IntentEntry) -> bool:
    is_as_severe = SEVERITY.index(entry.action) >= SEVERITY.index(other.action)
    return entry.category == other.category and is_as_severe and entry.threshold <= other.threshold
