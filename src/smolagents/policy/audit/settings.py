"""Where a policy's audit trail goes and what is in it: the section of the policy."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ..errors import excerpt
from ..fields import Names
from ..section import Section
from .names import NUMBER


_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"


def _variable(name: str) -> str:
    if re.fullmatch(_VARIABLE, name) is None:
        raise ValueError(f"This is {excerpt(name)}, which is no environment variable. Write letters, digits and _.")
    return name


def _first_file(path: str) -> str:
    if re.search(NUMBER, path) is not None:
        raise ValueError(
            f"This is {excerpt(path)}, and such names are for the files that a trail goes on in. "
            "Write a name that does not end with a hyphen and six or more digits."
        )
    return path


FileName = Annotated[str, Field(min_length=1, max_length=2000)]
FirstFileName = Annotated[
    FileName, AfterValidator(_first_file), Field(json_schema_extra={"pattern": rf"^(?![\s\S]*{NUMBER})"})
]
VariableName = Annotated[
    str,
    AfterValidator(_variable),
    Field(max_length=200, json_schema_extra={"pattern": rf"^{_VARIABLE}$(?!\n)"}),
]

Payload = Literal["digest", "redacted", "full"]


class Audit(Section):
    """The record of what was decided and what came of it.

    Attributes:
        path (`str`, *optional*): The file. A relative path starts at the folder that the process works in. Without it,
            records go only to the sinks that the hook was given.
        payload (`str`): What is kept of arguments and results: their `digest`, or them too, `redacted` or in `full`.
        secrets (`tuple[str, ...]`): Names and globs of arguments and keys whose values are secret, besides those that
            are always taken for it.
        fsync (`str`): When records are forced to the disk: `always`, at once; by `interval`, once a second; `never`,
            which leaves that to the system.
        key_env (`str`): The environment variable with the key.
        key_file (`str`, *optional*): The file with the key, if that variable is not set.
        on_audit_error (`str`): `deny` or `allow`, for what cannot be recorded.
        rotate_bytes (`int`, *optional*): The size at which the next file is begun.
    """

    path: FirstFileName | None = None
    payload: Payload = "digest"
    secrets: Names = ()
    fsync: Literal["always", "interval", "never"] = "always"
    key_env: VariableName = "SMOLAGENTS_AUDIT_KEY"
    key_file: FileName | None = None
    on_audit_error: Literal["deny", "allow"] = "deny"
    rotate_bytes: Annotated[int, Field(ge=10_000, le=10**15)] | None = None
