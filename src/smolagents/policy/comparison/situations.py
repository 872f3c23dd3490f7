"""Kinds, names and agents that nothing in two policies tells apart: one of each stands for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import re2

from smolagents.hooks import Kind

from ..globs import is_glob, name_expression
from ..judge import FINAL_ANSWER
from ..model import Policy
from ..names import as_tool_name
from ..operations import OPERATION_NAMES
from .languages import language
from .undecided import NotDecided
from .words import letters


PYTHON = "python_interpreter"
SOME_AGENT = "agent"
SOME_TOOL = "some_tool"
_MAX_STATES = 20_000


@dataclass(frozen=True, slots=True)
class Situation:
    """
    Attributes:
        kind (`str`): The kind of an execution.
        name (`str`): Its name.
        agent (`str`): The name of the agent that executes it.
    """

    kind: Kind
    name: str
    agent: str

    @property
    def is_answer(self) -> bool:
        """Whether it gives the answer of a run."""
        return self.kind == "tool" and self.name == FINAL_ANSWER

    @property
    def is_call(self) -> bool:
        """Whether limits count it."""
        return self.kind in ("tool", "agent") and not self.is_answer

    @property
    def is_code(self) -> bool:
        """Whether code is given, whose constants are looked at too."""
        return self.kind == "code" or self.kind == "tool" and self.name == PYTHON

    @property
    def only_argument(self) -> str | None:
        """The name of the argument, if there is always one and the same."""
        return "code" if self.kind == "code" else None


def situations(policies: Iterable[Policy]) -> list[Situation]:
    """One of each kind that the policies tell apart.

    Raises:
        `NotDecided`: If there are too many combinations of globs.
    """
    layers = [layer for policy in policies for layer in policy.layers]
    names = [*_representatives(_names(layers), SOME_TOOL), FINAL_ANSWER, PYTHON]
    all_agents = (name for layer in layers for rule in layer.rules for name in rule.when.agent or ())
    agents = _representatives(all_agents, SOME_AGENT)
    found = [
        *(Situation(kind, name, agent) for kind in _CALLS for name in dict.fromkeys(names) for agent in agents),
        *(Situation("code", PYTHON, agent) for agent in agents),
        *(Situation("operation", name, agent) for name in OPERATION_NAMES for agent in agents),
    ]
    return found


_CALLS: tuple[Kind, ...] = ("tool", "agent")


def _names(layers: Iterable[Policy]) -> Iterator[str]:
    for layer in layers:
        yield from (*layer.tools.allow, *layer.tools.deny, *layer.limits.per_tool, *layer.limits.rates)
        for rule in layer.rules:
            yield from rule.when.name or ()


def _representatives(entries: Iterable[str], usual: str) -> list[str]:
    """All names without wildcards, and a name for each combination of globs that can be met by other names."""
    forms = {form for entry in entries for form in (entry, as_tool_name(entry))}
    exact = sorted(form for form in forms if not is_glob(form))
    globs = sorted(name_expression(form) for form in forms if is_glob(form) and form.strip("*"))
    if not globs:
        others = (usual, *(f"{usual}_{number}" for number in range(len(exact))))
        return [*exact, next(name for name in others if name not in exact)]
    return [*exact, *_other_names(tuple(globs), frozenset(exact))]


def _other_names(globs: tuple[str, ...], exact: frozenset[str]) -> list[str]:
    is_exact = rf"\A(?:{'|'.join(map(re2.escape, sorted(exact)))})\z" if exact else r"[^\x00-\x{10FFFF}]"
    sources = (*globs, is_exact)
    languages = [language(source) for source in sources]
    found: dict[tuple[bool, ...], str] = {}
    start = tuple(each.start for each in languages)
    waiting, seen = [(start, "")], {start}
    for state, name in waiting:
        *answers, is_exact_name = (each.accepts(part) for each, part in zip(languages, state))
        if name and not is_exact_name:
            found.setdefault(tuple(answers), name)
        for letter, classes in letters(sources):
            after = tuple(each.step(part, number) for each, part, number in zip(languages, state, classes))
            if after not in seen:
                seen.add(after)
                waiting.append((after, name + letter))
                if len(waiting) > _MAX_STATES:
                    raise NotDecided("there are too many combinations of globs for names")
    return sorted(found.values(), key=lambda name: (len(name), name))
