"""What is known while one policy is being read: what it extends, and what checking its expressions has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import PydanticCustomError

from . import patterns
from .errors import MAX_PROBLEMS


if TYPE_CHECKING:
    from .model import Policy


# Instructions of all regular expressions and globs together, as RE2 compiles them. Ten thousand short globs have 700,000;
# a single `\pL{1000}` has more.
MAX_PROGRAM = 1_000_000
TOO_MUCH_ERROR = "too_much"


class Loading:
    """
    The context that pydantic hands to the validators of a policy.

    Args:
        parents (`tuple[Policy, ...]`, *optional*): The policies that its `extends` names; `None` if there is no folder
            to find them in.
    """

    def __init__(self, parents: tuple[Policy, ...] | None = None):
        self.parents = parents
        self._refused = 0
        self._size = 0

    @classmethod
    def of(cls, context: Any) -> Loading:
        """What is known in a validator's context, which has nothing if a section is made in Python."""
        return context if isinstance(context, Loading) else cls()

    def check(self, kind: Literal["regex", "glob"], text: str) -> None:
        """Make sure that an expression can be used, as long as it matters.

        Raises:
            `ValueError`: With a sentence on what is wrong.
        """
        # A policy with that many mistakes is refused, whatever else is in it.
        if self._refused >= MAX_PROBLEMS:
            return
        if self._size > MAX_PROGRAM:
            self._refused += 1
            raise PydanticCustomError(
                TOO_MUCH_ERROR,
                "From here on the regular expressions and globs of this policy are too much together. Write fewer, or "
                "shorter repetitions",
            )
        try:
            self._size += patterns.check(kind, text)
        except ValueError:
            self._refused += 1
            raise
