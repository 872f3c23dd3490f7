"""Arguments and results as JSON, so that they can be read back as what they were.

Most values are what JSON has. All others are objects with the member `$`, which says what they are.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from smolagents.hooks import Opaque


MAX_PARTS = 1_000_000
# A value may be in itself in many places. Written out, it is as large as all of them.
TOO_LARGE = {"$": "too_large"}

# Python refuses to write larger ones in decimal, and others to read them.
_MAX_BITS = 1000


def encoded(value: Any) -> Any:
    """A frozen value as JSON has it; `TOO_LARGE` if it has more than `MAX_PARTS` parts."""
    left = iter(range(MAX_PARTS))
    try:
        return _encoded(value, left)
    except StopIteration:
        return TOO_LARGE


def _encoded(value: Any, left: Iterator[int]) -> Any:
    next(left)
    kind = type(value)
    if value is None or kind in (str, bool):
        return value
    if kind is int:
        return value if value.bit_length() <= _MAX_BITS else {"$": "int", "hex": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$": "float", "repr": repr(value)}
    if kind is tuple:
        return [_encoded(item, left) for item in list(value)]
    if kind is MappingProxyType:
        pairs = [(key, _encoded(item, left)) for key, item in value.items()]
        if all(type(key) is str for key, _ in pairs) and not any(key == "$" for key, _ in pairs):
            return dict(pairs)
        return {"$": "mapping", "items": [[_encoded(key, left), item] for key, item in pairs]}
    if kind is bytes:
        return {"$": "bytes", "base64": base64.b64encode(value).decode()}
    if kind is frozenset:
        return {"$": "set", "items": [_encoded(item, left) for item in value]}
    if kind is complex:
        return {"$": "complex", "repr": repr(value)}
    return {"$": "opaque", "type": value.type_name if kind is Opaque else kind.__name__}


_DECODERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "int": lambda data: int(data["hex"], 16),
    "float": lambda data: float(data["repr"]),
    "complex": lambda data: complex(data["repr"]),
    "bytes": lambda data: base64.b64decode(data["base64"]),
    "opaque": lambda data: Opaque(str(data["type"])),
    "set": lambda data: frozenset(decoded(item) for item in data["items"]),
    "mapping": lambda data: MappingProxyType({decoded(key): decoded(item) for key, item in data["items"]}),
    "redacted": lambda data: Opaque("redacted"),
    "too_large": lambda data: Opaque("too_large"),
}


def decoded(data: Any) -> Any:
    """The frozen value that `encoded` was given. What was redacted is opaque.

    Raises:
        `ValueError`: If the data is nothing that `encoded` makes.
    """
    if isinstance(data, list):
        return tuple(decoded(item) for item in data)
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return MappingProxyType({key: decoded(item) for key, item in data.items()})
    try:
        return _DECODERS[data["$"]](data)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no value has the form {data!r:.80}") from error
