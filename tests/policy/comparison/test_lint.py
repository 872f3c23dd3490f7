"""`Policy.lint`: what in a policy has no effect, with the entries that are why."""

from __future__ import annotations

import pytest

from smolagents.policy import Policy


def findings(**data) -> list[tuple[str, str, tuple[str, ...]]]:
    policy = Policy.from_data({"version": 1, "default": "allow", **data})
    return [(finding.kind, finding.entry, finding.because_of) for finding in policy.lint()]


def rules(*rules: dict) -> list[dict]:
    return [{"id": str(number), **rule} for number, rule in enumerate(rules)]


@pytest.mark.parametrize(
    "data, expected",
    [
        ({"patterns": ["rm", "rm -rf"]}, [("covered", "patterns[1]", ("patterns[0]",))]),
        ({"patterns": ["rm -rf", "rm"]}, [("covered", "patterns[0]", ("patterns[1]",))]),
        ({"patterns": ["a", {"regex": "a"}]}, [("covered", "patterns[0]", ("patterns[1]",))]),
        ({"patterns": [{"glob": "*.pem"}, {"regex": r"\.pem"}]}, [("covered", "patterns[0]", ("patterns[1]",))]),
        ({"tools": {"deny": ["read_file", "read_*"]}}, [("covered", "tools.deny[0]", ("tools.deny[1]",))]),
        ({"tools": {"allow": ["x"]}}, [("unused", "tools.allow[0]", ("default",))]),
        (
            {"default": "deny", "tools": {"allow": ["shell", "read"], "deny": ["sh*"]}},
            [("unused", "tools.allow[0]", ("tools.deny[0]",))],
        ),
        (
            {"rules": rules({"action": "deny", "when": {"kind": "operation", "name": "web_search"}})},
            [("never_matches", "rules[0]", ())],
        ),
        (
            {
                "default": "deny",
                "rules": rules(
                    {"action": "allow", "when": {"name": "x", "arguments": {"a": {"prefix": "b", "equals": "c"}}}}
                ),
            },
            [("never_matches", "rules[0]", ())],
        ),
        (
            {
                "rules": rules(
                    {"action": "deny", "when": {"name": "x", "arguments": {"n": {"range": {"min": 10}}}}},
                    {"action": "ask", "when": {"name": "x", "arguments": {"n": {"range": {"min": 20}}}}},
                )
            },
            [("covered", "rules[1]", ("rules[0]",))],
        ),
        (
            {"rules": rules({"action": "allow", "when": {"name": "x"}})},
            [("unused", "rules[0]", ("default",))],
        ),
        (
            {"operations": {"file.read": {"all": [{"prefix": "/a"}, {"prefix": "/b"}]}}},
            [("never_matches", "operations.file.read", ())],
        ),
        (
            {"limits": {"tool_calls": 5, "per_tool": {"x": 5}}},
            [("covered", "limits.per_tool.x", ("limits.tool_calls",))],
        ),
    ],
)
def test_what_has_no_effect_is_told_with_why(data, expected):
    assert findings(**data) == expected


@pytest.mark.parametrize(
    "data",
    [
        {"patterns": ["rm -rf", "mkfs", {"glob": "*.pem"}]},
        {"default": "deny", "tools": {"allow": ["read_*", "shell"], "deny": ["read_secret"]}},
        {"default": "deny", "rules": rules({"action": "ask", "when": {"name": "x"}})},
        # It is about values that are not plain data, too, which patterns are not
        {"patterns": ["b"], "rules": rules({"action": "deny", "when": {"arguments": {"a": {"contains": "b"}}}})},
        {"rules": rules({"action": "deny", "when": {"name": "x"}}, {"action": "stop", "when": {"name": "x"}})},
    ],
)
def test_what_has_an_effect_is_not_told(data):
    found = [finding for finding in findings(**data) if finding[1] != "rules[0]" or len(data.get("rules", ())) < 2]

    assert found == []


def test_a_pattern_that_is_there_twice_is_told_once():
    assert findings(patterns=["rm", "rm"]) == [("covered", "patterns[0]", ("patterns[1]",))]
