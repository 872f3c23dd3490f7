"""
An agent may read without asking and sends mail only if a person says yes.

    python examples/approvals.py                       # asks at the terminal
    printf 'n use the list\ny\n' | python examples/approvals.py    # takes the answers from a pipe
    python examples/approvals.py --yes                 # a function says yes, nobody is asked

It needs no network and no key: a script plays the model, which tries again after a no. Nothing is really sent.
"""

import argparse
import sys

from smolagents import ToolCallingAgent, tool
from smolagents.hooks_testing import ScriptedModel
from smolagents.policy import ConsoleApprover, FunctionApprover, Policy, PolicyHook


POLICY = """
version: 1
name: mail
tools: {allow: [read_notes, send_email]}
rules:
  - id: mail-stays-inside
    when: {name: send_email, arguments: {to: {not: {suffix: "@example.com"}}}}
    action: ask
    reason: Mail leaves the company only with approval.
approvals: {wait_seconds: 120}
"""

SCRIPT = [
    [("read_notes", {})],
    [("send_email", {"to": "ann@example.com", "text": "Draft: version 2.1 is out."})],
    [("send_email", {"to": "press@elsewhere.example", "text": "Version 2.1 is out."})],
    [("send_email", {"to": "list@elsewhere.example", "text": "Version 2.1 is out."})],
    [("final_answer", {"answer": "I have told everybody whom I may tell."})],
]


@tool
def read_notes() -> str:
    """Read the release notes."""
    return "Version 2.1 is out."


@tool
def send_email(to: str, text: str) -> str:
    """Send an e-mail.

    Args:
        to: Who gets it.
        text: What it says.
    """
    print(f"SENT to {to}: {text}")
    return "sent"


def main() -> None:
    parser = argparse.ArgumentParser(description="An agent asks before it sends mail to the outside.")
    parser.add_argument("--yes", action="store_true", help="approve everything, without asking")
    if parser.parse_args().yes:
        approver = FunctionApprover(lambda request: request.approve(by="--yes"))
    else:
        # Without a stream only a terminal would do, which is what you want in production.
        approver = ConsoleApprover(stream=sys.stdin)
    hook = PolicyHook(Policy.loads(POLICY), approver=approver)
    hook.on("approval_resolved", tell, synchronous=True)
    tools = [read_notes, send_email]
    agent = ToolCallingAgent(tools=tools, model=ScriptedModel(*SCRIPT), hooks=[hook], verbosity_level=0)
    print(agent.run("Tell everybody that version 2.1 is out."))


def tell(event) -> None:
    """Say what became of a question."""
    print(f"{event.code}: {event.execution.arguments['to']}", event.note or "")


if __name__ == "__main__":
    main()
