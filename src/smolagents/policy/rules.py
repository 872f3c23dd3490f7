"""Rules: when something is about to happen that looks like this, do that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from .conditions import Condition
from .errors import excerpt
from .fields import Action, ByName, Name, OneOrMore, Sentence, Title
from .names import NameList
from .operations import OPERATION_NAMES
from .section import FrozenMapping, Section, refuse_empty


Kind = Literal["tool", "agent", "code", "operation"]


class When(Section):
    """What a rule is about. All keys that are given have to hold.

    Attributes:
        kind (`tuple[str, ...]`): One of these kinds of execution.
        name (`tuple[str, ...]`): A tool, agent or operation that one of these names or globs names.
        agent (`tuple[str, ...]`): Executed by an agent that one of these names or globs names.
        arguments (`Mapping[str, Condition]`): Conditions by the argument's name; `*` is every argument.
    """

    kind: OneOrMore[Kind] | None = None
    name: OneOrMore[Name] | None = None
    agent: OneOrMore[Name] | None = None
    arguments: ByName[Condition] = Field(default_factory=FrozenMapping)

    @model_validator(mode="after")
    def _says_what_it_names(self) -> When:
        refuse_empty(self)
        return self

    @property
    def is_about_operations(self) -> bool:
        """Whether it speaks of operations: as a kind, or by the name of one."""
        if self.kind is not None:
            return "operation" in self.kind
        named = NameList(name for name in self.name or () if "." in name)
        return any(named.naming(operation) for operation in OPERATION_NAMES)


class Rule(Section):
    """One rule. Every rule that matches counts; the most severe action wins.

    Attributes:
        id (`str`): What messages, events and test cases call it; unique in its policy.
        when ([`When`]): What it is about; everything if that is empty.
        action (`str`): `stop`, `deny`, `ask`, `warn` or `allow`.
        reason (`str`, *optional*): What the model and people are told.
    """

    id: Title
    when: Annotated[When, Field(default_factory=When)]
    action: Action
    reason: Sentence | None = None


def unique_ids(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Make sure that no two rules of a policy have the same id, so that an id says which rule it was.

    Raises:
        `ValidationError`: With the place of every id that is there already.
    """
    first: dict[str, int] = {}
    errors = []
    for index, rule in enumerate(rules):
        if first.setdefault(rule.id, index) != index:
            message = f"The rule {excerpt(rule.id)} is here twice (first in rules[{first[rule.id]}]). Rename one."
            kind = PydanticCustomError("value_error", "{error}", {"error": message})
            errors.append(InitErrorDetails(type=kind, loc=(index, "id"), input=rule.id))
    if errors:
        raise ValidationError.from_exception_data("rules", errors)
    return rules
