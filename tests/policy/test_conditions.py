"""What each condition asks of a value, for actions that restrict and for the one that allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.hooks import Opaque
from smolagents.policy import Policy, PolicyHook

from .executions import execution, problems


# Longer than Python writes out
HUGE = 10**5000


def matches(condition: dict[str, Any], value: Any, action: str = "deny") -> bool:
    """Whether a rule with this condition about an argument matches a call with this value."""
    rule = {"id": "rule", "action": action, "when": {"arguments": {"x": condition}}}
    hook = PolicyHook(Policy.from_data({"version": 1, "default": "allow", "rules": [rule]}))
    return any(reason.code == "rule" for reason in hook.explain(execution(x=value)).reasons)


@pytest.mark.parametrize(
    ("condition", "met", "not_met"),
    [
        ({"equals": "yes"}, ["yes", b"yes"], ["Yes", "yes!", "", 1]),
        ({"equals": 5}, [5, 5.0], [6, "six", "6"]),
        ({"equals": True}, [True], [False, 0]),
        ({"one_of": ["a", 2]}, ["a", 2], ["b", 3]),
        ({"prefix": "https://"}, ["https://x"], ["http://x", "x https://"]),
        ({"suffix": "@example.com"}, ["a@example.com"], ["a@example.com.evil.com", "@example.co"]),
        ({"contains": "b c"}, ["a b c d", "b c"], ["bc", "B C"]),
        ({"regex": "^[a-z]+$"}, ["abc"], ["abc1", "ABC"]),
        ({"glob": "*.pem"}, ["key.pem", "/etc/key.pem"], ["key.pemx"]),
        ({"range": {"min": 1, "max": 10}}, [1, 10, 5.5], [0, 11, HUGE, "eleven", "11"]),
        ({"range": {"min": 1}}, [HUGE, float("inf")], [0.99]),
        ({"max_length": 3}, ["abc", "", 123], ["abcd", 1234]),
        ({"host_in": ["example.com"]}, ["https://example.com/x"], ["https://evil.com/"]),
        ({"path_within": ["/srv/out"]}, ["/srv/out/x"], ["/srv/x", "/srv/out/../x"]),
        ({"not": {"prefix": "a"}}, ["b"], ["a"]),
        ({"any": [{"prefix": "a"}, {"suffix": "z"}]}, ["ab", "yz"], ["b"]),
        ({"all": [{"prefix": "a"}, {"suffix": "z"}]}, ["az"], ["ab", "yz"]),
        ({"prefix": "a", "max_length": 2}, ["ab"], ["abc", "b"]),
    ],
)
def test_a_known_value_meets_a_condition_or_does_not_whatever_the_action(condition, met, not_met):
    for action in ("allow", "deny"):
        assert [value for value in met if not matches(condition, value, action)] == []
        assert [value for value in not_met if matches(condition, value, action)] == []


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"equals": "a"}, Opaque("Image")),
        ({"not": {"equals": "a"}}, Opaque("Image")),
        ({"max_length": 3}, Opaque("Image")),
        ({"equals": True}, 1),  # As good as true to most tools
        ({"equals": True}, "true"),
        ({"equals": False}, "no"),
        ({"equals": 5}, "5"),
        ({"equals": 1}, True),
        ({"equals": "5"}, 5),
        ({"equals": "True"}, True),
        ({"contains": "22"}, 2222),
        pytest.param({"contains": "22"}, HUGE, id="huge"),
        ({"range": {"min": 1000}}, "5000"),
        ({"range": {"min": 1000}}, "5e3"),
        ({"range": {"min": 1000}}, "5,000 USD"),
        ({"range": {"min": 1000}}, "\uff15\uff10\uff10\uff10"),
        ({"range": {"min": 1000}}, "inf"),
        ({"range": {"min": 1000}}, float("nan")),
        ({"not": {"range": {"max": 10}}}, float("nan")),
        ({"range": {"min": 0}}, True),
        ({"host_in": ["example.com"]}, "http://example.com\\@evil.com"),
        ({"not": {"host_in": ["example.com"]}}, "http://example.com\\@evil.com"),
        ({"host_in": ["example.com"]}, 2130706433),
        ({"path_within": ["/srv"]}, "~/x"),
        ({"not": {"path_within": ["/srv"]}}, "file:///srv/x"),
        ({"path_within": ["/srv"]}, b"/srv/\xff"),
        ({"path_within": ["/srv"]}, "/srv/\udcff"),
        ({"path_within": ["/srv"]}, 3),
    ],
)
def test_what_cannot_be_known_restricts_and_never_allows(condition, value):
    assert matches(condition, value, "deny") and matches(condition, value, "ask")
    assert not matches(condition, value, "allow")


def test_one_of_several_values_is_enough_to_restrict_and_all_are_needed_to_allow():
    inside = {"suffix": "@example.com"}
    for mixed in (["a@example.com", "b@evil.com"], {"to": "a@example.com", "cc": ["b@evil.com"]}, {"b@evil.com": 0}):
        assert matches({"not": inside}, mixed, "deny") and not matches(inside, mixed, "allow")
    for good in (["a@example.com", "b@example.com"], {"a@example.com"}, ("a@example.com", None)):
        assert matches(inside, good, "allow") and not matches({"not": inside}, good, "deny")


@pytest.mark.parametrize("nothing", [None, [], {}, [None], [[]]])
def test_where_there_is_no_value_no_condition_matches(nothing):
    for condition in ({"prefix": "a"}, {"not": {"prefix": "a"}}, {"max_length": 100}):
        assert not matches(condition, nothing, "deny") and not matches(condition, nothing, "allow")


def test_a_disguised_text_is_found_and_does_not_allow():
    for disguise in ("r\u200bm", " rm", "\uff52m", "rm\n", "r\u00adm"):
        assert matches({"equals": "rm"}, disguise) and matches({"not": {"equals": "rm"}}, disguise), disguise
        assert not matches({"equals": "rm"}, disguise, "allow"), disguise
    assert matches({"prefix": "DROP  TABLE"}, "DROP \t TABLE x")


def test_a_text_of_the_policy_in_other_letters_allows_just_that_text():
    assert matches({"equals": "M\u00fcnchen \u2013 S\u00fcd"}, "M\u00fcnchen \u2013 S\u00fcd", "allow")
    assert not matches({"equals": "\u0430"}, "a", "deny")  # A Cyrillic letter alone means that letter.


def test_a_command_in_a_list_is_found_and_a_list_of_good_words_is_no_bad_one():
    assert matches({"contains": "rm -rf"}, ["rm", "-rf", "/"])
    assert not matches({"contains": "rm -rf"}, ["rm", "-rf", "/"], "allow")
    assert not matches({"not": {"one_of": ["a", "b"]}}, ["a", "b"])
    assert not matches({"path_within": ["/srv"]}, ["https", "://x"], "allow")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("{}", "This condition is empty"),
        ("{prefix: }", "`prefix` is empty"),
        ("{prefix: a, not: }", "`not` is empty"),
        ("{range: {min: }}", "`min` is empty"),
        ("{range: {}}", "Write `min`, `max` or both"),
        ("{range: {min: 2, max: 1}}", "No number is at least 2 and at most 1"),
        ("{one_of: []}", "x.one_of: "),
        ("{any: []}", "x.any: "),
    ],
)
def test_a_condition_that_asks_for_nothing_is_refused(condition, words):
    found = problems(f"version: 1\nrules: [{{id: a, action: allow, when: {{arguments: {{x: {condition}}}}}}}]\n")
    assert any("rules[0].when.arguments.x" in problem and words in problem for problem in found)


@pytest.mark.parametrize("key", ["kind", "name", "agent"])
def test_a_key_that_names_nothing_does_not_name_everything(key):
    (problem,) = problems(f"version: 1\nrules: [{{id: a, action: allow, when: {{{key}: }}}}]\n")
    assert f"`{key}` is empty" in problem


words = st.sampled_from(["a", "ab", " a", "b@example.com", "5", "https://a.com/x", "/srv/x", "\uff41", "a\u200b", ""])
numbers = st.integers(-3, 9) | st.booleans() | st.floats()
scalars = words | numbers | st.none() | st.just(Opaque("X")) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=2), max_leaves=5
)
atoms = st.one_of(
    st.fixed_dictionaries({"equals": words.filter(bool) | st.integers(0, 5) | st.booleans()}),
    st.fixed_dictionaries({"one_of": st.lists(words.filter(bool) | st.integers(0, 5), min_size=1, max_size=3)}),
    *(st.fixed_dictionaries({key: words.filter(bool)}) for key in ("prefix", "suffix", "contains")),
    st.sampled_from(
        [
            {"regex": "^a"},
            {"glob": "a*"},
            {"range": {"min": 1, "max": 5}},
            {"max_length": 2},
            {"host_in": ["a.com"]},
            {"path_within": ["/srv"]},
        ]
    ),
)
conditions = st.recursive(
    atoms,
    lambda inner: (
        st.fixed_dictionaries({"not": inner})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=4,
)


@given(conditions, values)
def test_what_matches_to_allow_matches_to_restrict_and_its_contrary_does_not(condition, value):
    if matches(condition, value, "allow"):
        assert matches(condition, value, "deny")
        assert not matches({"not": condition}, value, "deny")


@given(conditions, values)
def test_a_value_meets_a_condition_or_its_contrary_wherever_there_is_one(condition, value):
    has_values = matches({"any": [{"max_length": 0}, {"not": {"max_length": 0}}]}, value)
    assert (matches(condition, value) or matches({"not": condition}, value)) == has_values


@given(conditions, values)
def test_not_twice_changes_no_permission(condition, value):
    assert matches({"not": {"not": condition}}, value, "allow") == matches(condition, value, "allow")


@given(conditions, values, values)
def test_what_is_not_allowed_is_not_allowed_beside_something_else(condition, value, other):
    if matches(condition, [value, other], "allow"):
        assert matches(condition, value, "allow") or not matches({"any": [condition, {"not": condition}]}, value)
