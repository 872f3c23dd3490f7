"""The texts in an execution's arguments, each with the place where it is.

Arguments arrive frozen all the way down (see `smolagents.hooks`). What is none of the plain types is opaque: it is
passed over without a look, because to look at it may run code that the agent wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .errors import excerpt


class Text(NamedTuple):
    """A text in the arguments.

    Attributes:
        where (`str`): Such as `arguments.command`, `arguments.files[2]`, `arguments.headers["X-Key"]`; for a text made
            of a list's items ` (joined)` follows, for a dictionary's key ` (key)`.
        value (`str`): The text.
    """

    where: str
    value: str


def texts(arguments: Mapping[str, Any]) -> Iterator[Text]:
    """Every text in `arguments`: strings, bytes (as UTF-8), dictionary keys, and lists of strings joined by spaces.

    The names of the arguments themselves are not among them: the tool chose them, and not the model.
    """
    # A stack of our own: how deep the arguments are must not decide whether they are looked at.
    waiting: list[tuple[str, Any]] = [(f"arguments.{name}", value) for name, value in arguments.items()][::-1]
    while waiting:
        where, value = waiting.pop()
        kind = type(value)
        if kind is str:
            yield Text(where, value)
        elif kind is bytes:
            yield Text(where, value.decode("utf-8", "replace"))
        elif kind is tuple or kind is list:
            words = [item for item in value if type(item) is str]
            if len(words) > 1:
                yield Text(f"{where} (joined)", " ".join(words))
            waiting += [(f"{where}[{index}]", item) for index, item in reversed(list(enumerate(value)))]
        elif kind is MappingProxyType or kind is dict:
            for key, item in reversed(list(value.items())):
                place = f"{where}[{key_name(key)}]"
                waiting.append((place, item))
                # A tuple may be a key, and has texts in it.
                waiting.append((f"{place} (key)", key))
        elif kind is frozenset or kind is set:
            waiting += [(f"{where}{{{index}}}", item) for index, item in enumerate(value)]


def key_name(key: Any) -> str:
    """How messages write a dictionary's key, between brackets."""
    if type(key) is str:
        return excerpt(key, 40)
    if type(key) is int and -(10**18) < key < 10**18:
        return str(key)
    return "..."
