"""What a person is asked, what they answer, and who asks them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from smolagents.hooks import ToolExecution

from .decision import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An answer to the question whether a call may be made. It is for one call, and is used once.

    Attributes:
        digest (`str`): The digest of the call that it is about.
        approved (`bool`): Whether the call may be made.
        expires (`float`): When it is void, in seconds on the clock of the hook.
        note (`str`, *optional*): What the person has to say. The model reads it if the call is denied.
        by (`str`, *optional*): Who answered.
        always (`bool`): Whether it also holds for every further call with this digest, until it expires.
        id (`str`): Unique to this answer.
    """

    digest: str
    approved: bool
    expires: float
    note: str | None = None
    by: str | None = None
    always: bool = False
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ApprovalRequest:
    """A call that a policy wants a person to decide about.

    Attributes:
        execution (`ToolExecution`): What is about to happen.
        reasons (`tuple[Reason, ...]`): The entries of the policy that ask.
        digest (`str`): SHA-256 of kind, name, arguments, agent path and policy: what an approval is bound to.
        is_repeatable (`bool`): Whether the same call can be made again. It cannot if an argument is not plain data, as
            nobody knows whether it is the same next time; then `always` has no effect.
        expires (`float`): When nobody waits for an answer any more, in seconds on the clock of the hook.
    """

    execution: ToolExecution
    reasons: tuple[Reason, ...]
    digest: str
    is_repeatable: bool
    expires: float
    _make_expiry: Callable[[], float] = field(repr=False)
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)

    def is_open(self) -> bool:
        """Whether an answer still counts: nobody else has answered, the time is not up, and the run goes on."""
        return not self._closed.is_set()

    def close(self) -> None:
        """From now on no answer counts."""
        self._closed.set()

    def approve(self, *, by: str | None = None, note: str | None = None, always: bool = False) -> Approval:
        """The answer that lets this call be made; with `always`, the same call again too, until it expires."""
        return self._answer(True, by, note, always)

    def reject(self, *, by: str | None = None, note: str | None = None) -> Approval:
        """The answer that refuses this call. The model reads the note."""
        return self._answer(False, by, note, False)

    def _answer(self, approved: bool, by: str | None, note: str | None, always: bool) -> Approval:
        expires = self._make_expiry()
        return Approval(digest=self.digest, approved=approved, expires=expires, note=note, by=by, always=always)


class Approver(Protocol):
    """Who decides what a policy leaves open.

    `approve` is called in a thread of its own, in several at once if several calls ask at once. What it raises, and
    whatever it returns but an [`Approval`] of this very request, denies. It may take as long as it likes: when
    `approvals.wait_seconds` are over the call is denied, and a late answer is dropped.
    """

    def approve(self, request: ApprovalRequest) -> Approval | None:
        """Answer with `request.approve(...)` or `request.reject(...)`; `None` refuses."""
        ...


class FunctionApprover:
    """Asks a function.

        hook = PolicyHook(policy, approver=FunctionApprover(lambda request: request.approve(by="ann")))

    Args:
        function (`Callable`): Gets the [`ApprovalRequest`] and returns an [`Approval`] of it, or `None` to refuse.
    """

    def __init__(self, function: Callable[[ApprovalRequest], Approval | None]):
        if not callable(function):
            raise TypeError(f"FunctionApprover needs a function and was given {type(function).__name__}.")
        self._function = function

    def approve(self, request: ApprovalRequest) -> Approval | None:
        return self._function(request)


def check_approver(approver: object) -> None:
    """
    Raises:
        `TypeError`: If it is no [`Approver`].
    """
    if isinstance(approver, type):
        raise TypeError(f"approver: got the class {approver.__name__}. Write {approver.__name__}().")
    if not callable(getattr(approver, "approve", None)):
        hint = " Write FunctionApprover(function)." if callable(approver) else ""
        raise TypeError(f"approver: {type(approver).__name__} has no method `approve`.{hint}")
