"""Whether a policy fits the agent that it is given to: does everything that it names exist there?

A policy that denies `shel` denies nothing. So what a policy itself names has to be a tool, an agent or an argument of
the agent that the hook is given to, or of one that this agent manages. What the policies that it extends name is not
checked: a base that several agents share may name what only some of them have.
"""

from __future__ import annotations

import inspect
import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary, WeakSet

from smolagents.hooks import current_run

from .errors import PolicyError, Problem, excerpt, nearest
from .globs import is_glob
from .judge import FINAL_ANSWER, called
from .model import Policy
from .names import NameList, as_tool_name
from .operations import OPERATION_NAMES
from .rules import Rule


if TYPE_CHECKING:
    from smolagents.agents import MultiStepAgent


logger = logging.getLogger(__name__)

Check = Literal["error", "warn"]

_PYTHON = "python_interpreter"
_SHOWN_NAMES = 20
_ANY_NAME = inspect.Parameter.VAR_KEYWORD


@dataclass(frozen=True, slots=True)
class Callee:
    """Something that an execution can be about.

    Attributes:
        kind (`str`): The kind of its executions.
        name (`str`): Its name.
        arguments (`frozenset[str]`, *optional*): The names of its arguments; `None` if any name may be one.
    """

    kind: str
    name: str
    arguments: frozenset[str] | None


# What there is, whatever the agent
_ALWAYS = (
    Callee("tool", FINAL_ANSWER, frozenset(("answer",))),
    Callee("tool", _PYTHON, frozenset(("code",))),
    Callee("code", _PYTHON, frozenset(("code",))),
    *(Callee("operation", name, None) for name in OPERATION_NAMES),
)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an agent and all that it manages have.

    Attributes:
        agents (`frozenset[str]`): The names of the agents, as in `agent_path`.
        callees (`frozenset[Callee]`): What they can call.
    """

    agents: frozenset[str]
    callees: frozenset[Callee]

    @classmethod
    def of(cls, agent: MultiStepAgent) -> Inventory:
        members = members_of(agent)
        callees = (callee for member in members for callee in _callees_of(member))
        return cls(frozenset(map(_name_of, members)), frozenset(callees))


class Attachment:
    """Checks one policy against the agents that its hook is given to, each when it is built and when it has changed.

    Args:
        policy ([`Policy`]): The policy, with those that it extends.
        check (`str`): `error` to refuse an agent that the policy does not fit, `warn` to log what does not fit.
    """

    def __init__(self, policy: Policy, check: Check):
        if check not in ("error", "warn"):
            raise ValueError(f"check is {check!r}. Write 'error' or 'warn'.")
        self._policy = policy
        self._check = check
        self._lock = threading.Lock()
        self._checked: WeakKeyDictionary[MultiStepAgent, Inventory] = WeakKeyDictionary()
        self._callables: WeakKeyDictionary[MultiStepAgent, _Callables] = WeakKeyDictionary()
        self._managed: WeakSet[MultiStepAgent] = WeakSet()

    def attach(self, agent: MultiStepAgent, is_its_own: bool) -> None:
        """Check an agent that is being built. One that inherits the hook is checked with whom it inherits it from.

        Raises:
            `PolicyError`: If the policy names what the agent does not have.
        """
        with self._lock:
            inherits = not is_its_own and (agent in self._managed or current_run() is not None)
            self._managed.update(members_of(agent)[1:])
        if not inherits and _is_built(agent):
            self._look_at(agent)

    def check_again(self, agent: MultiStepAgent) -> None:
        """Check an agent that is about to run, if it was checked before and has changed since.

        Raises:
            `PolicyError`: If the policy names what the agent no longer has.
        """
        with self._lock:
            is_known, before = agent in self._checked, self._callables.get(agent)
        if is_known and (before is None or not before.are_those_of(agent)):
            self._look_at(agent)

    def _look_at(self, agent: MultiStepAgent) -> None:
        callables, inventory = _Callables(agent), Inventory.of(agent)
        with self._lock:
            if self._checked.get(agent) == inventory:
                self._callables[agent] = callables
                return
        problems = list(_problems(self._policy.layers[-1], _name_of(agent), inventory))
        if problems and self._check == "error":
            raise PolicyError(problems)
        with self._lock:
            self._checked[agent], self._callables[agent] = inventory, callables
        for problem in problems:
            logger.warning("%s", problem)
        if names := uncovered(self._policy, inventory):
            is_allowed = all(layer.default == "allow" for layer in self._policy.layers)
            logger.log(
                logging.WARNING if is_allowed else logging.INFO,
                "For the agent %s, %s does not name %s, which `default` %s.",
                excerpt(_name_of(agent)),
                called(self._policy),
                ", ".join(names),
                "allows" if is_allowed else "denies",
            )


class _Callables:
    """What an agent and those that it manages can call, to see quickly that it is still the same."""

    def __init__(self, agent: MultiStepAgent):
        # Weakly, as one of them may hold the agent
        self._known = [(name, _weakly(called)) for name, called in _called_by(agent)]

    def are_those_of(self, agent: MultiStepAgent) -> bool:
        now = list(_called_by(agent))
        return len(now) == len(self._known) and all(
            name == known and called is reference() for (name, called), (known, reference) in zip(now, self._known)
        )


def _weakly(value: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(value)
    except TypeError:
        return lambda: value


def _called_by(agent: MultiStepAgent) -> Iterator[tuple[str, Any]]:
    for member in members_of(agent):
        yield _name_of(member), member
        yield from member.tools.items()
        yield from getattr(getattr(member, "python_executor", None), "additional_functions", {}).items()


def uncovered(policy: Policy, inventory: Inventory) -> list[str]:
    """The tools and agents that no entry names, neither as such nor by a glob, sorted."""
    names: list[NameList] = []
    for layer in policy.layers:
        names += [NameList(layer.tools.allow), NameList(layer.tools.deny)]
    rules = [(rule, NameList(rule.when.name)) for layer in policy.layers for rule in layer.rules if rule.when.name]
    return sorted(
        {
            callee.name
            for callee in inventory.callees
            if callee.kind in ("tool", "agent")
            and callee.name != FINAL_ANSWER
            and not any(entries.naming(callee.name) for entries in names)
            and not any(_is_about(rule, callee.kind) and entries.naming(callee.name) for rule, entries in rules)
        }
    )


def members_of(agent: MultiStepAgent) -> list[MultiStepAgent]:
    """An agent and those that it manages, at any depth, itself first."""
    members: list[MultiStepAgent] = []
    ahead = [agent]
    while ahead:
        member = ahead.pop()
        if not any(member is known for known in members):
            members.append(member)
            ahead += member.managed_agents.values()
    return members


def _problems(policy: Policy, agent: str, inventory: Inventory) -> Iterator[Problem]:
    callees = [*_ALWAYS, *inventory.callees]

    def problem(path: str, what: str, word: str, valid: Iterable[str]) -> Problem:
        valid = sorted(set(valid))
        guess = nearest(word, valid)
        shown = ", ".join(f"`{name}`" for name in valid[:_SHOWN_NAMES]) + (
            ", ..." if len(valid) > _SHOWN_NAMES else ""
        )
        hint = f"Did you mean `{guess}`?" if guess else f"There is {shown}." if shown else "There is none."
        return Problem(f"The agent {excerpt(agent)} has no {what} {excerpt(word)}. {hint}", path, called(policy))

    def names(path: str, entries: Iterable[str], kinds: Iterable[str]) -> Iterator[Problem]:
        valid = {callee.name for callee in callees if callee.kind in kinds}
        for entry in entries:
            if not is_glob(entry) and valid.isdisjoint((entry, as_tool_name(entry))):
                yield problem(path, " or ".join(kinds), entry, valid)

    for key in ("allow", "deny"):
        yield from names(f"tools.{key}", getattr(policy.tools, key), ("tool", "agent"))
    for index, rule in enumerate(policy.rules):
        path = f"rules[{index}].when"
        kinds = rule.when.kind or ("tool", "agent", "code", "operation")
        yield from names(f"{path}.name", rule.when.name or (), kinds)
        for entry in rule.when.agent or ():
            if not is_glob(entry) and entry not in inventory.agents:
                yield problem(f"{path}.agent", "agent in it called", entry, inventory.agents)
        for argument, callee, valid in _unknown_arguments(rule, callees):
            yield problem(f"{path}.arguments", f"{callee} with an argument", argument, valid)
    for key in ("per_tool", "rates"):
        yield from names(f"limits.{key}", getattr(policy.limits, key), ("tool", "agent"))


def _unknown_arguments(rule: Rule, callees: list[Callee]) -> Iterator[tuple[str, str, set[str]]]:
    """Arguments that no callee has that the rule names, with a word for that callee and the arguments there are."""
    about = [callee for callee in callees if _is_about(rule, callee.kind)]
    groups = [
        (excerpt(name), [callee for callee in about if callee.name in (name, as_tool_name(name))])
        for name in rule.when.name or ()
        if not is_glob(name)
    ]
    if not groups:
        named = NameList(rule.when.name) if rule.when.name else None
        groups = [("tool", [callee for callee in about if named is None or named.naming(callee.name)])]
    for word, group in groups:
        valid = {argument for callee in group for argument in callee.arguments or ()}
        if not group or any(callee.arguments is None for callee in group):
            continue
        for argument in rule.when.arguments:
            if argument != "*" and argument not in valid:
                yield argument, word, valid


def _is_about(rule: Rule, kind: str) -> bool:
    return rule.when.kind is None or kind in rule.when.kind


def _name_of(agent: MultiStepAgent) -> str:
    return agent.name or type(agent).__name__


def _is_built(agent: MultiStepAgent) -> bool:
    """Whether a `CodeAgent` has its executor already. Until then, its further functions are not known."""
    from smolagents.agents import CodeAgent

    return not isinstance(agent, CodeAgent) or hasattr(agent, "python_executor")


def _callees_of(agent: MultiStepAgent) -> Iterator[Callee]:
    for name, tool in agent.tools.items():
        arguments = _arguments_of(tool)
        if name == FINAL_ANSWER and arguments is not None:
            arguments |= {"answer"}  # How an answer that comes another way is called
        yield Callee("tool", name, arguments)
    for name, managed in agent.managed_agents.items():
        run = _parameters(type(managed).run)
        yield Callee("agent", name, None if run is None else run - {"self"} | {"task", "additional_args"})
    for name, function in getattr(getattr(agent, "python_executor", None), "additional_functions", {}).items():
        yield Callee("tool", name, _parameters(function))


def _arguments_of(tool: Any) -> frozenset[str] | None:
    declared = frozenset(getattr(tool, "inputs", ()))
    if getattr(tool, "skip_forward_signature_validation", False):
        return declared  # A generic `forward(*args, **kwargs)`: what is declared names its arguments
    parameters = _parameters(getattr(tool, "forward", tool))
    return None if parameters is None else declared | parameters - {"self"}


def _parameters(function: Any) -> frozenset[str] | None:
    """The names of a function's parameters; `None` if any name may be one, or nobody knows."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # Of a builtin that does not tell
        return None
    return None if any(item.kind is _ANY_NAME for item in parameters.values()) else frozenset(parameters)
