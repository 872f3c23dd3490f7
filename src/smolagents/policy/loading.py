"""What is known while one policy is being read: what it extends, and what checking its expressions has cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import PydanticCustomError

from . import patterns
from .errors import MAX_PROBLEMS


if TYPE_CHECKING:
    from .model import Policy


# What all regular expressions and globs may cost together, see `patterns.check`: about a quarter of a second. Ten
# thousand globs of twenty characters cost this much, and so do four hundred times `\pL`.
MAX_COST = 500_000
TOO_MUCH_ERROR = "too_much"


class Meter:
    """Checks expressions for as long as it matters and is affordable."""

    def __init__(self) -> None:
        self._refused = 0
        self._cost = 0

    def check(self, kind: Literal["regex", "glob"], text: str) -> None:
        """Make sure that an expression can be used.

        Raises:
            `ValueError`: With a sentence on what is wrong.
        """
        # A policy with that many mistakes is refused, whatever else is in it.
        if self._refused >= MAX_PROBLEMS:
            return
        if self._cost > MAX_COST:
            self._refused += 1
            raise PydanticCustomError(
                TOO_MUCH_ERROR,
                "From here on the regular expressions and globs of this policy are too much together. Write fewer, or "
                "shorter repetitions",
            )
        try:
            self._cost += patterns.check(kind, text)
        except ValueError:
            self._refused += 1
            raise


class Loading:
    """
    The context that pydantic hands to the validators of a policy.

    Args:
        parents (`Sequence[tuple[str, Policy]]`, *optional*): The policies that its `extends` names, each after its
            digest; `None` if there is no folder to find them in.
        is_outermost (`bool`): Whether it is the policy that was asked for, and not one that another one extends.
        meter ([`Meter`], *optional*): Shared with the policies that it extends.
    """

    def __init__(
        self,
        parents: Sequence[tuple[str, Policy]] | None = None,
        *,
        is_outermost: bool = True,
        meter: Meter | None = None,
    ):
        self.parents = parents
        self.is_outermost = is_outermost
        self.meter = meter or Meter()

    @classmethod
    def of(cls, context: Any) -> Loading:
        """What is known in a validator's context, which has nothing if a section is made in Python."""
        return context if isinstance(context, Loading) else cls()
