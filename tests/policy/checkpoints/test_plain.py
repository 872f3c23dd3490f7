"""Plain data comes back from JSON as it was; of everything else there is the name of its type."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.hook_arguments import Opaque
from smolagents.policy.checkpoints.plain import from_json, to_json


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.complex_numbers(allow_nan=False)
) | st.one_of(st.text(), st.binary(), st.sampled_from(["$set", "$opaque", "\ud800"]), st.integers(2**52, 2**200))
keys = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2).map(tuple) | st.frozensets(inner, max_size=2))
values = st.recursive(
    scalars | st.sets(keys, max_size=3) | st.frozensets(keys, max_size=3),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(keys | st.text(), inner),
    max_leaves=10,
)


def same(one, other):
    """Equal, and of equal types all the way down: to Python 1, 1.0 and true are equal."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one == other and [*map(repr, one)] == [*map(repr, other)] and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other))
    return one == other


@given(value=values)
def test_what_is_plain_comes_back_through_json_as_it_was(value):
    data, left_out = to_json(value)
    assert left_out == []
    assert same(from_json(json.loads(json.dumps(data))), value)


def test_a_number_that_is_none_comes_back_as_one():
    assert math.isnan(from_json(json.loads(json.dumps(to_json(math.nan)[0]))))


class Careless:
    """Says something wrong, or fails, whatever it is asked."""

    def __repr__(self):
        raise AssertionError("It was asked.")

    __str__ = __len__ = __iter__ = __getstate__ = __reduce__ = __eq__ = __hash__ = __repr__


def test_what_is_not_plain_is_named_and_nothing_of_it_is_called():
    data, left_out = to_json({"a": [Careless(), 1], "b": print})
    assert left_out == ["Careless", "builtin_function_or_method"]
    assert from_json(data) == {"a": [Opaque("Careless"), 1], "b": Opaque("builtin_function_or_method")}


def test_what_contains_itself_or_is_too_much_is_named():
    circle = []
    circle.append(circle)
    doubled = []
    for _ in range(40):
        doubled = [doubled, doubled]
    for value in (circle, doubled):
        assert to_json(value) == ({"$opaque": "list that is too large"}, ["list that is too large"])


@pytest.mark.parametrize(
    "data", [{"$thing": 1}, {"$set": 1}, {"$set": [[]]}, {"$int": "x"}, {"$bytes": "%"}, {"$tuple": 5}]
)
def test_what_has_no_such_form_is_an_error(data):
    with pytest.raises(ValueError):
        from_json(data)
