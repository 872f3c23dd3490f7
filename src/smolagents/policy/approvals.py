"""Approvals: a person decides what the policy leaves open."""

from __future__ import annotations

from .limits import Seconds
from .section import Section


# What holds if no policy names a time, in seconds
WAIT_SECONDS = 300.0
VALID_SECONDS = 900.0


class Approvals(Section):
    """How long a person may take, and how long an approval holds.

    Attributes:
        wait_seconds (`float`, *optional*): Seconds to wait for an answer; then the execution is denied. If no policy
            says, 300.
        valid_seconds (`float`, *optional*): Seconds after which an approval that was not used is void. If no policy
            says, 900.
    """

    # No default: what a policy writes counts against those that it extends, also if it would hold anyway.
    wait_seconds: Seconds | None = None
    valid_seconds: Seconds | None = None
