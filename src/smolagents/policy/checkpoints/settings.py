"""When checkpoints of a run are written, and where: the section of the policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..fields import PatternSource, Title
from ..section import Section


_Number = Annotated[int, Field(ge=1, le=10**9)]


class CheckpointSettings(Section):
    """When checkpoints of a run are written, and where.

    Attributes:
        path (`str`): The folder. A relative path starts at the current folder when the hook is made.
        every (`int`): Write one after so many steps of the run's agents.
        executions (`int`, *optional*): Also write one before every so many calls of tools and agents.
        keep (`int`): How many of a run are kept, the latest ones.
        key_env (`str`, *optional*): The environment variable with the key that authenticates checkpoints.
        key_file (`str`, *optional*): The file with the key, if that variable is not set.
        on_error (`str`): `continue` or `stop`, if a checkpoint cannot be written.
    """

    path: PatternSource
    every: _Number = 1
    executions: _Number | None = None
    keep: _Number = 3
    key_env: Title | None = None
    key_file: PatternSource | None = None
    on_error: Literal["continue", "stop"] = "continue"
