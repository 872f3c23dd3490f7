"""`smolagents-policy`: write, check, try and test policies without running an agent.

One file a command; each says what it takes in `add` and does it in `run`, which returns the exit code: 0 if all is
well, 1 if there is something to look at (a problem, a refusal, a failed case), 2 if it could not be done.
"""

from .main import main


__all__ = ["main"]
