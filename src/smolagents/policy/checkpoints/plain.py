"""Plain data as JSON and back, with nothing of what is not plain data but the name of its type.

JSON has no tuples, sets, bytes or numbers that are not finite; they are objects with one key that begins with `$`.
Nothing of a value is called: not even its `repr`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

from smolagents.hook_arguments import ArgumentCopier, ArgumentsRefused, Opaque


# Python refuses to read longer numbers in decimal, and other programs do much earlier.
_LARGEST = 2**53


def to_json(value: Any) -> tuple[Any, list[str]]:
    """A value as JSON has it.

    Returns:
        `tuple[Any, list[str]]`: The value; and the types of what is in it, or of itself, that is not plain data or
            too much of it: of that, there is no more than the type's name.
    """
    left_out: list[str] = []
    try:
        frozen, fresh = ArgumentCopier().copy(value)
    except (ArgumentsRefused, RecursionError):
        frozen = fresh = Opaque(f"{type(value).__name__} that is too large")
    return _encode(frozen, fresh, left_out), left_out


def from_json(data: Any) -> Any:
    """What `to_json` was given, with an `Opaque` in place of what is not plain data.

    Raises:
        `ValueError`: If the data is not of that form.
    """
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((key, inner),) = data.items()
        if key.startswith("$"):
            return _decode(key, inner)
    return {key: from_json(item) for key, item in data.items()}


def _encode(frozen: Any, fresh: Any, left_out: list[str]) -> Any:
    """`frozen` says what is opaque, `fresh` whether a sequence is a list or a tuple."""
    if isinstance(frozen, Opaque):
        left_out.append(frozen.type_name)
        return {"$opaque": frozen.type_name}
    if isinstance(frozen, Mapping):
        return _encode_mapping(frozen, fresh, left_out)
    if type(frozen) is tuple:
        items = [_encode(*pair, left_out) for pair in zip(frozen, fresh)]
        return items if type(fresh) is list else {"$tuple": items}
    if type(frozen) is frozenset:
        return {f"${type(fresh).__name__}": [_encode(item, item, left_out) for item in frozen]}
    return _encode_scalar(frozen)


def _encode_mapping(frozen: Mapping[Any, Any], fresh: dict[Any, Any], left_out: list[str]) -> Any:
    items = [(key, _encode(item, fresh[key], left_out)) for key, item in frozen.items()]
    if all(type(key) is str and not key.startswith("$") for key, _ in items):
        return dict(items)
    return {"$dict": [[_encode(key, key, left_out), item] for key, item in items]}


def _encode_scalar(value: Any) -> Any:
    kind = type(value)
    if kind is int and abs(value) > _LARGEST:
        return {"$int": hex(value)}
    if kind is float and not math.isfinite(value):
        return {"$float": str(value)}
    if kind is complex:
        return {"$complex": [_encode_scalar(value.real), _encode_scalar(value.imag)]}
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode()}
    return value


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "$opaque": lambda name: Opaque(str(name)),
    "$tuple": lambda items: tuple(from_json(item) for item in items),
    "$set": lambda items: {from_json(item) for item in items},
    "$frozenset": lambda items: frozenset(from_json(item) for item in items),
    "$dict": lambda items: {from_json(key): from_json(item) for key, item in items},
    "$int": lambda text: int(text, 16),
    "$float": float,
    "$complex": lambda parts: complex(from_json(parts[0]), from_json(parts[1])),
    "$bytes": lambda text: base64.b64decode(text, validate=True),
}


def _decode(key: str, inner: Any) -> Any:
    if key not in _DECODERS:
        raise ValueError(f"There is no form {key} of data.")
    try:
        return _DECODERS[key](inner)
    except (TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"This is no {key}: {error}.") from None
