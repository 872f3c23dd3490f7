"""The `intents` section, compiled: what it says about what an execution is for."""

from __future__ import annotations

from collections.abc import Iterator

from smolagents.hooks import ToolExecution

from .decision import Reason
from .intent_section import IntentEntry, Intents
from .intents import Category, Evidence, Intent, classify, classify_words


_CLAUSES = {"stop": "ends the run for", "deny": "denies", "ask": "asks a person about", "warn": "warns of"}


class IntentTests:
    """The entries of one policy. Immutable, and safe to use from several threads.

    Args:
        intents ([`Intents`]): The section.
        called (`str`): What messages call the policy.
    """

    def __init__(self, intents: Intents, called: str):
        self._called = called
        self._entries = [(entry, Category(entry.category)) for entry in intents.entries()]

    @staticmethod
    def intent_of(execution: ToolExecution) -> Intent:
        """What an execution is for, whatever the policy. A delegation is told in words, and read by them."""
        if execution.kind == "agent":
            return classify_words(execution.arguments)
        return classify(execution.name, execution.arguments)

    def reasons(self, intent: Intent) -> Iterator[Reason]:
        """What the section says about an intent: an entry for each category that is sure enough."""
        for entry, category in self._entries:
            confidence = intent.categories.get(category, 0.0)
            if confidence >= entry.threshold:
                found = (evidence for evidence in intent.evidence if evidence.category is category)
                yield self._reason(entry, confidence, sorted(found, key=lambda evidence: -evidence.weight))

    def _reason(self, entry: IntentEntry, confidence: float, evidence: list[Evidence]) -> Reason:
        strongest = evidence[0]
        place = "".join(
            (
                f"{strongest.where}, " if strongest.where else "",
                f"line {strongest.line}, " if strongest.line is not None else "",
                f"by the rule {strongest.rule}",
            )
        )
        message = (
            f"it looks like {entry.category} (confidence {confidence:.2f}), which {self._called} "
            f"{_CLAUSES[entry.action]} ({entry.path}): it {strongest.explanation} ({place})"
        )
        where = strongest.where or None
        return Reason(entry.action, "intent", entry.path, entry.category, message, where, evidence=tuple(evidence))
