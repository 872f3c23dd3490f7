"""`smolagents-policy init`: begin with a policy that ships with the package."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import cases, starters
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = "Write one of the starter policies, and its cases beside it.\n\n" + "".join(
    f"  {name:12} {what}\n" for name, what in starters.STARTERS.items()
)


def add(commands: Commands) -> None:
    parser = commands.add_parser("init", help="write a starter policy", description=_DESCRIPTION)
    parser.add_argument("name", metavar="NAME", choices=[*starters.STARTERS], help=", ".join(starters.STARTERS))
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="policy.yaml", help="where to write it (default: policy.yaml)"
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    policy = Path(options.output)
    if policy.is_dir():
        return output.fail_with(f"{options.output or policy} is a folder. Name the file to write with -o.")
    its_cases = cases.beside(policy)
    for path in () if options.force else (policy, its_cases):
        if path.exists():
            return output.fail_with(f"{path} is there already. Choose another place with -o, or use --force.")
    policy.write_bytes(starters.policy(options.name).encode())
    its_cases.write_bytes(starters.cases(options.name).encode())
    output.line(f"{policy} is the policy {options.name}, and {its_cases} has its cases. Next:")
    output.line(f"  smolagents-policy test {policy}")
    output.data({"policy": str(policy), "cases": str(its_cases)})
    return 0
