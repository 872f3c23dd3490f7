"""Typed conditions: what a rule may ask of a value."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from .fields import GlobSource, Items, PatternSource, RegexSource
from .hosts import check as check_host
from .section import Section, refuse_empty


Fraction = Annotated[float, Field(allow_inf_nan=False)]
Scalar = bool | int | Fraction | str


def _host(entry: str) -> str:
    check_host(entry)
    return entry


Host = Annotated[PatternSource, AfterValidator(_host)]


class Range(Section):
    """Numbers from `min` to `max`, both included; at least one of the two is given."""

    min: int | Fraction | None = None
    max: int | Fraction | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        refuse_empty(self)
        if self.min is None and self.max is None:
            raise ValueError("Write `min`, `max` or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"No number is at least {self.min} and at most {self.max}.")
        return self


class Condition(Section):
    """What a value has to be. All keys that are given have to hold.

    Attributes:
        equals (`str`, number or `bool`): The value is this one.
        one_of (`tuple`): The value is one of these.
        prefix, suffix, contains (`str`): A text that starts with, ends with, or has this in it.
        regex (`str`): A text in which RE2 finds this.
        glob (`str`): A text in which this glob is found, as in `patterns`.
        range ([`Range`]): A number in this range.
        max_length (`int`): A text of at most that many characters.
        host_in (`tuple[str, ...]`): A host, `host:port` or URL whose host is one of these.
        path_within (`tuple[str, ...]`): A path that is one of these folders or in one of them.
        not_ ([`Condition`]): This does not hold. (`not` in YAML.)
        any_ (`tuple[Condition, ...]`): One of these holds. (`any` in YAML.)
        all_ (`tuple[Condition, ...]`): Each of these holds. (`all` in YAML.)
    """

    equals: Scalar | None = None
    one_of: Annotated[Items[Scalar], Field(min_length=1)] | None = None
    prefix: PatternSource | None = None
    suffix: PatternSource | None = None
    contains: PatternSource | None = None
    regex: RegexSource | None = None
    glob: GlobSource | None = None
    range: Range | None = None
    max_length: Annotated[int, Field(ge=0)] | None = None
    host_in: Annotated[Items[Host], Field(min_length=1)] | None = None
    path_within: Annotated[Items[PatternSource], Field(min_length=1)] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    any_: Annotated[Items[Condition], Field(min_length=1)] | None = Field(default=None, alias="any")
    all_: Annotated[Items[Condition], Field(min_length=1)] | None = Field(default=None, alias="all")

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set:
            raise ValueError("This condition is empty. Write what the value has to be, such as `prefix: https://`.")
        refuse_empty(self)
        return self
