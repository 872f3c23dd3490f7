"""`smolagents-policy import`: convert a policy of Agent-OS."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..agent_os import convert
from . import describe, policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Convert an Agent-OS policy (YAML or JSON). What could not be carried over exactly is said line by line on standard
error, and in comments at the top of the policy:

  looser      it refuses less than it did there
  stricter    it refuses more
  different   neither can be said
  left out    there is nothing like it here

  smolagents-policy import agent-os.yaml -o policy.yaml
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("import", help="convert an Agent-OS policy", description=_DESCRIPTION)
    parser.add_argument("file", metavar="FILE", help="an Agent-OS policy; - is standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write the policy (default: standard output)")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    conversion = convert(policies.read(options.file), policies.called(options.file))
    text = conversion.dump()
    for note in conversion.notes:
        output.message(str(note))
    if options.output is not None:
        Path(options.output).write_text(text, "utf-8")
    elif not output.as_json:
        output.raw(text)
    notes = [{"effect": note.effect, **describe.problem_data(note.problem)} for note in conversion.notes]
    output.data({"policy": conversion.policy.to_data(), "notes": notes})
    return 0
