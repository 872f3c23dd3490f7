"""Pairs that are easily got wrong, each with the answer that the documentation gives.

An old policy, a new one, and what the new one is. What is denied by conditions is denied to `send` in its argument
`to`, unless the pair says otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smolagents.policy import Policy

from .test_compare import compared, rule


Pairs = list[tuple[Any, Any, str]]

_MIRROR = {"stricter": "looser", "looser": "stricter"}


def _assert_related(old: dict, new: dict, relation: str) -> None:
    comparison, mirrored = compared(old, new), compared(new, old)

    assert (comparison.relation, comparison.unknown_because) == (relation, ())
    assert mirrored.relation == _MIRROR.get(relation, relation)


_REGEXES: Pairs = [
    ("^(a|b)*$", "^[ab]*$", "equal"),
    ("^(a|b)*$", "^(a*b*)*$", "equal"),
    ("^(ab|a)(c|bc)$", "^a(b?c|bbc)$", "equal"),
    ("a+?b", "a+b", "equal"),
    ("a.*?b", "a.*b", "equal"),
    ("a+", "a", "equal"),
    ("^a+$", "^a$", "looser"),
    ("^a*$", "^a+$", "looser"),
    ("a$b", "[^\\x00-\\x{10FFFF}]", "equal"),
    ("x^y", "z$z", "equal"),
    ("(?m)x$\n^y", "x\ny", "equal"),
    ("^a$", "(?m)^a$", "stricter"),
    ("^a$", r"\Aa\z", "equal"),
    (r"a\z|ab\z", r"ab?$", "equal"),
    ("(?i)k", "[kK\\x{212a}]", "equal"),
    ("(?i)k", "[kK]", "looser"),  # The Kelvin sign, with a mark that makes its normal form another letter
    ("(?i)s", "[sSſ]", "equal"),
    ("(?i)s", "[sS]", "looser"),
    ("(?i)i", "[iI]", "equal"),  # Neither the Turkish letter with a dot nor the one without
    ("(?i)i", "[iIıİ]", "stricter"),
    ("(?i)ß", "[ßẞ]", "equal"),
    ("(?i)σ", "[σςΣ]", "equal"),
    ("(?i)[a-z]", "[a-zA-Zſ\\x{212a}]", "equal"),
    (r"(?i)\w", r"\w|ſ|\x{212a}", "equal"),
    (r"(?i)\W", r"[^\w]", "stricter"),
    ("(?i)a(?-i)b", "[aA]b", "equal"),
    ("a(?i)b|c", "a[bB]|[cC]", "equal"),
    ("a.b", "a(?s:.)b", "stricter"),
    ("(?s)a.b", "a[^x]b|axb", "equal"),
    ("^a{2,3}$", "^aaa?$", "equal"),
    ("^a{0,3}$", "^(a?){3}$", "equal"),
    ("^(a{2}){2,}$", "^(aa)(aa)+$", "equal"),
    ("^(a{2})*$", "^(a{4})*$", "looser"),
    ("^(a{2}|a{3})*$", "^(a{2,})?$", "equal"),
    ("a{0}b", "b", "equal"),
    (r"\bab\b", "ab", "stricter"),
    (r"\bab\b", r"(?:^|\W)ab(?:\W|$)", "equal"),
    (r"\Bb", r"\wb", "equal"),
    (r"\d", "[0-9]", "equal"),
    (r"\d", r"\pN", "stricter"),
    (r"\w", "[[:word:]]", "equal"),
    (r"\s", r"[\t\n\f\r ]", "equal"),
    (r"\p{Greek}", "[α-ω]", "looser"),
    ("[^a]", "[^ab]", "looser"),
    ("^[^a]+$", "^[^ab]+$", "looser"),
    (r"\Qa.b\E", r"a\.b", "equal"),
    (r"\x61\141", "aa", "equal"),
    ("(?P<name>a)(?:b)", "ab", "equal"),
    ("(?U)a+", "a", "equal"),
    ("a|b|ab", "[ab]", "equal"),
    ("(a|)b", "b", "equal"),
    ("^(|a)$", "^a?$", "equal"),
]


@pytest.mark.parametrize("old, new, relation", _REGEXES)
def test_regular_expressions(old, new, relation):
    _assert_related(rule("deny", to={"regex": old}), rule("deny", to={"regex": new}), relation)


_CONDITIONS: Pairs = [
    # Texts
    ({"equals": "a"}, {"one_of": ["a", "a"]}, "equal"),
    # No complex number is written as this text, but one may be equal to it; a very long number the other way round.
    ({"equals": "a"}, {"regex": "^a$"}, "incomparable"),
    ({"prefix": "a.b", "max_length": 3}, {"regex": "^a.b$"}, "stricter"),
    ({"prefix": "a"}, {"regex": "^a"}, "equal"),
    ({"suffix": "a"}, {"regex": "a$"}, "equal"),
    ({"contains": "a+"}, {"regex": r"a\+"}, "equal"),
    ({"one_of": ["a", "b"]}, {"any": [{"equals": "a"}, {"equals": "b"}]}, "equal"),
    ({"prefix": "a", "suffix": "b"}, {"all": [{"prefix": "a"}, {"suffix": "b"}]}, "equal"),
    ({"prefix": "a", "suffix": "b"}, {"any": [{"prefix": "a"}, {"suffix": "b"}]}, "stricter"),
    ({"prefix": "a", "suffix": "a"}, {"regex": "^(?s:a|a.*a)$"}, "equal"),
    ({"contains": "A"}, {"contains": "a"}, "incomparable"),
    ({"glob": "a*"}, {"prefix": "a"}, "looser"),  # A glob is found as a word, too
    ({"glob": "[!a]"}, {"glob": "[ab]"}, "incomparable"),
    (
        {"not": {"any": [{"prefix": "a"}, {"suffix": "b"}]}},
        {"all": [{"not": {"prefix": "a"}}, {"not": {"suffix": "b"}}]},
        "equal",
    ),
    (
        {"not": {"all": [{"prefix": "a"}, {"suffix": "b"}]}},
        {"any": [{"not": {"prefix": "a"}}, {"not": {"suffix": "b"}}]},
        "equal",
    ),
    ({"not": {"prefix": "ab"}}, {"not": {"prefix": "a"}}, "looser"),
    ({"not": {"one_of": ["a", "b"]}}, {"not": {"equals": "a"}}, "stricter"),
    ({"all": [{"prefix": "a"}, {"prefix": "b"}]}, {"all": [{"suffix": "a"}, {"suffix": "b"}]}, "equal"),  # Nothing
    ({"max_length": 3}, {"max_length": 2}, "looser"),
    ({"regex": "^(?s:.{3})$"}, {"max_length": 3, "not": {"max_length": 2}}, "looser"),  # Not in command lines
    # Numbers
    ({"equals": 1}, {"range": {"min": 1, "max": 1}}, "stricter"),  # `false` may be a number, but not this one
    ({"range": {"min": 1}}, {"range": {"min": 1.0}}, "equal"),
    ({"range": {"min": 1}}, {"range": {"min": 0.5}}, "stricter"),
    ({"range": {"min": 1}}, {"range": {"min": 1.0000001}}, "looser"),
    (
        {"range": {"min": 1, "max": 10}},
        {"any": [{"range": {"min": 1, "max": 5}}, {"range": {"min": 5, "max": 10}}]},
        "equal",
    ),
    (
        {"range": {"min": 1, "max": 10}},
        {"any": [{"range": {"min": 1, "max": 5}}, {"range": {"min": 6, "max": 10}}]},
        "looser",
    ),
    ({"range": {"max": 5}}, {"not": {"range": {"min": 5}}}, "incomparable"),
    ({"one_of": [1, 2, 3]}, {"range": {"min": 1, "max": 3}}, "stricter"),
    ({"equals": 5}, {"one_of": [5, 5.0]}, "equal"),
    ({"equals": 5}, {"equals": "5"}, "looser"),  # "5.0" may be that number and is not that text
    ({"equals": True}, {"one_of": [True]}, "equal"),
    ({"equals": "true"}, {"equals": True}, "stricter"),
    ({"equals": False}, {"equals": True}, "incomparable"),
    ({"range": {"min": -(10**15)}}, {"range": {"max": 10**15}}, "incomparable"),
    ({"not": {"not": {"range": {"min": 1}}}}, {"range": {"min": 1}}, "equal"),
    # Hosts
    ({"host_in": ["10.0.0.0/8"]}, {"host_in": ["10.0.0.0/9", "10.128.0.0/9"]}, "equal"),
    ({"host_in": ["10.0.0.0/8"]}, {"host_in": ["::ffff:10.0.0.0/104"]}, "equal"),
    ({"host_in": ["0.0.0.0/0"]}, {"host_in": ["::ffff:0:0/96"]}, "equal"),
    ({"host_in": ["0.0.0.0/0"]}, {"host_in": ["0.0.0.0/0", "::/0"]}, "stricter"),
    ({"host_in": ["10.0.0.0/8"]}, {"host_in": ["10.0.0.0/7"]}, "stricter"),
    ({"host_in": ["10.0.0.0/15"]}, {"host_in": ["10.1.0.0/16"]}, "looser"),
    ({"host_in": ["10.0.0.0/9", "10.64.0.0/10"]}, {"host_in": ["10.0.0.0/9"]}, "equal"),
    ({"host_in": ["2001:db8::/32"]}, {"host_in": ["2001:db8::/33"]}, "looser"),
    ({"host_in": ["192.0.2.1"]}, {"host_in": ["192.0.2.1/32"]}, "equal"),
    ({"host_in": ["::1"]}, {"host_in": ["[::1]", "0:0:0:0:0:0:0:1"]}, "equal"),
    ({"host_in": ["::ffff:192.0.2.1"]}, {"host_in": ["192.0.2.1"]}, "equal"),
    ({"host_in": ["X.com"]}, {"host_in": ["x.com."]}, "equal"),
    ({"host_in": ["*.x.com"]}, {"host_in": ["*.x.com", "a.b.x.com", "*.c.x.com"]}, "equal"),
    ({"host_in": ["*.x.com"]}, {"host_in": ["x.com"]}, "incomparable"),
    ({"host_in": ["*.com"]}, {"host_in": ["*.x.com"]}, "looser"),
    ({"not": {"host_in": ["*.x.com"]}}, {"not": {"host_in": ["x.com", "*.x.com"]}}, "looser"),
    # Paths
    ({"path_within": ["/srv/a"]}, {"path_within": ["/srv/b/../a/"]}, "equal"),
    ({"path_within": ["/srv"]}, {"path_within": ["/srv", "/srv/a"]}, "equal"),
    ({"path_within": ["/srv"]}, {"path_within": ["/"]}, "stricter"),
    ({"path_within": ["/srv/a"]}, {"path_within": ["/srv/ab"]}, "incomparable"),
    ({"path_within": ["/srv/a"]}, {"prefix": "/srv/a"}, "incomparable"),
    ({"path_within": ["out"]}, {"path_within": ["./out/.", "x/../out"]}, "equal"),
    ({"not": {"path_within": ["/srv/a"]}}, {"not": {"path_within": ["/srv/a", "/srv/b"]}}, "looser"),
]


@pytest.mark.parametrize(
    "old, new, relation", _CONDITIONS, ids=lambda each: each if type(each) is str else json.dumps(each)
)
def test_conditions(old, new, relation):
    _assert_related(rule("deny", to=old), rule("deny", to=new), relation)


_ALLOWING: Pairs = [
    ({"host_in": ["127.0.0.0/8"]}, {"host_in": ["127.0.0.0/8", "localhost"]}, "looser"),
    ({"host_in": ["x.com"]}, {"host_in": ["x.com", "64:ff9b::/96"]}, "looser"),
    ({"path_within": ["/srv"]}, {"prefix": "/srv/"}, "incomparable"),
    # From the current folder every word leads to every folder
    ({"all": [{"prefix": "a"}, {"path_within": ["/srv"]}]}, {"prefix": "a"}, "looser"),
    ({"all": [{"suffix": "a"}, {"host_in": ["x.com"]}]}, {"host_in": ["x.com"]}, "looser"),
    ({"prefix": "/srv/"}, {"prefix": "/srv/", "not": {"contains": ".."}}, "stricter"),
    ({"range": {"min": 1}}, {"range": {"min": 0}}, "looser"),
    ({"equals": True}, {"equals": "true"}, "incomparable"),
    ({"equals": 1}, {"one_of": [1, True]}, "looser"),
    ({"not": {"prefix": "a"}}, {"not": {"prefix": "ab"}}, "looser"),
    ({"regex": "^[a-z]+$"}, {"regex": "^[a-z]*$", "not": {"equals": ""}}, "equal"),
]


@pytest.mark.parametrize("old, new, relation", _ALLOWING)
def test_conditions_that_allow(old, new, relation):
    old, new = ({"default": "deny", **rule("allow", to=each)} for each in (old, new))

    _assert_related(old, new, relation)


def _rules(*given: dict) -> dict:
    return {"rules": [{"id": str(number), **each} for number, each in enumerate(given)]}


def _act(action: str, **when: Any) -> dict:
    return {"action": action, **({"when": when} if when else {})}


_A = {"x": {"contains": "a"}}
_B = {"x": {"contains": "b"}}
_DENY = {"default": "deny"}

_SECTIONS: Pairs = [
    # Arguments
    (
        _rules(_act("deny", name="t")),
        _rules(_act("deny", name="t", arguments={"x": {"not": {"contains": "a"}}})),
        "looser",
    ),
    (
        _rules(_act("deny", name="t", arguments=_A)),
        _rules(_act("deny", name="t", arguments={"*": _A["x"]})),
        "stricter",
    ),
    (
        _rules(_act("deny", name="t", arguments=_A)),
        _rules(_act("deny", name="t", arguments={**_A, "y": _A["x"]})),
        "looser",
    ),
    (
        _rules(_act("deny", name="t", arguments={**_A, "y": _B["x"]})),
        _rules(_act("deny", name="t", arguments={"y": _B["x"], **_A})),
        "equal",
    ),
    (
        {**_DENY, **_rules(_act("allow", name="t", arguments=_A))},
        {**_DENY, **_rules(_act("allow", name="t"))},
        "looser",
    ),
    # Rules that others cover
    (_rules(_act("deny", name="t"), _act("deny", name="t", arguments=_A)), _rules(_act("deny", name="t")), "equal"),
    (_rules(_act("stop", name="t"), _act("deny", name="t")), _rules(_act("stop", name="t")), "equal"),
    (_rules(_act("ask", name="t"), _act("deny", name="t")), _rules(_act("deny", name="t")), "equal"),
    (_rules(_act("deny", name="t"), _act("stop", name="t", arguments=_A)), _rules(_act("deny", name="t")), "looser"),
    (
        _rules(_act("deny", name="t", arguments=_A), _act("deny", name="t", arguments=_B)),
        _rules(_act("deny", name="t", arguments={"x": {"regex": "[ab]"}})),
        "equal",
    ),
    (_rules(_act("allow", name="t")), {}, "equal"),
    (_rules(_act("allow"), _act("deny", name="t")), _rules(_act("deny", name="t")), "equal"),
    ({**_DENY, **_rules(_act("warn", name="t"))}, {**_DENY, **_rules(_act("allow", name="t"))}, "equal"),
    ({**_DENY, **_rules(_act("warn", name="t"))}, {**_DENY, **_rules(_act("ask", name="t"))}, "stricter"),
    ({**_DENY, **_rules(_act("ask", name="t"))}, _DENY, "stricter"),
    ({**_DENY, **_rules(_act("deny", name="t", arguments=_A))}, _DENY, "equal"),
    (_rules(_act("deny", name="t", kind="tool")), _rules(_act("deny", name="t")), "stricter"),
    (_rules(_act("deny", name="t", agent="boss")), _rules(_act("deny", name="t")), "stricter"),
    (_rules(_act("deny", name="t", agent=["boss", "*"])), _rules(_act("deny", name="t")), "equal"),
    (_rules(_act("deny", name="t", kind=["tool", "agent"])), _rules(_act("deny", name="t")), "equal"),
    # Actions
    *(
        (rule(one), rule(other), relation)
        for one, other, relation in (
            ("ask", "warn", "looser"),
            ("deny", "ask", "looser"),
            ("deny", "warn", "looser"),
            ("ask", "stop", "stricter"),
            ("warn", "ask", "stricter"),
            ("allow", "warn", "equal"),
            ("stop", "deny", "looser"),
            ("stop", "allow", "looser"),
        )
    ),
    # Names
    ({"tools": {"deny": ["t"]}}, _rules(_act("deny", name="t")), "equal"),
    ({"tools": {"deny": ["*"]}}, _rules(_act("deny")), "stricter"),  # A rule is about code, too
    ({"tools": {"deny": ["*"]}}, _DENY, "equal"),
    ({"tools": {"deny": ["*"]}}, {"tools": {"deny": ["*", "final_answer"]}}, "stricter"),
    ({"tools": {"deny": ["*"]}}, {"tools": {"deny": ["*", "python_interpreter"]}}, "stricter"),
    ({"tools": {"deny": ["*"]}}, {"tools": {"deny": ["[!a]*", "a*"]}}, "stricter"),  # Which names the answer and code
    ({"tools": {"deny": ["*"]}}, {"tools": {"deny": ["**", "?*"]}}, "equal"),
    ({"tools": {"deny": ["a", "b"]}}, {"tools": {"deny": ["[ab]"]}}, "equal"),
    ({"tools": {"deny": ["*_x"]}}, {"tools": {"deny": ["?*_x"]}}, "looser"),
    ({"tools": {"deny": ["a*", "*b"]}}, {"tools": {"deny": ["a*b"]}}, "looser"),
    ({"tools": {"deny": ["Shell"]}}, {"tools": {"deny": ["shell"]}}, "incomparable"),
    ({"tools": {"deny": ["my-tool"]}}, {"tools": {"deny": ["my_tool"]}}, "looser"),  # The first means both
    ({"tools": {"deny": ["my-tool"]}}, {"tools": {"deny": ["my-tool", "my_tool"]}}, "equal"),
    ({"tools": {"deny": ["my-*"]}}, {"tools": {"deny": ["my_*"]}}, "looser"),
    ({**_DENY, "tools": {"allow": ["a"]}}, {**_DENY, **_rules(_act("allow", name="a"))}, "equal"),
    ({**_DENY, "tools": {"allow": ["a"]}}, {**_DENY, **_rules(_act("allow", name="a", kind="tool"))}, "stricter"),
    ({**_DENY, "tools": {"allow": ["read_*"]}}, {**_DENY, "tools": {"allow": ["read_a"]}}, "stricter"),
    ({**_DENY, "tools": {"allow": ["*"]}}, {}, "equal"),
    ({**_DENY, "tools": {"allow": ["a", "b"], "deny": ["b"]}}, {**_DENY, "tools": {"allow": ["a"]}}, "equal"),
    ({"tools": {"allow": ["a"]}}, {}, "equal"),  # By default all is allowed anyway
    # Patterns
    ({"patterns": ["rm"]}, {"patterns": [{"regex": "rm"}]}, "equal"),
    ({"patterns": ["rm", "mkfs"]}, {"patterns": ["mkfs", "rm", "rm -rf"]}, "equal"),
    ({"patterns": ["RM"]}, {"patterns": [{"regex": "(?i)rm"}]}, "stricter"),
    ({"patterns": ["a b"]}, {"patterns": [{"regex": "a b"}]}, "equal"),
    ({"patterns": ["zz"]}, _rules(_act("deny", arguments={"*": {"contains": "zz"}})), "incomparable"),
    # In code, patterns are looked for in constants too; a rule is also about what is not plain data.
    # Limits
    ({"limits": {"tool_calls": 0}}, {"tools": {"deny": ["*"]}}, "equal"),
    ({"limits": {"tool_calls": 5}}, {"limits": {"per_tool": {"*": 5}}}, "equal"),
    ({"limits": {"tool_calls": 5}}, {"limits": {"per_tool": {"?*": 5}}}, "equal"),
    ({"limits": {"per_tool": {"final_answer": 0}}}, {"tools": {"deny": ["final_answer"]}}, "stricter"),
    ({"limits": {"scope": "session"}}, {}, "equal"),
    ({"limits": {"store": "redis://localhost:6379"}}, {}, "equal"),
    ({"limits": {"per_tool": {"a": 3, "b": 3}}}, {"limits": {"per_tool": {"a": 3, "b": 3, "[ab]": 6}}}, "equal"),
    ({"limits": {"per_tool": {"a": 3, "b": 3}}}, {"limits": {"per_tool": {"a": 3, "b": 3, "[ab]": 5}}}, "stricter"),
    (
        {**_DENY, "tools": {"allow": ["a", "b"]}, "limits": {"tool_calls": 5}},
        {**_DENY, "tools": {"allow": ["a", "b"]}, "limits": {"per_tool": {"a": 3, "b": 2}}},
        "stricter",
    ),
    (
        {**_DENY, "tools": {"allow": ["a"]}, "limits": {"tool_calls": 5}},
        {**_DENY, "tools": {"allow": ["a"]}, "limits": {"per_tool": {"a": 5, "b": 1}}},
        "equal",
    ),
    ({"limits": {"tokens": 100}}, {"limits": {"tokens": 100, "scope": "session"}}, "stricter"),
    ({"limits": {"tokens": 100}}, {"limits": {"tool_calls": 1}}, "incomparable"),
    ({"limits": {"run_seconds": 60}}, {"limits": {"call_seconds": 60}}, "looser"),
    ({"limits": {"run_seconds": 60}}, {"limits": {"run_seconds": 60, "call_seconds": 61}}, "equal"),
    ({"limits": {"rates": {"a": "10/second"}}}, {"limits": {"rates": {"a": "600/minute"}}}, "looser"),
    ({"limits": {"rates": {"a": "10/minute"}}}, {"limits": {"rates": {"a": "1/6 seconds"}}}, "stricter"),
    ({"limits": {"rates": {"a": "10/minute"}}}, {"limits": {"rates": {"a": "2/6 seconds"}}}, "incomparable"),
    ({"limits": {"rates": {"a": "10/minute"}}}, {"limits": {"rates": {"a": "1/7 seconds"}}}, "stricter"),
    ({"limits": {"rates": {"a": "60/hour"}}}, {"limits": {"rates": {"a": "1/minute"}}}, "stricter"),
    ({"limits": {"rates": {"a": "7/10 seconds"}}}, {"limits": {"rates": {"a": "7/9 seconds"}}}, "looser"),
    ({"limits": {"rates": {"a": "60/minute"}}}, {"limits": {"rates": {"a": "60/60 seconds"}}}, "equal"),
    ({"limits": {"rates": {"a": "10/minute"}}}, {"limits": {"rates": {"a": "10/minute", "b": "1/hour"}}}, "stricter"),
    ({"limits": {"rates": {"a": "0/minute"}}}, {"tools": {"deny": ["a"]}}, "equal"),
    ({"limits": {"rates": {"a": "5/minute"}}}, {"limits": {"per_tool": {"a": 5}, "scope": "session"}}, "stricter"),
    ({"limits": {"rates": {"a": "5/minute"}}}, {"limits": {"per_tool": {"a": 5}}}, "incomparable"),
    # More calls than are played one by one, of a tool that no rate is about
    (
        {"limits": {"rates": {"a": "5/minute"}}},
        {"limits": {"rates": {"a": "5/minute"}, "tool_calls": 10**6}},
        "stricter",
    ),
    # Modes, times, what is opaque
    ({"patterns": ["a"]}, {"patterns": ["a"], "mode": "shadow"}, "looser"),
    ({"mode": "shadow", **_DENY, "limits": {"tool_calls": 0}}, {}, "equal"),
    ({"mode": "shadow", "patterns": ["a"]}, {"mode": "shadow", "patterns": ["b"]}, "equal"),
    ({"approvals": {"wait_seconds": 300}}, {"approvals": {"wait_seconds": 10, "valid_seconds": 1}}, "equal"),
    ({**rule("ask"), "approvals": {"wait_seconds": 300, "valid_seconds": 900}}, rule("ask"), "equal"),
    (
        {**rule("ask"), "approvals": {"wait_seconds": 10}},
        {**rule("ask"), "approvals": {"valid_seconds": 10}},
        "incomparable",
    ),
    (
        {"opaque": "deny"},
        _rules(_act("deny", arguments={"*": {"all": [{"prefix": "a"}, {"prefix": "b"}]}})),
        "stricter",
    ),
    # Operations
    ({}, {"operations": {}}, "stricter"),
    ({}, {"operations": {"default": "allow"}}, "equal"),
    ({"patterns": ["zz"]}, {"patterns": ["zz"], "operations": {"default": "allow"}}, "stricter"),
    ({"patterns": ["zz"]}, {"patterns": ["zz"], **_rules(_act("warn", name="file.read"))}, "stricter"),
    (
        {"operations": {"default": "allow", "file.read": "deny"}},
        {"operations": {"default": "allow"}, **_rules(_act("deny", name="file.read"))},
        "stricter",
    ),  # For tools, too
    (
        {"operations": {"default": "allow", "file.read": "deny"}},
        {"operations": {"default": "allow"}, **_rules(_act("deny", kind="operation", name="file.read"))},
        "equal",
    ),
    (
        {"operations": {"file.read": {"all": [{"prefix": "a"}, {"prefix": "b"}]}}},
        {"operations": {"file.read": "deny"}},
        "equal",
    ),
    (
        {"operations": {"process.run": {"one_of": ["git status"]}}},
        {"operations": {"process.run": {"equals": "git status"}}},
        "equal",
    ),
    (
        {"operations": {"process.run": {"prefix": "git "}}},
        {"operations": {"process.run": {"one_of": ["git status"]}}},
        "stricter",
    ),
    (
        {"operations": {"net.connect": {"host_in": ["a.com"]}}},
        {"operations": {"net.connect": {"host_in": ["a.com", "b.com"]}}},
        "looser",
    ),
    (
        {"operations": {"module.import": {"one_of": ["ctypes"]}}},
        {"operations": {"module.import": "allow"}},
        "incomparable",
    ),
    (
        {"operations": {"file.read": {"path_within": ["/srv"]}}},
        {"operations": {"file.read": {"path_within": ["/srv/a"]}}},
        "stricter",
    ),
    ({"operations": {"file.read": "ask"}}, {"operations": {"file.read": "allow"}}, "looser"),
    ({"operations": {}}, {"operations": {}, **_rules(_act("allow", name="file.read"))}, "looser"),
    ({"operations": {}}, {"operations": {}, **_rules(_act("allow", name="file*"))}, "equal"),  # Which speaks of tools
]


@pytest.mark.parametrize(
    "old, new, relation", _SECTIONS, ids=lambda each: each if type(each) is str else json.dumps(each)
)
def test_sections(old, new, relation):
    _assert_related(old, new, relation)


_FAMILIES: list[tuple[dict, dict, dict, str]] = [
    # What is extended, and what the old and the new policy say besides
    ({"default": "allow", "tools": {"deny": ["a"]}}, {}, {"tools": {"deny": ["a"]}}, "equal"),
    ({"default": "allow", "tools": {"deny": ["a"]}}, {}, {"tools": {"allow": ["a", "b"]}}, "stricter"),
    ({"default": "deny", "tools": {"allow": ["a"]}}, {}, {"default": "allow"}, "equal"),
    ({"default": "deny", "tools": {"allow": ["a"]}}, {}, {"rules": [{"id": "r", "action": "allow"}]}, "equal"),
    ({"default": "deny", "tools": {"allow": ["a"]}}, {"tools": {"allow": ["b"]}}, {"default": "deny"}, "equal"),
    ({"default": "allow", "limits": {"tool_calls": 5}}, {}, {"limits": {"tool_calls": 10}}, "equal"),
    ({"default": "allow", "limits": {"tool_calls": 5}}, {}, {"limits": {"tool_calls": 4}}, "stricter"),
    ({"default": "allow", "limits": {"tool_calls": 5}}, {}, {"mode": "shadow", "limits": {"tool_calls": 4}}, "equal"),
    ({"mode": "shadow", "default": "deny"}, {"default": "allow"}, {"default": "deny"}, "stricter"),
    (
        {"default": "allow", "limits": {"identical_denials": 2}, "tools": {"deny": ["a"]}},
        {},
        {"limits": {"identical_denials": 3}},
        "equal",
    ),
    (
        {"default": "allow", "approvals": {"wait_seconds": 5}},
        rule("ask"),
        {**rule("ask"), "approvals": {"wait_seconds": 9}},
        "equal",
    ),
    ({"default": "allow", "patterns": ["rm"]}, {}, {"patterns": ["rm -rf"]}, "equal"),
]


@pytest.mark.parametrize("base, old, new, relation", _FAMILIES, ids=str)
def test_policies_that_extend_the_same_one(base, old, new, relation, tmp_path: Path):
    (tmp_path / "base.yaml").write_text(json.dumps({"version": 1, **base}))
    one, other = (
        Policy.from_data({"version": 1, "extends": "base.yaml", **each}, directory=tmp_path) for each in (old, new)
    )

    assert other.compare(one).relation == relation
    assert one.compare(other).relation == _MIRROR.get(relation, relation)


@pytest.mark.parametrize(
    "old, new",
    [
        ({"regex": r"\s"}, {"regex": "[[:space:]]"}),  # A vertical tab is a space in every normal form
        ({"host_in": ["x.com"]}, {"host_in": ["x.com", "64:ff9b::/96"]}),  # As which those addresses count anyway
        ({"host_in": ["127.0.0.0/8", "localhost"]}, {"host_in": ["127.0.0.0/8"]}),
    ],
)
def test_what_comes_to_the_same_for_reasons_that_are_not_looked_at_is_never_called_looser(old, new):
    for one, other in ((old, new), (new, old)):
        comparison = compared(rule("deny", to=one), rule("deny", to=other))
        assert (comparison.relation in ("equal", "unknown"), comparison.witnesses) == (True, ())


def test_the_order_in_which_others_are_extended_makes_no_difference(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("{version: 1, default: allow, tools: {deny: [a]}}")
    (tmp_path / "b.yaml").write_text("{version: 1, default: allow, tools: {deny: [b]}, limits: {tool_calls: 3}}")
    one, other = (
        Policy.from_data({"version": 1, "extends": extended}, directory=tmp_path)
        for extended in (["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"])
    )
    flat = {"version": 1, "default": "allow", "tools": {"deny": ["a", "b"]}, "limits": {"tool_calls": 3}}

    assert one.compare(other).relation == "equal"
    assert one.compare(Policy.from_data(flat)).relation == "equal"


def test_a_folder_is_where_its_link_leads(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    old, new = (rule("deny", to={"path_within": [str(tmp_path / name)]}) for name in ("real", "link"))

    assert compared(old, new).relation == "equal"
