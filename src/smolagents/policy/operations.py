"""What a policy says about operations: the effects of generated code on the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, create_model

from .conditions import Condition
from .fields import Action
from .section import VALUE_FORM_ERROR, Section


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

    def entries(self) -> dict[str, Action | Condition]:
        """What the section says of each operation that has an entry, by the operation's name."""
        said = ((name, getattr(self, _field(name))) for name in OPERATION_NAMES)
        return {name: entry for name, entry in said if entry is not None}


def _field(name: str) -> str:
    return name.replace(".", "_")


def _entry_form(value: Any) -> str | None:
    if isinstance(value, str):
        return "<action>"
    return "<condition>" if isinstance(value, (Mapping, Condition)) else None


Entry = Annotated[
    Annotated[Action, Tag("<action>")] | Annotated[Condition, Tag("<condition>")],
    Discriminator(
        _entry_form,
        custom_error_type=VALUE_FORM_ERROR,
        custom_error_message="an action such as `deny`, or a condition such as {prefix: /tmp/}",
    ),
]


if TYPE_CHECKING:
    Operations = _Operations
else:
    # Each operation has a key of its own name.
    _ENTRIES: dict[str, Any] = {
        _field(name): (
            Entry | None,
            Field(default=None, alias=name, description="An action, or a condition: what meets it is allowed."),
        )
        for name in OPERATION_NAMES
    }
    Operations = create_model("Operations", __base__=_Operations, __doc__=_Operations.__doc__, **_ENTRIES)
