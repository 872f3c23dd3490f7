"""Policies that say something about intents are compared as far as that can be decided."""

from __future__ import annotations

import pytest

from smolagents.policy import Policy


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
def test_more_intents_are_never_called_looser_nor_fewer_stricter(stricter, milder):
    one, other = policy(**stricter), policy(**milder)
    assert one.compare(other).is_at_least_as_strict is True
    assert one.compare(other).relation in ("stricter", "unknown")
    assert other.compare(one).relation in ("looser", "unknown")
    assert any("intents" in unknown.entry for unknown in other.compare(one).unknown_because)


def test_a_warning_about_an_intent_makes_no_difference():
    assert policy(warn=["data_read"]).compare(policy()).relation == "equal"
