"""What is in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, get_args
from uuid import uuid4

from .form import check_form


FORMAT = "smolagents checkpoint 1"

# `start`: the run begins. `steps`, `executions`: as many as the policy says. `stop`: a hook stops the run. `answer`:
# the run has its answer. `end`: an error ends the run.
Cause = Literal["start", "steps", "executions", "stop", "answer", "end"]


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or a run cannot go on from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a run needs to go on in another process.

    Attributes:
        run_id (`str`): The run. One that was continued has the id of the run that it continues.
        host_run_id (`str`): The run in the process that wrote it, as executions and events call it.
        number (`int`): Which one of its run it is, from 1, also through restarts.
        cause (`str`): Why it was written: `start`, `steps`, `executions`, `stop`, `answer` or `end`.
        agent_name (`str`): The outermost agent, by its name or class name.
        agent_class (`str`): Its class.
        step_number (`int`): The last step that is in it; 0 if none is.
        policy_name (`str`, *optional*): The policy's name, if it has one.
        policy_digest (`str`): The policy's digest.
        budgets (`tuple[Mapping, ...]`): What was used of the limits, for each hook of the agent and those it manages.
        unfinished (`tuple[Mapping, ...]`): Executions of a step that is not in it, and is taken again.
        managed_agents (`tuple[Mapping, ...]`): The agents that it manages: `name`, `class`, and `steps` in memory.
        left_out (`tuple[str, ...]`): What is not in it as it is no plain data, an entry each.
        variables_left_out (`Mapping[str, str]`): Variables that are not in it, with their types.
        content (`Mapping`): Memory and variables, in the form of the file.
        id (`str`): Unique to it.
        time (`datetime`): When it was made, in UTC.
    """

    run_id: str
    host_run_id: str
    number: int
    cause: Cause
    agent_name: str
    agent_class: str
    step_number: int
    policy_name: str | None
    policy_digest: str
    budgets: tuple[Mapping[str, Any], ...]
    unfinished: tuple[Mapping[str, Any], ...]
    managed_agents: tuple[Mapping[str, Any], ...]
    left_out: tuple[str, ...]
    variables_left_out: Mapping[str, str]
    content: Mapping[str, Any] = field(repr=False)
    id: str = field(default_factory=lambda: uuid4().hex)
    time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def is_finished(self) -> bool:
        """Whether the run has its answer."""
        return self.cause == "answer"

    def to_data(self) -> dict[str, Any]:
        """The checkpoint in the form of the file."""
        values = {name: getattr(self, name) for name in _NAMES}
        return {"format": FORMAT, **values, "time": self.time.isoformat()}

    @classmethod
    def from_data(cls, data: Any) -> Checkpoint:
        """The checkpoint that `to_data` gave.

        Raises:
            `CheckpointError`: If it is none that this version can read.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise CheckpointError(f"This is not a checkpoint of the format that this version reads ({FORMAT}).")
        try:
            values = {name: data[name] for name in _NAMES}
            if values["cause"] not in get_args(Cause):
                raise ValueError("cause")
            for name in ("budgets", "unfinished", "managed_agents", "left_out"):
                values[name] = tuple(values[name])
            check_form(values)
            values["time"] = datetime.fromisoformat(values["time"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"This is not a whole checkpoint: {error} is missing or wrong.") from None
        return cls(**values)


_NAMES = tuple(Checkpoint.__dataclass_fields__)
