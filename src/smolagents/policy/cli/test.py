"""`smolagents-policy test`: hold a policy against its cases."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from .. import cases
from ..cases import Failure, Result
from . import describe, policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Hold a policy against cases: calls, each with the decision that is expected.

  smolagents-policy test policy.yaml                   # its cases are in policy.cases.yaml
  smolagents-policy test policy.yaml more.cases.yaml

A file of cases:

  cases:
    - name: Searching is allowed
      tool: web_search                                  # or agent, operation; or code with the text
      arguments: {query: cats}
      expect: allow                                     # allow, warn, ask, deny or stop
    - name: The eleventh search is refused
      calls:                                            # of one run, in order
        - {tool: web_search, arguments: {query: cats}, times: 10, expect: allow}
        - {tool: web_search, arguments: {query: cats}, expect: deny, because: limits.tool_calls}

`because` names reasons that have to be there: an entry of the policy (tools.deny[0]), the id of a rule, or a code.
The exit code is 1 if a case fails.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("test", help="hold a policy against its cases", description=_DESCRIPTION)
    parser.add_argument("policy", metavar="POLICY", help="a policy; - is standard input")
    parser.add_argument("cases", metavar="CASES", nargs="*", help="files of cases (default: POLICY.cases.yaml)")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the cases that pass as well")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    if options.policy == policies.STDIN and not options.cases:
        return output.fail_with("Name the files of cases: there is nothing beside standard input.")
    policy = policies.load(options.policy)
    files = options.cases or [cases.beside(options.policy)]
    results = [result for loaded in [*map(cases.load, files)] for result in loaded.run(policy)]
    for result in results:
        if result.failure is not None:
            _write_failure(output, result, result.failure)
        elif options.verbose:
            output.line(("passed", "ok"), f" {result.case.name}")
    failed = sum(result.failure is not None for result in results)
    output.line(f"{len(results) - failed} passed, ", (f"{failed} failed", "failed" if failed else "ok"))
    output.data([*map(_data, results)])
    return 1 if failed else 0


def _write_failure(output: Output, result: Result, failure: Failure) -> None:
    output.line(f"{result.source}:{result.line}: ", ("failed", "failed"), f" {result.case.name}")
    which = f", call {failure.number} of the case" if failure.number > 1 or result.case.calls else ""
    output.line(f"  {describe.call(failure.execution)}", (which, "aside"))
    because = f", because {', '.join(failure.missing)}" if failure.missing else ""
    output.line("  expected: ", (failure.expected, failure.expected), because)
    got = failure.decision.shadow_action
    output.line("  got:      ", (got, got))
    describe.write_reasons(output, failure.execution, failure.decision)


def _data(result: Result) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": result.case.name,
        "file": result.source,
        "line": result.line,
        "passed": result.failure is None,
    }
    if (failure := result.failure) is not None:
        data |= {
            "call": describe.execution_data(failure.execution),
            "call_number": failure.number,
            "expected": failure.expected,
            "missing_reasons": [*failure.missing],
            "decision": describe.decision_data(failure.decision),
        }
    return data
