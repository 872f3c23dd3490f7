"""Whether what a trail has was decided under a certain policy: records have the digest of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


_SHOWN = 16  # digits of a digest


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """
    Attributes:
        is_of_all (`bool`): Whether every decision of the trail was made under the policy.
        message (`str`): That, in a sentence.
    """

    is_of_all: bool
    message: str


def check_policy(decisions: Mapping[str, int], called: str, digest: str) -> PolicyCheck:
    """Compare the digest of a policy with those in a trail.

    Args:
        decisions (`Mapping[str, int]`): The decisions in the trail, by the digest of the policy that they name.
        called (`str`): What to call the policy.
        digest (`str`): Its digest.
    """
    total, own = sum(decisions.values()), decisions.get(digest, 0)
    of = f"{called} (digest {digest[:_SHOWN]})"
    if own == total:
        return PolicyCheck(
            True, f"All {total:,} decisions were made under {of}." if total else "There are no decisions."
        )
    others = ", ".join(sorted({other[:_SHOWN] or "none" for other in decisions if other != digest}))
    said = f"{total - own:,} of {total:,} decisions were not made under {of}, but under one with the digest {others}."
    return PolicyCheck(False, said)
