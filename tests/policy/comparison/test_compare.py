"""`Policy.compare`: which policy is the stricter one, and the execution that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smolagents.policy import Policy
from smolagents.policy.comparison import Comparison


def policy(**data) -> Policy:
    return Policy.from_data({"version": 1, "default": "allow", **data})


def compared(one: dict, other: dict) -> Comparison:
    """How the second policy relates to the first: what a change from one to the other does."""
    return policy(**other).compare(policy(**one))


def rule(action: str, name: str = "send", **arguments) -> dict:
    return {"rules": [{"id": "rule", "action": action, "when": {"name": name, "arguments": arguments}}]}


# What comparing the lengths of lists gets wrong: an old policy, a new one, and what the new one is.
_PEER = {
    "a list of allowed tools is stricter than none": (
        {},
        {"default": "deny", "tools": {"allow": ["a", "b"]}},
        "stricter",
    ),
    "without its list of allowed tools a policy is looser": (
        {"default": "deny", "tools": {"allow": ["a"]}},
        {"default": "allow"},
        "looser",
    ),
    "a list of one other tool is neither": (
        {"default": "deny", "tools": {"allow": ["read", "search"]}},
        {"default": "deny", "tools": {"allow": ["shell"]}},
        "incomparable",
    ),
    "one star allows more than two names": (
        {"default": "deny", "tools": {"allow": ["read", "search"]}},
        {"default": "deny", "tools": {"allow": ["*"]}},
        "looser",
    ),
    "one short pattern forbids more than three long ones": (
        {"patterns": ["rm -rf /", "rm -rf ~", "rm -rf *"]},
        {"patterns": ["rm -rf"]},
        "stricter",
    ),
    "more patterns that forbid less": ({"patterns": ["DROP"]}, {"patterns": ["DROP TABLE", "DROP VIEW"]}, "looser"),
    "as many patterns, and others": ({"patterns": ["rm -rf"]}, {"patterns": ["mkfs"]}, "incomparable"),
    "a regex that ignores case": (
        {"patterns": ["drop table"]},
        {"patterns": [{"regex": "(?i)drop table"}]},
        "stricter",
    ),
    "a lower limit with a tool more": (
        {"default": "deny", "tools": {"allow": ["read"]}, "limits": {"tool_calls": 50}},
        {"default": "deny", "tools": {"allow": ["read", "shell"]}, "limits": {"tool_calls": 10}},
        "incomparable",
    ),
    "no limit is looser than a high one": ({"limits": {"tool_calls": 1000}}, {}, "looser"),
    "to deny is stricter than to ask": (rule("ask"), rule("deny"), "stricter"),
}


@pytest.mark.parametrize("old, new, relation", _PEER.values(), ids=_PEER)
def test_what_lengths_of_lists_say_nothing_about_is_right(old, new, relation):
    assert compared(old, new).relation == relation


_CONDITIONS = [
    ({"prefix": "https://"}, {"prefix": "http"}, "stricter"),
    ({"suffix": "example.com"}, {"suffix": "@example.com"}, "looser"),
    ({"suffix": "@example.com"}, {"suffix": "@mail.example.com"}, "incomparable"),
    ({"equals": "a"}, {"one_of": ["a", "b"]}, "stricter"),
    ({"one_of": ["a", "b"]}, {"one_of": ["b", "a"]}, "equal"),
    ({"range": {"min": 10}}, {"range": {"min": 5}}, "stricter"),
    ({"range": {"min": 10}}, {"range": {"min": 5, "max": 20}}, "incomparable"),
    ({"max_length": 10}, {"not": {"max_length": 10}}, "incomparable"),
    ({"not": {"max_length": 300}}, {"not": {"max_length": 200}}, "stricter"),
    ({"host_in": ["10.0.0.0/8"]}, {"host_in": ["10.0.0.0/16"]}, "looser"),
    ({"host_in": ["a.example.com"]}, {"host_in": ["*.example.com"]}, "stricter"),
    ({"host_in": ["*.example.com"]}, {"host_in": ["*.example.com", "a.example.com"]}, "equal"),
    ({"not": {"host_in": ["a.org"]}}, {"not": {"host_in": ["a.org", "b.org"]}}, "looser"),
    ({"path_within": ["/srv/a"]}, {"path_within": ["/srv"]}, "stricter"),
    ({"not": {"path_within": ["/srv/a"]}}, {"not": {"path_within": ["/srv"]}}, "looser"),
    ({"any": [{"prefix": "a"}, {"prefix": "b"}]}, {"regex": "^[ab]"}, "equal"),
    ({"all": [{"prefix": "a"}, {"suffix": "b"}]}, {"prefix": "a"}, "stricter"),
    ({"not": {"not": {"contains": "a b"}}}, {"contains": "a b"}, "stricter"),  # A list as a command line
    ({"regex": "^a.*b$"}, {"all": [{"prefix": "a"}, {"suffix": "b"}]}, "stricter"),  # `.` is no line break
    ({"glob": "*.pem"}, {"contains": ".pem"}, "stricter"),
]


@pytest.mark.parametrize("old, new, relation", _CONDITIONS)
def test_conditions_that_deny_are_compared_as_sets(old, new, relation):
    comparison = compared(rule("deny", to=old), rule("deny", to=new))

    assert (comparison.relation, comparison.unknown_because) == (relation, ())


@pytest.mark.parametrize("old, new, relation", _CONDITIONS[:-4])
def test_conditions_that_allow_are_compared_the_other_way_round(old, new, relation):
    mirrored = {"stricter": "looser", "looser": "stricter"}

    comparison = compared({"default": "deny", **rule("allow", to=old)}, {"default": "deny", **rule("allow", to=new)})

    assert comparison.relation == mirrored.get(relation, relation)


@pytest.mark.parametrize(
    "old, new, relation",
    [
        ({"tool_calls": 5}, {"tool_calls": 4}, "stricter"),
        ({"tool_calls": 5}, {"per_tool": {"shell": 5}}, "looser"),
        ({"tool_calls": 5}, {"per_tool": {"shell": 4}}, "incomparable"),
        ({"per_tool": {"[ab]": 2}}, {"per_tool": {"a": 1, "b": 1}}, "stricter"),
        ({"per_tool": {"a": 1, "b": 1}}, {"per_tool": {"[ab]": 2}}, "looser"),
        ({"tool_calls": 10**9}, {"tool_calls": 10**9 - 1}, "stricter"),
        ({"tool_calls": 5}, {"tool_calls": 5, "scope": "session"}, "stricter"),
        ({"tool_calls": 5}, {"tool_calls": 6, "scope": "session"}, "incomparable"),
        ({"tokens": 1000}, {"tokens": 999}, "stricter"),
        ({"tokens": 1000}, {"run_seconds": 60}, "incomparable"),
        ({"run_seconds": 60}, {"run_seconds": 60.5}, "looser"),
        ({"call_seconds": 60}, {"call_seconds": 30}, "stricter"),
        ({"run_seconds": 60, "call_seconds": 60}, {"run_seconds": 60}, "equal"),
        ({"rates": {"a": "10/minute"}}, {"rates": {"a": "9/minute"}}, "stricter"),
        ({"rates": {"a": "10/minute"}}, {"rates": {"a": "10/hour"}}, "stricter"),
        ({"rates": {"a": "10/minute"}}, {"rates": {"a": "600/hour"}}, "looser"),
        ({"rates": {"a": "10/minute"}}, {"rates": {"a": "599/hour"}}, "incomparable"),
        ({"rates": {"a": "10/minute"}}, {"rates": {"*": "10/minute"}}, "stricter"),
        ({"identical_denials": 3}, {}, "equal"),  # Where nothing is denied
    ],
)
def test_limits_are_compared_by_what_they_let_happen(old, new, relation):
    comparison = compared({"limits": old}, {"limits": new})

    assert (comparison.relation, comparison.unknown_because) == (relation, ())


@pytest.mark.parametrize(
    "old, new, relation",
    [
        ({"mode": "shadow", "patterns": ["a"]}, {"patterns": ["a"]}, "stricter"),
        ({"mode": "shadow", "patterns": ["a"]}, {}, "equal"),
        ({}, {"opaque": "deny"}, "stricter"),
        (rule("warn"), rule("allow"), "equal"),
        (rule("deny"), rule("stop"), "stricter"),
        ({"default": "deny", **rule("ask")}, {"default": "deny", **rule("allow")}, "looser"),
        (rule("ask"), {**rule("ask"), "approvals": {"wait_seconds": 10}}, "stricter"),
        ({}, {"approvals": {"wait_seconds": 10}}, "equal"),
        ({"tools": {"deny": ["shell"]}}, {"limits": {"per_tool": {"shell": 0}}}, "equal"),
        ({"tools": {"deny": ["read_*"]}}, {"tools": {"deny": ["read_file", "read_*"]}}, "equal"),
        (
            {"tools": {"deny": ["shell"]}, **rule("deny", "shell", to={"prefix": "a"})},
            {"tools": {"deny": ["shell"]}},
            "equal",
        ),
        ({"operations": {}}, {"operations": {"file.read": "allow"}}, "looser"),
        (
            {"operations": {"module.import": "allow"}},
            {"operations": {"module.import": {"one_of": ["json"]}}},
            "stricter",
        ),
        ({"name": "one"}, {"name": "two"}, "equal"),
    ],
)
def test_sections_are_compared_by_what_they_let_happen(old, new, relation):
    comparison = compared(old, new)

    assert (comparison.relation, comparison.unknown_because) == (relation, ())


def test_a_witness_is_the_execution_that_became_possible():
    comparison = compared(
        rule("deny", to={"not": {"suffix": "@example.com"}}), rule("deny", to={"not": {"suffix": "example.com"}})
    )

    (witness,) = comparison.loosened
    assert comparison.relation == "looser"
    assert (witness.execution.kind, witness.execution.name) == ("tool", "send")
    assert witness.execution.arguments["to"].endswith("example.com")
    assert (witness.freer.action, witness.tighter.action, witness.entry) == ("allow", "deny", "rules[rule]")


def test_a_witness_of_a_limit_has_the_calls_before_it():
    comparison = compared({"limits": {"tool_calls": 50}}, {"limits": {"tool_calls": 60}})

    (witness,) = comparison.loosened
    assert sum(event.times for event in witness.history) == 50


def test_disguises_count_since_a_pattern_is_looked_for_in_normal_forms_too():
    # Found in the text as it is, and in none of its forms: the mark makes one character of what precedes it
    comparison = compared({"patterns": [{"regex": r"rm\s+-rf"}]}, {"patterns": ["rm -rf"]})

    (witness,) = comparison.loosened
    assert "\u0307" in witness.execution.arguments["text"] or "\u0323" in witness.execution.arguments["text"]


def test_what_a_policy_extends_counts(tmp_path: Path):
    (tmp_path / "base.yaml").write_text("version: 1\ndefault: allow\npatterns: [rm -rf]\n")
    child = Policy.loads("version: 1\nextends: base.yaml\n", directory=tmp_path)

    assert child.compare(policy()).relation == "stricter"
    assert child.compare(policy(patterns=["rm -rf"])).relation == "equal"
    assert child.compare(policy(patterns=["rm"])).relation == "looser"


def test_what_cannot_be_decided_is_unknown_with_the_entry_that_is_why():
    comparison = compared({"patterns": [{"regex": r"a.{30}\z"}]}, {"patterns": [{"regex": r"a.{15}.{15}\z"}]})

    assert comparison.relation == "unknown"
    assert [unknown.entry for unknown in comparison.unknown_because] == ["patterns[0]"] * len(
        comparison.unknown_because
    )
    assert comparison.unknown_because


def test_rates_in_another_store_are_unknown():
    old = {"limits": {"rates": {"a": "1/minute"}}}

    comparison = compared(old, {"limits": {"rates": {"a": "1/minute"}, "store": "redis://localhost:6379"}})

    assert (comparison.relation, comparison.unknown_because[0].entry) == ("unknown", "limits.store")


_EVERYTHING = {
    "patterns": ["abc"],
    "intents": {"deny": ["data_read"], "ask": ["code_execution"]},
    "limits": {"tool_calls": 5, "tokens": 5, "run_seconds": 5, "call_seconds": 3, "identical_denials": 3},
    "audit": {"path": "audit.jsonl"},
    "checkpoints": {"path": "kept", "on_error": "stop"},
    **rule("ask", to={"prefix": "a"}),
}


@pytest.mark.parametrize("new", [{"patterns": ["ab"]}, _EVERYTHING, {**_EVERYTHING, "patterns": ["ab"]}], ids=str)
def test_without_time_everything_is_unknown_and_nothing_wrong(new):
    comparison = policy(**new).compare(policy(patterns=["abc"]), seconds=0)

    assert comparison.relation in ("unknown", "stricter")
    assert comparison.is_at_least_as_strict in (True, None)
    assert policy(patterns=["abc"]).compare(policy(**new), seconds=0).is_at_least_as_strict in (False, None)
