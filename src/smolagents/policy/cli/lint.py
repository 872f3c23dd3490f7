"""`smolagents-policy lint`: what in a policy has no effect."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from ..comparison import lint
from . import policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Say what in a policy has no effect: rules that can never match, entries that others cover, and entries that allow what
nothing can use. Only what is certain is told.

  smolagents-policy lint policy.yaml
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("lint", help="find what has no effect in a policy", description=_DESCRIPTION)
    parser.add_argument("policy", metavar="POLICY", help="a policy; - is standard input")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    findings = lint(policies.load(options.policy))
    called = policies.called(options.policy)
    for finding in findings:
        output.line(f"{called}: ", (finding.entry, "failed"), f": {finding.message}")
    if not findings:
        output.line(f"{called}: ", ("everything in it has an effect", "ok"))
    output.data(
        [
            {
                "kind": finding.kind,
                "entry": finding.entry,
                "message": finding.message,
                "because_of": list(finding.because_of),
            }
            for finding in findings
        ]
    )
    return 1 if findings else 0
