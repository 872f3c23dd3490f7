"""What all sections of the policy language have in common."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the language: unknown keys are errors, nothing is converted, nothing can be changed afterwards."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    def to_data(self) -> dict[str, Any]:
        """The section as plain data, without what is left at its default."""
        data: dict[str, Any] = _with_whole_numbers(self.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return data

    # To Python true, 1 and 1.0 are equal. In a policy true is no number, so sections are compared by what they say.
    def canonical(self) -> str:
        """What the section says, as text: the same for equal sections, however they were written."""
        return json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Section):
            return NotImplemented
        return type(self) is type(other) and self.canonical() == other.canonical()

    def __hash__(self) -> int:
        return hash(self.canonical())


def _with_whole_numbers(data: Any) -> Any:
    """`data` with 1 in place of 1.0: which of the two was written makes no difference."""
    if isinstance(data, dict):
        return {key: _with_whole_numbers(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_whole_numbers(value) for value in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data


_Value = TypeVar("_Value")


class FrozenMapping(dict[str, _Value]):
    """A mapping in a section: as a dictionary, but it has a hash and cannot be changed."""

    def _unchangeable(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A policy cannot be changed. Make another one.")

    __setitem__ = __delitem__ = __ior__ = _unchangeable
    clear = pop = popitem = setdefault = update = _unchangeable

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type[FrozenMapping[_Value]], tuple[dict[str, _Value]]]:
        return type(self), (dict(self),)

    def __copy__(self) -> FrozenMapping[_Value]:
        return self

    def __deepcopy__(self, memo: object) -> FrozenMapping[_Value]:
        return self


# Where a value may have several forms, a pydantic location names the form it took in angle brackets, so that it cannot
# be taken for one of our keys: `("patterns", 2, "<regex>", "regex")`.
def is_form(part: str | int) -> bool:
    """Whether a part of a pydantic location names the form of a value rather than a key or an index."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


# The types of the errors that say that a value has none of its forms: a pattern, and anything else.
PATTERN_FORM_ERROR = "pattern_form"
VALUE_FORM_ERROR = "value_form"
