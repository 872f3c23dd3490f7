"""Histories after which one policy lets more happen than another: limits, rates, and times.

A history is what was run so far under both policies, and what that used. What a limit of the tighter policy refuses
the freer one has to refuse as well, for a limit of its own; if none does for certain, a history is made up in which
none does, and played on both.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from limits import parse

from smolagents.hooks import ToolExecution

from ..approval_desk import shortest
from ..budgets import LAST_STEPS
from ..decision import Decision, Reason
from ..model import Policy
from ..names import NameList, keys_naming
from ..rates import Rates
from .arguments import find_arguments
from .logic import all_of, negated
from .objections import ASK, DENY, Objection
from .search import Side, Unknown
from .situations import Situation
from .undecided import NotDecided
from .witnesses import Calls, Event, Steps, Witness, level, make
from .words import Deadline


_IN_MEMORY = "memory://"
_MOST_CALLS = 5_000  # That are played one by one
_MOST_PAIRS = 500
_MOST_REPEATED = 100


@dataclass(frozen=True)
class Allowance:
    """A number of calls, or of calls in a time, that a policy grants.

    Attributes:
        entry (`str`): Its entry.
        limit (`int`): How many.
        situations (`frozenset[Situation]`): The calls that it counts.
        is_per_session (`bool`): Whether it counts those of all runs.
        seconds (`float`): In which time; 0 if there is no other than the run or the session.
    """

    entry: str
    limit: int
    situations: frozenset[Situation]
    is_per_session: bool
    seconds: float = 0


class LimitSearch:
    """
    Looks for histories after which the policy of `free` lets more happen than that of `tight`.

    Args:
        deadline ([`Deadline`]): When to give up.
        is_self (`bool`): What witnesses say of the freer policy.
    """

    def __init__(self, free: Side, tight: Side, deadline: Deadline, is_self: bool):
        self._free, self._tight = free, tight
        self._deadline = deadline
        self._is_self = is_self
        self._passing: dict[Situation, ToolExecution | NotDecided | None] = {}
        self.unknown: dict[Unknown, None] = {}

    def witnesses(self) -> Iterator[Witness]:
        """Witnesses, one at most for each limit. When all were asked for, `unknown` has what was not decided."""
        searches: list[tuple[str, Callable[[], Witness | None]]] = [
            ("limits.tokens", self._tokens),
            ("limits.run_seconds", self._run_seconds),
            ("limits.call_seconds", self._call_seconds),
            ("limits.identical_denials", self._identical_denials),
            ("approvals", self._approvals),
            ("limits.store", self._store),
        ]
        for allowance in self._allowances(self._tight.layers):
            searches.append((allowance.entry, partial(self._calls, allowance)))
        for allowance in self._rates(self._tight.layers):
            searches.append((allowance.entry, partial(self._rate, allowance)))
        for entry, search in searches:
            try:
                witness = search()
            except NotDecided as error:
                self.unknown[Unknown(entry, str(error))] = None
                continue
            if witness is not None:
                yield witness

    # What is let pass

    def _pass(self, situation: Situation) -> ToolExecution | None:
        """An execution that the freer policy lets pass, or asks about; `None` if there is none."""
        if situation not in self._passing:
            try:
                self._passing[situation] = self._find_passing(situation)
            except NotDecided as error:
                self._passing[situation] = error
        found = self._passing[situation]
        if isinstance(found, NotDecided):
            raise found
        return found

    def _find_passing(self, situation: Situation) -> ToolExecution | None:
        mine = [each for each in self._free.objections[situation] if each.level >= DENY]
        if any(each.formula is True for each in mine):
            return None
        ruled_out: list[Objection] = []
        while True:
            new: list[Objection] = []
            is_open = False
            for arguments in find_arguments(all_of(negated(each.formula) for each in ruled_out), situation):
                self._deadline.check()
                execution = make(situation, arguments)
                decision = self._free.referee.decide(execution)
                if level(decision) < DENY:
                    return execution
                entries = {reason.entry for reason in decision.reasons if reason.counts}
                new = [each for each in mine if each.entry in entries and each not in ruled_out]
                if new:
                    break
                is_open = True
            if not new and is_open:
                raise NotDecided(f"no call of {situation.name} could be found that is let pass")
            if not new:
                return None
            ruled_out += new

    def _may_pass(self, situation: Situation) -> bool:
        try:
            return self._pass(situation) is not None
        except NotDecided:
            return True

    def _some_passing(self) -> Iterator[ToolExecution]:
        """Executions that the freer policy lets pass: calls first, then others."""
        question = None
        for situation in sorted(self._free.objections, key=lambda each: (not each.is_call, each.kind == "operation")):
            try:
                execution = self._pass(situation)
            except NotDecided as error:
                question = error
                continue
            if execution is not None:
                yield execution
        if question is not None:
            raise question

    def _confirmed(
        self, execution: ToolExecution, history: tuple[Event, ...], entry: str, time: float = 0.0
    ) -> Witness | None:
        """The witness, if the freer policy lets the execution happen more freely after that history."""
        freer = self._free.referee.decide(execution, history, time)
        if level(freer) >= DENY and level(freer) >= level(self._tight.referee.decide(execution, history, time)):
            return None
        tighter = self._tight.referee.decide(execution, history, time)
        if level(freer) >= level(tighter):
            return None
        return Witness(execution, freer, tighter, entry, history, time, self._is_self)

    def _noted(self, execution: ToolExecution, entry: str, note: str) -> Witness:
        """The witness of a difference that is not in the decisions."""
        freer, tighter = (side.referee.decide(execution) for side in (self._free, self._tight))
        return Witness(execution, freer, tighter, entry, is_allowed_by_self=self._is_self, note=note)

    # Limits on the run

    def _tokens(self) -> Witness | None:
        for layer in self._tight.layers:
            limit = layer.limits.tokens
            if not limit or self._is_covered("tokens", layer, limit):
                continue
            is_session = layer.limits.scope == "session"
            run_id = "earlier" if is_session else "run"
            histories: list[tuple[Event, ...]] = [(Steps(limit, times, run_id),) for times in (1, LAST_STEPS + 2)]
            return self._after(histories, "limits.tokens")
        return None

    def _run_seconds(self) -> Witness | None:
        for layer in self._tight.layers:
            limit = layer.limits.run_seconds
            if limit is None or any(
                each.limits.run_seconds is not None and each.limits.run_seconds <= limit for each in self._free.layers
            ):
                continue
            histories: list[tuple[Event, ...]] = [
                (Steps(0, 1),),
                (Steps(0, 1), Steps(0, LAST_STEPS + 2, time=limit)),
            ]
            return self._after(histories, "limits.run_seconds", limit)
        return None

    def _after(self, histories: list[tuple[Event, ...]], entry: str, time: float = 0.0) -> Witness | None:
        is_empty = True
        for execution in self._some_passing():
            is_empty = False
            for history in histories:
                if (witness := self._confirmed(execution, history, entry, time)) is not None:
                    return witness
        if is_empty:
            return None  # Nothing is ever let pass
        raise NotDecided("no execution could be found for which it makes a difference")

    def _is_covered(self, key: str, layer: Policy, limit: int) -> bool:
        """Whether a limit of the freer policy is reached whenever that one is."""
        for each in self._free.layers:
            own = getattr(each.limits, key)
            if own is not None and own <= limit and (each.limits.scope == "session" or layer.limits.scope == "run"):
                return True
        return False

    def _call_seconds(self) -> Witness | None:
        limit = min((each.limits.call_seconds or math.inf for each in self._tight.layers), default=math.inf)
        own = [second for each in self._free.layers for second in (each.limits.call_seconds, each.limits.run_seconds)]
        if min((second for second in own if second is not None), default=math.inf) <= limit:
            return None
        is_empty = True
        for execution in self._some_passing():
            if execution.kind == "operation":
                continue
            is_empty = False
            freer, tighter = (side.referee.deadline(execution) for side in (self._free, self._tight))
            if tighter is not None and (freer is None or freer > tighter):
                note = f"it may take {_seconds(freer)} instead of {_seconds(tighter)}"
                return self._noted(execution, "limits.call_seconds", note)
        if is_empty:
            return None
        raise NotDecided("no execution could be found for which it makes a difference")

    # Denials and approvals

    def _identical_denials(self) -> Witness | None:
        for layer in self._tight.layers:
            limit = layer.limits.identical_denials
            # The first denial is compared as all others are
            if limit is None or limit == 1 or self._is_covered("identical_denials", layer, limit):
                continue
            if limit > _MOST_CALLS:
                raise NotDecided("so many denials are not played")
            for execution in self._both(DENY):
                witness = self._confirmed_denial(execution, (Calls(execution),) * (limit - 1))
                if witness is not None:
                    return witness
            if self._never_refuses(self._free) or self._never_refuses(self._tight):
                return None
            if not self._counts(self._free) and not self._counts(self._tight):
                return None
            return self._repeated(limit)
        return None

    def _confirmed_denial(self, execution: ToolExecution, history: tuple[Event, ...]) -> Witness | None:
        freer = self._free.referee.decide(execution, history)
        tighter = self._tight.referee.decide(execution, history)
        if level(freer) >= level(tighter):
            return None
        return Witness(execution, freer, tighter, "limits.identical_denials", history, 0.0, self._is_self)

    def _repeated(self, limit: int) -> Witness | None:
        """A call that is repeated until a limit refuses it, and then some more."""
        for execution in self._some_passing():
            for times in range(1, _MOST_REPEATED):
                witness = self._confirmed_denial(execution, (Calls(execution),) * times)
                if witness is not None:
                    return witness
            break
        raise NotDecided("no execution could be found that both policies refuse so often")

    @staticmethod
    def _counts(side: Side) -> bool:
        """Whether there is a limit that comes to refuse calls."""
        for limits in (layer.limits for layer in side.layers):
            counted = (limits.tool_calls, limits.tokens, limits.run_seconds)
            if limits.per_tool or limits.rates or any(limit is not None for limit in counted):
                return True
        return False

    @staticmethod
    def _never_refuses(side: Side) -> bool:
        if LimitSearch._counts(side):
            return False
        return not any(each.level >= ASK for objections in side.objections.values() for each in objections)

    def _both(self, wanted: int) -> Iterator[ToolExecution]:
        """Executions that both policies treat alike."""
        question: NotDecided | None = None
        pairs = 0
        # What is the same in both comes first
        for is_alike in (True, False):
            for situation, mine in self._free.objections.items():
                theirs = self._tight.objections[situation]
                if any(each.formula is True and each.level > wanted for each in (*mine, *theirs)):
                    continue  # All of it is treated more severely
                for one, other in itertools.product(mine, theirs):
                    if one.level != wanted or other.level != wanted or is_alike != (one.formula == other.formula):
                        continue
                    pairs += 1
                    if pairs > _MOST_PAIRS:
                        raise question or NotDecided("there are too many entries to look at")
                    try:
                        for arguments in find_arguments(all_of([one.formula, other.formula]), situation):
                            execution = make(situation, arguments)
                            decisions = [side.referee.decide(execution) for side in (self._free, self._tight)]
                            if all(level(decision) == wanted for decision in decisions):
                                yield execution
                            else:
                                question = NotDecided("no execution could be found that both treat alike")
                    except NotDecided as error:
                        question = error
        if question is not None:
            raise question

    def _approvals(self) -> Witness | None:
        differ = []
        for key in ("wait_seconds", "valid_seconds"):
            own, limit = shortest(self._free.policy, key), shortest(self._tight.policy, key)
            if own > limit:
                differ.append((key, own, limit))
        if not differ:
            return None
        key, own, limit = differ[0]
        what = {"wait_seconds": "a person may take {} to answer", "valid_seconds": "an approval holds for {}"}[key]
        for execution in self._both(ASK):
            note = f"{what.format(_seconds(own))} instead of {_seconds(limit)}"
            return self._noted(execution, f"approvals.{key}", note)
        return None

    # Numbers of calls

    def _allowances(self, layers: tuple[Policy, ...]) -> Iterator[Allowance]:
        calls = [situation for situation in self._free.objections if situation.is_call]
        for layer in layers:
            limits, is_session = layer.limits, layer.limits.scope == "session"
            if limits.tool_calls is not None:
                entry = layer.entry("limits.tool_calls")
                yield Allowance(entry, limits.tool_calls, frozenset(calls), is_session)
            names = NameList(limits.per_tool)
            for key, limit in limits.per_tool.items():
                about = frozenset(each for each in calls if key in keys_naming(limits.per_tool, names, each.name))
                yield Allowance(layer.entry(f"limits.per_tool.{key}"), limit, about, is_session)

    def _rates(self, layers: tuple[Policy, ...]) -> Iterator[Allowance]:
        calls = [situation for situation in self._free.objections if situation.is_call]
        for layer in layers:
            names = NameList(layer.limits.rates)
            for key, text in layer.limits.rates.items():
                item = parse(text)
                about = frozenset(each for each in calls if key in keys_naming(layer.limits.rates, names, each.name))
                entry = layer.entry(f"limits.rates.{key}")
                yield Allowance(entry, item.amount, about, True, item.get_expiry())

    def _counted(self, allowance: Allowance) -> list[Situation]:
        """What an allowance counts, as far as the freer policy lets it pass."""
        return [each for each in self._free.objections if each in allowance.situations and self._may_pass(each)]

    def _calls(self, limit: Allowance) -> Witness | None:
        """A history in which that many calls were made, and the freer policy lets another one pass."""
        if limit.limit == 0:
            return None  # What is never let pass is compared as all else is
        own = [each for each in self._allowances(self._free.layers)]
        about = self._counted(limit)
        if any(
            each.limit <= limit.limit
            and each.situations.issuperset(about)
            and (each.is_per_session or not limit.is_per_session)
            for each in own
        ):
            return None
        # In a session, calls of other runs count, and those are free of what is counted for a run.
        binding = [each for each in own if each.is_per_session] if limit.is_per_session else own
        groups = _grouped(about, own)
        question: NotDecided | None = None
        for last in groups:
            if any(each.limit < 1 for each in own if last in each.situations):
                continue
            left = {id(each): each.limit - (last in each.situations) for each in binding}
            if _most(frozenset(groups), binding, left) < limit.limit:
                continue
            try:
                witness = self._fill(limit, groups, last, binding, left, own)
            except NotDecided as error:
                question = error
                continue
            if witness is not None:
                return witness
            question = NotDecided("no history could be found in which it makes a difference")
        if question is not None:
            raise question
        return None

    def _fill(
        self,
        limit: Allowance,
        groups: list[Situation],
        last: Situation,
        binding: list[Allowance],
        left: dict[int, int],
        own: list[Allowance],
    ) -> Witness | None:
        execution = self._pass(last)
        if execution is None:
            return None
        missing = limit.limit
        history: list[Event] = []
        gap = self._gap()
        time = 0.0
        for situation in sorted(groups, key=lambda each: (each != last, sum(each in one.situations for one in own))):
            counted = [each for each in binding if situation in each.situations]
            room = min([missing, *(left[id(each)] for each in counted)])
            call = self._pass(situation) if room > 0 else None
            if call is None:
                continue
            for each in counted:
                left[id(each)] -= room
            missing -= room
            for event in self._made(situation, call, room, limit.is_per_session, own, time, gap):
                history.append(event)
                time = event.time + gap
        if missing:
            return None
        return self._confirmed(execution, tuple(history), limit.entry, time)

    def _made(
        self,
        situation: Situation,
        call: ToolExecution,
        times: int,
        is_session: bool,
        own: list[Allowance],
        time: float,
        gap: float,
    ) -> Iterator[Calls]:
        """So many calls: in runs of their own if a session is to be filled, and with time between them if need be."""
        most = min([times, *(each.limit for each in own if situation in each.situations and not each.is_per_session)])
        if gap:
            if times > _MOST_CALLS:
                raise NotDecided("so many calls are not played")
            for number in range(times):
                run_id = f"run_{number // most}" if is_session else call.run_id
                yield Calls(_in_run(call, run_id), 1, time + number * gap)
            return
        if not is_session:
            yield Calls(call, times, time)
            return
        if times // most > _MOST_CALLS:
            raise NotDecided("so many runs are not played")
        for number, start in enumerate(range(0, times, most)):
            yield Calls(_in_run(call, f"{situation.name}_{number}"), min(most, times - start), time)

    def _gap(self) -> float:
        """Seconds between two calls that no rate of the freer policy objects to."""
        rates = [each for each in self._rates(self._free.layers) if each.limit > 0]
        return max((each.seconds / each.limit for each in rates), default=0.0)

    def _rate(self, rate: Allowance) -> Witness | None:
        """Calls in less time than the rate allows."""
        if rate.limit == 0:
            return None
        own_rates = list(self._rates(self._free.layers))
        allowances = list(self._allowances(self._free.layers))
        about = self._counted(rate)
        if not about:
            return None
        for each in own_rates:
            # Between two bursts there is the whole time of a rate.
            bursts = math.ceil(rate.seconds / each.seconds)
            if each.situations.issuperset(about) and each.limit * bursts <= rate.limit:
                return None
        for each in allowances:
            if each.is_per_session and each.limit <= rate.limit and each.situations.issuperset(about):
                return None
        if rate.limit > _MOST_CALLS:
            raise NotDecided("so many calls are not played")
        for situation in sorted(
            about, key=lambda each: sum(each in one.situations for one in (*own_rates, *allowances))
        ):
            execution = self._pass(situation)
            if execution is None:
                continue
            times = _earliest([each for each in own_rates if situation in each.situations], rate.limit + 1)
            if times is None or times[-1] - times[0] >= rate.seconds:
                continue
            history = tuple(
                Calls(_in_run(execution, f"run_{number}"), 1, time) for number, time in enumerate(times[:-1])
            )
            witness = self._confirmed(execution, history, rate.entry, times[-1])
            if witness is not None:
                return witness
        raise NotDecided("no calls could be found for which it makes a difference")

    def _store(self) -> Witness | None:
        """Stores that differ count different things; nobody knows here what others use up."""
        tight = [layer for layer in self._tight.layers if layer.limits.rates]
        free = [layer for layer in self._free.layers if layer.limits.rates]
        shared = {(layer.limits.store, layer.name) for layer in (*tight, *free) if layer.limits.store != _IN_MEMORY}
        if not tight or not shared:
            return None
        if len({layer.limits.store for layer in (*tight, *free)}) > 1 or len(shared) > 1:
            raise NotDecided("rates are counted in another store, or under another name, which others may share")
        refused = {call for rate in self._rates(_refusing(free)) for call in rate.situations}
        for rate in self._rates(_refusing(tight)):
            for situation in sorted(rate.situations - refused, key=repr):
                execution = self._pass(situation)
                if execution is None:
                    continue
                freer, tighter = (
                    Decision.of([*side.referee.decide(execution).reasons, *_without_store(side, execution)])
                    for side in (self._free, self._tight)
                )
                if level(freer) < level(tighter):
                    note = "if the store does not answer"
                    return Witness(execution, freer, tighter, "limits.on_store_error", (), 0.0, self._is_self, note)
                raise NotDecided("no call could be found for which it makes a difference")
        return None


def _refusing(layers: list[Policy]) -> tuple[Policy, ...]:
    return tuple(layer for layer in layers if layer.limits.on_store_error == "deny")


def _without_store(side: Side, execution: ToolExecution) -> Iterator[Reason]:
    """What the rates of a policy say if they cannot be counted."""
    for layer in side.layers:
        if layer.limits.rates and layer.limits.store != _IN_MEMORY:
            here = layer.model_copy(update={"limits": layer.limits.model_copy(update={"store": _IN_MEMORY})})
            yield from Rates(here, lambda: 0.0).reached_without_store(execution.name)


def _in_run(execution: ToolExecution, run_id: str) -> ToolExecution:
    situation = Situation(execution.kind, execution.name, execution.agent_path[-1])
    return make(situation, execution.arguments, run_id)


def _grouped(situations: list[Situation], allowances: list[Allowance]) -> list[Situation]:
    """One situation of those that the same allowances count."""
    found: dict[tuple[bool, ...], Situation] = {}
    for situation in situations:
        found.setdefault(tuple(situation in each.situations for each in allowances), situation)
    return list(found.values())


def _most(situations: frozenset[Situation], allowances: list[Allowance], left: dict[int, int]) -> float:
    """How many calls there can be at most; no less than there can be."""
    counts = {id(each): each.situations & situations for each in allowances}
    best: float = min((left[id(each)] for each in allowances if counts[id(each)] == situations), default=math.inf)
    inner = sorted(
        {part for part in counts.values() if part and part != situations},
        key=lambda part: (-len(part), sorted(map(repr, part))),
    )
    parts: list[frozenset[Situation]] = []
    for part in inner:
        if not any(part & other for other in parts):
            parts.append(part)
    if parts and frozenset().union(*parts) == situations:
        best = min(best, sum(_most(part, allowances, left) for part in parts))
    return best


def _earliest(rates: list[Allowance], count: int) -> list[float] | None:
    """When so many calls can be made at the earliest; `None` if never."""
    windows: list[tuple[Allowance, deque[float]]] = [(each, deque()) for each in rates]
    times: list[float] = []
    time = 0.0
    for _ in range(count):
        for rate, window in windows:
            if rate.limit == 0:
                return None
            if len(window) == rate.limit:
                time = max(time, window.popleft() + rate.seconds)
        for _rate, window in windows:
            window.append(time)
        times.append(time)
    return times


def _seconds(seconds: float | None) -> str:
    return "as long as it likes" if seconds is None else f"{seconds:g} s"
