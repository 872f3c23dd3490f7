"""Pairs of policies that have much in common, and executions that tell them apart if anything does."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from smolagents.policy import Policy

from ..strategies import Data, policy_data


def policy(data: Data) -> Policy:
    return Policy.from_data(data)


@st.composite
def related(draw: st.DrawFn) -> tuple[Data, Data]:
    """A policy, and one that has some of its sections and some of another's."""
    one, other = draw(policy_data), draw(policy_data)
    mixed = {"version": 1}
    for key in sorted({*one, *other} - {"version"}):
        source = draw(st.sampled_from([one, one, other]))
        if key in source:
            mixed[key] = copy.deepcopy(source[key])
    for key in ("rules", "patterns"):
        if mixed.get(key) and draw(st.booleans()):
            mixed[key] = mixed[key][1:]
        if mixed.get(key) and draw(st.booleans()):
            mixed[key] = mixed[key][::-1]
    return one, mixed


def reordered(data: Any, draw: st.DrawFn) -> Any:
    """The same policy, its lists and mappings in another order."""
    if isinstance(data, dict):
        return {key: reordered(data[key], draw) for key in draw(st.permutations(sorted(data)))}
    if isinstance(data, list):
        return [reordered(item, draw) for item in draw(st.permutations(data))]
    return data
