"""Whether what a file says is of the form of a checkpoint: types and ranges.

Without a key anybody may have written it. Who writes what was used can say that nothing was; but less than nothing, or
no number at all, would grant more than the policy does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias


_Test: TypeAlias = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _seconds(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0 and math.isfinite(value)


def _digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) % 2 == 0 and not value.lower().strip("0123456789abcdef")


def _or_none(test: _Test) -> _Test:
    return lambda value: value is None or test(value)


def _each(test: _Test) -> _Test:
    return lambda value: isinstance(value, (list, tuple)) and all(map(test, value))


def _pair(first: _Test, second: _Test) -> _Test:
    return lambda value: isinstance(value, list) and len(value) == 2 and first(value[0]) and second(value[1])


def _mapping(tests: Mapping[str, _Test]) -> _Test:
    return lambda value: isinstance(value, dict) and all(name in value and tests[name](value[name]) for name in tests)


_FORM: Mapping[str, _Test] = {
    "id": _text,
    "run_id": _text,
    "host_run_id": _text,
    "agent_name": _text,
    "agent_class": _text,
    "policy_digest": _text,
    "policy_name": _or_none(_text),
    "number": _count,
    "step_number": _count,
    "budgets": _each(
        _mapping(
            {
                "hook": _text,
                "policy": _text,
                "seconds": _seconds,
                "last_steps": _each(_pair(_each(_text), lambda value: type(value) is int)),
                "layers": _each(
                    _mapping(
                        {
                            "source": _text,
                            "warned": _each(_text),
                            "calls": _each(_pair(_or_none(_text), _count)),
                            "tokens": _count,
                            "tokens_are_known": lambda value: isinstance(value, bool),
                            "denials": _each(_pair(_digest, _count)),
                        }
                    )
                ),
            }
        )
    ),
    "unfinished": _each(
        _mapping({"kind": _text, "name": _text, "agent_path": _each(_text), "step_number": _count, "status": _text})
    ),
    "managed_agents": _each(_mapping({"name": _text, "class": _text, "steps": _count})),
    "left_out": _each(_text),
    "variables_left_out": lambda value: isinstance(value, dict) and all(map(_text, value.values())),
    "content": lambda value: isinstance(value, dict),
}


def check_form(values: Mapping[str, Any]) -> None:
    """
    Raises:
        `ValueError`: If something is not of its form: its name.
    """
    for name, is_of_form in _FORM.items():
        if not is_of_form(values[name]):
            raise ValueError(name)
