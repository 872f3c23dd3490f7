"""The values that conditions look at: what is in an argument, down to what is no container.

`None` is no value: an argument that is not given and one that is given as `None` are the same to a tool. What is
opaque (see `texts`) is a value of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from smolagents.hooks import Opaque

from .normalize import forms
from .texts import key_name


class Leaf(NamedTuple):
    """A value in an argument.

    Attributes:
        where (`str`): Where it is, as in `texts.Text`.
        forms (`tuple`): A text (bytes too) as it is and in its normal forms; of any other value, the value.
        is_joined (`bool`): Whether it is no value of its own, but the texts of a list joined by spaces.
    """

    where: str
    forms: tuple[Any, ...]
    is_joined: bool = False


def leaves(where: str, value: Any) -> Iterator[Leaf]:
    """Every value in `value`, which `where` names; keys of dictionaries are values, too."""
    waiting = [(where, value)]
    while waiting:
        where, value = waiting.pop()
        kind = type(value)
        if kind is str:
            yield Leaf(where, forms(value))
        elif kind is bytes:
            yield Leaf(where, forms(value.decode("utf-8", "replace")))
        elif kind is tuple or kind is list:
            words = [item for item in value if type(item) is str]
            if len(words) > 1:
                yield Leaf(f"{where} (joined)", forms(" ".join(words)), is_joined=True)
            waiting += [(f"{where}[{index}]", item) for index, item in reversed(list(enumerate(value)))]
        elif kind is MappingProxyType or kind is dict:
            for key, item in reversed(list(value.items())):
                place = f"{where}[{key_name(key)}]"
                waiting += [(place, item), (f"{place} (key)", key)]
        elif kind is frozenset or kind is set:
            waiting += [(f"{where}{{{index}}}", item) for index, item in enumerate(value)]
        elif value is not None:
            yield Leaf(where, (value,))


class Arguments:
    """The values in an execution's arguments, each looked up once however many conditions ask for it."""

    def __init__(self, arguments: Mapping[str, Any]):
        self._arguments = arguments
        self._leaves: dict[str, list[Leaf]] = {}

    def values(self, name: str) -> list[Leaf]:
        """The values of the argument `name`; of all arguments for `*`; none if there is no such argument."""
        if name not in self._leaves:
            if name == "*":
                self._leaves[name] = [leaf for each in self._arguments for leaf in self.values(each)]
            elif name in self._arguments:
                self._leaves[name] = list(leaves(f"arguments.{name}", self._arguments[name]))
            else:
                return []
        return self._leaves[name]

    def opaque(self) -> Iterator[tuple[str, Opaque]]:
        """Every opaque value, with where it is."""
        for name in self._arguments:
            for leaf in self.values(name):
                if type(leaf.forms[0]) is Opaque:
                    yield leaf.where, leaf.forms[0]
