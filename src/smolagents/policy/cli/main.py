"""The command line: options, and mistakes in one sentence instead of a traceback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..errors import PolicyError
from . import audit, checkpoint, classify, diff, explain, import_policy, init, lint, schema, test, validate
from .output import Output


# In the order in which people need them.
_COMMANDS = (init, validate, lint, explain, classify, test, diff, audit, schema, import_policy, checkpoint)

_EPILOG = """\
exit codes:
  0  all is well
  1  there is something to look at: a problem in a policy, a refused call, one that looks dangerous, a case
     that failed, a policy that is not as strict as it has to be
  2  it could not be done: a wrong option, a file that cannot be read or is no policy

The policy language is described in docs/policy.md of the project.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv (`Sequence[str]`, *optional*): The arguments, without the program's name; those of the process by default.

    Returns:
        `int`: The exit code.
    """
    parser = _parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as exit:  # After --help, or a usage message
        return exit.code if isinstance(exit.code, int) else 2
    output = Output(as_json=options.json)
    try:
        code: int = options.run(options, output)
        output.flush()
        return code
    except PolicyError as error:
        return output.fail(error.problems)
    except BrokenPipeError:  # Who reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return output.fail_with(f"{name}{error.strerror or error}.")
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smolagents-policy",
        description="Write, check, try and test policies: what agents may do.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    for subparser in commands.choices.values():
        subparser.add_argument("--json", action="store_true", help="write JSON, for programs")
        subparser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser
