"""How reasons become a decision, and a decision words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy import Decision, Reason


def reason(action: str, text: str = "x") -> Reason:
    return Reason(action, f"code_{text}", "entry", text, f"message {text}")


def test_without_reasons_everything_is_allowed():
    assert Decision.of([]) == Decision("allow", ())


@given(st.lists(st.sampled_from(["allow", "deny"]).map(reason)), st.randoms())
def test_the_most_severe_reason_wins_in_whatever_order(reasons, random):
    shuffled = random.sample(reasons, len(reasons))
    expected = "deny" if any(reason.action == "deny" for reason in reasons) else "allow"
    assert Decision.of(reasons).action == Decision.of(shuffled).action == expected


def test_all_reasons_are_kept_and_those_that_decided_are_told_apart():
    decision = Decision.of([reason("allow", "a"), reason("deny", "b"), reason("deny", "c")])
    assert [each.text for each in decision.reasons] == ["a", "b", "c"]
    assert [each.text for each in decision.determining] == ["b", "c"]
    assert decision.code == "code_b"


def test_a_denial_names_its_reasons_and_counts_those_that_it_leaves_out():
    few = Decision.of([reason("deny", "a"), reason("deny", "b")])
    assert few.explain("The tool", "Stop.") == "The tool was refused: message a; message b. Stop."
    many = Decision.of([reason("deny", str(number)) for number in range(9)])
    assert many.explain("The tool", "Stop.").endswith("message 4; and 4 more reasons. Stop.")
