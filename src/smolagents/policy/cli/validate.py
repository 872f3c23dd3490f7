"""`smolagents-policy validate`: every problem in a policy, and what it says."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ..errors import SHOWN_PROBLEMS, PolicyError, Problem
from . import describe, policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Check policies: every problem with its line and column, or a few lines on what the policy says.

  smolagents-policy validate policy.yaml
  generate-policy | smolagents-policy validate -
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("validate", help="check policies", description=_DESCRIPTION)
    parser.add_argument("files", metavar="FILE", nargs="+", help="a policy; - is standard input")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    results = [_validate(path, output) for path in options.files]
    output.data(results)
    if any(result["valid"] is None for result in results):
        return 2
    return 0 if all(result["valid"] for result in results) else 1


def _validate(path: str, output: Output) -> dict[str, Any]:
    """What there is to say about a file; whether it is valid is `None` if it cannot be read."""
    try:
        if path != policies.STDIN:
            with open(path, "rb"):
                pass
        policy = policies.load(path)
    except OSError as error:
        problem = Problem(f"The file cannot be read: {error.strerror or error}.", source=path)
        output.message(str(problem))
        return {"file": path, "valid": None, "problems": [describe.problem_data(problem)]}
    except PolicyError as error:
        for problem in error.problems[:SHOWN_PROBLEMS]:
            output.line(str(problem))
        if (more := len(error.problems) - SHOWN_PROBLEMS) > 0:
            output.line(f"{path}: and {more} more; --json has them all")
        return {"file": path, "valid": False, "problems": [*map(describe.problem_data, error.problems)]}
    lines = [*describe.summary(policy)]
    output.line(f"{path}: ", ("valid", "ok"))
    for line in lines:
        output.line(f"  {line}")
    return {
        "file": path,
        "valid": True,
        "problems": [],
        "name": policy.name,
        "digest": policy.digest,
        "summary": lines,
    }
