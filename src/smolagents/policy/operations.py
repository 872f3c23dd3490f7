"""What a policy says about operations: the effects of generated code on the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model, model_validator

from .conditions import Condition
from .fields import Action
from .section import Section, refuse_empty


# As `smolagents.operation_events` names them; `runtime.inspect` is denied by the host, without asking.
OPERATION_NAMES = (
    "process.run",
    "file.read",
    "file.write",
    "file.delete",
    "file.rename",
    "file.mode",
    "dir.list",
    "net.connect",
    "net.bind",
    "net.resolve",
    "url.open",
    "module.import",
    "native.load",
    "code.compile",
    "code.exec",
    "thread.start",
    "signal.send",
    "env.set",
    "other",
)


class _Operations(Section):
    """What generated code may do to the machine.

    Attributes:
        default (`str`): `allow` or `deny`, for operations that have no entry.
    """

    default: Literal["allow", "deny"] = "deny"

    @model_validator(mode="after")
    def _says_what_it_names(self) -> _Operations:
        refuse_empty(self)
        return self

    def entries(self) -> dict[str, Action | Condition]:
        """What the section says of each operation that has an entry, by the operation's name."""
        said = ((name, getattr(self, _field(name))) for name in OPERATION_NAMES)
        return {name: entry for name, entry in said if entry is not None}


def _field(name: str) -> str:
    return name.replace(".", "_")


if TYPE_CHECKING:
    Operations = _Operations
else:
    # Each operation has a key of its own name: an action, or a condition that its subject has to meet.
    _ENTRIES: dict[str, Any] = {
        _field(name): (Action | Condition | None, Field(default=None, alias=name)) for name in OPERATION_NAMES
    }
    Operations = create_model("Operations", __base__=_Operations, __doc__=_Operations.__doc__, **_ENTRIES)
