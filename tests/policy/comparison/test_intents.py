"""Policies that say something about intents are compared as far as that can be decided."""

from __future__ import annotations

from typing import get_args

import pytest

from smolagents.policy import Policy
from smolagents.policy.intent_section import CategoryName


def policy(**intents) -> Policy:
    return Policy.from_data({"version": 1, "default": "allow", "intents": intents})


def test_the_same_intents_leave_the_rest_to_be_decided():
    one = Policy.from_data({"version": 1, "default": "allow", "intents": {"deny": ["code_execution"]}})
    other = Policy.from_data({"version": 1, "default": "deny", "intents": {"deny": ["code_execution"]}})
    assert other.compare(one).relation == "stricter"
    assert one.compare(other).relation == "looser"


@pytest.mark.parametrize(
    "stricter, milder",
    [
        ({"deny": ["data_read"]}, {"ask": ["data_read"]}),
        ({"stop": ["data_read"]}, {"deny": ["data_read"]}),
        ({"deny": ["data_read"], "min_confidence": 0.5}, {"deny": ["data_read"], "min_confidence": 0.9}),
        ({"deny": ["data_read", "data_write"]}, {"deny": ["data_read"]}),
        ({"deny": ["data_read"]}, {}),
    ],
)
def test_what_is_refused_for_more_or_surer_or_more_severely_is_stricter_and_shown(stricter, milder):
    one, other = policy(**stricter), policy(**milder)

    comparison = other.compare(one)

    assert one.compare(other).relation == "stricter"
    assert (comparison.relation, comparison.unknown_because) == ("looser", ())
    assert all(witness.entry.startswith("intents.") for witness in comparison.loosened)


_CATEGORIES = get_args(get_args(CategoryName)[0])


@pytest.mark.parametrize("action", ["ask", "deny", "stop"])
@pytest.mark.parametrize("category", _CATEGORIES)
def test_every_category_has_an_execution_that_shows_that_it_was_dropped(category, action):
    comparison = policy().compare(policy(**{action: [category]}))

    assert comparison.relation == "looser"
    assert category in {reason.text for reason in comparison.loosened[0].tighter.determining}


@pytest.mark.parametrize("low, high", [(0.5, 0.8), (0.6, 0.9), (0.5, 0.95), (0.7, 1)])
def test_thresholds_are_compared_category_by_category(low, high):
    both = ["code_execution", "destructive_data"]
    one = policy(deny=both, thresholds={"code_execution": low, "destructive_data": high})
    other = policy(deny=both, thresholds={"code_execution": high, "destructive_data": low})

    assert one.compare(other).relation == "incomparable"


def test_thresholds_between_which_nothing_is_known_to_be_are_unknown():
    one = policy(deny=["data_read"], min_confidence=0.5)
    other = policy(deny=["data_read"], min_confidence=0.501)

    assert one.compare(other).is_at_least_as_strict is True
    assert one.compare(other).relation == "unknown"
    assert one.compare(other).unknown_because[0].entry == "intents.deny[0]"


def test_intents_of_a_policy_that_only_watches_count_for_nothing():
    watching = Policy.from_data(
        {"version": 1, "default": "allow", "mode": "shadow", "intents": {"deny": ["data_read"]}}
    )

    assert watching.compare(policy(deny=["data_read"])).relation == "looser"
    assert watching.compare(policy(warn=["data_read"])).relation == "equal"


def test_a_warning_about_an_intent_makes_no_difference():
    assert policy(warn=["data_read"]).compare(policy()).relation == "equal"
