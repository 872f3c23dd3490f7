"""Whether two executions are the same call: one digest for equal kind, name and arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from smolagents.hooks import Opaque, ToolExecution


def call_digest(execution: ToolExecution) -> bytes | None:
    """
    A digest that calls have in common if they are the same, of whatever run, agent and step they are.

    Values are the same if their types and contents are: `1`, `1.0` and `true` differ. The order of keys in a mapping
    does not count.

    Returns:
        `bytes`, *optional*: SHA-256; `None` if an argument is not plain data, as nobody can say what is in it.
    """
    try:
        return _Digests().of((execution.kind, execution.name, execution.arguments))
    except _OpaqueValue:
        return None


def value_digest(value: Any) -> bytes:
    """A digest of a frozen value: SHA-256. Of what is opaque in it, it covers the name of the type."""
    return _Digests(with_opaque=True).of(value)


class _OpaqueValue(Exception):
    """A value that is not plain data."""


class _Digests:
    """Digests of values, each of a container from those of its parts.

    A container may be in itself many times, in different places, so that writing it out would take forever: what was
    digested once is remembered.
    """

    def __init__(self, with_opaque: bool = False) -> None:
        self._with_opaque = with_opaque
        self._known: dict[int, bytes] = {}

    def of(self, value: Any) -> bytes:
        kind = type(value)
        if kind is str:
            return _hash(b"str", value.encode("utf-8", "surrogatepass"))
        if kind is bytes:
            return _hash(b"bytes", value)
        if kind is int:
            return _hash(b"int", hex(value).encode())  # In decimal, a large one takes quadratic time
        if value is None or kind in (bool, float, complex):
            return _hash(kind.__name__.encode(), repr(value).encode())
        if (known := self._known.get(id(value))) is None:
            known = self._known[id(value)] = self._of_container(value)
        return known

    def _of_container(self, value: Any) -> bytes:
        if type(value) is tuple:
            return _hash(b"tuple", *(self.of(item) for item in value))
        if type(value) is frozenset:
            return _hash(b"frozenset", *sorted(self.of(item) for item in value))
        if isinstance(value, Mapping):
            return _hash(b"mapping", *sorted(self.of(key) + self.of(item) for key, item in value.items()))
        if not self._with_opaque:
            raise _OpaqueValue
        name = value.type_name if type(value) is Opaque else type(value).__name__
        return _hash(b"opaque", name.encode("utf-8", "surrogatepass"))


def _hash(kind: bytes, *parts: bytes) -> bytes:
    """All parts of a value have one length, or it has a single part, so their boundaries need no mark."""
    return hashlib.sha256(kind + b":" + b"".join(parts)).digest()
