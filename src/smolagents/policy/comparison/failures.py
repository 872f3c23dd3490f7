"""What a policy refuses if something fails that it needs: a store of rates, an audit trail, a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from ..audit.settings import Audit
from ..audit.trails import audit_failure
from ..checkpoints.settings import CheckpointSettings
from ..decision import Reason
from ..model import Policy
from ..rates import Rates
from .limit_search import rates_of
from .pairs import Attempt, Pair, found
from .search import Side, Unknown
from .undecided import NotDecided
from .witnesses import Witness, level


_IN_MEMORY = "memory://"
_FSYNC = ("never", "interval", "always")


class FailureSearch:
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
            ("limits.store", self._store),
            ("audit", self._audit),
            ("checkpoints", self._checkpoints),
        ]
        yield from found(attempts, self.unknown)

    def _store(self) -> Witness | None:
        """Stores that differ count different things; nobody knows here what others use up."""
        tight = [layer for layer in self._tight.layers if layer.limits.rates]
        free = [layer for layer in self._free.layers if layer.limits.rates]
        shared = {(layer.limits.store, layer.name) for layer in (*tight, *free) if layer.limits.store != _IN_MEMORY}
        if not tight or not shared:
            return None
        if len({layer.limits.store for layer in (*tight, *free)}) > 1 or len(shared) > 1:
            raise NotDecided("rates are counted in another store, or under another name, which others may share")
        refused = {call for rate in rates_of(_refusing(free), self._free) for call in rate.situations}
        for rate in rates_of(_refusing(tight), self._tight):
            for situation in sorted(rate.situations - refused, key=repr):
                execution = self._pair.passing.of(situation)
                if execution is None:
                    continue
                freer, tighter = (_without_store(side, execution.name) for side in (self._free, self._tight))
                note = "if the store does not answer"
                witness = self._pair.noted(execution, "limits.on_store_error", note, freer, tighter)
                if level(witness.freer) < level(witness.tighter):
                    return witness
                raise NotDecided("no call could be found for which it makes a difference")
        return None

    def _audit(self) -> Witness | None:
        """What cannot be recorded. Another file may fail where one does not."""
        own = _refusing_trails(self._free)
        for layer in _refusing_trails(self._tight):
            settings = layer.audit
            assert settings is not None
            reason, note = audit_failure(layer, "the disk is full"), "if it cannot be recorded"
            if not own:
                return self._failing(reason, note)
            if not any(_is_as_sure(each.audit, settings) for each in own):
                raise NotDecided("records go to another file, or are forced to the disk less often")
            if self._tight.policy.kinds - self._free.policy.kinds:
                # What a policy is not asked about, it does not record.
                return self._failing(reason, note, "operation")
        return None

    def _checkpoints(self) -> Witness | None:
        """A checkpoint that cannot be written. Another folder may fail where one does not, or at another time."""
        own, other = _stopping(self._free), _stopping(self._tight)
        if other is None:
            return None
        if own is None:
            message = "a checkpoint of this run cannot be written: the disk is full"
            entry = "checkpoints.on_error"
            return self._failing(
                Reason("stop", "checkpoint_error", entry, "stop", message), "if a checkpoint cannot be written"
            )
        if (own.path, own.every, own.executions) != (other.path, other.every, other.executions):
            raise NotDecided("checkpoints are written to another folder, or at other times")
        return None

    def _failing(self, reason: Reason, note: str, kind: str | None = None) -> Witness | None:
        executions = (each for each in self._pair.passing.some() if kind in (None, each.kind))
        execution = next(executions, None)
        return None if execution is None else self._pair.noted(execution, reason.entry, note, (), (reason,))


def _refusing(layers: list[Policy]) -> list[Policy]:
    return [layer for layer in layers if layer.limits.on_store_error == "deny"]


def _refusing_trails(side: Side) -> list[Policy]:
    return [layer for layer in side.layers if layer.audit is not None and layer.audit.on_audit_error == "deny"]


def _is_as_sure(audit: Audit | None, other: Audit) -> bool:
    """Whether what the one cannot record, the other cannot record either."""
    return audit is not None and audit.path == other.path and _FSYNC.index(audit.fsync) >= _FSYNC.index(other.fsync)


def _stopping(side: Side) -> CheckpointSettings | None:
    settings = side.policy.checkpoints_in_effect
    return settings if settings is not None and settings.on_error == "stop" else None


def _without_store(side: Side, name: str) -> Iterator[Reason]:
    """What the rates of a policy say of a call if they cannot be counted."""
    for layer in side.layers:
        if layer.limits.rates and layer.limits.store != _IN_MEMORY:
            here = layer.model_copy(update={"limits": layer.limits.model_copy(update={"store": _IN_MEMORY})})
            yield from Rates(here, lambda: 0.0).reached_without_store(name)
