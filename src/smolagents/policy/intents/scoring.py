"""From facts to an intent: the table's rules are matched, and what they say is added up for each category.

Rules are taken as independent witnesses: the score is the chance that not all of them are wrong (noisy-or). However
often a rule matches, it is one witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .facts import Fact
from .intent import DANGEROUS, Category, Evidence, Intent
from .table import RULES, Pattern, Rule


# The score from which a dangerous category makes the whole dangerous.
THRESHOLD = 0.5
_LONGEST_TEXT = 120
_MOST_EVIDENCE = 50

_RULES_BY_ACT: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _act in _rule.pattern.acts:
        _RULES_BY_ACT.setdefault(_act, []).append(_rule)
_ORDER = {category: position for position, category in enumerate(Category)}


@lru_cache(maxsize=4096)
def _fits(pattern: Pattern, act: str, target: str, traits: frozenset[str]) -> bool:
    return (
        act in pattern.acts
        and (not pattern.targets or target in pattern.targets)
        and pattern.traits <= traits
        and (not pattern.any_traits or not pattern.any_traits.isdisjoint(traits))
        and pattern.without.isdisjoint(traits)
    )


@lru_cache(maxsize=4096)
def _rules_for(act: str, target: str, traits: frozenset[str]) -> tuple[Rule, ...]:
    return tuple(rule for rule in _RULES_BY_ACT.get(act, ()) if _fits(rule.pattern, act, target, traits))


def score(facts: Sequence[Fact]) -> Intent:
    """What facts come to."""
    evidence: list[Evidence] = []
    misses: dict[Category, float] = {}
    counted: set[str] = set()
    kinds: set[tuple[str, str, frozenset[str]]] = set()
    for fact in facts:
        for rule in _rules_for(fact.act, fact.target, fact.traits):
            if rule.beside is not None:
                kinds = kinds or {(fact.act, fact.target, fact.traits) for fact in facts}
                if not any(_fits(rule.beside, *kind) for kind in kinds):
                    continue
            if len(evidence) < _MOST_EVIDENCE or rule.id not in counted:
                evidence.append(_evidence(rule, fact))
            if rule.id not in counted:
                counted.add(rule.id)
                misses[rule.category] = misses.get(rule.category, 1.0) * (1.0 - rule.weight)
    return _intent({category: round(1.0 - miss, 6) for category, miss in misses.items()}, evidence)


def _evidence(rule: Rule, fact: Fact) -> Evidence:
    text = fact.text if len(fact.text) <= _LONGEST_TEXT else fact.text[: _LONGEST_TEXT - 1] + "…"
    return Evidence(rule.id, rule.category, rule.weight, rule.explanation, fact.where, text, fact.line)


def _intent(scores: dict[Category, float], evidence: list[Evidence]) -> Intent:
    if not scores:
        return Intent(Category.BENIGN, False, 1.0, {}, ())
    ordered = dict(sorted(scores.items(), key=lambda item: (-item[1], _ORDER[item[0]])))
    is_dangerous = any(value >= THRESHOLD for category, value in scores.items() if category in DANGEROUS)
    category, highest = next(iter(ordered.items()))
    if highest < THRESHOLD:
        return Intent(Category.BENIGN, False, round(1.0 - highest, 6), ordered, tuple(evidence))
    return Intent(category, is_dangerous, highest, ordered, tuple(evidence))
