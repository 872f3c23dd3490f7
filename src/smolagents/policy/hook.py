"""The hook that makes a policy's decisions count."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smolagents.hooks import Deny, ToolExecution, ToolOutcome

from .decision import Decision, Reason
from .errors import excerpt
from .events import EventHandler, Listeners, PolicyEvent, PolicyEventName
from .limits import CallLimit
from .matcher import Match, Matcher
from .model import Policy, pattern_text
from .names import NameList
from .texts import texts


FINAL_ANSWER = "final_answer"

_SUBJECTS = {"tool": "The tool", "agent": "The agent"}


class PolicyHook:
    """Asks a policy before every tool call, delegation and code action of the agents it is given to.

        agent = CodeAgent(tools=[...], model=model, hooks=[PolicyHook(Policy.load("policy.yaml"))])

    One hook may serve any number of agents, runs and threads. What it counts, it counts for each run with all its
    sub-agents.

    Args:
        policy ([`Policy`]): What may be done.

    Attributes:
        policy ([`Policy`]): The policy that it was made with.
        kinds (`frozenset[str]`): The kinds of execution that it judges.
    """

    kinds = frozenset(("tool", "agent", "code"))

    def __init__(self, policy: Policy):
        if not isinstance(policy, Policy):
            hint = f" Write PolicyHook(Policy.load({policy!r}))." if isinstance(policy, str) else ""
            raise TypeError(f"PolicyHook needs a Policy and was given {type(policy).__name__}.{hint}")
        self.policy = policy
        self._policy_digest = policy.digest
        self._called = f"the policy {excerpt(policy.name, 200)}" if policy.name else "the policy"
        self._allowed = NameList(policy.tools.allow)
        self._denied = NameList(policy.tools.deny)
        self._patterns = [pattern_text(pattern) for pattern in policy.patterns]
        self._matcher = Matcher(self._patterns)
        limit = policy.limits.tool_calls
        self._call_limit = None if limit is None else CallLimit(limit)
        self._listeners = Listeners()

    def on(self, event: str, handler: EventHandler) -> Callable[[], None]:
        """Call `handler` with every [`PolicyEvent`] of a name, or with all of them for `"*"`.

        The handler is called in the thread that decides, which waits for it. If it raises, that is logged and changes
        nothing.

        Args:
            event (`str`): `policy_check`, `policy_violation`, `tool_call_blocked`, or `*`.
            handler (`Callable`): Is called with the event.

        Returns:
            `Callable[[], None]`: Ends the subscription.

        Raises:
            `ValueError`: If there is no such event.
        """
        return self._listeners.add(event, handler)

    def before_tool_execution(self, execution: ToolExecution, /) -> Deny | None:
        """Decide on an execution; a call that is let pass takes its place in the limits."""
        reasons = [*self._name_reasons(execution), *self._pattern_reasons(execution)]
        # A call that is refused anyway takes no place, but if there is none left, that is a reason too.
        is_refused = Decision.of(reasons).action == "deny"
        reasons += self._limit_reasons(execution, reserve=not is_refused)
        decision = Decision.of(reasons)
        self._tell(execution, decision)
        if decision.action == "deny":
            return Deny(decision.explain(_subject(execution), _advice(decision)), code=decision.code)
        return None

    def after_tool_execution(self, execution: ToolExecution, outcome: ToolOutcome, /) -> Deny | None:
        """Settle what `before_tool_execution` reserved: a call that was refused by anyone was not made."""
        if self._call_limit is not None and _counts(execution):
            self._call_limit.settle(execution.run_id, execution.id, was_run=outcome.status != "denied")
        return None

    def _name_reasons(self, execution: ToolExecution) -> Iterator[Reason]:
        name = execution.name
        if execution.kind == "code":
            return
        if execution.kind not in self.kinds:
            message = f"{self._called} does not judge executions of kind {excerpt(execution.kind)}"
            yield Reason("deny", "kind_not_judged", "default", self.policy.default, message)
            return
        is_final_answer = _is_final_answer(execution)
        is_named = False
        # `deny: ["*"]` is not about the final answer: a run that may not end is no use to anyone.
        for index, entry in self._denied.naming(name, by_wildcards_alone=not is_final_answer):
            is_named = True
            message = f"{self._called} denies it by name (tools.deny: {excerpt(entry)})"
            yield Reason("deny", "tool_denied", f"tools.deny[{index}]", entry, message)
        for index, entry in self._allowed.naming(name):
            is_named = True
            message = f"{self._called} allows it by name (tools.allow: {excerpt(entry)})"
            yield Reason("allow", "tool_allowed", f"tools.allow[{index}]", entry, message)
        if not is_named and not is_final_answer and self.policy.default == "deny":
            message = f"{self._called} does not allow it (tools.allow does not name it, and `default` is deny)"
            yield Reason("deny", "not_allowed", "default", "deny", message)

    def _pattern_reasons(self, execution: ToolExecution) -> Iterator[Reason]:
        for match in self._matcher.find(texts(execution.arguments)):
            kind, text = self._patterns[match.index]
            entry = f"patterns[{match.index}]"
            message = f"{_place(execution, match)} what {self._called} forbids ({entry}, a {kind}: {excerpt(text)})"
            yield Reason("deny", "pattern", entry, text, message, match.where, match.span, match.normalized)

    def _limit_reasons(self, execution: ToolExecution, *, reserve: bool) -> Iterator[Reason]:
        limit = self._call_limit
        if limit is None or not _counts(execution):
            return
        if reserve and limit.reserve(execution.run_id, execution.id):
            return
        if not reserve and not limit.is_reached(execution.run_id):
            return
        message = f"this run has used all {limit.limit} calls that {self._called} grants it (limits.tool_calls)"
        yield Reason("deny", "limit_tool_calls", "limits.tool_calls", str(limit.limit), message)

    def _tell(self, execution: ToolExecution, decision: Decision) -> None:
        def event(name: PolicyEventName) -> PolicyEvent:
            return PolicyEvent(
                name=name,
                execution=execution,
                decision=decision,
                policy_name=self.policy.name,
                policy_digest=self._policy_digest,
            )

        self._listeners.tell("policy_check", event)
        if decision.action == "deny":
            self._listeners.tell("policy_violation", event)
            self._listeners.tell("tool_call_blocked", event)


def _is_final_answer(execution: ToolExecution) -> bool:
    return execution.kind == "tool" and execution.name == FINAL_ANSWER


def _counts(execution: ToolExecution) -> bool:
    """Whether an execution is a call that limits count: a delegation is one, a code action and the answer are not."""
    return execution.kind in ("tool", "agent") and not _is_final_answer(execution)


def _subject(execution: ToolExecution) -> str:
    if execution.kind == "code":
        return "The code"
    return f"{_SUBJECTS.get(execution.kind, 'The execution')} {excerpt(execution.name)}"


def _place(execution: ToolExecution, match: Match) -> str:
    place = "it" if execution.kind == "code" else match.where
    disguise = ", disguised by look-alike or invisible characters or white space," if match.normalized else ""
    return f"{place} contains{disguise}"


def _advice(decision: Decision) -> str:
    if decision.code == "limit_tool_calls":
        return "Every further call in this run will be refused too. Give a final answer with what you have."
    return "The same call will be refused again, so do not repeat it."
