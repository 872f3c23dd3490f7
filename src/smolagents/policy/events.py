"""What a policy hook tells its listeners."""

from __future__ import annotations

import logging
import threading
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from uuid import uuid4

from .approval import ApprovalRequest
from .checkpoints.checkpoint import Checkpoint
from .decision import Decision
from .delivery import Delivery
from .errors import nearest


if TYPE_CHECKING:
    from smolagents.hooks import ToolExecution


logger = logging.getLogger(__name__)

EventName = Literal[
    "policy_check",
    "policy_violation",
    "tool_call_blocked",
    "limit_warning",
    "approval_requested",
    "approval_resolved",
    "run_started",
    "run_stopped",
    "run_finished",
    "checkpoint_created",
    "checkpoint_failed",
]
EVENT_NAMES: tuple[str, ...] = get_args(EventName)
ALL_EVENTS = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have in common.

    Attributes:
        name (`str`): Which event it is.
        run_id (`str`): The outermost run that it happened in.
        agent_path (`tuple[str, ...]`): The names of the agents from the outermost one to the one that was at work.
        step_number (`int`): The step of that agent, from 1; 0 outside of a step.
        policy_name (`str`, *optional*): The policy's name, if it has one.
        policy_digest (`str`): The policy's digest.
        id (`str`): Unique to this event.
        time (`datetime`): When, in UTC.
        monotonic (`float`): When, in seconds on a clock of the process that is never set, such as `time.monotonic`.
    """

    name: EventName
    run_id: str
    agent_path: tuple[str, ...]
    step_number: int
    policy_name: str | None
    policy_digest: str
    id: str = field(default_factory=lambda: uuid4().hex)
    time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    monotonic: float = field(default_factory=clock.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEvent(Event):
    """A decision: `policy_check` for every one; `policy_violation` if the policy objects; `tool_call_blocked` if the
    execution, of whatever kind, is therefore refused.

    Attributes:
        execution (`ToolExecution`): What was about to happen.
        decision (`Decision`): What the policy says about it, with all reasons.
    """

    execution: ToolExecution
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWarned(Event):
    """`limit_warning`: a run has used most of what a limit grants it. Told once for each run and limit.

    Attributes:
        entry (`str`): The limit, such as `limits.tool_calls`.
        used (`float`): How much of it is used.
        limit (`float`): How much there is.
    """

    entry: str
    used: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(Event):
    """`approval_requested`: a call waits for a person, who is asked now.

    Attributes:
        execution (`ToolExecution`): What was about to happen.
        request (`ApprovalRequest`): What is asked, with the digest for `PolicyHook.approve`.
    """

    execution: ToolExecution
    request: ApprovalRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalResolved(Event):
    """`approval_resolved`: whether a call was approved. Also told if an approval was there before anybody was asked.

    Attributes:
        execution (`ToolExecution`): What was about to happen.
        request (`ApprovalRequest`): What was asked.
        approved (`bool`): Whether the call may be made.
        code (`str`): `approved`, or the code of the denial.
        by (`str`, *optional*): Who answered, if anybody did.
        note (`str`, *optional*): What they had to say.
        always (`bool`): Whether the approval holds for the same call until it expires.
        seconds (`float`): How long it took.
    """

    execution: ToolExecution
    request: ApprovalRequest
    approved: bool
    code: str
    by: str | None
    note: str | None
    always: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """`run_started`: an agent begins to run, the outermost one or one that it manages.

    Attributes:
        parent_id (`str`, *optional*): The execution that the run happens in; `None` for the outermost one.
        continues (`str`, *optional*): The run that goes on from a checkpoint, by the id that its checkpoints have.
    """

    parent_id: str | None
    continues: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped(Event):
    """`run_stopped`: a hook ends the run, with all agents in it. Told once.

    Attributes:
        code (`str`): The code of the denial.
        reason (`str`): Why.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """`run_finished`: the run of an agent is over, however it ended.

    Attributes:
        parent_id (`str`, *optional*): The execution that the run happened in; `None` for the outermost one.
        error (`str`, *optional*): The type of the error that ended it: `ToolExecutionStopped` if a hook stopped it,
            `GeneratorExit` if whoever read its stream left it.
    """

    parent_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCreated(Event):
    """`checkpoint_created`: a checkpoint of the run is on the disk.

    Attributes:
        path (`Path`): The file.
        checkpoint (`Checkpoint`): What is in it.
    """

    path: Path
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointFailed(Event):
    """`checkpoint_failed`: a checkpoint of the run cannot be written.

    Attributes:
        reason (`str`): Why.
    """

    reason: str


EventHandler = Callable[[Any], object]


class _Listener(NamedTuple):
    event: str
    handler: EventHandler
    synchronous: bool


class Listeners:
    """The handlers of a hook's events. Synchronous ones are called in the thread that decides, all others in a thread
    of the hook, each kind in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivery = Delivery()
        # Replaced and never changed, so that whoever is calling handlers needs no lock.
        self._listeners: tuple[_Listener, ...] = ()

    def add(self, event: str, handler: EventHandler, synchronous: bool) -> Callable[[], None]:
        """Call `handler` with each `event`, or with every event for `"*"`. Returns a function that ends this at once.

        Raises:
            `ValueError`: If there is no such event.
            `TypeError`: If the handler cannot be called.
        """
        if event != ALL_EVENTS and event not in EVENT_NAMES:
            guess = nearest(event, EVENT_NAMES)
            meant = f"did you mean {guess!r}?" if guess else f"there are {', '.join(EVENT_NAMES)}, and '*' for all."
            raise ValueError(f"There is no event {event!r}: {meant}")
        if not callable(handler):
            raise TypeError(f"A handler is called with the event; {type(handler).__name__} cannot be called.")
        listener = _Listener(event, handler, synchronous)
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            # By identity: the same handler may have been added twice.
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def tell(self, event_name: EventName, make_event: Callable[[EventName], Event]) -> None:
        """Make the event and hand it to those who listen. A handler that raises is logged and changes nothing."""
        listeners = [listener for listener in self._listeners if listener.event in (event_name, ALL_EVENTS)]
        if not listeners:
            return
        event = make_event(event_name)
        for listener in listeners:
            if listener.synchronous:
                self._call(listener, event)
            else:
                self._delivery.put(partial(self._call, listener, event))

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until every handler was called with all events so far. `False` if that took longer than `seconds`."""
        return self._delivery.flush(seconds)

    def _call(self, listener: _Listener, event: Event) -> None:
        if not any(listener is other for other in self._listeners):  # It has unsubscribed meanwhile
            return
        try:
            listener.handler(event)
        except Exception:
            logger.exception("A handler of the policy event %s failed; the decision stands.", event.name)
