"""Executions that show what a policy lets happen, run on the policy's own engine before anybody is told of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smolagents.hooks import ToolExecution
from smolagents.memory import ActionStep
from smolagents.monitoring import Timing, TokenUsage

from ..decision import Decision
from ..model import Policy
from ..recorded import RecordedStep, execution_of
from ..replay import Rehearsal
from .objections import LEVELS
from .situations import Situation


_numbers = itertools.count(1)
# Of more calls that are the same, all but the last are taken for made.
_DECIDED_ONE_BY_ONE = 50


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that were made before.

    Attributes:
        execution (`ToolExecution`): The call.
        times (`int`): How often it was made.
        time (`float`): When, in seconds since the first run began.
        is_refused (`bool`): Whether each person who was asked about it refused. Otherwise it was approved.
    """

    execution: ToolExecution
    times: int = 1
    time: float = 0.0
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of an agent that ended before.

    Attributes:
        tokens (`int`): The tokens that the first of them used.
        times (`int`): How many there were.
        run_id (`str`): Of which run.
        time (`float`): When, in seconds since the first run began.
    """

    tokens: int
    times: int = 1
    run_id: str = "run"
    time: float = 0.0


Event = Calls | Steps


@dataclass(frozen=True, slots=True)
class Witness:
    """An execution that one policy lets happen more freely than another.

    Attributes:
        execution (`ToolExecution`): The execution.
        history (`tuple[Event, ...]`): What happened before, the same under both policies.
        time (`float`): When it happens, in seconds since the run began.
        freer (`Decision`): What the policy says that is the freer one here.
        tighter (`Decision`): What the other one says.
        entry (`str`): The entry of the tighter policy that makes the difference.
        is_allowed_by_self (`bool`): Whether the freer policy is the one that was compared, and not the other one.
        note (`str`): In what they differ, if it is not in the decisions: how long it may take, or wait for a person.
    """

    execution: ToolExecution
    freer: Decision
    tighter: Decision
    entry: str
    history: tuple[Event, ...] = ()
    time: float = 0.0
    is_allowed_by_self: bool = True
    note: str = ""


def level(decision: Decision) -> int:
    """How free a decision leaves an execution: 0 is let pass, 1 asked about, 2 refused, 3 the end of the run."""
    return LEVELS[decision.action]


def make(situation: Situation, arguments: Mapping[str, Any], run_id: str = "run") -> ToolExecution:
    """An execution, as hooks get it."""
    return execution_of(
        situation.kind,
        situation.name,
        dict(arguments),
        id=f"execution-{next(_numbers)}",
        run_id=run_id,
        agent_path=(situation.agent,),
        step_number=1,
    )


def in_run(execution: ToolExecution, run_id: str) -> ToolExecution:
    """The same execution in some run."""
    situation = Situation(execution.kind, execution.name, execution.agent_path[-1])
    return make(situation, execution.arguments, run_id)


class Referee:
    """What a policy decides, by its own engine. No name is looked up, no store asked."""

    def __init__(self, policy: Policy):
        self._rehearsal = Rehearsal(policy)

    def decide(self, execution: ToolExecution, history: Iterable[Event] = (), time: float = 0.0) -> Decision:
        """The decision on an execution that is the first of its run and session, or comes after a history."""
        return next(self.decisions(execution, history, time))

    def decisions(
        self, execution: ToolExecution, history: Iterable[Event] = (), time: float = 0.0
    ) -> Iterator[Decision]:
        """The decisions on an execution that is repeated after a history. Nothing else may be decided in between."""
        rehearsal = self._rehearsal
        rehearsal.begin()
        for event in history:
            rehearsal.advance_to(event.time)
            if isinstance(event, Steps):
                for number in range(event.times):
                    tokens = TokenUsage(event.tokens if number == 0 else 0, 0)
                    step = ActionStep(step_number=number + 1, timing=Timing(0.0, 0.0), token_usage=tokens)
                    rehearsal.end_step(RecordedStep(event.run_id, step))
                continue
            if event.times > _DECIDED_ONE_BY_ONE:
                rehearsal.assume(event.execution, event.times - 1)
            for _ in range(event.times if event.times <= _DECIDED_ONE_BY_ONE else 1):
                rehearsal.decide(event.execution, is_approved=not event.is_refused)
        rehearsal.advance_to(time)
        while True:
            yield rehearsal.decide(execution)

    def deadline(self, execution: ToolExecution) -> float | None:
        """How many seconds an execution may take that is the first of its run."""
        self._rehearsal.begin()
        return self._rehearsal.deadline(execution)
