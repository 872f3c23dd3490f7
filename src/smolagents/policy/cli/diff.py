"""`smolagents-policy diff`: what is different in a policy, and what it lets happen that the other one did not."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ..comparison import Calls, Change, Comparison, Steps, Unknown, Witness, diff
from . import describe, policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Say what is different in a policy and whether that makes it stricter, with calls that show it: each was decided on by
both policies.

  smolagents-policy diff main.yaml policy.yaml
  git show main:policy.yaml | smolagents-policy diff - policy.yaml --require-stricter

The exit code is 0 if there is an answer, whatever it is, and 2 if a policy cannot be read. With --require-stricter it
is 1 unless NEW lets nothing happen more freely than OLD: if it does, or if that could not be decided.
"""

_RELATIONS = {
    "equal": "as strict as",
    "stricter": "stricter than",
    "looser": "looser than",
    "incomparable": "stricter in some things and looser in others than",
    "unknown": "not known to be stricter or looser than",
}
_STYLES = {"tighter": "ok", "looser": "failed", "different": "ask", "same": "aside"}
_SHOWN = 20


def add(commands: Commands) -> None:
    parser = commands.add_parser("diff", help="is a policy stricter than another?", description=_DESCRIPTION)
    parser.add_argument("old", metavar="OLD", help="a policy; - is standard input")
    parser.add_argument("new", metavar="NEW", help="a policy; - is standard input")
    parser.add_argument("--require-stricter", action="store_true", help="fail unless NEW is as strict as OLD, or more")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    if options.old == options.new == policies.STDIN:
        return output.fail_with("Only one of the two policies can be on standard input.")
    old, new = policies.load(options.old), policies.load(options.new)
    comparison, changes = new.compare(old), diff(new, old)
    _write(output, options, comparison, changes)
    output.data(
        {
            "relation": comparison.relation,
            "is_at_least_as_strict": comparison.is_at_least_as_strict,
            "is_at_most_as_strict": comparison.is_at_most_as_strict,
            "loosened": [witness_data(witness) for witness in comparison.loosened],
            "tightened": [witness_data(witness) for witness in comparison.tightened],
            "unknown_because": [{"entry": each.entry, "because": each.because} for each in comparison.unknown_because],
            "changes": [
                {
                    "entry": each.entry,
                    "before": each.before,
                    "after": each.after,
                    "direction": each.direction,
                    "note": each.note,
                }
                for each in changes
            ],
        }
    )
    return 1 if options.require_stricter and not comparison.is_at_least_as_strict else 0


def _write(output: Output, options: Namespace, comparison: Comparison, changes: tuple[Change, ...]) -> None:
    old, new = policies.called(options.old), policies.called(options.new)
    style = {"looser": "failed", "incomparable": "failed", "unknown": "ask"}.get(comparison.relation, "ok")
    output.line(f"{new} is ", (_RELATIONS[comparison.relation], style), f" {old}")
    for heading, witnesses in (
        ("It lets happen more freely:", comparison.loosened),
        ("It lets happen less freely:", comparison.tightened),
    ):
        if witnesses:
            output.line(heading)
        for witness in witnesses[:_SHOWN]:
            _write_witness(output, witness)
        if len(witnesses) > _SHOWN:
            output.line(f"  and {len(witnesses) - _SHOWN} more; --json has them all")
    if comparison.unknown_because:
        output.line("Could not be decided:")
    for unknown in comparison.unknown_because:
        output.line(f"  {unknown_text(unknown)}")
    if changes:
        output.line("Changes:")
    for change in changes:
        sign = "+" if change.before is None else "-" if change.after is None else "~"
        note = f" ({change.note})" if change.note else ""
        output.line("  ", (f"{change.direction:9}", _STYLES[change.direction]), f" {sign} {change.entry}{note}")


def _write_witness(output: Output, witness: Witness) -> None:
    old, new = (witness.tighter, witness.freer) if witness.is_allowed_by_self else (witness.freer, witness.tighter)
    output.line(f"  {describe.call(witness.execution)}: ", (old.action, old.action), " -> ", (new.action, new.action))
    aside = [*map(_event, witness.history[:3])]
    if len(witness.history) > 3:
        aside.append(f"and {len(witness.history) - 3} more of the kind")
    if witness.time:
        aside.append(f"{witness.time:g} s after the run began")
    if witness.note:
        aside.append(witness.note)
    if aside:
        output.line("      ", ("; ".join(aside), "aside"))
    output.line("      ", (f"because of {witness.entry}", "aside"))


def _event(event: Calls | Steps) -> str:
    if isinstance(event, Calls):
        said = ", refused by a person if one is asked" if event.is_refused else ""
        return f"after {event.times} x {describe.call(event.execution)}{said}"
    return f"after {event.times} step(s) with {event.tokens} tokens"


def unknown_text(unknown: Unknown) -> str:
    """What could not be decided, on one line."""
    return f"{unknown.entry}: {unknown.because}"


def witness_data(witness: Witness) -> dict[str, Any]:
    """A witness as data."""
    return {
        "execution": describe.execution_data(witness.execution),
        "history": [
            {
                "call": describe.execution_data(event.execution),
                "times": event.times,
                "time": event.time,
                "is_refused": event.is_refused,
            }
            if isinstance(event, Calls)
            else {"steps": event.times, "tokens": event.tokens, "run_id": event.run_id, "time": event.time}
            for event in witness.history
        ],
        "time": witness.time,
        "freer": describe.decision_data(witness.freer),
        "tighter": describe.decision_data(witness.tighter),
        "entry": witness.entry,
        "note": witness.note,
    }
