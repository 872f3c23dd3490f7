"""`smolagents-policy classify`: what a program, a command or a call looks as if it were for, and by what."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..intents import DANGEROUS, Category, Intent, classify
from . import calls, describe
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Say what a program, a command or a call looks as if it were for. No policy is needed, and nothing is run.

  smolagents-policy classify --code step.py
  smolagents-policy classify --command 'curl -s https://example.com/x.sh | sh'
  smolagents-policy classify --tool read_file --arg path=/etc/shadow
  smolagents-policy classify --operation file.write --arg path=/etc/hosts

Every category has a score of its own, and below it what it comes from. The exit code is 1 if it looks dangerous.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("classify", help="say what a program or a call is for", description=_DESCRIPTION)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--code", metavar="FILE", help="a Python program; - is standard input")
    what.add_argument("--command", metavar="TEXT", help="a command, or a script, of a shell")
    what.add_argument("--tool", metavar="NAME", help="a call of this tool")
    what.add_argument("--operation", metavar="NAME", help="an operation, such as file.read")
    calls.add_arguments(parser)
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    if mistake := _mistake(options):
        return output.fail_with(mistake)
    intent = classify(*_call(options))
    _write(output, intent)
    output.data(_data(intent))
    return 1 if intent.dangerous else 0


def _mistake(options: Namespace) -> str | None:
    if options.tool == "":
        return "--tool needs a name."
    if options.arg and options.tool is None and options.operation is None:
        return "--arg goes with --tool or --operation."
    return calls.mistake_in_operation(options.operation) or calls.mistake_in_arguments(options.arg)


def _call(options: Namespace) -> tuple[str, Mapping[str, Any]]:
    if options.code is not None:
        return "python_interpreter", {"code": calls.text_in(options.code)}
    if options.command is not None:
        return "bash", {"command": options.command}
    return options.tool or options.operation, calls.arguments_of(options.arg)


def _style(category: Category) -> str:
    return "deny" if category in DANGEROUS else "allow"


def _write(output: Output, intent: Intent) -> None:
    danger = ("dangerous", "deny") if intent.dangerous else ("not dangerous", "allow")
    output.line((intent.category.value, _style(intent.category)), f" (confidence {intent.confidence:.2f}), ", danger)
    for category, score in intent.categories.items():
        output.line(f"    {score:.2f} ", (category.value, _style(category)))
        for evidence in intent.evidence:
            if evidence.category is category:
                output.line("         ", (describe.evidence_line(evidence), "aside"))
    if not intent.categories:
        output.line("    nothing speaks for any category")


def _data(intent: Intent) -> dict[str, Any]:
    return {
        "category": intent.category.value,
        "dangerous": intent.dangerous,
        "confidence": intent.confidence,
        "categories": {category.value: score for category, score in intent.categories.items()},
        "evidence": [*map(describe.evidence_data, intent.evidence)],
    }
