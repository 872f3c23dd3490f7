"""The digest that an approval is bound to: two calls have the same one only if they are the same call.

Values are written in a form that can be read in one way only: each begins with a letter for its type and says how
long it is. So `1`, `1.0`, `True` and `"1"` differ, as do `["a", "b"]` and `["a,b"]`. The order of a set does not
count; that of a dictionary does, as who gets it can see it.
"""

from __future__ import annotations

import hashlib
import struct
from types import MappingProxyType
from typing import Any

from smolagents.hooks import Opaque, ToolExecution


def digest_of(execution: ToolExecution, policy_digest: str) -> tuple[str, bool]:
    """The digest of a call under a policy.

    Returns:
        `tuple[str, bool]`: SHA-256 of kind, name, arguments, agent path and policy, in hexadecimal; and whether the
            same call can be made again. It cannot if an argument is opaque: nobody knows if it is the same next time,
            so the digest covers this execution's id too.
    """
    parts: list[bytes] = [b"smolagents approval 1\n"]
    for part in (execution.kind, execution.name, execution.agent_path, policy_digest):
        _write(part, parts)
    arguments = dict(sorted(execution.arguments.items()))
    is_plain = _write(MappingProxyType(arguments), parts)
    if not is_plain:
        _write(execution.id, parts)
    return hashlib.sha256(b"".join(parts)).hexdigest(), is_plain


def _write(value: Any, parts: list[bytes]) -> bool:
    """Append the canonical form of a frozen value. Says whether it is plain data all the way down."""
    kind = type(value)
    if value is None:
        parts.append(b"n")
    elif kind is bool:
        parts.append(b"t" if value else b"f")
    elif kind is int:
        parts.append(b"i%x;" % value)
    elif kind is float:
        parts.append(b"d" + struct.pack(">d", value))
    elif kind is complex:
        parts.append(b"c" + struct.pack(">dd", value.real, value.imag))
    elif kind is str:
        raw = value.encode("utf-8", "surrogatepass")
        parts.append(b"s%d:" % len(raw) + raw)
    elif kind is bytes:
        parts.append(b"b%d:" % len(value) + value)
    elif kind is tuple:
        parts.append(b"l%d:" % len(value))
        return all([_write(item, parts) for item in value])
    elif kind is frozenset:
        items: list[list[bytes]] = [[] for _ in value]
        is_plain = all([_write(item, written) for item, written in zip(value, items)])
        parts.append(b"e%d:" % len(value))
        parts.extend(sorted(b"".join(written) for written in items))
        return is_plain
    elif kind is MappingProxyType:
        parts.append(b"m%d:" % len(value))
        return all([_write(key, parts) & _write(item, parts) for key, item in value.items()])
    else:
        _write(value.type_name if kind is Opaque else kind.__name__, parts)
        return False
    return True
