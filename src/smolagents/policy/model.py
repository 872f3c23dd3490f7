"""The policy: what it can say, as an immutable value, and how it is read and written.

The model is the language's one definition: which keys there are, their types and defaults, and what is checked about
each. Reading YAML, wording errors and deciding are elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from uuid import uuid4

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationError, field_validator

from . import document, patterns
from .errors import PolicyError, Problem, excerpt
from .globs import is_glob, name_expression
from .matcher import Matcher, PatternText
from .problems import problems_of
from .section import PATTERN_FORM_ERROR, Section


def _list_to_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _language_version(value: Any) -> Any:
    # To Python, true and 1.0 are equal to 1; to a reader of the policy they are not.
    if type(value) is not int or value != 1:
        raise ValueError("This release knows version 1 of the policy language. Write `version: 1`.")
    return value


def _name_entry(entry: str) -> str:
    if not entry.strip():
        raise ValueError("This name is empty. Write a tool's or an agent's name, or a glob such as read_*.")
    if entry != entry.strip():
        raise ValueError(f"The name {excerpt(entry)} has white space around it. Remove it.")
    if is_glob(entry):
        name_expression(entry)
    return entry


def _regex(text: str) -> str:
    patterns.check("regex", text)
    return text


def _glob(text: str) -> str:
    patterns.check("glob", text)
    return text


# Longer than any name or pattern that a person writes, and short enough for RE2 whatever is in it.
_MAX_NAME = 200
_MAX_PATTERN = 2000

Title = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
PatternSource = Annotated[str, Field(min_length=1, max_length=_MAX_PATTERN)]
Name = Annotated[Title, AfterValidator(_name_entry)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_list_to_tuple)]


class RegexPattern(Section):
    """A regular expression in RE2's syntax, found anywhere in a text unless it is anchored."""

    regex: Annotated[PatternSource, AfterValidator(_regex)]


class GlobPattern(Section):
    """A glob, found as a whole text or as a word in it (see `globs`)."""

    glob: Annotated[PatternSource, AfterValidator(_glob)]


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


class Tools(Section):
    """Which tools and agents may be called, by name or glob. What is in both lists is denied."""

    allow: Names = ()
    deny: Names = ()


class Limits(Section):
    """How much a run may use."""

    not_known_yet: ClassVar[frozenset[str]] = frozenset(
        (
            "per_tool",
            "tokens",
            "run_seconds",
            "call_seconds",
            "identical_denials",
            "rates",
            "scope",
            "store",
            "on_store_error",
        )
    )

    tool_calls: Annotated[int, Field(ge=0, le=10**9)] | None = None


class Policy(Section):
    """What an agent may do. A value: it cannot be changed, and two policies that say the same are equal.

    Attributes:
        version (`int`): The version of the language, 1.
        name (`str`, *optional*): What messages and events call this policy.
        default (`str`): `allow` or `deny`, for tools and agents that `tools` does not name.
        tools (`Tools`): The tools and agents that are allowed, and those that are denied.
        patterns (`tuple`): What no call and no code may contain: substrings, `RegexPattern`s and `GlobPattern`s.
        limits (`Limits`): How much a run may use.
    """

    not_known_yet: ClassVar[frozenset[str]] = frozenset(
        ("extends", "mode", "rules", "operations", "intents", "audit", "checkpoints", "opaque", "approvals")
    )

    version: Annotated[Literal[1], BeforeValidator(_language_version)]
    name: Title | None = None
    default: Literal["allow", "deny"] = "deny"
    tools: Tools = Tools()
    patterns: Annotated[tuple[Pattern, ...], BeforeValidator(_list_to_tuple)] = ()
    limits: Limits = Limits()

    @field_validator("patterns", mode="after")
    @classmethod
    def _patterns_fit_together(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        Matcher([pattern_text(pattern) for pattern in value])
        return value

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Policy:
        """Read a policy from a YAML file in UTF-8.

        Raises:
            `PolicyError`: If the file cannot be read, or is not a policy.
        """
        source = os.fspath(path)
        try:
            with open(path, "rb") as file:
                # No further than the limit, whatever the size of the file is said to be.
                raw = file.read(document.MAX_BYTES + 1)
        except OSError as error:
            message = f"The file cannot be read: {error.strerror or error}."
            raise PolicyError([Problem(message, source=source)]) from None
        return cls.loads(raw, source=source)

    @classmethod
    def loads(cls, text: str | bytes, *, source: str = "<text>") -> Policy:
        """Read a policy from YAML text.

        Args:
            text (`str` or `bytes`): The text; bytes are UTF-8.
            source (`str`): What messages call the text.

        Raises:
            `PolicyError`: If it is not a policy, with every problem that was found and its line and column.
        """
        if isinstance(text, bytes):
            text = document.decode(text, source)
        return cls._of(document.parse(text, source))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Policy:
        """Make a policy from plain data, in the form that YAML would give.

        Raises:
            `PolicyError`: If it is not a policy.
        """
        return cls._of(document.Document(data, source="<data>"))

    @classmethod
    def _of(cls, read: document.Document) -> Policy:
        problems = list(read.problems)
        try:
            policy = cls.model_validate(read.data)
        except ValidationError as error:
            problems += problems_of(error, cls, read)
        if problems:
            raise PolicyError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
        return policy

    def to_data(self) -> dict[str, Any]:
        """The policy as plain data, without what is left at its default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def dump(self) -> str:
        """The policy as YAML text, so that `Policy.loads(policy.dump()) == policy`. Comments are not kept."""
        return document.write(self.to_data())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the policy to a file, in one piece: who reads the file meanwhile sees the old policy or the new one.

        Raises:
            `OSError`: If the file cannot be written.
        """
        target = Path(path)
        # Half a policy may be a valid policy that forbids less.
        unfinished = target.with_name(f".{target.name}.{uuid4().hex}")
        try:
            unfinished.write_bytes(self.dump().encode())
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's content, in hexadecimal: the same for equal policies, however they were written."""
        canonical = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()
