"""The audit trails of a policy: one for each policy of those that decide together that has the section.

Each record goes to the file of its trail and to the sinks of the hook. What cannot be recorded is an entry of the
policy that objects, unless it says otherwise.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from ..decision import Reason
from ..errors import PolicyError, Problem
from ..fields import Action
from .errors import AuditError
from .file import AuditFile
from .granted import Granted, granted_by
from .keys import AuditKey, load_key
from .records import Recorder
from .settings import Audit
from .sinks import AuditSink


if TYPE_CHECKING:
    from ..model import Policy


logger = logging.getLogger(__name__)

CODE = "audit_error"


class AuditTrails:
    """
    Args:
        policy ([`Policy`]): The policy, with those that it extends.
        sinks (`Iterable[AuditSink]`): Where else records go.

    Raises:
        `PolicyError`: If there is no key, a file cannot be written, or there is nowhere to write to.
    """

    def __init__(self, policy: Policy, sinks: Iterable[AuditSink] = ()):
        sinks = tuple(sinks)
        for sink in sinks:
            if isinstance(sink, type) or not callable(getattr(sink, "write", None)):
                raise TypeError(f"audit_sinks: {sink!r:.80} has no method `write`.")
        layers = [layer for layer in policy.layers if layer.audit is not None]
        if sinks and not layers:
            message = (
                "The hook has audit sinks, and its policy no section `audit`. "
                "Write, for instance, `audit: {payload: digest}`."
            )
            raise PolicyError([Problem(message, "audit", policy.source or "<policy>")])
        granted = granted_by(policy.layers)
        self._trails = [_Trail(layer, policy.digest, sinks, granted) for layer in _distinct(layers)]

    def __bool__(self) -> bool:
        return bool(self._trails)

    def record(self, make: Callable[[Recorder], str]) -> list[Reason]:
        """Record something in every trail. Returns what objects to going on without a record."""
        return [reason for trail in self._trails if (reason := trail.record(make)) is not None]

    def close(self) -> None:
        """Force what was recorded to the disk, as the policy says, and let the files go. The next record opens them
        again."""
        for trail in self._trails:
            trail.close()


class _Trail:
    def __init__(self, policy: Policy, digest: str, sinks: tuple[AuditSink, ...], granted: Granted):
        self._settings = settings = cast(Audit, policy.audit)
        self._policy = policy
        self._entry = policy.entry("audit")
        self._sinks = sinks
        self._file: AuditFile | None = None
        key: AuditKey | None = None
        if settings.path is None and not sinks:
            message = "There is nowhere to write records to. Name `audit.path`, or give the hook `audit_sinks=`."
            raise PolicyError([Problem(message, "audit", policy.source or "<policy>")])
        if settings.path is not None:
            try:
                key = load_key(settings.key_env, settings.key_file)
                self._file = AuditFile(settings.path, key, settings.fsync, settings.rotate_bytes)
                if settings.on_audit_error == "deny":
                    self._file.open()
            except AuditError as error:
                raise PolicyError([Problem(str(error), "audit", policy.source or "<policy>")]) from None
        self._recorder = Recorder(policy, digest, key, granted)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def record(self, make: Callable[[Recorder], str]) -> Reason | None:
        try:
            members = make(self._recorder)
            if self._file is not None:
                self._file.append(members)
            if self._sinks:
                record = json.loads(f"{{{members}}}")
                for sink in self._sinks:
                    sink.write(record)
        except Exception as error:
            logger.exception("What was decided or came of it could not be recorded (%s).", self._entry)
            # What the system says of a file is told; the text of any other error is for the log alone.
            what = str(error).rstrip(".") if isinstance(error, AuditError) else type(error).__name__
            return audit_failure(self._policy, what)
        return None


def audit_failure(policy: Policy, what: str) -> Reason:
    """What a policy with the section says of what cannot be recorded, because `what` is in the way."""
    action: Action = "deny" if cast(Audit, policy.audit).on_audit_error == "deny" else "warn"
    entry = policy.entry("audit.on_audit_error")
    counts = policy.mode == "enforce"
    return Reason(action, CODE, entry, action, f"it cannot be recorded ({what})", counts=counts)


def _distinct(layers: list[Policy]) -> list[Policy]:
    """Of policies with the same trail, the last: a policy and one that it extends may say the same.

    Raises:
        `PolicyError`: If two trails share a file.
    """
    by_settings = {(cast(Audit, layer.audit).canonical(), layer.mode): layer for layer in layers}
    chosen = [*by_settings.values()]
    paths = [_real(path) for layer in chosen if (path := cast(Audit, layer.audit).path) is not None]
    if len(set(paths)) < len(paths):
        message = "Two of the policies that decide together write to the same file, each in its way. Name another."
        raise PolicyError([Problem(message, "audit.path", chosen[-1].source or "<policy>")])
    return chosen


def _real(path: str) -> str:
    """A path as it is written in one way only."""
    try:
        return os.path.realpath(path)
    except ValueError:  # No system has such a path, which is said when the file is opened
        return path
