"""`smolagents-policy schema`: the JSON Schema of the policy language."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

from ..model import Policy
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Print the JSON Schema of the policy language, for editors and other programs.

  smolagents-policy schema > policy.schema.json

Editors with a YAML language server use it with this as a policy's first line:

  # yaml-language-server: $schema=policy.schema.json
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("schema", help="print the language's JSON Schema", description=_DESCRIPTION)
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    output.raw(json.dumps(Policy.json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
