"""Comparing policies: what changed in one, which of two is the stricter one, and what in one has no effect.

Every claim is either decided, and shown by an execution that both policies were run on, or said to be unknown.
"""

from .compare import Comparison, compare
from .diff import Change, diff
from .lint import Finding, lint
from .search import Unknown
from .witnesses import Calls, Steps, Witness


__all__ = ["Calls", "Change", "Comparison", "Finding", "Steps", "Unknown", "Witness", "compare", "diff", "lint"]
