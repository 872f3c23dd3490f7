"""Whether what one policy says about intents covers what another says, and executions that show that it does not.

Which texts are taken for what is up to readers of programs and commands. So a category is at least as strict as the
same one with a milder action or a higher threshold; that something else is not, executions show that are tried out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..decision import SEVERITY
from ..intent_section import IntentEntry
from ..model import Policy
from .pairs import Attempt, Pair, found
from .search import Unknown
from .undecided import NotDecided
from .witnesses import Witness


class IntentSearch:
    """
    Args:
        pair ([`Pair`]): The policies.

    Attributes:
        unknown (`dict[Unknown, None]`): What was not decided, after all witnesses were asked for.
    """

    def __init__(self, pair: Pair):
        self._pair, self._free, self._tight = pair, pair.free, pair.tight
        self.unknown: dict[Unknown, None] = {}

    def witnesses(self) -> Iterator[Witness]:
        """Witnesses, one at most for each entry that may refuse, or ask about, what the freer policy lets pass."""
        covering = [entry for layer in self._free.layers for entry in layer.intents.entries()]
        attempts: list[Attempt] = [
            (layer.entry(entry.path), partial(self._tried, layer, entry))
            for layer in self._tight.layers
            for entry in layer.intents.entries()
            if entry.action != "warn" and not any(_covers(other, entry) for other in covering)
        ]
        yield from found(attempts, self.unknown)

    def _tried(self, layer: Policy, entry: IntentEntry) -> Witness:
        # Only here: what reads programs takes long to import.
        from .samples import confidence, samples

        for execution in samples(self._free.objections):
            if confidence(execution, entry.category) < entry.threshold:
                continue
            self._pair.deadline.check()
            witness = self._pair.confirmed(execution, (), layer.entry(entry.path))
            if witness is not None and layer.entry(entry.path) in {each.entry for each in witness.tighter.determining}:
                return witness
        raise NotDecided(f"which executions are taken for {entry.category} is not decided")


def _covers(entry: IntentEntry, other: IntentEntry) -> bool:
    is_as_severe = SEVERITY.index(entry.action) >= SEVERITY.index(other.action)
    return entry.category == other.category and is_as_severe and entry.threshold <= other.threshold
