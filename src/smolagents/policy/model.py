"""The policy: what it can say, as an immutable value, and how it is read and written.

The model is the language's one definition: which keys there are, their types and defaults, and what is checked about
each. Reading YAML, wording errors and deciding are elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import uuid4

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from . import document
from .approvals import Approvals
from .audit.settings import Audit
from .checkpoints.settings import CheckpointSettings
from .errors import MAX_PROBLEMS, PolicyError, Problem
from .extends import MAX_FILES, Family
from .fields import MAX_ENTRIES, Items, Names, OneOrMore, Pattern, PatternSource, Title, pattern_text
from .intent_section import Intents
from .limits import Limits
from .loading import Loading
from .matcher import Matcher
from .operations import Operations
from .problems import problems_of
from .rules import Rule, unique_ids
from .schema import json_schema
from .section import Section


if TYPE_CHECKING:
    from .comparison import Change, Comparison, Finding


def _language_version(value: Any) -> Any:
    # To Python, true and 1.0 are equal to 1; to a reader of the policy they are not.
    if type(value) is not int or value != 1:
        raise ValueError("This release knows version 1 of the policy language. Write `version: 1`.")
    return value


class Tools(Section):
    """Which tools and agents may be called, by name or glob. What is in both lists is denied.

    Attributes:
        allow (`tuple[str, ...]`): Names and globs of those that may be called.
        deny (`tuple[str, ...]`): Names and globs of those that may not.
    """

    allow: Names = ()
    deny: Names = ()


class Policy(Section):
    """What an agent may do. A value: it cannot be changed, and two policies that say the same are equal.

    Attributes:
        version (`int`): The version of the language, 1.
        name (`str`, *optional*): What messages and events call this policy.
        extends (`tuple[str, ...]`): Files with policies that decide together with this one. Nothing in this one can
            undo what they deny. A relative path starts at the folder of the file that it is written in.
        default (`str`): `allow` or `deny`, for tools and agents that nothing names. By default `deny`; in a policy
            that extends others and has no `tools.allow` it is `allow`, which leaves the matter to them.
        mode (`str`): `enforce`, or `shadow` to decide and report without refusing anything.
        tools (`Tools`): The tools and agents that are allowed, and those that are denied.
        patterns (`tuple`): What no call and no code may contain: substrings, `RegexPattern`s and `GlobPattern`s.
        opaque (`str`): `allow` or `deny`, for arguments that are not plain data.
        rules (`tuple[Rule, ...]`): What is to be done when an execution looks like this.
        operations (`Operations`, *optional*): What generated code may do to the machine.
        intents (`Intents`): What is to be done about an execution that looks as if it were for something.
        limits (`Limits`): How much a run may use.
        approvals (`Approvals`): How long a person may take, and how long an approval holds.
        audit (`Audit`, *optional*): Where it is recorded what was decided and what came of it.
        checkpoints (`CheckpointSettings`, *optional*): When checkpoints of a run are written, and where.
    """

    version: Annotated[Literal[1], BeforeValidator(_language_version)]
    name: Title | None = None
    extends: Annotated[OneOrMore[PatternSource], Field(max_length=MAX_FILES)] = ()
    # What was written, as far as it differs from what follows from the rest. `default` is what holds.
    written_default: Literal["allow", "deny"] | None = Field(default=None, alias="default")
    mode: Literal["enforce", "shadow"] = "enforce"
    tools: Tools = Tools()
    # Checked also if there are none, since those of the policies that it extends have to fit together.
    patterns: Annotated[Items[Pattern], Field(validate_default=True)] = ()
    opaque: Literal["allow", "deny"] = "allow"
    rules: Annotated[Items[Rule], AfterValidator(unique_ids)] = ()
    operations: Operations | None = None
    intents: Intents = Intents()
    limits: Limits = Limits()
    approvals: Approvals = Approvals()
    audit: Audit | None = None
    checkpoints: CheckpointSettings | None = None

    # For each entry of `extends`, the digest of the policy and the policy. Digests, since making one takes long.
    _parents: tuple[tuple[str, Policy], ...] = PrivateAttr(default=())
    # What messages call this policy, if it is one of another one's layers. No part of what it says.
    _source: str = PrivateAttr(default="")

    @field_validator("extends", mode="after")
    @classmethod
    def _extends_can_be_found(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and Loading.of(info.context).parents is None:
            raise ValueError(
                "This policy has no folder to find other files in. Read it from a file, or give `directory=`."
            )
        return value

    @field_validator("patterns", mode="after")
    @classmethod
    def _patterns_fit_together(cls, value: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        loading = Loading.of(info.context)
        layers: dict[str, Policy] = {}
        if loading.is_outermost:
            for digest, parent in loading.parents or ():
                parent._add_inherited("", layers)
                layers[digest] = parent
        patterns = [*(pattern for layer in layers.values() for pattern in layer.patterns), *value]
        if len(patterns) > MAX_ENTRIES:
            raise ValueError(f"A policy and those that it extends may have {MAX_ENTRIES} patterns together.")
        Matcher([pattern_text(pattern) for pattern in patterns])
        return value

    def model_post_init(self, context: Any) -> None:
        self._parents = tuple(Loading.of(context).parents or ())
        if self.written_default is None and "allow" in self.tools.model_fields_set and not self.tools.allow:
            self.__dict__["written_default"] = "deny"  # An allow list that is empty allows nothing
        # Two policies that say the same are equal, whether or not one of them says what holds anyway.
        if self.written_default == self._implied_default:
            self.__dict__["written_default"] = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Policy:
        """Read a policy from a YAML file in UTF-8.

        Raises:
            `PolicyError`: If the file cannot be read, or is not a policy.
        """
        source = os.fspath(path)
        try:
            return Family(cls._of).load(source)
        except OSError as error:
            message = f"The file cannot be read: {error.strerror or error}."
            raise PolicyError([Problem(message, source=source)]) from None

    @classmethod
    def loads(
        cls, text: str | bytes, *, source: str = "<text>", directory: str | os.PathLike[str] | None = None
    ) -> Policy:
        """Read a policy from YAML text.

        Args:
            text (`str` or `bytes`): The text; bytes are UTF-8.
            source (`str`): What messages call the text.
            directory (`str` or `PathLike`, *optional*): Where the files are that it extends. Without it, it may extend
                none.

        Raises:
            `PolicyError`: If it is not a policy, with every problem that was found and its line and column.
        """
        if isinstance(text, bytes):
            text = document.decode(text, source)
        return cls._in(directory, document.parse(text, source))

    @classmethod
    def from_data(cls, data: Mapping[str, Any], *, directory: str | os.PathLike[str] | None = None) -> Policy:
        """Make a policy from plain data, in the form that YAML would give.

        Args:
            data (`Mapping[str, Any]`): The data.
            directory (`str` or `PathLike`, *optional*): Where the files are that it extends. Without it, it may extend
                none.

        Raises:
            `PolicyError`: If it is not a policy.
        """
        return cls._in(directory, document.of_data(data, source="<data>"))

    @classmethod
    def _in(cls, directory: str | os.PathLike[str] | None, read: document.Document) -> Policy:
        if directory is None:
            return cls._of(read, Loading(), [])
        return Family(cls._of).read(read, os.fspath(directory))

    @classmethod
    def _of(cls, read: document.Document, loading: Loading, problems: list[Problem]) -> Policy:
        """The policy in a document. `problems` are those that its parents have."""
        found = list(read.problems)
        try:
            # Keys are called by their names in the language, not by those of the attributes.
            policy = cls.model_validate(read.data, context=loading, by_alias=True, by_name=False)
        except ValidationError as error:
            found += problems_of(error, cls, read)
        named = {problem.path for problem in found}
        empty = [read.problem("This is empty. Write a value, or leave the key out.", path) for path in read.empty]
        found += [problem for problem in empty if problem.path not in named]
        if found or problems:
            found.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
            raise PolicyError([*found, *problems][:MAX_PROBLEMS])
        return policy

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the language. What it cannot say is in docs/policy.md."""
        return json_schema(cls, "Policy of smolagents")

    def dump(self) -> str:
        """The policy as YAML text, so that `Policy.loads(policy.dump()) == policy`. Comments are not kept.

        What it extends stays as it was written, so reading such a text needs the `directory` that it is relative to.
        """
        return document.write(self.to_data())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the policy to a file, in one piece: who reads the file meanwhile sees the old policy or the new one.

        A policy that extends others is written only where it means the same: where its `extends` leads to policies
        that say what those said that it was read with.

        Raises:
            `OSError`: If the file cannot be written.
            `PolicyError`: If the file would not be this policy.
        """
        target = Path(path)
        if self.extends and self._read_in(target.parent) != self:
            message = "Here `extends` leads to other policies than those that this policy was read with."
            raise PolicyError([Problem(message, "extends", str(target))])
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
        layers: dict[str, Policy] = {}
        self._add_inherited(self._source, layers)
        return (*layers.values(), self)

    @property
    def checkpoints_in_effect(self) -> CheckpointSettings | None:
        """Its own settings, or else those of the last policy it extends that has any: they refuse nothing."""
        return next((layer.checkpoints for layer in reversed(self.layers) if layer.checkpoints is not None), None)

    @property
    def source(self) -> str:
        """The file that a layer comes from, from the folder of the policy that extends it; empty for that policy."""
        return self._source

    @property
    def default(self) -> Literal["allow", "deny"]:
        """What holds for tools and agents that nothing names."""
        return self.written_default or self._implied_default

    def entry(self, path: str) -> str:
        """What messages call an entry: its path, after the file's name if this policy is another one's layer."""
        return f"{self._source}: {path}" if self._source else path

    @property
    def _implied_default(self) -> Literal["allow", "deny"]:
        # Without an allow list, a policy that extends others adds denials and limits to what those allow.
        return "allow" if self.extends and not self.tools.allow else "deny"

    def _add_inherited(self, source: str, layers: dict[str, Policy]) -> None:
        """Add the policies that this one, which messages call `source`, extends to `layers`, by their digests."""
        for written, (digest, parent) in zip(self.extends, self._parents, strict=True):
            if digest not in layers:
                parent_source = posixpath.normpath(posixpath.join(posixpath.dirname(source), written))
                parent._add_inherited(parent_source, layers)
                layers[digest] = parent.model_copy()
                layers[digest]._source = parent_source

    def compare(self, other: Policy, *, seconds: float | None = None) -> Comparison:
        """Whether this policy is stricter than another, looser, equal or neither, with executions that show it.

        Args:
            other ([`Policy`]): The policy to compare it with.
            seconds (`float`, *optional*): After how many seconds to give up; what is not decided by then is unknown.
                By default 30.
        """
        # Only here, as it is about policies
        from .comparison import compare

        return compare(self, other) if seconds is None else compare(self, other, seconds=seconds)

    def diff(self, other: Policy, *, seconds: float | None = None) -> tuple[Change, ...]:
        """What is different in this policy as seen from another, entry by entry, each with its direction.

        Args:
            other ([`Policy`]): The policy that it is seen from.
            seconds (`float`, *optional*): After how many seconds to give up on directions: all that are left are
                `different`. By default 30.
        """
        from .comparison import diff

        return diff(self, other) if seconds is None else diff(self, other, seconds=seconds)

    def lint(self) -> tuple[Finding, ...]:
        """What in this policy has no effect: what can never match, is covered by others, or cannot be used."""
        from .comparison import lint

        return lint(self)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of execution that the policy is about: tools, agents, code, and operations if it speaks of them.

        What code is for shows in what it does as well, so a policy that lists intents speaks of operations.
        """
        speaks_of_operations = any(
            layer.operations is not None
            or any(rule.when.is_about_operations for rule in layer.rules)
            or any(layer.intents.entries())
            for layer in self.layers
        )
        return frozenset(("tool", "agent", "code", *(("operation",) if speaks_of_operations else ())))

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's content, in hexadecimal: the same for equal policies, however they were written."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def canonical(self) -> str:
        """What the policy says, as text, with the digests of the policies that it extends."""
        own = super().canonical()
        return json.dumps([own, *(digest for digest, _ in self._parents)]) if self._parents else own

    def _read_in(self, directory: Path) -> Policy | None:
        """The policy that its text is in a folder, or `None` if it is none there."""
        try:
            return Policy.loads(self.dump(), directory=directory)
        except PolicyError:
            return None
