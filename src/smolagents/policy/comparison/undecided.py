"""What is said when something cannot be decided: never a guess."""

from __future__ import annotations


class NotDecided(Exception):
    """Something is outside of what can be decided, or would take too long. The message is a clause that says why."""


class TooLarge(NotDecided):
    """It would take too much time or memory, and what is asked more widely would as well."""
