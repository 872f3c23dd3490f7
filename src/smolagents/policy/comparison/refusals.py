"""What becomes of executions that are refused again and again, and of those that a person is asked about."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator

from smolagents.hooks import ToolExecution

from ..approval_desk import shortest
from ..decision import Decision
from .arguments import find_arguments
from .limit_search import rates_of
from .logic import Formula, all_of
from .objections import ASK, DENY, IS_REPEATABLE, LEVELS, STOP, Objection
from .pairs import MOST_CALLS, Attempt, Pair, found, seconds_text
from .search import Side, Unknown
from .situations import Situation
from .undecided import NotDecided
from .witnesses import Calls, Event, Steps, Witness, in_run, level, make


_MOST_PAIRS = 500
_MOST_REPEATED = 1_000
_MOST_TRIED = 3


class RefusalSearch:
    """
    Args:
        pair ([`Pair`]): The policies.
    """

    def __init__(self, pair: Pair):
        self._pair, self._free, self._tight = pair, pair.free, pair.tight
        self.unknown: dict[Unknown, None] = {}

    def witnesses(self) -> Iterator[Witness]:
        """Witnesses, one at most for each entry. When all were asked for, `unknown` has what was not decided."""
        attempts: list[Attempt] = [
            ("limits.identical_denials", self._identical_denials),
            ("approvals", self._approvals),
        ]
        yield from found(attempts, self.unknown)

    def _identical_denials(self) -> Witness | None:
        for layer in self._tight.layers:
            limit = layer.limits.identical_denials
            if limit is None or self._pair.covers("identical_denials", layer, limit):
                continue
            if limit > MOST_CALLS:
                raise NotDecided("so many denials are not played")
            entry = layer.entry("limits.identical_denials")
            is_tried = False
            # If one denial is enough, it is compared as all others are.
            tight_levels = (ASK,) if limit == 1 else (ASK, DENY)
            for execution in self._both((ASK, DENY), tight_levels, (ASK, DENY, STOP), IS_REPEATABLE):
                is_tried = True
                for history in _refused(execution, limit, layer.limits.scope == "session"):
                    if (witness := self._pair.confirmed(execution, history, entry)) is not None:
                        return witness
            witness = self._used_up(entry, limit)
            if witness is None and is_tried:
                raise NotDecided("no history could be found in which it makes a difference")
            return witness
        return None

    def _used_up(self, entry: str, limit: int) -> Witness | None:
        """What is refused for a limit, again and again."""
        if not any(_has_limits(side) for side in (self._free, self._tight)):
            return None
        most = limit + max((each for side in (self._free, self._tight) for each in _numbers(side)), default=0)
        passing = list(itertools.islice(self._pair.passing.some(), _MOST_TRIED))
        if not passing:
            return None  # Nothing is ever used
        for execution in passing:
            for before, time in self._histories():
                decisions = (side.referee.decisions(execution, before, time) for side in (self._free, self._tight))
                for times, (freer, tighter) in enumerate(itertools.islice(zip(*decisions), most + 1)):
                    if level(freer) < level(tighter):
                        history = (*before, *(Calls(execution, time=time),) * times)
                        return Witness(
                            execution,
                            freer,
                            tighter,
                            entry,
                            history,
                            time,
                            self._pair.is_self,
                        )
        raise NotDecided("no execution could be found that both policies refuse so often")

    def _histories(self) -> Iterator[tuple[tuple[Event, ...], float]]:
        """Histories after which there may be nothing left, with the time then."""
        yield (), 0.0
        limits = [layer.limits for side in (self._free, self._tight) for layer in side.layers]
        if tokens := [each.tokens for each in limits if each.tokens]:
            yield (Steps(max(tokens), 1),), 0.0
        if seconds := [each.run_seconds for each in limits if each.run_seconds is not None]:
            yield (Steps(0, 1),), max(seconds)

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
        for execution in self._both((ASK,), (ASK,), (ASK,)):
            note = f"{what.format(seconds_text(own))} instead of {seconds_text(limit)}"
            return self._pair.noted(execution, f"approvals.{key}", note)
        return None

    def _both(
        self,
        free_levels: tuple[int, ...],
        tight_levels: tuple[int, ...],
        sampled: tuple[int, ...],
        also: Formula = True,
    ) -> Iterator[ToolExecution]:
        """Executions that the freer policy treats in one of some ways, and the tighter one in one of others.

        Args:
            sampled (`tuple[int, ...]`): How the tighter one may treat those whose intent is why.
            also (`Formula`): What else they have to be.

        Raises:
            `NotDecided`: In the end, if there may be others.
        """
        question: NotDecided | None = None
        decide = self._free.referee.decide, self._tight.referee.decide

        def is_so(freer: Decision, tighter: Decision) -> bool:
            return level(freer) in free_levels and level(tighter) in tight_levels

        pairs = 0
        # What is the same in both comes first
        for is_alike in (True, False):
            for situation, mine in self._free.objections.items():
                theirs = self._tight.objections[situation]
                severe = [each for each in mine if each.level > max(free_levels)]
                severe += [each for each in theirs if each.level > max(tight_levels)]
                if any(each.formula is True and each.level > max(free_levels) for each in mine) or any(
                    each.formula is True and each.level > max(tight_levels) for each in theirs
                ):
                    continue  # All of it is treated more severely
                for one, other in itertools.product(mine, theirs):
                    if one.level not in free_levels or other.level not in tight_levels:
                        continue
                    if is_alike != (one.formula == other.formula):
                        continue
                    pairs += 1
                    if pairs > _MOST_PAIRS:
                        raise question or NotDecided("there are too many entries to look at")
                    self._pair.deadline.check()
                    try:
                        yield from self._of_pair(situation, (one, other), severe, is_so, also)
                    except NotDecided as error:
                        question = error
        # What an intent ends the run for is neither asked about nor refused again.
        if _has_intents(self._free, free_levels) or _has_intents(self._tight, {*sampled} - {STOP}):
            # Only here: what reads programs takes long to import.
            from .samples import samples

            for execution in samples(self._free.objections):
                if level(decide[0](execution)) in free_levels and level(decide[1](execution)) in sampled:
                    yield execution
            question = question or NotDecided("which executions are refused for their intent is not decided")
        if question is not None:
            raise question

    def _of_pair(
        self,
        situation: Situation,
        pair: tuple[Objection, Objection],
        severe: list[Objection],
        is_so: Callable[[Decision, Decision], bool],
        also: Formula,
    ) -> Iterator[ToolExecution]:
        """Executions that two entries are about, and none of those that are more severe."""
        ruled_out: list[Objection] = []
        while True:
            new: list[Objection] = []
            is_open = False
            wanted = all_of([also, *(each.formula for each in pair), *(each.passed for each in ruled_out)])
            for arguments in find_arguments(wanted, situation):
                self._pair.deadline.check()
                execution = make(situation, arguments)
                freer, tighter = (side.referee.decide(execution) for side in (self._free, self._tight))
                if is_so(freer, tighter):
                    yield execution
                    continue
                entries = {reason.entry for reason in (*freer.reasons, *tighter.reasons) if reason.counts}
                new = [each for each in severe if each.entry in entries and each not in ruled_out]
                if new:
                    break
                is_open = True
            if not new and is_open:
                raise NotDecided("no execution could be found that both treat alike")
            if not new:
                return
            ruled_out += new


def _refused(execution: ToolExecution, limit: int, is_session: bool) -> Iterator[tuple[Event, ...]]:
    """Histories in which an execution was refused so often but for once, and so often. Who is asked may refuse."""
    if is_session:
        earlier = tuple(Calls(in_run(execution, f"run_{number}"), is_refused=True) for number in range(limit - 1))
    else:
        earlier = (Calls(execution, is_refused=True),) * (limit - 1)
    yield earlier
    yield (*earlier, Calls(execution, is_refused=True))


def _has_limits(side: Side) -> bool:
    """Whether there is a limit that comes to refuse calls."""
    for limits in (layer.limits for layer in side.layers):
        counted = (limits.tool_calls, limits.tokens, limits.run_seconds)
        if limits.per_tool or limits.rates or any(limit is not None for limit in counted):
            return True
    return False


def _numbers(side: Side) -> Iterator[int]:
    """After how many calls that are alike a limit may refuse the next one, as far as so many are tried."""
    rates = (rate.limit for rate in rates_of(side.layers, side))
    for limits in (layer.limits for layer in side.layers):
        for number in (limits.tool_calls, *limits.per_tool.values(), *rates):
            if number is not None and number <= _MOST_REPEATED:
                yield number


def _has_intents(side: Side, levels: Collection[int]) -> bool:
    """Whether something is treated in one of these ways for its intent."""
    return any(LEVELS[entry.action] in levels for layer in side.layers for entry in layer.intents.entries())
