"""What a run has used of the limits: of all hooks with a policy that an agent and those it manages have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .checkpoint import CheckpointError


if TYPE_CHECKING:
    from smolagents.agents import MultiStepAgent

    from ..hook import PolicyHook


def used(agent: MultiStepAgent, run_id: str) -> list[dict[str, Any]]:
    """What a run has used, an entry for each hook that knows of it."""
    entries = []
    for place, hook in _policy_hooks(agent):
        if (entry := hook.budgets.used(run_id)) is not None:
            entries.append({"hook": place, "policy": hook.policy_digest, **entry})
    return entries


def check(agent: MultiStepAgent, entries: Sequence[Mapping[str, Any]], *, other_policy: bool) -> None:
    """
    Check that an agent has the hooks whose limits were used, and with the same policies unless another one is meant.

    Raises:
        `CheckpointError`: If it does not: what was used would be forgotten.
    """
    digests = {place: hook.policy_digest for place, hook in _policy_hooks(agent)}
    for entry in entries:
        place = entry["hook"]
        if place not in digests:
            raise CheckpointError(f"The agent lacks a PolicyHook that it had when it ran: {place}.")
        if digests[place] != entry["policy"] and not other_policy:
            raise CheckpointError(
                f"The policy of {place} is not the one under which the run began. If that is meant, write "
                "restore(..., other_policy=True): what was used of its limits still counts."
            )


def use(agent: MultiStepAgent, run_id: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Book what a run had used, before it was continued under another id."""
    by_place = {entry["hook"]: entry for entry in entries}
    for place, hook in _policy_hooks(agent):
        if place in by_place:
            hook.budgets.use(run_id, by_place[place])


def _policy_hooks(agent: MultiStepAgent) -> list[tuple[str, PolicyHook]]:
    """The hooks with a policy in a tree of agents, each once, with names that are the same in the next process."""
    from ..hook import PolicyHook

    found: list[tuple[str, PolicyHook]] = []
    for place, hook in _hooks(agent, ""):
        if isinstance(hook, PolicyHook) and not any(hook is other for _, other in found):
            found.append((place, hook))
    return found


def _hooks(agent: MultiStepAgent, inside: str) -> Iterator[tuple[str, object]]:
    path = inside + (agent.name or type(agent).__name__)
    for index, hook in enumerate(agent.hooks):
        yield f"{path}.hooks[{index}]", hook
    for managed in agent.managed_agents.values():
        yield from _hooks(managed, f"{path}/")
