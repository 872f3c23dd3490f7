"""Policies with every section, and executions that they have something to say about, for Hypothesis.

Two kinds of text: `names` and `words` come from a few that meet each other often, for tests of decisions; `any_texts`
is everything that a policy may have in it, for tests of reading and writing.
"""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from smolagents.hooks import ToolExecution
from smolagents.policy import Policy
from smolagents.policy.intent_section import CategoryName
from smolagents.policy.operations import OPERATION_NAMES

from .executions import code, execution


Data = dict[str, Any]

TOOLS = ("shell", "read_file", "read_page", "send_mail", "final_answer")
AGENTS = ("researcher", "writer")
ARGUMENTS = ("command", "to", "path", "url", "count")

any_texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
any_names = any_texts.filter(lambda name: name == name.strip() and "[" not in name)
names = st.sampled_from([*TOOLS, *AGENTS, "read_*", "*", "*er", "s?ell", "[rw]*", "file.read", "net.*"])
words = st.sampled_from(
    ["rm", "rm -rf", "/tmp", "/tmp/x.pem", "ann@example.com", "https://example.com/a", "x", "ключ"]
)
regexes = st.sampled_from(
    [r"(?i)drop\s+table", r"^rm\b", r"[a-z]+\.pem$", "ключ", "'\"\\\\", r"\p{Greek}{2,}", r"\d+"]
)
globs = st.sampled_from(["*.pem", "rm *", "/tmp/*", "x", "[a-m]*@example.com", "??"])
numbers = st.integers(-5, 5) | st.integers(-(10**15), 10**15) | st.floats(-(10**15), 10**15)
scalars = st.booleans() | numbers | words | any_texts
actions = st.sampled_from(["allow", "warn", "ask", "deny", "stop"])
defaults = st.sampled_from(["allow", "deny"])
seconds = st.integers(1, 10**9) | st.floats(0.001, 10**9)


def _some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """Mappings with some of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


def _lists(items: st.SearchStrategy[Any], *, min_size: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=min_size, max_size=3)


def _ranges() -> st.SearchStrategy[Data]:
    both = st.tuples(numbers, numbers).map(lambda pair: {"min": min(pair), "max": max(pair)})
    return both | numbers.map(lambda low: {"min": low}) | numbers.map(lambda high: {"max": high})


def _simple_conditions() -> st.SearchStrategy[Data]:
    return _some(
        equals=scalars,
        one_of=_lists(scalars, min_size=1),
        prefix=words,
        suffix=words,
        contains=words,
        regex=regexes,
        glob=globs,
        range=_ranges(),
        max_length=st.integers(0, 40),
        host_in=_lists(st.sampled_from(["example.com", "*.example.com", "10.0.0.0/8", "::1"]), min_size=1),
        path_within=_lists(st.sampled_from(["/tmp", "./out", "/"]), min_size=1),
    ).filter(bool)


def _nested_conditions(inner: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    several = _lists(inner, min_size=1)
    return st.one_of(
        inner.map(lambda condition: {"not": condition}),
        several.map(lambda conditions: {"any": conditions}),
        several.map(lambda conditions: {"all": conditions}),
    )


conditions = st.recursive(_simple_conditions(), _nested_conditions, max_leaves=4)

patterns = (
    words
    | any_texts
    | regexes.map(lambda regex: {"regex": regex})
    | globs.map(lambda glob: {"glob": glob})
    | any_texts.map(lambda text: {"glob": "x" + text.replace("[", "(")})
)

whens = _some(
    kind=_lists(st.sampled_from(["tool", "agent", "code", "operation"]), min_size=1)
    | st.sampled_from(["tool", "code"]),
    name=_lists(names, min_size=1) | names,
    agent=_lists(names, min_size=1) | names,
    arguments=st.dictionaries(st.sampled_from([*ARGUMENTS, "*"]), conditions, max_size=2),
)


def _rule_lists() -> st.SearchStrategy[list[Data]]:
    rules = st.fixed_dictionaries({"action": actions}, optional={"when": whens, "reason": any_texts})
    ids = st.lists(any_names, unique=True, max_size=3)
    return ids.flatmap(
        lambda chosen: st.tuples(*(rules.map(lambda rule, id=id: {"id": id, **rule}) for id in chosen)).map(list)
    )


operations = st.fixed_dictionaries(
    {},
    optional={"default": defaults, **{name: actions | conditions for name in OPERATION_NAMES[:6]}},
)

_categories = st.sampled_from(get_args(get_args(CategoryName)[0]))
_confidences = st.floats(0.001, 1) | st.just(1)
intents = _some(
    stop=_lists(_categories),
    deny=_lists(_categories),
    ask=_lists(_categories),
    warn=_lists(_categories),
    min_confidence=_confidences,
    thresholds=st.dictionaries(_categories, _confidences, max_size=2),
)

limits = _some(
    tool_calls=st.integers(0, 10**9),
    per_tool=st.dictionaries(names | any_names, st.integers(0, 10**9), max_size=2),
    tokens=st.integers(0, 10**9),
    run_seconds=seconds,
    call_seconds=seconds,
    identical_denials=st.integers(1, 10),
    rates=st.dictionaries(names | any_names, st.sampled_from(["10/minute", "1/second", "100/hour"]), max_size=2),
    scope=st.sampled_from(["run", "session"]),
    store=st.sampled_from(["memory://", "redis://localhost:6379/0"]),
    on_store_error=defaults,
)

checkpoints = st.fixed_dictionaries(
    {"path": any_texts},
    optional={
        **{key: st.integers(1, 10**9) for key in ("every", "executions", "keep")},
        "key_env": any_texts,
        "key_file": any_texts,
        "on_error": st.sampled_from(["continue", "stop"]),
    },
)

audits = _some(
    path=st.sampled_from(["audit.jsonl", "/var/log/audit.jsonl"]) | any_texts,
    payload=st.sampled_from(["digest", "redacted", "full"]),
    secrets=_lists(names | any_names),
    fsync=st.sampled_from(["always", "interval", "never"]),
    key_env=st.sampled_from(["AUDIT_KEY", "_k1"]),
    key_file=any_texts,
    on_audit_error=defaults,
    rotate_bytes=st.integers(10_000, 10**15),
)

# Plain data, as YAML gives it. What needs a store or a clock is in `limits` and `approvals`.
policy_data: st.SearchStrategy[Data] = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "name": any_texts,
        "default": defaults,
        "mode": st.sampled_from(["enforce", "shadow"]),
        "tools": _some(allow=_lists(names | any_names), deny=_lists(names | any_names)),
        "patterns": _lists(patterns),
        "opaque": defaults,
        "rules": _rule_lists(),
        "operations": operations,
        "intents": intents,
        "limits": limits,
        "approvals": _some(wait_seconds=seconds, valid_seconds=seconds),
        "audit": audits,
        "checkpoints": checkpoints,
    },
)
policies: st.SearchStrategy[Policy] = policy_data.map(Policy.from_data)

_values = words | any_texts | st.booleans() | numbers | st.none()
argument_values = st.recursive(
    _values | st.builds(object),  # what hooks see of an object is that it is opaque
    lambda inner: _lists(inner) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)


def _calls(names: tuple[str, ...], kind: str) -> st.SearchStrategy[ToolExecution]:
    arguments = st.dictionaries(st.sampled_from(ARGUMENTS), argument_values, max_size=3)
    return st.builds(lambda name, given: execution(name, kind=kind, **given), st.sampled_from(names), arguments)


_subjects = st.fixed_dictionaries(
    {}, optional={key: words for key in ("path", "command", "host", "url", "name", "source", "destination", "module")}
)
executions: st.SearchStrategy[ToolExecution] = st.one_of(
    _calls((*TOOLS, "other_tool"), "tool"),
    _calls(AGENTS, "agent"),
    st.builds(lambda lines: code("\n".join(lines)), _lists(words | any_texts)),
    st.builds(
        lambda name, given: execution(name, kind="operation", **given), st.sampled_from(OPERATION_NAMES), _subjects
    ),
)

# What is no policy, or not quite.
_junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),  # JSON has none, so its schema says nothing about it
    st.sampled_from(["", " ", "allow", "Deny", "(", "[b-a]", "*", ".*", "a\n", "10/minute", "[key]", "<regex>"]),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    words.map(lambda word: [word]),
    conditions,
    actions,
)
_keys = st.sampled_from(
    ["regex", "glob", "not", "not_", "any", "equals", "allow", "deny", "default", "written_default", "file.read", "id"]
    + ["file_read", "when", "arguments", "per_tool", "min", "extends", "layers", "<regex>", "[key]", " x", ""]
)
random_data = st.dictionaries(
    _keys | st.sampled_from(list(Policy.model_fields)),
    st.recursive(_junk, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3)),
).map(lambda data: {"version": 1, **data})


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values in `value`, itself excepted."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*path, key), *_places(item, (*path, key))]]


@st.composite
def _mutated(draw: st.DrawFn) -> Data:
    data = draw(policy_data)
    for _ in range(draw(st.integers(1, 2))):
        if not (places := _places(data)):
            break
        *parents, last = draw(st.sampled_from(places))
        holder: Any = data
        for part in parents:
            holder = holder[part]
        change = draw(st.sampled_from(["replace", "remove", "rename"]))
        if change == "replace":
            holder[last] = draw(_junk)
        elif isinstance(holder, dict):
            value = holder.pop(last)
            if change == "rename":
                holder[draw(_keys)] = value
        else:
            holder.append(draw(_junk))
    return data


mutated_data: st.SearchStrategy[Data] = _mutated()
