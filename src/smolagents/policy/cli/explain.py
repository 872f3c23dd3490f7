"""`smolagents-policy explain`: what a policy says about a call, or about each call of a recorded run, and why."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from typing import TYPE_CHECKING

from smolagents.hooks import Kind, ToolExecution

from .. import recorded
from ..decision import SEVERITY, Decision
from ..model import Policy
from ..replay import Rehearsal, replay
from . import calls, describe, policies
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Say what a policy decides and why, without running or asking anything.

  smolagents-policy explain policy.yaml --tool send_email --arg to=ann@example.com --arg 'cc:=["bob@example.com"]'
  smolagents-policy explain policy.yaml --operation file.write --arg path=/etc/passwd
  smolagents-policy explain policy.yaml --code step.py
  smolagents-policy explain policy.yaml --recorded run.json --only-refused

A recorded run is agent.memory.get_full_steps() written with json.dump, or a JSON Lines file with an execution a line
(kind, name, arguments, id, parent_id, run_id, agent_path, step_number). Its calls are decided on in order, so that
limits count; what the policy asks a person about counts as approved. The exit code is 1 if anything is refused.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("explain", help="say what a policy decides and why", description=_DESCRIPTION)
    parser.add_argument("policy", metavar="POLICY", help="a policy; - is standard input")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tool", metavar="NAME", help="a call of this tool")
    what.add_argument("--agent", metavar="NAME", help="a delegation to this managed agent")
    what.add_argument("--operation", metavar="NAME", help="an operation, such as file.read")
    what.add_argument("--code", metavar="FILE", help="a code action with the text of this file; - is standard input")
    what.add_argument("--recorded", metavar="RUN", help="every execution of a recorded run")
    calls.add_arguments(parser)
    parser.add_argument("--by", metavar="AGENT", default="agent", help="who calls, as manager/researcher")
    parser.add_argument(
        "--managed-agent", metavar="NAME", action="append", default=[], help="in a recorded memory, this is an agent"
    )
    parser.add_argument("--only-refused", action="store_true", help="of a recorded run, show what is refused only")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    if mistake := _mistake(options):
        return output.fail_with(mistake)
    policy = policies.load(options.policy)
    if options.recorded is not None:
        return _explain_recorded(options, policy, output)
    execution = _execution(options)
    decision = Rehearsal(policy).decide(execution)
    describe.write_decision(output, execution, decision)
    output.data({"call": describe.execution_data(execution), "decision": describe.decision_data(decision)})
    return 1 if _refuses(decision) else 0


def _mistake(options: Namespace) -> str | None:
    if options.policy == options.code == policies.STDIN:
        return "Only one of the policy and the code can come from standard input."
    if options.arg and (options.recorded or options.code):
        return "--arg goes with --tool, --agent or --operation."
    if options.recorded is None and (options.only_refused or options.managed_agent):
        return "--only-refused and --managed-agent go with --recorded."
    if "" in (options.tool, options.agent):
        return "--tool and --agent need a name."
    return calls.mistake_in_operation(options.operation) or calls.mistake_in_arguments(options.arg)


def _execution(options: Namespace) -> ToolExecution:
    if options.code is not None:
        kind: Kind = "code"
        name, arguments = recorded.CODE, {"code": calls.text_in(options.code)}
    else:
        kind = "tool" if options.tool else "agent" if options.agent else "operation"
        name, arguments = options.tool or options.agent or options.operation, calls.arguments_of(options.arg)
    return recorded.execution_of(kind, name, arguments, id="call-1", agent_path=tuple(options.by.split("/")))


def _explain_recorded(options: Namespace, policy: Policy, output: Output) -> int:
    recording = recorded.load(options.recorded, options.managed_agent)
    decisions = replay(policy, recording)
    shown = [pair for pair in decisions if _refuses(pair[1]) or not options.only_refused]
    for execution, decision in shown:
        describe.write_decision(output, execution, decision, f"  {_place(execution)}")
    actions = Counter(decision.shadow_action for _, decision in decisions)
    counts = ", ".join(f"{actions[action]} {action}" for action in SEVERITY if actions[action])
    output.line(f"{len(decisions)} executions" + (f": {counts}" if counts else ""))
    for gap in recording.gaps:
        output.line(("note: ", "warn"), gap)
    told = [
        {"call": describe.execution_data(execution), "decision": describe.decision_data(decision)}
        for execution, decision in shown
    ]
    output.data({"calls": told, "executions": len(decisions), "actions": dict(actions), "gaps": [*recording.gaps]})
    return 1 if any(_refuses(decision) for _, decision in decisions) else 0


def _place(execution: ToolExecution) -> str:
    return f"({'/'.join(execution.agent_path)}, {execution.run_id}, step {execution.step_number})"


def _refuses(decision: Decision) -> bool:
    """Whether the policy objects, also if it is in mode shadow."""
    return decision.shadow_action in ("deny", "stop")
