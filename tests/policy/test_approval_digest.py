"""Two calls have one digest only if they are the same call."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.hooks import Opaque
from smolagents.policy.approval_digest import approval_digest

from .executions import execution, frozen


POLICY = "0" * 64


def digest(value):
    return approval_digest(execution("shell", value=value), POLICY)[0]


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters())  # Half characters too
    | st.binary()
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.frozensets(scalars)
    ),
    max_leaves=8,
)


def typed(value):
    """A value that is equal to another one only if both are the same in type and sign, all the way down."""
    if isinstance(value, (list, tuple)):
        return ("list", *map(typed, value))
    if isinstance(value, dict):
        return ("dict", frozenset((typed(key), typed(item)) for key, item in value.items()))
    if isinstance(value, frozenset):
        return ("set", frozenset(map(typed, value)))
    return type(value).__name__, repr(value)


@given(values, values)
def test_digests_are_equal_if_and_only_if_the_values_are(first, second):
    assert (digest(first) == digest(second)) == (typed(first) == typed(second))
    assert digest(first) == digest(first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (1, 1.0),
        (1, "1"),
        (0, None),
        (0.0, -0.0),
        ("a", b"a"),
        (["a", "b"], ["a,b"]),
        (["a", "b"], ["ab"]),
        ([["a"], "b"], [["a", "b"]]),
        ([], {}),
        ([], None),
        ({1: "a"}, {True: "a"}),
        (frozenset("a"), ["a"]),
        ("\u00e9", "e\u0301"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_values_that_python_or_a_reader_takes_for_the_same_have_different_digests(first, second):
    assert digest(first) != digest(second)


def test_the_order_of_sets_dictionaries_and_arguments_does_not_count():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(frozenset(["a", "b", "c", 1])) == digest(frozenset([1, "c", "b", "a"]))
    first, second = execution("shell", a=1, b=2), execution("shell", b=2, a=1)
    assert approval_digest(first, POLICY) == approval_digest(second, POLICY)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "agent"},
        {"name": "shell2"},
        {"agent_path": ("manager", "CodeAgent")},
        {"agent_path": ("manager,CodeAgent",)},
        {"arguments": MappingProxyType({"command": "ls"})},
    ],
)
def test_all_that_makes_a_call_what_it_is_counts(change):
    about = execution("shell")
    assert approval_digest(about, POLICY) != approval_digest(replace(about, **change), POLICY)
    assert approval_digest(about, POLICY) != approval_digest(about, "1" * 64)


def test_who_calls_in_which_run_and_step_does_not_count():
    about = execution("shell")
    assert approval_digest(about, POLICY) == approval_digest(replace(about, id="x", run_id="y", step_number=7), POLICY)


@pytest.mark.parametrize("value", [Opaque("Image"), [{"deep": Opaque("Image")}]])
def test_an_opaque_value_makes_a_call_one_of_a_kind(value):
    about = execution("shell", value=value)
    again = replace(about, id="another")
    assert approval_digest(about, POLICY) == approval_digest(about, POLICY)
    assert approval_digest(about, POLICY)[0] != approval_digest(again, POLICY)[0]
    assert not approval_digest(about, POLICY)[1]
    assert approval_digest(execution("shell", value="plain"), POLICY)[1]


def test_numbers_that_are_too_long_to_be_written_and_deep_values_have_a_digest():
    deep = "x"
    for _ in range(99):
        deep = [deep]
    assert digest(10**10_000) != digest(10**10_000 + 1)
    assert digest(frozen(deep)) != digest(frozen([deep]))
