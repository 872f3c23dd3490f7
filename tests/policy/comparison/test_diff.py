"""`Policy.diff`: what is different, entry by entry, and what each difference does by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from smolagents.policy import Policy
from smolagents.policy.comparison import diff


def policy(**data) -> Policy:
    return Policy.from_data({"version": 1, "default": "allow", **data})


def changes(one: dict, other: dict) -> list[tuple[str, str]]:
    """The entries that differ if the first policy becomes the second, with their directions."""
    return [(change.entry, change.direction) for change in policy(**other).diff(policy(**one))]


def test_policies_that_say_the_same_do_not_differ():
    data = {"patterns": ["a"], "limits": {"tool_calls": 5}}

    assert changes(data, dict(data)) == []


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ({}, {"tools": {"deny": ["shell"]}}, [("tools.deny: shell", "tighter")]),
        ({"patterns": ["a", "b"]}, {"patterns": ["b"]}, [("patterns: a", "looser")]),
        ({"patterns": ["rm"]}, {"patterns": ["rm", "rm -rf"]}, [("patterns: rm -rf", "same")]),
        ({}, {"default": "deny"}, [("default", "tighter")]),
        ({}, {"mode": "shadow"}, [("mode", "same")]),
        ({"patterns": ["a"]}, {"patterns": ["a"], "mode": "shadow"}, [("mode", "looser")]),
        ({"limits": {"tool_calls": 5}}, {"limits": {"tool_calls": 6}}, [("limits.tool_calls", "looser")]),
        ({}, {"limits": {"per_tool": {"a": 1}}}, [("limits.per_tool.a", "tighter")]),
        (
            {"limits": {"rates": {"a": "1/hour"}}},
            {"limits": {"rates": {"a": "9/hour"}}},
            [("limits.rates.a", "looser")],
        ),
        ({}, {"operations": {"default": "allow", "file.read": "deny"}}, [("operations.file.read", "tighter")]),
        ({"name": "a"}, {"name": "b"}, [("name", "same")]),
        ({"default": "deny"}, {"default": "deny", "tools": {"allow": ["x"]}}, [("tools.allow: x", "looser")]),
    ],
)
def test_each_difference_has_its_direction(old, new, expected):
    found = changes(old, new)

    assert [change for change in found if change[0] != "operations.default"] == expected


def test_a_rule_that_became_another_is_one_change_with_both():
    old = {"rules": [{"id": "mail", "action": "deny", "when": {"arguments": {"to": {"suffix": "a.org"}}}}]}
    new = {"rules": [{"id": "mail", "action": "deny", "when": {"arguments": {"to": {"suffix": ".org"}}}}]}

    (change,) = policy(**new).diff(policy(**old))

    assert (change.entry, change.direction) == ("rules[mail]", "tighter")
    assert (change.before, change.after) == (old["rules"][0], new["rules"][0])


def test_a_change_that_is_both_is_different():
    old = {"patterns": ["a"], "limits": {"rates": {"x": "10/minute"}}}
    new = {"patterns": ["a"], "limits": {"rates": {"x": "20/hour"}}}

    assert changes(old, new) == [("limits.rates.x", "different")]


def test_what_is_different_in_a_policy_that_is_extended_has_its_file(tmp_path: Path):
    for name, pattern in (("one", "a"), ("two", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "base.yaml").write_text(f"version: 1\ndefault: allow\npatterns: [{pattern}]\n")
        (tmp_path / name / "policy.yaml").write_text("version: 1\nextends: base.yaml\n")
    one, two = (Policy.load(tmp_path / name / "policy.yaml") for name in ("one", "two"))

    found = [(change.entry, change.direction) for change in two.diff(one)]

    assert found == [("base.yaml: patterns: a", "looser"), ("base.yaml: patterns: b", "tighter")]


@pytest.mark.parametrize(
    "old, new, note",
    [
        (
            {"rules": [{"id": "r", "action": "warn"}]},
            {"rules": [{"id": "r", "action": "allow"}]},
            "it warns no longer",
        ),
        ({"rules": [{"id": "r", "action": "allow"}]}, {"rules": [{"id": "r", "action": "warn"}]}, "it warns now"),
        ({"intents": {"warn": ["data_read"]}}, {"intents": {}}, "it warns no longer"),
        ({"operations": {"file.read": "warn"}}, {"operations": {"file.read": "allow"}}, "it warns no longer"),
        ({"rules": [{"id": "r", "action": "warn"}]}, {"rules": [{"id": "r", "action": "ask"}]}, "it warns no longer"),
        ({"opaque": "deny"}, {"opaque": "allow"}, ""),
    ],
)
def test_a_warning_more_or_less_is_noted_though_it_is_no_stricter(old, new, note):
    before, after = (Policy.from_data({"version": 1, "default": "allow", **each}) for each in (old, new))

    (change,) = after.diff(before)

    assert change.note == note


def test_a_diff_gives_up_on_directions_in_time():
    old, new = (
        Policy.from_data(
            {"version": 1, "default": "allow", "patterns": [f"{word}-{number:02}" for number in range(20)]}
        )
        for word in ("old", "new")
    )

    changes = new.diff(old)
    assert {change.direction for change in changes} == {"tighter", "looser"}
    assert {change.direction for change in diff(new, old, seconds=0)} == {"different"}
