"""Reads what an agent did: from its memory, from the JSON of that, from an audit file that has the arguments in full,
or from a file with one execution a line.

A recording is a list of events in the order in which they happened, with a word on what the source does not hold.
What a policy says about it is left to `replay`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from smolagents.hook_arguments import Opaque, freeze
from smolagents.hooks import KINDS, Kind, ToolExecution
from smolagents.memory import ActionStep, AgentMemory, PlanningStep
from smolagents.monitoring import Timing, TokenUsage

from .audit.encoding import decoded
from .errors import PolicyError, Problem, excerpt


CODE = "python_interpreter"
# What an agent without a name goes by, if the source does not say who it was.
SOME_AGENT = ("agent",)
# Seconds on any clock are less. What is beyond, and what is no number, is no time.
_LATEST = 10**15

_Step: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """An execution, and when it began, in seconds on a clock of the source; `None` if that is not known."""

    execution: ToolExecution
    time: float | None = None


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """The end of an agent's step, with the tokens that it used."""

    run_id: str
    step: ActionStep | PlanningStep
    time: float | None = None
    agent_path: tuple[str, ...] = SOME_AGENT


@dataclass(frozen=True, slots=True)
class Recording:
    """What an agent did.

    Attributes:
        events (`tuple[RecordedCall | RecordedStep, ...]`): What happened, in order.
        gaps (`tuple[str, ...]`): What the source does not hold, a sentence each.
    """

    events: tuple[RecordedCall | RecordedStep, ...]
    gaps: tuple[str, ...] = ()


def execution_of(
    kind: Kind,
    name: str,
    arguments: Any,
    *,
    id: str,
    run_id: str = "run",
    parent_id: str | None = None,
    agent_path: tuple[str, ...] = SOME_AGENT,
    step_number: int = 1,
) -> ToolExecution:
    """An execution as hooks get to see it. `arguments` that are no mapping go by the name `args`, as in the host."""
    frozen = freeze(dict(arguments) if isinstance(arguments, Mapping) else {"args": (arguments,)})
    if isinstance(frozen, Opaque):  # Too deep or too large
        frozen = MappingProxyType({"args": frozen})
    return ToolExecution(
        kind=kind,
        name=name,
        arguments=frozen,
        id=id,
        parent_id=parent_id,
        run_id=run_id,
        agent_path=agent_path,
        step_number=step_number,
    )


def from_memory(
    memory: AgentMemory | Sequence[Any], managed_agents: Collection[str] = (), source: str = "<memory>"
) -> Recording:
    """What the memory of an agent holds: code actions, tool calls and answers, with times and tokens of the steps.

    Args:
        memory (`AgentMemory` or `list[dict]`): `agent.memory`, or what `agent.memory.get_full_steps()` gives.
        managed_agents (`Collection[str]`): Names of managed agents: memory does not tell a delegation from a call.
        source (`str`): What messages call the memory.

    Raises:
        `PolicyError`: If this is not the memory of an agent.
    """
    steps = memory.get_full_steps() if isinstance(memory, AgentMemory) else memory
    reader = _MemoryReader(frozenset(managed_agents), source)
    events = tuple(event for index, step in enumerate(steps) for event in reader.events(index, step))
    return Recording(events, tuple(reader.gaps()))


def load(path: str | os.PathLike[str], managed_agents: Collection[str] = ()) -> Recording:
    """Read a recording from a file: `agent.memory.get_full_steps()` as JSON, or JSON Lines with an execution
    a line, such as an audit file.

    Raises:
        `PolicyError`: If the file cannot be read, or is neither.
    """
    source = os.fspath(path)
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        raise PolicyError([Problem(f"The file cannot be read: {error.strerror or error}.", source=source)]) from None
    except UnicodeDecodeError:
        raise PolicyError([Problem("The file is not UTF-8 text.", source=source)]) from None
    if text.lstrip().startswith("["):
        return from_memory(_json(text, source, 1), managed_agents, source)
    return _from_lines(text, source)


class _MemoryReader:
    """Turns the steps of a memory into events. Each task in it begins a run."""

    def __init__(self, managed_agents: frozenset[str], source: str):
        self._managed_agents = managed_agents
        self._source = source
        self._numbers = count(1)
        self._run_number = 0
        self._code_actions = self._calls = 0

    def events(self, index: int, step: Any) -> Iterator[RecordedCall | RecordedStep]:
        if not isinstance(step, Mapping):
            raise self._not_a_memory(index, "is no step")
        if "task" in step:
            self._run_number += 1
        elif "step_number" in step:
            yield from self._action(index, step)
        elif "plan" in step:
            yield RecordedStep(self._run_id, _planning_step(step), _time(step, "end_time"))

    def gaps(self) -> Iterator[str]:
        if self._code_actions:
            yield (
                f"The memory holds the text of {self._code_actions} code action(s), and not what they called: tool "
                "calls, delegations and operations inside generated code are not replayed."
            )
        if self._calls:
            yield (
                "Arguments of tool calls are as the model wrote them: defaults are missing, and names of stored "
                "images or audio are not replaced."
            )
            if not self._managed_agents:
                yield "The memory does not tell managed agents from tools: every call is taken for that of a tool."
        yield "The memory holds the steps of this agent only, not those of agents that it managed."

    def _action(self, index: int, step: _Step) -> Iterator[RecordedCall | RecordedStep]:
        time = _time(step, "start_time")
        tool_calls = step.get("tool_calls") or []
        names = []
        for call in tool_calls if isinstance(tool_calls, list) else [tool_calls]:
            function = call.get("function") if isinstance(call, Mapping) else None
            if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
                raise self._not_a_memory(index, "has a tool call without a name")
            name, arguments = function["name"], function.get("arguments")
            names.append(name)
            if name == CODE and isinstance(arguments, str):
                self._code_actions += 1
                yield self._call("code", CODE, {"code": arguments}, step, time)
            else:
                self._calls += 1
                kind: Kind = "agent" if name in self._managed_agents else "tool"
                yield self._call(kind, name, {} if arguments is None else arguments, step, time)
        if step.get("is_final_answer") and "final_answer" not in names:
            # Called by generated code; the answer is the one argument that memory keeps.
            yield self._call("tool", "final_answer", {"answer": step.get("action_output")}, step, time)
        yield RecordedStep(self._run_id, _action_step(step), _time(step, "end_time"))

    def _call(self, kind: Kind, name: str, arguments: Any, step: _Step, time: float | None) -> RecordedCall:
        execution = execution_of(
            kind,
            name,
            arguments,
            id=f"call-{next(self._numbers)}",
            run_id=self._run_id,
            step_number=_whole(step["step_number"]),
        )
        return RecordedCall(execution, time)

    @property
    def _run_id(self) -> str:
        return f"run-{max(self._run_number, 1)}"

    def _not_a_memory(self, index: int, what: str) -> PolicyError:
        message = f"This {what}. Write the file with json.dump(agent.memory.get_full_steps(), file, default=str)."
        return PolicyError([Problem(message, f"[{index}]", self._source)])


def _action_step(step: _Step) -> ActionStep:
    return ActionStep(
        step_number=_whole(step["step_number"]),
        timing=_timing(step),
        token_usage=_tokens(step),
        # That there is one matters: a model that answered and does not say what that took may have taken any amount.
        model_output_message=step.get("model_output_message"),
        is_final_answer=bool(step.get("is_final_answer")),
    )


def _planning_step(step: _Step) -> PlanningStep:
    return PlanningStep([], cast(Any, step.get("model_output_message")), "", _timing(step), _tokens(step))


def _timing(step: _Step) -> Timing:
    return Timing(_time(step, "start_time") or 0.0, _time(step, "end_time"))


def _time(step: _Step, which: str) -> float | None:
    timing = step.get("timing")
    value = timing.get(which) if isinstance(timing, Mapping) else None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not -_LATEST <= value <= _LATEST:
        return None
    return float(value)


def _tokens(step: _Step) -> TokenUsage | None:
    usage = step.get("token_usage")
    if not isinstance(usage, Mapping):
        return None
    return TokenUsage(_whole(usage.get("input_tokens")), _whole(usage.get("output_tokens")))


def _whole(value: Any) -> int:
    return value if type(value) is int else 0


def _from_lines(text: str, source: str) -> Recording:
    # Only line feeds: JSON may have other line breaks inside a text.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    records = [(number, _json(line, source, number)) for number, line in lines]
    if records and isinstance(records[0][1], Mapping) and records[0][1].get("type") == "file":
        return _from_audit(records, source)
    calls = [RecordedCall(_execution(record, source, number)) for number, record in records]
    if not calls:
        message = "There is nothing in it. A recording is the JSON of an agent's memory, or an execution a line."
        raise PolicyError([Problem(message, source=source)])
    gap = "The records hold no times and no tokens: limits on time, rates and tokens are not replayed."
    return Recording(tuple(calls), (gap,))


def _from_audit(records: list[tuple[int, Any]], source: str) -> Recording:
    """What the records of an audit trail say that happened. Whether they are as they were written is not checked."""
    events: list[RecordedCall | RecordedStep] = []
    for number, record in records:
        kind = record.get("type") if isinstance(record, Mapping) else None
        if kind in ("before", "denied"):
            if "arguments" not in record:
                message = "This record has no arguments, but a digest. Only with `payload: full` can it be replayed."
                raise PolicyError([Problem(message, source=source, line=number, column=1)])
            try:
                arguments = decoded(record["arguments"])
            except ValueError as error:
                raise PolicyError([Problem(f"`arguments`: {error}.", "", source, number, 1)]) from None
            fields = {**record, "id": record.get("execution"), "run_id": record.get("run"), "arguments": {}}
            fields |= {"parent_id": record.get("parent"), "agent_path": record.get("agents")}
            fields["step_number"] = record.get("step")
            execution = replace(_execution(fields, source, number), arguments=arguments)
            events.append(RecordedCall(execution, _seconds(record)))
        elif kind == "step":
            events.append(_step_of(record))
    gap = "What was redacted, and what is no plain data, is not known: patterns and conditions find nothing in it."
    return Recording(tuple(events), (gap,))


def _step_of(record: Mapping[str, Any]) -> RecordedStep:
    end = _seconds(record)
    used = record.get("seconds")
    start = (end or 0.0) - (used if isinstance(used, (int, float)) else 0.0)
    usage = None
    if record.get("input_tokens") is not None:
        usage = TokenUsage(_whole(record["input_tokens"]), _whole(record.get("output_tokens")))
    output = cast(Any, "" if record.get("has_output") else None)
    step = ActionStep(_whole(record.get("step")), Timing(start, end), token_usage=usage, model_output_message=output)
    return RecordedStep(str(record.get("run")), step, end, tuple(map(str, record.get("agents") or SOME_AGENT)))


def _seconds(record: Mapping[str, Any]) -> float | None:
    try:
        return datetime.fromisoformat(str(record["time"]).replace("Z", "+00:00")).timestamp()
    except (KeyError, ValueError):
        return None


def _execution(record: Any, source: str, line: int) -> ToolExecution:
    def must(condition: bool, field: str, what: str) -> None:
        if not condition:
            raise PolicyError([Problem(f"`{field}` has to be {what}.", source=source, line=line, column=1)])

    if not isinstance(record, Mapping):
        raise PolicyError([Problem("This is no record of an execution.", source=source, line=line, column=1)])
    kind, name, path = record.get("kind"), record.get("name"), record.get("agent_path", SOME_AGENT)
    must(isinstance(kind, str) and kind in KINDS, "kind", f"one of {', '.join(sorted(KINDS))}")
    must(isinstance(name, str), "name", "text")
    must(isinstance(record.get("arguments"), Mapping), "arguments", "an object")
    is_path = isinstance(path, (list, tuple)) and path and all(isinstance(part, str) for part in path)
    must(bool(is_path), "agent_path", "a list of names")
    for field in ("id", "run_id"):
        must(isinstance(record.get(field, ""), str), field, "text")
    return execution_of(
        cast(Kind, kind),
        cast(str, name),
        record["arguments"],
        id=record.get("id", f"line-{line}"),
        run_id=record.get("run_id", "run"),
        parent_id=record.get("parent_id") if isinstance(record.get("parent_id"), str) else None,
        agent_path=tuple(path),
        step_number=_whole(record.get("step_number")),
    )


def _json(text: str, source: str, line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg}, at {excerpt(text[error.pos : error.pos + 40])}."
        raise PolicyError([Problem(message, "", source, line + error.lineno - 1, error.colno)]) from None
    except ValueError as error:  # A number with more digits than Python reads
        raise PolicyError([Problem(f"This is not JSON: {error}.", "", source, line, 1)]) from None
    except RecursionError:
        raise PolicyError([Problem("This is nested too deep.", "", source, line, 1)]) from None


__all__ = ["RecordedCall", "RecordedStep", "Recording", "execution_of", "from_memory", "load"]
