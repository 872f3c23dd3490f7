"""What is refused often, what people are asked about, and what fails count for a comparison."""

from __future__ import annotations

import pytest

from .test_compare import compared, rule


_INTENTS = {"intents": {"deny": ["destructive_data"]}}
_ASKING = {"intents": {"ask": ["destructive_data"]}}


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    "policy",
    [
        _INTENTS,
        _ASKING,
        rule("deny"),
        rule("ask"),
        {"limits": {"tool_calls": 5}},
        {"limits": {"per_tool": {"a": 200}}},
        {"limits": {"tokens": 5}},
        {"limits": {"run_seconds": 5}},
        {"limits": {"rates": {"a": "2/minute"}}},
    ],
    ids=str,
)
def test_to_stop_after_refusals_is_stricter_whatever_refuses(policy, times):
    limits = {**policy.get("limits", {}), "identical_denials": times}

    comparison = compared(policy, {**policy, "limits": limits})

    assert (comparison.relation, comparison.unknown_because) == ("stricter", ())
    assert compared({**policy, "limits": limits}, policy).relation == "looser"
    assert all(witness.tighter.action == "stop" for witness in comparison.tightened)


def test_to_stop_after_a_person_refused_counts_where_the_other_policy_refuses_by_itself():
    # If it was refused three times under both, only one of them ends the run.
    comparison = compared({**rule("ask"), "limits": {"identical_denials": 3}}, rule("deny"))

    assert comparison.relation == "incomparable"
    (witness,) = (each for each in comparison.loosened if each.entry == "limits.identical_denials")
    assert [event.is_refused for event in witness.history] == [True] * 3


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("action", ["warn", "stop"])
def test_to_stop_after_refusals_makes_no_difference_where_nothing_is_refused_or_only_once(action, times):
    old = {"intents": {action: ["destructive_data"]}}

    assert compared(old, {**old, "limits": {"identical_denials": times}}).relation == "equal"


@pytest.mark.parametrize("times", [1, 2])
def test_where_no_run_begins_nothing_is_refused_twice(times):
    limits = {"tokens": 0}

    assert compared({"limits": limits}, {"limits": {**limits, "identical_denials": times}}).relation == "equal"


@pytest.mark.parametrize("policy", [rule("deny"), {"limits": {"tool_calls": 5}}], ids=str)
def test_who_stops_at_the_first_refusal_does_not_count_those_of_other_runs(policy):
    limits = {**policy.get("limits", {}), "identical_denials": 1}
    in_session = {**limits, "scope": "session"}

    comparison = compared({**policy, "limits": limits}, {**policy, "limits": in_session})

    assert all(each.entry != "limits.identical_denials" for each in comparison.unknown_because)
    assert comparison.relation == ("stricter" if "tool_calls" in limits else "equal")


@pytest.mark.parametrize("times", [1, 2])
def test_what_nobody_can_look_into_is_never_the_same_as_what_was_refused_before(times):
    old = {"opaque": "deny"}

    assert compared(old, {**old, "limits": {"identical_denials": times}}).relation == "equal"


def test_what_is_asked_about_only_where_the_run_ends_anyway_is_never_refused_again():
    asking = {"id": "asks", "action": "ask", "when": {"name": "t", "arguments": {"x": {"equals": "a"}}}}
    ending = {"id": "ends", "action": "stop", "when": {"name": "t", "arguments": {"x": {"not": {"suffix": "ab"}}}}}
    old = {"rules": [asking, ending]}

    # A value of which nobody knows what it is, and a number that may be that text, end the run as well
    assert compared(old, {**old, "limits": {"identical_denials": 1}}).relation == "equal"


@pytest.mark.parametrize("policy", [rule("ask"), _ASKING], ids=str)
@pytest.mark.parametrize("key", ["wait_seconds", "valid_seconds"])
def test_a_shorter_time_for_people_is_stricter_wherever_they_are_asked(policy, key):
    assert compared(policy, {**policy, "approvals": {key: 10}}).relation == "stricter"
    assert compared({**policy, "approvals": {key: 10}}, policy).relation == "looser"


_AUDIT = {"audit": {"path": "audit.jsonl"}}
_LENIENT = {"audit": {"path": "audit.jsonl", "on_audit_error": "allow"}}


@pytest.mark.parametrize(
    "old, new, relation",
    [
        ({}, _AUDIT, "stricter"),
        (_AUDIT, {}, "looser"),
        (_LENIENT, _AUDIT, "stricter"),
        ({}, _LENIENT, "equal"),
        (_AUDIT, {"audit": {**_AUDIT["audit"], "payload": "full", "secrets": ["pin"]}}, "equal"),
        (_AUDIT, {"audit": {"path": "other.jsonl"}}, "unknown"),
        ({"audit": {**_AUDIT["audit"], "fsync": "never"}}, _AUDIT, "unknown"),
        (_AUDIT, {**_AUDIT, "mode": "shadow"}, "looser"),
        ({}, {**_AUDIT, "mode": "shadow"}, "equal"),
        ({"tools": {"deny": ["a"]}}, {"tools": {"deny": ["a"]}, **_AUDIT}, "stricter"),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_one_policy_and_not_by_another(old, new, relation):
    assert compared(old, new).relation == relation


_KEPT = {"checkpoints": {"path": "kept", "on_error": "stop"}}


@pytest.mark.parametrize(
    "old, new, relation",
    [
        ({}, _KEPT, "stricter"),
        (_KEPT, {}, "looser"),
        ({}, {"checkpoints": {"path": "kept"}}, "equal"),
        (_KEPT, {"checkpoints": {"path": "kept"}}, "looser"),
        (_KEPT, {"checkpoints": {**_KEPT["checkpoints"], "keep": 9}}, "equal"),
        (_KEPT, {"checkpoints": {**_KEPT["checkpoints"], "every": 9}}, "unknown"),
        (_KEPT, {**_KEPT, "mode": "shadow"}, "equal"),  # Checkpoints are written all the same
    ],
)
def test_what_cannot_be_kept_ends_the_run_under_one_policy_and_not_under_another(old, new, relation):
    assert compared(old, new).relation == relation


@pytest.mark.parametrize("name", ["python_interpreter", "python_*", "?ython_interpreter"])
def test_to_deny_the_tool_that_runs_code_denies_code(name):
    about_calls = [{"id": kind, "action": "deny", "when": {"kind": kind, "name": name}} for kind in ("tool", "agent")]

    comparison = compared({"rules": about_calls}, {"tools": {"deny": [name]}})

    (witness,) = comparison.tightened
    assert (comparison.relation, witness.execution.kind) == ("stricter", "code")


def test_a_command_in_other_surroundings_is_refused_by_an_entry_and_not_by_a_rule():
    texts = {"one_of": ["git status"]}
    by_rule = {
        "operations": {"default": "deny"},
        "rules": [
            {
                "id": "git",
                "action": "allow",
                "when": {"name": "process.run", "arguments": {"command": texts, "executable": texts}},
            }
        ],
    }
    by_entry = {"operations": {"default": "deny", "process.run": texts}}

    comparison = compared(by_entry, by_rule)

    assert comparison.is_at_least_as_strict is False
    assert {"cwd", "env"} & set(comparison.loosened[0].execution.arguments)
