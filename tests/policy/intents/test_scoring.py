"""Rules are witnesses: several say more than one, and one that repeats itself says no more."""

from __future__ import annotations

import pytest

from smolagents.policy.intents import DANGEROUS, Category
from smolagents.policy.intents.facts import ACTS, TARGETS, TRAITS, Fact
from smolagents.policy.intents.scoring import score
from smolagents.policy.intents.table import RULES


def test_no_fact_is_benign():
    intent = score([])
    assert (intent.category, intent.dangerous, intent.confidence) == (Category.BENIGN, False, 1.0)


def test_a_fact_that_is_repeated_says_no_more():
    fact = Fact("delete", "system")
    assert score([fact] * 5).categories == score([fact]).categories


def test_rules_of_one_category_say_more_together():
    one = score([Fact("delete", "system")]).categories[Category.DESTRUCTIVE_DATA]
    both = score([Fact("delete", "system"), Fact("mount", "device", frozenset(["overwrite"]))])
    assert both.categories[Category.DESTRUCTIVE_DATA] > one


def test_what_is_only_tried_is_not_counted():
    assert not score([Fact("delete", "root", frozenset(["dry_run"]))].copy()).dangerous


def test_a_rule_may_want_another_fact_beside():
    read, connect = Fact("read", "secret"), Fact("connect", "host")
    assert "read-secret-and-connect" not in {evidence.rule for evidence in score([read]).evidence}
    assert "read-secret-and-connect" in {evidence.rule for evidence in score([read, connect]).evidence}


def test_the_order_of_facts_does_not_change_the_scores():
    facts = [Fact("delete", "system"), Fact("connect", "host"), Fact("read", "secret")]
    assert score(facts).categories == score(facts[::-1]).categories


def test_ids_of_rules_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_well_formed_and_can_match(rule):
    assert 0 < rule.weight < 1 and rule.category is not Category.BENIGN and rule.explanation
    pattern = rule.pattern
    assert pattern.acts <= ACTS and pattern.targets <= TARGETS and pattern.traits | pattern.any_traits <= TRAITS
    fact = Fact(
        min(pattern.acts),
        min(pattern.targets, default="unknown"),
        pattern.traits | frozenset(sorted(pattern.any_traits)[:1]),
    )
    other = rule.beside and Fact(
        min(rule.beside.acts), min(rule.beside.targets, default="unknown"), rule.beside.traits | rule.beside.any_traits
    )
    intent = score([fact, *([other] if other else [])])
    assert rule.id in {evidence.rule for evidence in intent.evidence}
    assert intent.dangerous or rule.category not in DANGEROUS or rule.weight < 0.5
