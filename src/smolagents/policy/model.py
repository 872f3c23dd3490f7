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

from pydantic import AfterValidator, BeforeValidator, ValidationError, field_validator

from . import document
from .approvals import Approvals
from .errors import PolicyError, Problem
from .fields import Items, Names, Pattern, Title, pattern_text
from .limits import Limits
from .matcher import Matcher
from .operations import Operations
from .problems import problems_of
from .rules import Rule, unique_ids
from .section import Section


def _language_version(value: Any) -> Any:
    # To Python, true and 1.0 are equal to 1; to a reader of the policy they are not.
    if type(value) is not int or value != 1:
        raise ValueError("This release knows version 1 of the policy language. Write `version: 1`.")
    return value


class Tools(Section):
    """Which tools and agents may be called, by name or glob. What is in both lists is denied."""

    allow: Names = ()
    deny: Names = ()


class Policy(Section):
    """What an agent may do. A value: it cannot be changed, and two policies that say the same are equal.

    Attributes:
        version (`int`): The version of the language, 1.
        name (`str`, *optional*): What messages and events call this policy.
        default (`str`): `allow` or `deny`, for tools and agents that nothing names.
        mode (`str`): `enforce`, or `shadow` to decide and report without refusing anything.
        tools (`Tools`): The tools and agents that are allowed, and those that are denied.
        patterns (`tuple`): What no call and no code may contain: substrings, `RegexPattern`s and `GlobPattern`s.
        opaque (`str`): `allow` or `deny`, for arguments that are not plain data.
        rules (`tuple[Rule, ...]`): What is to be done when an execution looks like this.
        operations (`Operations`, *optional*): What generated code may do to the machine.
        limits (`Limits`): How much a run may use.
        approvals (`Approvals`): How long a person may take, and how long an approval holds.
    """

    not_known_yet: ClassVar[frozenset[str]] = frozenset(("extends", "intents", "audit", "checkpoints"))

    version: Annotated[Literal[1], BeforeValidator(_language_version)]
    name: Title | None = None
    default: Literal["allow", "deny"] = "deny"
    mode: Literal["enforce", "shadow"] = "enforce"
    tools: Tools = Tools()
    patterns: Items[Pattern] = ()
    opaque: Literal["allow", "deny"] = "allow"
    rules: Annotated[Items[Rule], AfterValidator(unique_ids)] = ()
    operations: Operations | None = None
    limits: Limits = Limits()
    approvals: Approvals = Approvals()

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
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

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
    def layers(self) -> tuple[Policy, ...]:
        """The policies that decide together: those that this one extends, and then itself."""
        return (self,)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of execution that the policy is about: tools, agents, code, and operations if it names them."""
        speaks_of_operations = any(
            layer.operations is not None or any(rule.when.is_about_operations for rule in layer.rules)
            for layer in self.layers
        )
        return frozenset(("tool", "agent", "code", *(("operation",) if speaks_of_operations else ())))

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's content, in hexadecimal: the same for equal policies, however they were written."""
        canonical = json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()
