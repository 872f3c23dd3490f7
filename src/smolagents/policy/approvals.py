"""Approvals: a person decides what the policy leaves open."""

from __future__ import annotations

from pydantic import Field

from .limits import Seconds
from .section import Section


class Approvals(Section):
    """How long a person may take, and how long an approval holds.

    Attributes:
        wait_seconds (`float`): Seconds to wait for an answer; then the execution is denied.
        valid_seconds (`float`): Seconds after which an approval that was not used is void.
    """

    wait_seconds: Seconds = Field(default=300)
    valid_seconds: Seconds = Field(default=900)
