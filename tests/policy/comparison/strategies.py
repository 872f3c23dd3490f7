"""Pairs of policies that have much in common, edits that make one tighter, and executions that tell policies apart."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from smolagents.hooks import ToolExecution
from smolagents.policy.operations import OPERATION_NAMES

from ..executions import code, execution
from ..strategies import (
    Data,
    _lists,
    _nested_conditions,
    _some,
    actions,
    audits,
    checkpoints,
    defaults,
    executions,
    intents,
    policy_data,
)


# Few values that meet each other often: what conditions ask for, and what is given.
_texts = st.sampled_from(
    ["a", "b", "ab", "a b", "é", "1", "5", "10", "true", "x.com", "/tmp", "rm", "ключ", "0", "no"]
)
_simple = {
    "equals": _texts | st.booleans() | st.integers(-2, 6),
    "one_of": st.lists(_texts | st.booleans() | st.integers(0, 5), min_size=1, max_size=3),
    "prefix": _texts,
    "suffix": _texts,
    "contains": _texts,
    "regex": st.sampled_from(["a", "^a", "b$", "[0-9]+", "(?i)A|B", "^[a-z]*$", r"\bab\b", r"a\s+b", "[^a]"]),
    "glob": st.sampled_from(["a*", "*b", "ab", "?b", "[ab]", "a b*", "1?"]),
    "range": st.sampled_from([{"min": 1}, {"max": 5}, {"min": 1, "max": 5}, {"min": 0, "max": 0}, {"min": 5}]),
    "max_length": st.integers(0, 4),
    "host_in": _lists(st.sampled_from(["x.com", "*.x.com", "10.0.0.0/8", "127.0.0.1", "a"]), min_size=1),
    "path_within": _lists(st.sampled_from(["/tmp", "/tmp/a", "/"]), min_size=1),
}
_conditions = st.recursive(
    st.one_of(*(st.fixed_dictionaries({key: values}) for key, values in _simple.items())),
    _nested_conditions,
    max_leaves=3,
)
_whens = st.fixed_dictionaries(
    {"name": st.just("t")},
    optional={"arguments": st.dictionaries(st.sampled_from(["x", "y", "*"]), _conditions, min_size=1, max_size=2)},
)
_rules = st.lists(st.fixed_dictionaries({"action": actions, "when": _whens}), max_size=3).map(
    lambda rules: [{"id": str(number), **rule} for number, rule in enumerate(rules)]
)
_patterns = _texts | st.sampled_from(
    [{"regex": "^a"}, {"regex": r"a\s+b"}, {"regex": "(?i)ab"}, {"glob": "a*"}, {"glob": "*b"}, {"glob": "ab"}]
)
_names = st.sampled_from(
    ["t", "u", "*", "?", "[tu]", "python_interpreter", "python_*", "final_answer", "mcp-t", "mcp_t"]
)
# So few that a history soon comes to their end
_limits = _some(
    tool_calls=st.integers(0, 3),
    per_tool=st.dictionaries(_names, st.integers(0, 3), max_size=2),
    tokens=st.sampled_from([0, 10, 20]),
    run_seconds=st.sampled_from([10, 20]),
    call_seconds=st.sampled_from([5, 10, 20]),
    identical_denials=st.integers(1, 3),
    rates=st.dictionaries(_names, st.sampled_from(["0/hour", "1/minute", "2/minute", "1/30 seconds"]), max_size=2),
    scope=st.sampled_from(["run", "session"]),
)
_SUBJECTS = ("path", "command", "executable", "source", "destination", "name", "host")
_OPERATIONS = ("file.read", "process.run", "file.rename", "module.import", "net.bind")
small_policies: st.SearchStrategy[Data] = st.fixed_dictionaries(
    {"version": st.just(1), "default": defaults, "rules": _rules},
    optional={
        "patterns": st.lists(_patterns, max_size=2),
        "opaque": defaults,
        "operations": st.fixed_dictionaries(
            {}, optional={"default": defaults, **{name: _conditions for name in _OPERATIONS}}
        ),
        "mode": st.sampled_from(["enforce", "enforce", "shadow"]),
        "tools": _some(allow=_lists(_names), deny=_lists(_names)),
        "limits": _limits,
        "intents": intents,
        "approvals": _some(wait_seconds=st.integers(299, 301), valid_seconds=st.integers(899, 901)),
        "audit": audits,
        "checkpoints": checkpoints,
    },
)

_odd_texts = [
    "https://x.com/",
    "http://a.x.com",
    "10.0.0.1",
    "/tmp/a/b",
    "/TMP/a",
    "/tmp/../etc",
    "$x",
    "1e400",
    " 5 ",
]
_single_values = st.one_of(
    _texts,
    st.text(st.sampled_from("ab 1./x-éА\t\u0301"), max_size=6),
    st.integers(-3, 11),
    st.booleans(),
    st.floats(0, 6),
    st.sampled_from([*_odd_texts, "５", "nan", float("nan"), 10**31, 1j]),
    st.builds(object),
)
_values = st.recursive(
    _single_values | st.none() | _texts.map(str.upper) | _texts.map(str.encode),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=2),
    max_leaves=4,
)
small_executions: st.SearchStrategy[ToolExecution] = st.one_of(
    st.dictionaries(st.sampled_from(["x", "y", "z"]), _values, max_size=2).map(lambda given: execution("t", **given)),
    st.builds(
        lambda name, given: execution(name, kind="operation", **given),
        st.sampled_from(_OPERATIONS),
        st.fixed_dictionaries(
            {}, optional={**{name: _values for name in _SUBJECTS}, "cwd": _texts, "how": st.just("symlink")}
        ),
    ),
    st.builds(
        lambda name, kind, given: execution(name, kind=kind, **given),
        st.sampled_from(["t", "u", "mcp_t", "python_interpreter", "final_answer"]),
        st.sampled_from(["tool", "agent"]),
        st.dictionaries(st.sampled_from(["x", "answer"]), _values, max_size=1),
    ),
    st.sampled_from(["import os\nos.system('rm -rf /')", "open('/etc/passwd').read()", "eval(input())"]).map(code),
    st.sampled_from(["ctypes", "os", "ctypes.util"]).map(
        lambda module: execution("module.import", kind="operation", name=module)
    ),
    _texts.map(lambda text: code(f"{text!r} + 'b'")),
)


@st.composite
def _related(draw: st.DrawFn, policies: st.SearchStrategy[Data]) -> tuple[Data, Data]:
    """A policy, and one that has some of its sections and some of another's."""
    one, other = draw(policies), draw(policies)
    mixed: Data = {"version": 1}
    for key in sorted({*one, *other} - {"version"}):
        source = draw(st.sampled_from([one, one, other]))
        if key in source:
            mixed[key] = copy.deepcopy(source[key])
    for key in ("rules", "patterns"):
        if mixed.get(key) and draw(st.booleans()):
            mixed[key] = mixed[key][draw(st.integers(0, 1)) :][::-1]
    if mixed.get("rules") and draw(st.booleans()):
        draw(st.sampled_from(mixed["rules"]))["action"] = draw(actions)
    return one, mixed


# Pairs of policies, with executions that they may have something to say about.
cases: st.SearchStrategy[tuple[tuple[Data, Data], list[ToolExecution]]] = st.one_of(
    st.tuples(_related(policy_data), st.lists(executions, min_size=1, max_size=30)),
    st.tuples(_related(small_policies), st.lists(small_executions, min_size=20, max_size=60)),
)


@st.composite
def families(draw: st.DrawFn) -> tuple[Data, tuple[Data, Data], list[ToolExecution]]:
    """A policy that both of a pair extend, the pair, and executions."""
    base, pair = draw(small_policies), draw(_related(small_policies))
    for data in (base, *pair):
        data.pop("audit", None)  # Of two in one family one would have to be written elsewhere
    return base, pair, draw(st.lists(small_executions, min_size=20, max_size=40))


def reordered(draw: st.DrawFn, data: Any) -> Any:
    """The same data, its lists and mappings in another order."""
    if isinstance(data, dict):
        return {key: reordered(draw, data[key]) for key in draw(st.permutations(sorted(data)))}
    if isinstance(data, list):
        return [reordered(draw, item) for item in draw(st.permutations(data))]
    return data


@st.composite
def orders(draw: st.DrawFn) -> tuple[Data, Data]:
    """A policy twice, in two orders."""
    data = draw(st.one_of(policy_data, small_policies))
    return data, reordered(draw, data)


_STRICTER_ACTION = {"allow": "deny", "warn": "ask", "ask": "deny", "deny": "stop", "stop": "stop"}
_LESS = ("tool_calls", "tokens", "identical_denials", "run_seconds", "call_seconds")


def _tighten_limit(draw: st.DrawFn, limits: Data, key: str) -> None:
    if key in _LESS:
        low = 1 if key in ("identical_denials", "run_seconds", "call_seconds") else 0
        # Denials are played one by one
        now = limits.get(key, 1000 if key == "identical_denials" else 10**9)
        limits[key] = draw(st.integers(low, int(now))) if now >= 1 else now
    elif key == "scope":
        limits["scope"] = "session"
    elif key == "on_store_error":
        limits["on_store_error"] = "deny"
    elif key == "per_tool":
        limits["per_tool"] = {name: draw(st.integers(0, count)) for name, count in limits.get("per_tool", {}).items()}
        limits["per_tool"].setdefault("shell", draw(st.integers(0, 10**9)))
    else:
        rates = {}
        for name, rate in limits.get("rates", {}).items():
            calls, _, time = rate.partition("/")
            rates[name] = f"{draw(st.integers(0, int(calls)))}/{time}"
        limits["rates"] = {**rates, **({} if "shell" in rates else {"shell": "5/minute"})}


def _refuse(operations: Data, key: str, action: str) -> None:
    # What names no action of its own has that of `default`
    if operations.get(key, operations.get("default")) != "stop":
        operations[key] = action


@st.composite
def tightened(draw: st.DrawFn) -> tuple[Data, Data]:
    """A policy, and the same with one field that is tighter."""
    data = draw(st.one_of(policy_data, small_policies))
    tight = copy.deepcopy(data)
    keys = ["default", "mode", "deny", "patterns", "opaque", "limit", "limit", "approvals", "new rule"]
    keys += ["audit", "checkpoints"]
    keys += ["action", "action"] if data.get("rules") else []
    keys += ["operations", "operation"] if "operations" in data else []
    keys += ["allow"] if data.get("tools", {}).get("allow") else []
    key = draw(st.sampled_from(keys))
    if key == "default":
        tight["default"] = "deny"
    elif key == "mode":
        tight["mode"] = "enforce"
    elif key == "deny":
        denied = tight.setdefault("tools", {}).setdefault("deny", [])
        denied.append(draw(st.sampled_from(["shell", "read_*", "*", "other_tool"])))
    elif key == "allow":
        tight["tools"]["allow"].pop()
    elif key == "patterns":
        tight.setdefault("patterns", []).append(draw(_patterns))
    elif key == "opaque":
        tight["opaque"] = "deny"
    elif key == "limit":
        _tighten_limit(
            draw,
            tight.setdefault("limits", {}),
            draw(st.sampled_from([*_LESS, "scope", "on_store_error", "per_tool", "rates"])),
        )
    elif key == "approvals":
        approvals = tight.setdefault("approvals", {})
        which = draw(st.sampled_from(["wait_seconds", "valid_seconds"]))
        approvals[which] = min(approvals.get(which, 300), draw(st.integers(1, 300)))
    elif key == "audit":
        tight.setdefault("audit", {})["on_audit_error"] = "deny"
    elif key == "checkpoints":
        tight.setdefault("checkpoints", {"path": "kept"})["on_error"] = "stop"
    elif key == "new rule":
        rule = {"id": "one more", "when": draw(_whens), "action": draw(st.sampled_from(["deny", "stop"]))}
        tight.setdefault("rules", []).append(rule)
    elif key == "action":
        rule = draw(st.sampled_from(tight["rules"]))
        rule["action"] = _STRICTER_ACTION[rule["action"]]
    elif key == "operations":
        _refuse(tight["operations"], "default", "deny")
    else:
        action = draw(st.sampled_from(["deny", "stop"]))
        _refuse(tight["operations"], draw(st.sampled_from(OPERATION_NAMES)), action)
    return data, tight


_STRICTER_LIST = {"warn": "ask", "ask": "deny", "deny": "stop"}


@st.composite
def tightened_intents(draw: st.DrawFn) -> tuple[Data, Data]:
    """A policy, and the same that refuses more for its intent."""
    data = draw(small_policies)
    data["intents"] = own = draw(intents)
    tight = copy.deepcopy(data)
    new = tight["intents"]
    category = draw(st.sampled_from(["code_execution", "data_read", "destructive_data"]))
    how = draw(st.sampled_from(["more", "sooner", "sooner for one", "more severely"]))
    if how == "more":
        key = draw(st.sampled_from(["ask", "deny", "stop"]))
        new[key] = [*own.get(key, []), category]
    elif how == "sooner":
        new["min_confidence"] = own.get("min_confidence", 0.5) * draw(st.floats(0.1, 1))
    elif how == "sooner for one":
        sure = own.get("thresholds", {}).get(category, own.get("min_confidence", 0.5))
        new["thresholds"] = {**own.get("thresholds", {}), category: sure * draw(st.floats(0.1, 1))}
    else:
        key = draw(st.sampled_from(sorted(_STRICTER_LIST)))
        new[_STRICTER_LIST[key]] = [*own.get(_STRICTER_LIST[key], []), *own.get(key, [])]
    return data, tight
