"""Cases: calls with what a policy has to say about them, in a YAML file beside the policy.

    cases:
      - name: Searching is allowed
        tool: web_search
        arguments: {query: cats}
        expect: allow
      - name: The eleventh search is refused
        calls:
          - {tool: web_search, arguments: {query: cats}, times: 10, expect: allow}
          - {tool: web_search, arguments: {query: cats}, expect: deny, because: limits.tool_calls}

Each case is a run of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from smolagents.hooks import Kind, ToolExecution

from . import document
from .decision import Decision, Reason
from .errors import PolicyError, Problem, excerpt, nearest
from .fields import Action, ByName, Items, OneOrMore, Title
from .limits import Seconds
from .model import Policy
from .operations import OPERATION_NAMES
from .problems import problems_of
from .recorded import CODE, SOME_AGENT, execution_of
from .replay import Rehearsal
from .section import FrozenMapping, Section


def _operation(name: str) -> str:
    if name not in OPERATION_NAMES:
        guess = nearest(name, OPERATION_NAMES)
        meant = f"Did you mean `{guess}`?" if guess else f"There are {', '.join(OPERATION_NAMES)}."
        raise ValueError(f"There is no operation {excerpt(name)}. {meant}")
    return name


_FORMS = ("tool", "agent", "code", "operation")


class Call(Section):
    """An execution and what is expected of the policy.

    Attributes:
        tool, agent, operation (`str`): The name of what is called; exactly one of these or `code`.
        code (`str`): The text of a code action.
        arguments (`Mapping[str, Any]`): The arguments, unless it is a code action.
        by (`tuple[str, ...]`): Names of the agents, from the outermost one to the one that calls.
        times (`int`): How often it is called, one after the other, with the same expectation.
        after_seconds (`float`): How much time passes before each of them.
        expect (`str`): `allow`, `warn`, `ask`, `deny` or `stop`.
        because (`tuple[str, ...]`): What has to be among the reasons, each by its entry in the policy
            (`tools.deny[0]`, `default`), by the id of a rule, or by its code.
    """

    tool: Title | None = None
    agent: Title | None = None
    code: str | None = None
    operation: Annotated[Title, AfterValidator(_operation)] | None = None
    arguments: ByName[Any] = Field(default_factory=FrozenMapping)
    by: OneOrMore[Title] = SOME_AGENT
    times: Annotated[int, Field(ge=1, le=100_000)] = 1
    after_seconds: Seconds | None = None
    expect: Action | None = None
    because: OneOrMore[Title] | None = None

    @model_validator(mode="after")
    def _is_one_call(self) -> Call:
        self._check()
        return self

    def _check(self) -> None:
        given = [form for form in _FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            raise ValueError("Say what is called: one of `tool`, `agent`, `code` and `operation`.")
        if self.expect is None:
            raise ValueError("Say what is expected: `expect: allow`, `warn`, `ask`, `deny` or `stop`.")
        if self.code is not None and self.arguments:
            raise ValueError("A code action has no `arguments`. Remove them.")

    @property
    def kind(self) -> Kind:
        """The kind of execution."""
        if self.code is not None:
            return "code"
        return "tool" if self.tool is not None else "agent" if self.agent is not None else "operation"


class Case(Call):
    """A call, or several in a row, with a name.

    Attributes:
        name (`str`): What is tested.
        calls (`tuple[Call, ...]`): Calls of one run, in order, in place of a single one.
    """

    name: Title
    calls: Annotated[Items[Call], Field(min_length=1)] | None = None

    def _check(self) -> None:
        if self.calls is None:
            super()._check()
        elif stray := sorted(self.model_fields_set - {"name", "calls"}):
            raise ValueError(f"With `calls`, move `{stray[0]}` into the calls.")

    def each_call(self) -> tuple[Call, ...]:
        """The calls of the case: several, or itself."""
        return (self,) if self.calls is None else self.calls


class CaseFile(Section):
    """A file of cases."""

    cases: Annotated[Items[Case], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Failure:
    """The first call of a case about which the policy says something else.

    Attributes:
        execution (`ToolExecution`): The call.
        expected (`str`): The action that was expected.
        missing (`tuple[str, ...]`): Reasons that were expected and are not there.
        decision (`Decision`): What the policy says.
        number (`int`): Which call of the case it was, from 1, repeated ones counted.
    """

    execution: ToolExecution
    expected: Action
    missing: tuple[str, ...]
    decision: Decision
    number: int


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended: as expected if there is no failure.

    Attributes:
        case ([`Case`]): The case.
        source (`str`): The file that it is in.
        line (`int`, *optional*): Its line there.
        failure ([`Failure`], *optional*): What was not as expected.
    """

    case: Case
    source: str
    line: int | None
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a file, and where each begins.

    Attributes:
        source (`str`): The file's name.
        cases (`tuple[Case, ...]`): The cases.
        lines (`tuple[int | None, ...]`): The line of each.
    """

    source: str
    cases: tuple[Case, ...]
    lines: tuple[int | None, ...]

    def run(self, policy: Policy) -> Iterator[Result]:
        """Hold a policy against the cases, one after the other. A policy in mode `shadow` is held to what it says."""
        rehearsal = Rehearsal(policy)
        for case, line in zip(self.cases, self.lines):
            rehearsal.begin()
            yield Result(case, self.source, line, _first_failure(case, rehearsal))


def beside(policy: str | os.PathLike[str]) -> Path:
    """Where the cases of a policy are if nothing else is said: `policy.cases.yaml` beside `policy.yaml`."""
    path = Path(policy)
    return path.with_name(f"{path.stem}.cases{path.suffix or '.yaml'}")


def load(path: str | os.PathLike[str]) -> Cases:
    """Read a file of cases.

    Raises:
        `PolicyError`: If it cannot be read, or is no file of cases, with every problem and its place.
    """
    source = os.fspath(path)
    try:
        with open(path, "rb") as file:
            text = document.decode(file.read(document.MAX_BYTES + 1), source)
    except OSError as error:
        raise PolicyError([Problem(f"The file cannot be read: {error.strerror or error}.", source=source)]) from None
    if not re.search(r"^\s*[^#\s]", text, re.MULTILINE):
        raise PolicyError([Problem("There are no cases. The file begins with the line `cases:`.", source=source)])
    read = document.parse(text, source)
    problems = list(read.problems)
    try:
        cases = CaseFile.model_validate(read.data).cases
    except ValidationError as error:
        problems += problems_of(error, CaseFile, read)
    if problems:
        raise PolicyError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    places = [read.values.get(("cases", index)) for index in range(len(cases))]
    return Cases(source, cases, tuple(place.line if place else None for place in places))


def _first_failure(case: Case, rehearsal: Rehearsal) -> Failure | None:
    numbers = count(1)
    for call in case.each_call():
        for _ in range(call.times):
            number = next(numbers)
            rehearsal.wait(call.after_seconds or 0)
            execution = _execution(call, number)
            decision = rehearsal.decide(execution)
            named = {name for reason in decision.reasons for name in _names(reason)}
            missing = tuple(name for name in call.because or () if name not in named)
            assert call.expect is not None  # as the model has checked
            if decision.shadow_action != call.expect or missing:
                return Failure(execution, call.expect, missing, decision, number)
    return None


def _execution(call: Call, number: int) -> ToolExecution:
    name = call.tool or call.agent or call.operation or CODE
    arguments = call.arguments if call.code is None else {"code": call.code}
    return execution_of(call.kind, name, arguments, id=f"call-{number}", agent_path=call.by, step_number=number)


def _names(reason: Reason) -> set[str]:
    """What a case may call a reason."""
    return {reason.entry, reason.code, *((reason.text,) if reason.code == "rule" else ())}
