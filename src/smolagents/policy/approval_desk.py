"""Where approvals are asked for, kept and used up."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Literal

from smolagents.hooks import ToolExecution

from .approval import Approval, ApprovalRequest, Approver, check_approver
from .approval_digest import approval_digest
from .approvals import VALID_SECONDS, WAIT_SECONDS
from .decision import Decision, Reason
from .errors import excerpt
from .model import Policy


logger = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_NOTE = 500
# By their number, and not by when they expire: a clock may be set back
_REMEMBERED_APPROVALS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a request for an approval ended.

    Attributes:
        code (`str`): `approved`, `not_approved`, `no_approver`, `approval_timeout`, `approval_error`,
            `approval_invalid`, `approval_expired` or `approval_withdrawn`.
        what (`str`): The same in words.
        seconds (`float`): How long it took.
        by (`str`, *optional*): Who answered, if anybody did.
        note (`str`, *optional*): What they had to say.
        always (`bool`): Whether the approval holds for the same call from now on, until it expires.
    """

    code: str
    what: str
    seconds: float = 0.0
    by: str | None = None
    note: str | None = None
    always: bool = False

    @property
    def approved(self) -> bool:
        """Whether the call may be made."""
        return self.code == "approved"


class _Failed:
    """In place of an answer: asking for it raised."""

    def __init__(self, error: BaseException):
        self.type_name = type(error).__name__


_WITHDRAWN = object()  # In place of an answer: the run is over
_NO_ANSWER = object()


class _Question:
    """A request that waits for its first answer. There is room for later ones, which nobody reads."""

    def __init__(self, request: ApprovalRequest):
        self.request = request
        self.answers: SimpleQueue[object] = SimpleQueue()


class ApprovalDesk:
    """Asks the approver, and denies whatever is not approved. Safe to use from several threads.

    Args:
        policy ([`Policy`]): The policy, with those that it extends: the shortest times that they name count.
        approver ([`Approver`], *optional*): Who is asked.
        clock (`Callable[[], float]`): The time, in seconds.
        on_request (`Callable[[ApprovalRequest], object]`): Is told before somebody is asked.
        on_verdict (`Callable[[ApprovalRequest, Verdict], object]`): Is told how each request ended.
    """

    def __init__(
        self,
        policy: Policy,
        approver: Approver | None,
        clock: Callable[[], float],
        on_request: Callable[[ApprovalRequest], object],
        on_verdict: Callable[[ApprovalRequest, Verdict], object],
    ):
        if approver is not None:
            check_approver(approver)
        self._approver = approver
        self._clock = clock
        self._on_request, self._on_verdict = on_request, on_verdict
        self._policy_digest = policy.digest
        self._wait_seconds = shortest(policy, "wait_seconds")
        self._valid_seconds = shortest(policy, "valid_seconds")
        self._lock = threading.Lock()
        self._questions: list[_Question] = []
        # By digest: those given in advance, each for one call, and those for the same call whenever it is made
        self._given: dict[str, deque[Approval]] = {}
        self._standing: dict[str, Approval] = {}
        self._used: OrderedDict[str, None] = OrderedDict()  # Ids of approvals, the last ones

    def decide(self, execution: ToolExecution, decision: Decision) -> Decision:
        """The decision after a person was asked: as it was if they approve, and a denial otherwise."""
        digest, is_repeatable = approval_digest(execution, self._policy_digest)
        asked_at = self._clock()
        request = ApprovalRequest(
            execution=execution,
            reasons=decision.determining,
            digest=digest,
            is_repeatable=is_repeatable,
            expires=asked_at + self._wait_seconds,
            _make_expiry=self._expiry,
        )
        question = _Question(request)
        with self._lock:
            answer: object = self._kept(digest)
            if answer is None:
                self._questions.append(question)
        if answer is None:
            try:
                self._on_request(request)
                answer = self._ask(question)
            finally:
                self._close(question)
            if answer is _NO_ANSWER:  # Perhaps one came in the last moment: it was accepted, so it counts
                answer = _first(question)
        verdict = self._verdict(request, answer, asked_at)
        self._on_verdict(request, verdict)
        return decision.also([_reason(request, verdict)])

    def approve(self, digest: str, *, note: str | None = None, by: str | None = None) -> None:
        """Approve the call with that digest, once: the one that waits for an answer, or else the next.

        Raises:
            `ValueError`: If that is no digest of a call.
        """
        if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
            raise ValueError("A call is approved by its digest, 64 hexadecimal digits, which its denial names.")
        approval = Approval(digest=digest, approved=True, expires=self._expiry(), note=note, by=by)
        with self._lock:
            self._forget_expired()
            for question in self._questions:
                if question.request.digest == digest and question.request.is_open():
                    self._answer(question, approval)
                    return
            self._given.setdefault(digest, deque()).append(approval)

    def withdraw(self, run_id: str) -> None:
        """Wait no longer for answers about calls of a run: it is over."""
        with self._lock:
            for question in self._questions:
                if question.request.execution.run_id == run_id:
                    self._answer(question, _WITHDRAWN)

    def _ask(self, question: _Question) -> object:
        answer = _first(question)
        if answer is not _NO_ANSWER or self._approver is None:
            return answer
        # Its thread belongs to no run: what an approver starts, such as an agent, is a run of its own.
        threading.Thread(target=self._consult, args=(question,), name="smolagents: approver", daemon=True).start()
        try:
            return question.answers.get(timeout=min(self._wait_seconds, threading.TIMEOUT_MAX))
        except Empty:
            return _NO_ANSWER

    def _consult(self, question: _Question) -> None:
        answer: object
        try:
            answer = self._approver.approve(question.request) if self._approver is not None else None
        except BaseException as error:  # Nobody else would hear of a SystemExit in this thread
            logger.exception("The approver %s failed", type(self._approver).__name__)
            answer = _Failed(error)
        with self._lock:
            self._answer(question, answer)

    def _answer(self, question: _Question, answer: object) -> None:
        """Hand an answer in, with the lock held. Only the first one counts, and none that is late."""
        if question.request.is_open():
            question.request.close()
            question.answers.put(answer)

    def _close(self, question: _Question) -> None:
        with self._lock:
            question.request.close()
            self._questions.remove(question)

    def _kept(self, digest: str) -> Approval | None:
        """An approval that was given before, with the lock held. It is used up, unless it is `always`."""
        self._forget_expired()
        given = self._given.get(digest)
        if not given:
            return self._standing.get(digest)
        approval = given.popleft()
        if not given:
            del self._given[digest]
        return approval

    def _expiry(self) -> float:
        """When an approval that is given now is void."""
        return self._clock() + self._valid_seconds

    def _forget_expired(self) -> None:
        now = self._clock()
        self._standing = {digest: kept for digest, kept in self._standing.items() if self._is_valid(kept, now)}
        for digest, given in list(self._given.items()):
            valid = deque(approval for approval in given if self._is_valid(approval, now))
            if valid:
                self._given[digest] = valid
            else:
                del self._given[digest]

    def _is_valid(self, approval: Approval, now: float) -> bool:
        """Whether an approval has not expired. One that expires later than any that is given now is from a time to
        come: the clock was set back, or the approver wrote what it liked."""
        return now < approval.expires <= now + self._valid_seconds

    def _verdict(self, request: ApprovalRequest, answer: Any, asked_at: float) -> Verdict:
        now = self._clock()
        seconds = now - asked_at

        def denied(code: str, what: str) -> Verdict:
            return Verdict(code=code, what=what, seconds=seconds)

        if answer is _NO_ANSWER and self._approver is None:
            return denied("no_approver", "there is nobody to ask")
        if answer is _NO_ANSWER:
            return denied("approval_timeout", f"nobody answered within {self._wait_seconds:g} seconds")
        if answer is _WITHDRAWN:
            return denied("approval_withdrawn", "the run was over before anybody answered")
        if type(answer) is _Failed:
            return denied("approval_error", f"asking for it failed with {answer.type_name}, see the log")
        if answer is None:
            return denied("not_approved", "nobody approved it")
        if (flaw := _flaw(request, answer)) is not None:
            return denied("approval_invalid", f"what the approver answered is no approval of it: {flaw}")
        who = excerpt(answer.by) if answer.by else "the approver"
        if not answer.approved:
            said = f", and says: {excerpt(answer.note, _MAX_NOTE)}" if answer.note else ""
            what = f"{who} did not approve it{said}"
            return Verdict(code="not_approved", what=what, seconds=seconds, by=answer.by, note=answer.note)
        if not self._is_valid(answer, now):
            return denied("approval_expired", "its approval had expired, or was to hold longer than approvals may")
        with self._lock:
            stands = self._standing.get(request.digest) is answer
            if answer.id in self._used and not stands:
                return denied("approval_invalid", "its approval was used before, for another call")
            self._used[answer.id] = None
            if len(self._used) > _REMEMBERED_APPROVALS:
                self._used.popitem(last=False)
            if answer.always and request.is_repeatable:
                self._standing[request.digest] = answer
                stands = True
        what = f"{who} approved it"
        return Verdict(code="approved", what=what, seconds=seconds, by=answer.by, note=answer.note, always=stands)


def _first(question: _Question) -> object:
    try:
        return question.answers.get_nowait()
    except Empty:
        return _NO_ANSWER


def shortest(policy: Policy, key: Literal["wait_seconds", "valid_seconds"]) -> float:
    """The shortest time that one of the policies names; the default if none does."""
    named = (getattr(layer.approvals, key) for layer in policy.layers)
    default = WAIT_SECONDS if key == "wait_seconds" else VALID_SECONDS
    return min((seconds for seconds in named if seconds is not None), default=default)


def _flaw(request: ApprovalRequest, answer: Any) -> str | None:
    """Why an answer is no approval of a request; `None` if it is one, whatever it says."""
    if type(answer) is not Approval:
        return f"it is a {type(answer).__name__}, not an Approval"
    if answer.digest != request.digest:
        return "it is about another call"
    texts = [text for text in (answer.note, answer.by) if text is not None]
    if type(answer.approved) is not bool or type(answer.always) is not bool:
        return "whether it approves is not said by True or False"
    if type(answer.expires) not in (int, float) or type(answer.id) is not str:
        return "it does not say when it expires"
    if any(type(text) is not str for text in texts):
        return "its note or its author is not a text"
    return None


def _reason(request: ApprovalRequest, verdict: Verdict) -> Reason:
    because = "; ".join(dict.fromkeys(reason.message for reason in request.reasons))
    message = f"it needs an approval: {because}; {verdict.what}"
    if not verdict.approved and request.is_repeatable:
        message += f" (digest {request.digest})"
    return Reason("allow" if verdict.approved else "deny", verdict.code, "approvals", "", message)
