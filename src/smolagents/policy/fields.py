"""The kinds of values that sections of the policy language are made of: names, patterns, lists of them, mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PlainSerializer, Tag, ValidationInfo

from .errors import excerpt
from .globs import is_glob, name_expression
from .loading import Loading
from .matcher import PatternText
from .section import PATTERN_FORM_ERROR, VALUE_FORM_ERROR, FrozenMapping, Section


# From the mildest to the most severe.
Action = Literal["allow", "warn", "ask", "deny", "stop"]

# Longer than any name or pattern that a person writes, and short enough for RE2 whatever is in it.
_MAX_NAME = 200
_MAX_PATTERN = 2000
# Entries of a list or a mapping: with more, reading and compiling a policy would take seconds.
MAX_ENTRIES = 10_000
# Beyond this a fraction no longer says which whole number it is, and YAML's readers disagree.
_MAX_NUMBER = 10**15


def _list_to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _one_to_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _list_to_tuple(value)


def one_or_more(schema: dict[str, Any]) -> None:
    """In a JSON Schema: the items of this list, or one of them without the list."""
    several = dict(schema)
    schema.clear()
    schema["anyOf"] = [several["items"], several]


def _name_entry(entry: str) -> str:
    if not entry.strip():
        raise ValueError("This name is empty. Write a tool's or an agent's name, or a glob such as read_*.")
    if entry != entry.strip():
        raise ValueError(f"The name {excerpt(entry)} has white space around it. Remove it.")
    if is_glob(entry):
        name_expression(entry)
    return entry


def _regex(text: str, info: ValidationInfo) -> str:
    Loading.of(info.context).meter.check("regex", text)
    return text


def _glob(text: str, info: ValidationInfo) -> str:
    Loading.of(info.context).meter.check("glob", text)
    return text


def _number_form(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    return "<whole>" if isinstance(value, int) else "<fraction>" if isinstance(value, float) else None


def _scalar_form(value: Any) -> str | None:
    if isinstance(value, bool):
        return "<switch>"
    return "<text>" if isinstance(value, str) else _number_form(value)


_Item = TypeVar("_Item")
_Value = TypeVar("_Value")

# `Items[int]` is a list in YAML and a tuple in Python; `OneOrMore[Name]` may be written without the list.
Items = Annotated[tuple[_Item, ...], BeforeValidator(_list_to_tuple), Field(max_length=MAX_ENTRIES)]
OneOrMore = Annotated[
    tuple[_Item, ...],
    BeforeValidator(_one_to_tuple),
    Field(min_length=1, max_length=MAX_ENTRIES, json_schema_extra=one_or_more),
]

Title = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
Sentence = Annotated[str, Field(min_length=1, max_length=_MAX_PATTERN)]
PatternSource = Annotated[str, Field(min_length=1, max_length=_MAX_PATTERN)]
RegexSource = Annotated[PatternSource, AfterValidator(_regex), Field(json_schema_extra={"format": "policy-regex"})]
GlobSource = Annotated[PatternSource, AfterValidator(_glob), Field(json_schema_extra={"format": "policy-glob"})]
Name = Annotated[Title, AfterValidator(_name_entry), Field(json_schema_extra={"format": "policy-name"})]
Names = Items[Name]
ByName = Annotated[
    dict[Name, _Value],
    Field(max_length=MAX_ENTRIES),
    AfterValidator(FrozenMapping),
    PlainSerializer(dict),
]

_Whole = Annotated[int, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER), Tag("<whole>")]
_Fraction = Annotated[float, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER), Tag("<fraction>")]
Number = Annotated[
    _Whole | _Fraction,
    Discriminator(_number_form, custom_error_type=VALUE_FORM_ERROR, custom_error_message="a number"),
]
Scalar = Annotated[
    Annotated[bool, Tag("<switch>")] | _Whole | _Fraction | Annotated[str, Tag("<text>")],
    Discriminator(
        _scalar_form, custom_error_type=VALUE_FORM_ERROR, custom_error_message="text, a number, true or false"
    ),
]


class RegexPattern(Section):
    """A regular expression, found anywhere in a text unless it is anchored.

    Attributes:
        regex (`str`): The expression, in RE2's syntax.
    """

    regex: RegexSource


class GlobPattern(Section):
    """A glob, found as a whole text or as a word in it.

    Attributes:
        glob (`str`): The glob: `*` is any run of characters, `?` is one, `[a-z]` and `[!a-z]` are one of a set.
    """

    glob: GlobSource


def _pattern_form(value: Any) -> str | None:
    """Which form of a pattern `value` has, or `None` if that cannot be said."""
    if isinstance(value, RegexPattern) or isinstance(value, Mapping) and "regex" in value and "glob" not in value:
        return "<regex>"
    if isinstance(value, GlobPattern) or isinstance(value, Mapping) and "glob" in value and "regex" not in value:
        return "<glob>"
    return None if isinstance(value, Mapping) else "<substring>"


Pattern = Annotated[
    Annotated[PatternSource, Tag("<substring>")]
    | Annotated[RegexPattern, Tag("<regex>")]
    | Annotated[GlobPattern, Tag("<glob>")],
    Discriminator(
        _pattern_form,
        custom_error_type=PATTERN_FORM_ERROR,
        custom_error_message="Write a pattern as text, as {regex: ...} or as {glob: ...}",
    ),
]


def pattern_text(pattern: str | RegexPattern | GlobPattern) -> PatternText:
    """A pattern's kind and what it says."""
    if isinstance(pattern, RegexPattern):
        return PatternText("regex", pattern.regex)
    if isinstance(pattern, GlobPattern):
        return PatternText("glob", pattern.glob)
    return PatternText("substring", pattern)
