"""What all sections of the policy language have in common."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the language: unknown keys are errors, nothing is converted, nothing can be changed afterwards."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, populate_by_name=True
    )

    # Keys that the language has and this version cannot enforce yet. They are refused by name: a policy that is only
    # half enforced is worse than none.
    not_known_yet: ClassVar[frozenset[str]] = frozenset()


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


def refuse_empty(section: Section) -> None:
    """Make sure that every key that was given says something.

    Raises:
        `ValueError`: If the value of one is missing. Where keys only narrow down what is meant, that would widen it.
    """
    for field in section.model_fields_set:
        if getattr(section, field) is None:
            key = type(section).model_fields[field].alias or field
            raise ValueError(f"`{key}` is empty. Write what it has to be, or leave the key out.")


# Where a value may have several forms, a pydantic location names the form it took in angle brackets, so that it cannot
# be taken for one of our keys: `("patterns", 2, "<regex>", "regex")`.
def is_form(part: str | int) -> bool:
    """Whether a part of a pydantic location names the form of a value rather than a key or an index."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


# The type of the error that says that a pattern has none of its forms.
PATTERN_FORM_ERROR = "pattern_form"
