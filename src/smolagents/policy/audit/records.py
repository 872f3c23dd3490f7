"""What is recorded of a decision, of what came of it, of approvals and of runs.

A record is plain data, as JSON has it, and what the policy's `payload` says must not be kept is not in it. How it is
kept is left to the sinks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolOutcome

from ..approval import ApprovalRequest
from ..call_digest import value_digest
from ..decision import Decision, Reason
from .encoding import encoded
from .file import now
from .keys import AuditKey
from .secrets import Redactor
from .settings import Audit


if TYPE_CHECKING:
    from smolagents.memory import ActionStep, PlanningStep

    from ..approval_desk import Verdict
    from ..model import Policy


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode


class Record(NamedTuple):
    """
    Attributes:
        data (`Mapping[str, Any]`): The record, `type` and `time` first.
        members (`str`): The same in JSON, in ASCII and without braces.
    """

    data: Mapping[str, Any]
    members: str


class Recorder:
    """
    Makes records. Immutable, and safe to use from several threads.

    Args:
        policy ([`Policy`]): The policy with the section.
        digest (`str`): The digest of the policy that decides.
        key ([`AuditKey`], *optional*): For digests of arguments and results; without one there are none.
    """

    def __init__(self, policy: Policy, digest: str, key: AuditKey | None):
        settings = policy.audit or Audit()
        self._payload = settings.payload
        self._key = key
        self._redactor = Redactor(settings.secrets)
        self._policy = {"name": policy.name, "digest": digest}

    def decided(self, execution: ToolExecution, decision: Decision) -> Record:
        """That an execution is let pass, or not."""
        known = self._secrets_of(execution)
        arguments, has_secrets = self._shown(execution.arguments, known)
        data = {
            **self._about("denied" if decision.is_refusal else "before", execution),
            **arguments,
            **self._digest("arguments", execution.arguments),
            "decision": {
                "action": decision.action,
                "shadow_action": decision.shadow_action,
                "code": decision.code,
                "reasons": [self._reason(reason, known, has_secrets) for reason in decision.reasons],
            },
            "policy": self._policy,
        }
        return self._record(data, known)

    def ended(self, execution: ToolExecution, outcome: ToolOutcome) -> Record:
        """What came of an execution. Of an error only the type is told: its text may run code of the agent."""
        known = self._secrets_of(execution)
        result, has_secrets = self._shown(outcome.result, known, "result")
        data = {
            **self._about("after", execution),
            "status": outcome.status,
            "duration": round(outcome.duration, 6),
            **(result if outcome.result is not None or outcome.status == "ok" else {}),
            **(self._digest("result", outcome.result) if outcome.status == "ok" else {}),
            "error": None if outcome.error is None else type(outcome.error).__name__,
            "denial": self._denial(outcome.denial, known, has_secrets or self._has_secrets(execution, outcome)),
            "denied_by": outcome.denied_by,
            "policy": self._policy,
        }
        return self._record(data, known)

    def approval_requested(self, request: ApprovalRequest) -> Record:
        """That a person is asked."""
        about = self._about("approval_requested", request.execution)
        return self._record({**about, "call_digest": request.digest, "policy": self._policy})

    def approval_resolved(self, request: ApprovalRequest, verdict: Verdict) -> Record:
        """What a person said."""
        data = {
            **self._about("approval_resolved", request.execution),
            "call_digest": request.digest,
            "approved": verdict.approved,
            "code": verdict.code,
            "by": verdict.by,
            "note": verdict.note,
            "always": verdict.always,
            "seconds": round(verdict.seconds, 6),
            "policy": self._policy,
        }
        return self._record(data, self._redactor.named(request.execution.arguments))

    def run_started(self, run: RunInfo) -> Record:
        """That an agent begins to run."""
        return self._record({**self._about_run("run_started", run), "policy": self._policy})

    def step(self, run: RunInfo, step: ActionStep | PlanningStep) -> Record:
        """What a step used."""
        usage = step.token_usage
        data = {
            **self._about_run("step", run),
            "step": getattr(step, "step_number", 0),
            "seconds": step.timing.duration,
            "input_tokens": None if usage is None else usage.input_tokens,
            "output_tokens": None if usage is None else usage.output_tokens,
            "asked_model": step.model_output_message is not None,
        }
        return self._record(data)

    def run_finished(self, run: RunInfo, error: BaseException | None) -> Record:
        """That a run is over."""
        error_type = None if error is None else type(error).__name__
        return self._record({**self._about_run("run_finished", run), "error": error_type, "policy": self._policy})

    def _about(self, kind: str, execution: ToolExecution) -> dict[str, Any]:
        return {
            "type": kind,
            "time": now(),
            "run": execution.run_id,
            "agents": execution.agent_path,
            "step": execution.step_number,
            "execution": execution.id,
            "parent": execution.parent_id,
            "kind": execution.kind,
            "name": execution.name,
        }

    def _about_run(self, kind: str, run: RunInfo) -> dict[str, Any]:
        return {"type": kind, "time": now(), "run": run.run_id, "agents": run.agent_path, "parent": run.parent_id}

    def _secrets_of(self, execution: ToolExecution) -> Collection[str]:
        """The texts that are secret by the name of their argument."""
        return self._redactor.named(execution.arguments) if self._payload == "redacted" else ()

    def _has_secrets(self, execution: ToolExecution, outcome: ToolOutcome) -> bool:
        """Whether a denial may tell of secrets in the arguments."""
        if self._payload != "redacted" or outcome.denial is None:
            return False
        return self._redactor.value(execution.arguments)[1]

    def _shown(self, value: Any, known: Collection[str], name: str = "arguments") -> tuple[dict[str, Any], bool]:
        """What is kept of a value, and whether secrets were taken out of it."""
        if self._payload == "digest":
            return {}, False
        if self._payload == "full":
            return {name: encoded(value)}, False
        shown, has_secrets = self._redactor.value(value, known)
        return {name: shown}, has_secrets

    def _digest(self, name: str, value: Any) -> dict[str, Any]:
        return {} if self._key is None else {f"{name}_digest": self._key.digest.of(value_digest(value)).hex()}

    def _reason(self, reason: Reason, known: Collection[str], has_secrets: bool) -> dict[str, Any]:
        data: dict[str, Any] = {
            "action": reason.action,
            "code": reason.code,
            "entry": reason.entry,
            "text": reason.text,
            "where": reason.where,
            "span": reason.span,
            "normalized": reason.normalized,
            "counts": reason.counts,
        }
        if self._payload == "digest" or has_secrets:
            # Places are called by the keys of dictionaries, and messages by places. The name of an argument is left.
            data["where"] = None if reason.where is None else reason.where.partition("[")[0].partition("{")[0]
        else:
            data["message"] = reason.message
        return data

    def _denial(self, denial: Deny | None, known: Collection[str], has_secrets: bool) -> dict[str, Any] | None:
        if denial is None:
            return None
        data: dict[str, Any] = {"code": denial.code, "stop": denial.stop}
        if self._payload != "digest" and not has_secrets:
            data["reason"] = denial.reason
        return data

    def _record(self, data: dict[str, Any], known: Collection[str] = ()) -> Record:
        members = _encode(data)[1:-1]
        if self._payload != "full" and (
            self._redactor.finds_in(members)
            or "\\u" in members
            or any(_encode(secret)[1:-1] in members for secret in known)
        ):
            # A net for all that is no argument: names, approvers' notes, what the policy says.
            data = {name: self._clean(value, known) for name, value in data.items()}
            members = _encode(data)[1:-1]
        return Record(data, members)

    def _clean(self, value: Any, known: Collection[str]) -> Any:
        if isinstance(value, str):
            return self._redactor.text(value, known)
        if isinstance(value, (list, tuple)):
            return [self._clean(item, known) for item in value]
        if isinstance(value, dict):
            return {self._redactor.text(key, known): self._clean(item, known) for key, item in value.items()}
        return value
