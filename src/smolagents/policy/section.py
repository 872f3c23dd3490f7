"""What all sections of the policy language have in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the language: unknown keys are errors, nothing is converted, nothing can be changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    # Keys that the language has and this version cannot enforce yet. They are refused by name: a policy that is only
    # half enforced is worse than none.
    not_known_yet: ClassVar[frozenset[str]] = frozenset()


# Where a value may have several forms, a pydantic location names the form it took in angle brackets, so that it cannot
# be taken for one of our keys: `("patterns", 2, "<regex>", "regex")`.
def is_form(part: str | int) -> bool:
    """Whether a part of a pydantic location names the form of a value rather than a key or an index."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


# The type of the error that says that a pattern has none of its forms.
PATTERN_FORM_ERROR = "pattern_form"
