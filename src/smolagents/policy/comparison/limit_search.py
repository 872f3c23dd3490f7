"""Histories after which one policy lets more happen than another: limits, rates, and times.

A history is what was run so far under both policies, and what that used. What a limit of the tighter policy refuses
the freer one has to refuse as well, for a limit of its own; if none does for certain, a history is made up in which
none does, and played on both.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from limits import parse

from smolagents.hooks import ToolExecution

from ..budgets import LAST_STEPS
from ..model import Policy
from ..names import NameList, keys_naming
from .pairs import MOST_CALLS, Attempt, Pair, found, seconds_text
from .search import Side, Unknown
from .situations import Situation
from .undecided import NotDecided
from .witnesses import Calls, Event, Steps, Witness, in_run


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
    Args:
        pair ([`Pair`]): The policies.
    """

    def __init__(self, pair: Pair):
        self._pair, self._free, self._tight = pair, pair.free, pair.tight
        self.unknown: dict[Unknown, None] = {}

    def witnesses(self) -> Iterator[Witness]:
        """Witnesses, one at most for each limit. When all were asked for, `unknown` has what was not decided."""
        searches: list[Attempt] = [
            ("limits.tokens", self._tokens),
            ("limits.run_seconds", self._run_seconds),
            ("limits.call_seconds", self._call_seconds),
        ]
        for allowance in allowances_of(self._tight.layers, self._tight):
            searches.append((allowance.entry, partial(self._calls, allowance)))
        for allowance in rates_of(self._tight.layers, self._tight):
            searches.append((allowance.entry, partial(self._rate, allowance)))
        yield from found(searches, self.unknown)

    @cached_property
    def _own(self) -> list[Allowance]:
        """What the freer policy grants."""
        return list(allowances_of(self._free.layers, self._free))

    @cached_property
    def _own_rates(self) -> list[Allowance]:
        return list(rates_of(self._free.layers, self._free))

    # Limits on the run

    def _tokens(self) -> Witness | None:
        for layer in self._tight.layers:
            limit = layer.limits.tokens
            if not limit or self._pair.covers("tokens", layer, limit):
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
        for execution in self._pair.passing.some():
            is_empty = False
            for history in histories:
                if (witness := self._pair.confirmed(execution, history, entry, time)) is not None:
                    return witness
        if is_empty:
            return None  # Nothing is ever let pass
        raise NotDecided("no execution could be found for which it makes a difference")

    def _call_seconds(self) -> Witness | None:
        limit = min((each.limits.call_seconds or math.inf for each in self._tight.layers), default=math.inf)
        own = [second for each in self._free.layers for second in (each.limits.call_seconds, each.limits.run_seconds)]
        if min((second for second in own if second is not None), default=math.inf) <= limit:
            return None
        is_empty = True
        for execution in self._pair.passing.some():
            if execution.kind == "operation":
                continue
            is_empty = False
            freer, tighter = (side.referee.deadline(execution) for side in (self._free, self._tight))
            if tighter is not None and (freer is None or freer > tighter):
                note = f"it may take {seconds_text(freer)} instead of {seconds_text(tighter)}"
                return self._pair.noted(execution, "limits.call_seconds", note)
        if is_empty:
            return None
        raise NotDecided("no execution could be found for which it makes a difference")

    # Numbers of calls

    def _counted(self, allowance: Allowance) -> list[Situation]:
        """What an allowance counts, as far as the freer policy lets it pass."""
        return [
            each for each in self._free.objections if each in allowance.situations and self._pair.passing.may_be(each)
        ]

    def _calls(self, limit: Allowance) -> Witness | None:
        """A history in which that many calls were made, and the freer policy lets another one pass."""
        if limit.limit == 0:
            return None  # What is never let pass is compared as all else is
        self._pair.deadline.check()
        own = self._own
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
        # Where no rate counts, as many calls as it takes are made at once
        groups = sorted(_grouped(about, [*own, *self._own_rates]), key=self._is_rated)
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
        execution = self._pair.passing.of(last)
        if execution is None:
            return None
        missing = limit.limit
        history: list[Event] = []
        gap = self._gap()
        time = 0.0
        for situation in sorted(
            groups, key=lambda each: (each != last, self._is_rated(each), sum(each in one.situations for one in own))
        ):
            counted = [each for each in binding if situation in each.situations]
            room = min([missing, *(left[id(each)] for each in counted)])
            call = self._pair.passing.of(situation) if room > 0 else None
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
        return self._pair.confirmed(execution, tuple(history), limit.entry, time)

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
        if gap and self._is_rated(situation):
            if times > MOST_CALLS:
                raise NotDecided("so many calls are not played")
            for number in range(times):
                run_id = f"run_{number // most}" if is_session else call.run_id
                yield Calls(in_run(call, run_id), 1, time + number * gap)
            return
        if not is_session:
            yield Calls(call, times, time)
            return
        if times // most > MOST_CALLS:
            raise NotDecided("so many runs are not played")
        for number, start in enumerate(range(0, times, most)):
            yield Calls(in_run(call, f"{situation.name}_{number}"), min(most, times - start), time)

    def _is_rated(self, situation: Situation) -> bool:
        return any(situation in rate.situations for rate in self._own_rates)

    def _gap(self) -> float:
        """Seconds between two calls that no rate of the freer policy objects to."""
        rates = [each for each in self._own_rates if each.limit > 0]
        return max((each.seconds / each.limit for each in rates), default=0.0)

    def _rate(self, rate: Allowance) -> Witness | None:
        """Calls in less time than the rate allows."""
        if rate.limit == 0:
            return None
        self._pair.deadline.check()
        own_rates = self._own_rates
        allowances = self._own
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
        if rate.limit > MOST_CALLS:
            raise NotDecided("so many calls are not played")
        for situation in sorted(
            about, key=lambda each: sum(each in one.situations for one in (*own_rates, *allowances))
        ):
            execution = self._pair.passing.of(situation)
            if execution is None:
                continue
            times = _earliest([each for each in own_rates if situation in each.situations], rate.limit + 1)
            if times is None or times[-1] - times[0] >= rate.seconds:
                continue
            history = tuple(
                Calls(in_run(execution, f"run_{number}"), 1, time) for number, time in enumerate(times[:-1])
            )
            witness = self._pair.confirmed(execution, history, rate.entry, times[-1])
            if witness is not None:
                return witness
        raise NotDecided("no calls could be found for which it makes a difference")


def allowances_of(layers: Iterable[Policy], side: Side) -> Iterator[Allowance]:
    """The numbers of calls that some layers of a policy grant."""
    calls = [situation for situation in side.objections if situation.is_call]
    for layer in layers:
        limits, is_session = layer.limits, layer.limits.scope == "session"
        if limits.tool_calls is not None:
            yield Allowance(layer.entry("limits.tool_calls"), limits.tool_calls, frozenset(calls), is_session)
        named = _named(limits.per_tool, calls)
        for key, limit in limits.per_tool.items():
            yield Allowance(layer.entry(f"limits.per_tool.{key}"), limit, named[key], is_session)


def rates_of(layers: Iterable[Policy], side: Side) -> Iterator[Allowance]:
    """The rates of some layers of a policy."""
    calls = [situation for situation in side.objections if situation.is_call]
    for layer in layers:
        named = _named(layer.limits.rates, calls)
        for key, text in layer.limits.rates.items():
            item = parse(text)
            yield Allowance(layer.entry(f"limits.rates.{key}"), item.amount, named[key], True, item.get_expiry())


def _named(by_name: Mapping[str, object], calls: Iterable[Situation]) -> dict[str, frozenset[Situation]]:
    """The calls that each key of a mapping names."""
    names = NameList(by_name)
    found: dict[str, list[Situation]] = {key: [] for key in by_name}
    for call in calls:
        for key in keys_naming(by_name, names, call.name):
            found[key].append(call)
    return {key: frozenset(each) for key, each in found.items()}


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
