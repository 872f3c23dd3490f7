"""Rules: when something is about to happen that looks like this, do that."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .conditions import Condition
from .fields import Action, ByName, Name, OneOrMore, Sentence, Title
from .section import FrozenMapping, Section


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
