"""What happened, from the records of a trail: runs, their agents and steps, executions, and totals.

Everything is counted. Of very many executions only the first are kept to be shown, and some more of those refused.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...judge import FINAL_ANSWER
from ..granted import Granted
from .values import count_of, list_of, mapping_of, number_of, seconds_of, text_of


KEPT = 10_000  # executions, of which everything can be read in the page
KEPT_REFUSALS = 2_000  # besides them
KEPT_NOTES = 500

MISSING = object()  # An argument or result that the trail has no more than a digest of

AgentPath = tuple[str, ...]

_LIMITS = 200  # of a run
_DEEP = 50  # agents in agents: as deep as anybody goes, and not as deep as somebody may write


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, as `Reason` in `decision`. Without `message` it may not be told what the entry was found in."""

    action: str
    code: str
    entry: str
    text: str
    message: str
    where: str
    counts: bool


@dataclass(slots=True)
class Answer:
    """What a person said to a call; `approved` is `None` until they do."""

    approved: bool | None
    code: str = ""
    by: str = ""
    note: str = ""
    always: bool = False
    seconds: float | None = None


@dataclass(slots=True, eq=False)
class Call:
    """An execution, with the decision and what came of it.

    Attributes:
        number (`int`): Which one of the trail it is, from 1.
        line (`int`): Which record of the trail says what was decided, from 1.
        is_proven (`bool`): Whether these records are known to be as they were written, if anybody looked.
        time (`float`, *optional*): When it was decided, in seconds since 1970.
        status (`str`): As in `ToolOutcome`; empty if no end is recorded.
    """

    number: int
    line: int
    id: str
    parent: Call | None
    agents: AgentPath
    step: int
    kind: str
    name: str
    is_proven: bool = True
    time: float | None = None
    action: str = ""
    shadow_action: str = ""
    code: str = ""
    reasons: list[Why] = field(default_factory=list)
    arguments: Any = MISSING
    arguments_digest: str = ""
    status: str = ""
    duration: float | None = None
    result: Any = MISSING
    result_digest: str = ""
    error: str = ""
    denial: str = ""
    denial_code: str = ""
    denied_by: str = ""
    answers: list[Answer] = field(default_factory=list)
    children: list[Call] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """What became of it, in a word: `stop`, `deny`, `timeout`, `error`, `ask`, `warn`, `allow` or `open`."""
        if self.action in ("stop", "deny"):
            return self.action
        if self.status == "denied":
            return "deny"
        if self.status in ("timeout", "error"):
            return self.status
        if not self.action:
            return "ask" if self.answers else "open"
        if not self.status:
            return "open"
        return self.action if self.action in ("ask", "warn") else "allow"

    @property
    def is_refused(self) -> bool:
        return self.verdict in ("deny", "stop")


@dataclass(slots=True)
class Step:
    """What a step used. Tokens are `None` if the model did not say."""

    seconds: float | None
    tokens: int | None


@dataclass(slots=True)
class Agent:
    """An agent of a run, with all its activities in it."""

    path: AgentPath
    executions: int = 0
    refused: int = 0
    steps: int = 0
    tokens: int = 0
    spans: list[list[float | None]] = field(default_factory=list)  # Start and end of each time that it ran


class Series:
    """Points in time, few enough to draw however many there were."""

    MOST = 1_000

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self.last = 0.0
        self._every = 1
        self._count = 0

    def add(self, time: float | None, value: float) -> None:
        self.last = value
        if time is None:
            return
        self._count += 1
        if self._count % self._every:
            return
        self.points.append((time, value))
        if len(self.points) >= self.MOST:
            self.points = self.points[::2]
            self._every *= 2


@dataclass(slots=True, eq=False)
class Run:
    """A run of an outermost agent, with everything under it."""

    id: str
    policy: str = ""
    policy_digest: str = ""
    start: float | None = None
    end: float | None = None
    is_over: bool = False
    error: str = ""
    agents: dict[AgentPath, Agent] = field(default_factory=dict)
    granted: Granted = field(default_factory=dict)
    steps: dict[tuple[AgentPath, str, int], Step] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)  # Those that no other one contains
    executions: int = 0
    refused: int = 0
    left_out: int = 0
    tokens: Series = field(default_factory=Series)
    refusals: Series = field(default_factory=Series)
    # Calls that limits count, in order: when, and the number of the name in `names`.
    names: dict[str, int] = field(default_factory=dict)
    counted_at: array[float] = field(default_factory=lambda: array("d"))
    counted: array[int] = field(default_factory=lambda: array("L"))

    def agent(self, path: AgentPath) -> Agent:
        if path not in self.agents:
            for length in range(1, len(path) + 1):
                self.agents.setdefault(path[:length], Agent(path[:length]))
        return self.agents.get(path) or self.agents.setdefault(path, Agent(path))

    def saw(self, time: float | None) -> None:
        if time is not None:
            self.start = time if self.start is None else min(self.start, time)
            self.end = time if self.end is None else max(self.end, time)


@dataclass(slots=True)
class Total:
    """What a tool, an agent, code or an operation came to."""

    executions: int = 0
    refused: int = 0
    failed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the file itself, at a line of the trail."""

    line: int
    what: str
    is_bad: bool


class History:
    """
    Args:
        lines (`Iterable[bytes]`): The lines of the trail's files, in order.
        proven (`int`, *optional*): How many of them are known to be as they were written; `None` if nobody looked.
        kept (`int`): How many executions are kept.

    Attributes:
        runs (`list[Run]`): In the order in which they began.
        totals (`dict[tuple[str, str], Total]`): By kind and name.
        intents (`dict[str, Total]`): By what executions are for, as far as the policy had that judged.
        policies (`Counter[str]`): Decisions by the digest of the policy that they were made under.
        codes (`Counter[tuple[str, str]]`): Refusals by code and name of what was refused.
        entries (`Counter[tuple[str, str, str]]`): Reasons other than `allow`, by action, code and entry of the policy.
        calls (`list[Call]`): The executions that are kept, in order.
        notes (`list[Note]`): What the trail says of itself.
    """

    def __init__(self, lines: Iterable[bytes], proven: int | None = None, kept: int = KEPT):
        self.runs: list[Run] = []
        self.calls: list[Call] = []
        self.totals: dict[tuple[str, str], Total] = {}
        self.intents: dict[str, Total] = {}
        self.policies: Counter[str] = Counter()
        self.codes: Counter[tuple[str, str]] = Counter()
        self.entries: Counter[tuple[str, str, str]] = Counter()
        self.approvals: Counter[str] = Counter()
        self.notes: list[Note] = []
        self.records = 0
        self.executions = 0
        self.refused = 0
        self.tokens = 0
        self._proven = proven
        self._kept = kept
        self._kept_refusals = 0
        self._runs: dict[str, Run] = {}
        self._calls: dict[tuple[str, str], Call] = {}
        self._refused_and_left_out: set[tuple[str, str]] = set()  # Whose end is not recorded yet
        for line in lines:
            self.records += 1
            self._add_line(line)

    @property
    def left_out(self) -> int:
        """How many executions are counted and not kept."""
        return sum(run.left_out for run in self.runs)

    def _add_line(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no record")
        except (ValueError, RecursionError):
            self._note("This line is no record.")
            return
        kind = text_of(record.get("type"))
        if kind in _ABOUT_THE_FILE:
            self._about_the_file(kind, record)
        elif kind in _HANDLERS:
            run = self._run(record)
            _HANDLERS[kind](self, run, record, seconds_of(record.get("time")))
        else:
            self._note(f"This record is of an unknown type: {kind[:80]!r}.")

    def _note(self, what: str, is_bad: bool = True) -> None:
        if len(self.notes) < KEPT_NOTES:
            self.notes.append(Note(self.records, what, is_bad))

    def _about_the_file(self, kind: str, record: dict[str, Any]) -> None:
        if kind == "file":
            self._note(f"The file {text_of(record.get('name'))} begins.", is_bad=False)
        elif kind == "repaired":
            size = count_of(record.get("bytes"))
            self._note(f"A line that was not whole, of {size} bytes, was cut off here: after a crash.", is_bad=False)
        elif kind == "lost":
            self._note("When the trail was opened here, records before this were missing, or its seal was gone.")

    def _run(self, record: dict[str, Any]) -> Run:
        run_id = text_of(record.get("run"))
        run = self._runs.get(run_id)
        if run is None:
            run = self._runs[run_id] = Run(run_id)
            self.runs.append(run)
        run.saw(seconds_of(record.get("time")))
        if not run.policy_digest:
            policy = mapping_of(record.get("policy"))
            run.policy, run.policy_digest = text_of(policy.get("name")), text_of(policy.get("digest"))
        return run

    def _run_started(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        agent = run.agent(_path(record))
        agent.spans.append([time, None])
        for limit in list_of(record.get("limits"))[:_LIMITS]:
            about, most = mapping_of(limit), number_of(mapping_of(limit).get("limit"))
            if most is not None:
                run.granted[text_of(about.get("about")), text_of(about.get("name"))] = most

    def _run_finished(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        path = _path(record)
        spans = run.agent(path).spans
        for span in spans:
            if span[1] is None:
                span[1] = time
                break
        if len(path) <= 1:
            run.is_over, run.error = True, text_of(record.get("error"))

    def _step(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        path = _path(record)
        agent = run.agent(path)
        agent.steps += 1
        used = [number_of(record.get(key)) for key in ("input_tokens", "output_tokens")]
        tokens = None if used == [None, None] else int(sum(number or 0 for number in used))
        key = (path, text_of(record.get("parent")), count_of(record.get("step")))
        if len(run.steps) < self._kept:
            run.steps[key] = Step(number_of(record.get("seconds")), tokens)
        agent.tokens += tokens or 0
        self.tokens += tokens or 0
        run.tokens.add(time, run.tokens.last + (tokens or 0))

    def _decided(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        kind, name, path = text_of(record.get("kind")), text_of(record.get("name")), _path(record)
        decision = mapping_of(record.get("decision"))
        is_refused = record.get("type") == "denied"
        self.executions += 1
        run.executions += 1
        agent = run.agent(path)
        agent.executions += 1
        self.totals.setdefault((kind, name), Total()).executions += 1
        self.policies[text_of(mapping_of(record.get("policy")).get("digest"))] += 1
        if intent := text_of(decision.get("intent")):
            total = self.intents.setdefault(intent, Total())
            total.executions += 1
            total.refused += is_refused
        reasons = [_why(mapping_of(reason)) for reason in list_of(decision.get("reasons"))]
        for reason in reasons:
            if reason.action != "allow":
                self.entries[reason.action, reason.code, reason.entry] += 1
        if is_refused:
            self._refused(run, agent, kind, name, text_of(decision.get("code")), time)
        elif kind == "agent" or kind == "tool" and name != FINAL_ANSWER:
            # What limits count.
            run.counted_at.append(-1.0 if time is None else time)
            run.counted.append(run.names.setdefault(name, len(run.names)))
        call = self._call(run, record, is_refused)
        if call is None:
            run.left_out += 1
            if is_refused:
                self._refused_and_left_out.add(_key(record))
            return
        call.time = time
        call.action = text_of(decision.get("action")) or ("deny" if is_refused else "allow")
        call.shadow_action, call.code = text_of(decision.get("shadow_action")), text_of(decision.get("code"))
        if is_refused and call.action not in ("deny", "stop"):
            call.action = "deny"
        call.reasons = reasons
        call.arguments, call.arguments_digest = (
            record.get("arguments", MISSING),
            text_of(record.get("arguments_digest")),
        )

    def _refused(self, run: Run, agent: Agent, kind: str, name: str, code: str, time: float | None) -> None:
        self.refused += 1
        run.refused += 1
        agent.refused += 1
        run.refusals.add(time, run.refused)
        self.totals.setdefault((kind, name), Total()).refused += 1
        self.codes[code, name] += 1

    def _ended(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        kind, name, status = text_of(record.get("kind")), text_of(record.get("name")), text_of(record.get("status"))
        total = self.totals.setdefault((kind, name), Total())
        duration = number_of(record.get("duration"))
        total.seconds += duration or 0
        total.failed += status in ("error", "timeout")
        denial = mapping_of(record.get("denial"))
        call = self._calls.get(_key(record))
        was_refused = _key(record) in self._refused_and_left_out if call is None else call.is_refused
        if status == "denied" and not was_refused:  # By another guard
            self._refused(run, run.agent(_path(record)), kind, name, text_of(denial.get("code")), time)
        if call is None:
            self._refused_and_left_out.discard(_key(record))
            return
        call.status, call.duration = status, duration
        call.result, call.result_digest = record.get("result", MISSING), text_of(record.get("result_digest"))
        call.error, call.denied_by = text_of(record.get("error")), text_of(record.get("denied_by"))
        call.denial, call.denial_code = text_of(denial.get("reason")), text_of(denial.get("code"))
        call.is_proven &= self._is_proven

    def _asked(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        self.approvals["asked"] += 1
        if (call := self._call(run, record, is_refused=False)) is not None:
            call.time = time
            call.answers.append(Answer(None))

    def _answered(self, run: Run, record: dict[str, Any], time: float | None) -> None:
        approved = record.get("approved") is True
        self.approvals["approved" if approved else "not approved"] += 1
        if (call := self._call(run, record, is_refused=False)) is None:
            return
        if call.answers and call.answers[-1].approved is None:
            call.answers.pop()
        by, note = text_of(record.get("by")), text_of(record.get("note"))
        always, seconds = record.get("always") is True, number_of(record.get("seconds"))
        call.answers.append(Answer(approved, text_of(record.get("code")), by, note, always, seconds))

    @property
    def _is_proven(self) -> bool:
        return self._proven is None or self.records <= self._proven

    def _call(self, run: Run, record: dict[str, Any], is_refused: bool) -> Call | None:
        """The execution that a record is about, if it is one of those to keep."""
        key = _key(record)
        known = self._calls.get(key)
        if known is not None and not known.action:  # It waited for a person
            known.line, known.is_proven = self.records, known.is_proven and self._is_proven
            return known
        if len(self.calls) - self._kept_refusals >= self._kept:
            if not is_refused or self._kept_refusals >= KEPT_REFUSALS:
                return None
            self._kept_refusals += 1
        parent = self._calls.get((key[0], text_of(record.get("parent"))))
        call = Call(
            number=len(self.calls) + 1,
            line=self.records,
            id=key[1],
            parent=parent,
            agents=_path(record),
            step=count_of(record.get("step")),
            kind=text_of(record.get("kind")),
            name=text_of(record.get("name")),
            is_proven=self._is_proven,
        )
        self.calls.append(call)
        self._calls[key] = call
        (run.calls if parent is None else parent.children).append(call)
        return call


def _why(reason: Any) -> Why:
    action, code, entry, text, message, where = (
        text_of(reason.get(key)) for key in ("action", "code", "entry", "text", "message", "where")
    )
    return Why(action, code, entry, text, message, where, reason.get("counts") is not False)


def _path(record: dict[str, Any]) -> AgentPath:
    return tuple(map(text_of, list_of(record.get("agents"))[:_DEEP]))


def _key(record: dict[str, Any]) -> tuple[str, str]:
    # Ids of executions are told apart within a process only.
    return text_of(record.get("process")), text_of(record.get("execution"))


_ABOUT_THE_FILE = ("file", "rotated", "repaired", "lost")
_HANDLERS = {
    "run_started": History._run_started,
    "run_finished": History._run_finished,
    "step": History._step,
    "before": History._decided,
    "denied": History._decided,
    "after": History._ended,
    "approval_requested": History._asked,
    "approval_resolved": History._answered,
}
