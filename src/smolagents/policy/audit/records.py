"""What is recorded of a decision, of what came of it, of approvals and of runs.

A record is JSON, and what the policy's `payload` says must not be kept is not in it. Parts that many records have in
common are written once. Where records go is left to the sinks.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any

from smolagents.hooks import Deny, RunInfo, ToolExecution, ToolOutcome

from ..approval import ApprovalRequest
from ..call_digest import value_digest
from ..decision import Decision, Reason
from .clock import now
from .encoding import encoded
from .granted import Granted
from .keys import AuditKey
from .secrets import Redactor
from .settings import Audit


if TYPE_CHECKING:
    from smolagents.memory import ActionStep, PlanningStep

    from ..approval_desk import Verdict
    from ..model import Policy


# Parts of records that are remembered: what many executions have in common, such as a tool's name.
_REMEMBERED = 1024

_json = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode


class Recorder:
    """
    Makes records: the members of a JSON object in ASCII, without its braces, `"type"` first.

    Safe to use from several threads.

    Args:
        policy ([`Policy`]): The policy with the section.
        digest (`str`): The digest of the policy that decides.
        key ([`AuditKey`], *optional*): For digests of arguments and results; without one there are none.
        granted (`Granted`, *optional*): What runs are granted.
    """

    def __init__(self, policy: Policy, digest: str, key: AuditKey | None, granted: Granted | None = None):
        settings = policy.audit or Audit()
        self._payload = settings.payload
        self._key = key
        self._redactor = Redactor(settings.secrets)
        self._policy = f'"policy":{_json({"name": self._clean(policy.name), "digest": digest})}'
        about = [
            {"about": what, "name": self._clean(name) or None, "limit": limit}
            for (what, name), limit in (granted or {}).items()
        ]
        self._limits = f'"limits":{_json(about)}'
        self._place = lru_cache(_REMEMBERED)(self._write_place)
        self._call = lru_cache(_REMEMBERED)(self._write_call)
        self._reason = lru_cache(_REMEMBERED)(self._write_reason)

    def decided(self, execution: ToolExecution, decision: Decision) -> str:
        """That an execution is let pass, or not."""
        shown, has_secrets = self._shown("arguments", execution.arguments)
        hides = has_secrets or self._payload == "digest"
        reasons = ",".join([self._reason(reason, hides) for reason in decision.reasons])
        # Most often there are none, and looking for the code and the other action takes as long as the rest.
        shadow, code = (decision.shadow_action, decision.code) if reasons else (decision.action, "")
        intent = "null" if decision.intent is None else f'"{decision.intent.category.value}"'
        return (
            f"{self._about('denied' if decision.is_refusal else 'before', execution)},{shown}"
            f"{self._digest('arguments', execution.arguments)}"
            f'"decision":{{"action":"{decision.action}","shadow_action":"{shadow}","code":{quoted(code)},'
            f'"intent":{intent},"reasons":[{reasons}]}},{self._policy}'
        )

    def ended(self, execution: ToolExecution, outcome: ToolOutcome) -> str:
        """What came of an execution. Of an error only the type is told: its text may run code of the agent."""
        shown = digest = ""
        if outcome.status == "ok" or outcome.result is not None:
            # What is secret by the name of its argument may be in the result too.
            known = self._redactor.named(execution.arguments) if self._payload == "redacted" else ()
            shown, _ = self._shown("result", outcome.result, known)
            digest = self._digest("result", outcome.result)
        error = "null" if outcome.error is None else _json(self._clean(type(outcome.error).__name__))
        denial = "null" if outcome.denial is None else _json(self._denial(execution, outcome.denial))
        denied_by = "null" if outcome.denied_by is None else _json(self._clean(outcome.denied_by))
        return (
            f'{self._about("after", execution)},"status":"{outcome.status}","duration":{outcome.duration:.6f},'
            f'{shown}{digest}"error":{error},"denial":{denial},"denied_by":{denied_by},{self._policy}'
        )

    def approval_requested(self, request: ApprovalRequest) -> str:
        """That a person is asked."""
        about = self._about("approval_requested", request.execution)
        return f'{about},"call_digest":"{request.digest}",{self._policy}'

    def approval_resolved(self, request: ApprovalRequest, verdict: Verdict) -> str:
        """What a person said."""
        known = () if self._payload == "full" else self._redactor.named(request.execution.arguments)
        data = {
            "call_digest": request.digest,
            "approved": verdict.approved,
            "code": verdict.code,
            "by": self._clean(verdict.by, known),
            "note": self._clean(verdict.note, known),
            "always": verdict.always,
            "seconds": round(verdict.seconds, 6),
        }
        return f"{self._about('approval_resolved', request.execution)},{_json(data)[1:-1]},{self._policy}"

    def run_started(self, run: RunInfo) -> str:
        """That an agent begins to run."""
        return f"{self._about_run('run_started', run)},{self._limits},{self._policy}"

    def step(self, run: RunInfo, step: ActionStep | PlanningStep) -> str:
        """What a step used."""
        usage = step.token_usage
        data = {
            "step": getattr(step, "step_number", 0),
            "seconds": step.timing.duration,
            "input_tokens": None if usage is None else usage.input_tokens,
            "output_tokens": None if usage is None else usage.output_tokens,
            # A model that answered and does not say what that took may have taken any amount.
            "has_output": step.model_output_message is not None,
        }
        return f"{self._about_run('step', run)},{_json(data)[1:-1]}"

    def run_finished(self, run: RunInfo, error: BaseException | None) -> str:
        """That a run is over."""
        error_type = None if error is None else self._clean(type(error).__name__)
        return f'{self._about_run("run_finished", run)},"error":{_json(error_type)},{self._policy}'

    def _about(self, kind: str, execution: ToolExecution) -> str:
        parent = "null" if execution.parent_id is None else quoted(execution.parent_id)
        return (
            f'"type":"{kind}","time":"{now()}",{self._place(execution.run_id, execution.agent_path)},'
            f'"step":{execution.step_number},"execution":{quoted(execution.id)},"parent":{parent},'
            f"{self._call(execution.kind, execution.name)}"
        )

    def _about_run(self, kind: str, run: RunInfo) -> str:
        parent = "null" if run.parent_id is None else quoted(run.parent_id)
        return f'"type":"{kind}","time":"{now()}",{self._place(run.run_id, run.agent_path)},"parent":{parent}'

    def _write_place(self, run_id: str, agent_path: tuple[str, ...]) -> str:
        return _json({"run": run_id, "agents": [self._clean(name) for name in agent_path]})[1:-1]

    def _write_call(self, kind: str, name: str) -> str:
        return _json({"kind": kind, "name": self._clean(name)})[1:-1]

    def _write_reason(self, reason: Reason, hides: bool) -> str:
        where = reason.where
        if hides and where is not None:
            # Places are called by the keys of dictionaries, and messages by places. The name of an argument is left.
            where = where.partition("[")[0].partition("{")[0]
        data = {
            "action": reason.action,
            "code": reason.code,
            "entry": self._clean(reason.entry),
            "text": self._clean(reason.text),
            **({} if hides else {"message": self._clean(reason.message)}),
            "where": self._clean(where),
            "span": reason.span,
            "normalized": reason.normalized,
            "counts": reason.counts,
        }
        return _json(data)

    def _denial(self, execution: ToolExecution, denial: Deny) -> dict[str, Any]:
        data: dict[str, Any] = {"code": self._clean(denial.code), "stop": denial.stop}
        # Its reason may tell of the arguments.
        if self._payload == "full" or self._payload == "redacted" and not self._redactor.value(execution.arguments)[1]:
            data["reason"] = self._clean(denial.reason)
        return data

    def _shown(self, name: str, value: Any, known: Collection[str] = ()) -> tuple[str, bool]:
        """What is kept of a value, as a member, and whether secrets were taken out of it."""
        if self._payload == "digest":
            return "", False
        if self._payload == "full":
            return f'"{name}":{_json(encoded(value))},', False
        shown, has_secrets = self._redactor.value(value, known)
        return f'"{name}":{_json(shown)},', has_secrets

    def _digest(self, name: str, value: Any) -> str:
        if self._key is None:
            return ""
        return f'"{name}_digest":"{self._key.digest.of(value_digest(value)).hex()}",'

    def _clean(self, text: str | None, known: Collection[str] = ()) -> str | None:
        """A text that is no argument and no result: a name, or what a person or a policy says."""
        return text if text is None or self._payload == "full" else self._redactor.text(text, known)
