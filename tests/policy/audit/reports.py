"""Trails to report on: of real agents, of attackers, and long ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smolagents import CodeAgent, ToolCallingAgent, ToolExecutionStopped, tool
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.policy import FunctionApprover, Policy, PolicyHook


RULES = """\
version: 1
name: production
tools: {allow: [web_search, researcher], deny: [shell]}
patterns: [rm -rf]
rules:
  - id: mail-stays-inside
    when: {kind: tool, name: send_email, arguments: {to: {not: {suffix: "@example.com"}}}}
    action: ask
    reason: Mail leaves the company only with approval.
limits: {tool_calls: 6, per_tool: {web_search: 4}, identical_denials: 3}
"""

FIRST = """\
for number in range(2):
    print(web_search(query=f"cats {number}"))
try:
    shell(command="ls")
except Exception as error:
    print(error)
print(researcher(task="find the rate"))
"""
SECOND = """\
print(send_email(to="bob@other.org", body="hello"))
print(web_search(query="the last one"))
print(web_search(query="one more"))
"""


@tool
def web_search(query: str) -> str:
    """Searches.

    Args:
        query: What for.
    """
    return f"results for {query}"


@tool
def send_email(to: str, body: str) -> str:
    """Sends mail.

    Args:
        to: To whom.
        body: The text.
    """
    return "sent"


@tool
def shell(command: str) -> str:
    """Runs a program.

    Args:
        command: Which one.
    """
    return "done"


def policy(path: Path | None = None, **audit: Any) -> Policy:
    """The policy of the trail, with its section `audit` if there is a path."""
    data = Policy.loads(RULES).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    section = {} if path is None else {"audit": {"path": str(path), "payload": "full", "fsync": "never", **audit}}
    return Policy.from_data({"version": 1, **data, **section})


def write_trail(path: Path, **audit: Any) -> None:
    """Two runs: in one an agent manages another, is refused things, gets an approval and answers; one is stopped."""
    answer = FunctionApprover(lambda request: request.approve(by="ann", note="The address is right."))
    hook = PolicyHook(policy(path, **audit), approver=answer)

    def agent(*programs: str) -> CodeAgent:
        searches = [[("web_search", {"query": "rates"})], [("shell", {"command": "rm -rf /"})]]
        researcher = ToolCallingAgent(
            tools=[web_search, shell],
            model=ScriptedModel(*searches, [("final_answer", {"answer": "4 %"})]),
            name="researcher",
            description="Searches.",
            verbosity_level=0,
        )
        return CodeAgent(
            tools=[web_search, send_email, shell],
            managed_agents=[researcher],
            model=ScriptedModel(*map(code, programs)),
            hooks=[hook],
            verbosity_level=0,
        )

    agent(FIRST, SECOND, "final_answer('done')").run("What is the rate?")
    try:
        agent("shell(command='ls')").run("Try again and again.")
    except ToolExecutionStopped:
        return
    raise AssertionError("it was not stopped")


ATTACKS = (
    "</script><script>attacked=1</script>",
    "</style><style>*{display:none}</style>",
    '"><img src=http://attacker.test/x onerror=attacked=1>',
    "' onmouseover='attacked=1",
    "<!--",
    "]]></svg><svg onload=attacked=1>",
    "&lt;b&gt;&amp;amp;",
    "abc\u202egnp.exe\u2066\u200b\x00\x1b[2J\ud800",
    "javascript:attacked=1",
    "n" * 10_000,
    "\u05d0" * 10_000,
    "W W\n" * 3_000,
    "\u0301" * 500,
)


def attacked_lines() -> list[bytes]:
    """Records in which every text is an attack, and lines that are nothing at all."""
    found = []
    for number, attack in enumerate(ATTACKS):
        reason = {
            "action": attack,
            "code": attack,
            "entry": attack,
            "text": attack,
            "message": attack,
            "where": attack,
        }
        about = {
            "time": "2026-11-21T17:54:15.582001Z" if number % 2 else attack,
            "run": attack,
            "agents": ["a", attack],
            "step": number,
            "execution": attack,
            "parent": attack,
            "kind": attack if number % 2 else "tool",
            "name": attack,
            "policy": {"name": attack, "digest": attack},
        }
        decision = {
            "action": attack,
            "shadow_action": attack,
            "code": attack,
            "intent": attack,
            "reasons": [reason, {**reason, "action": "deny"}],
        }
        end = {"status": attack, "error": attack, "denied_by": attack, "denial": {"reason": attack, "code": attack}}
        limits = [attack, {"about": attack, "name": attack, "limit": number}, {"about": "per_tool", "name": attack}]
        limits += [{"about": "per_tool", "name": attack, "limit": limit} for limit in (attack, number)]
        person = {"approved": False, "code": attack, "by": attack, "note": attack}
        found += [
            {"type": "run_started", **about, "limits": limits},
            {"type": "approval_requested", **about},
            {"type": "approval_resolved", **about, **person},
            {
                "type": "denied",
                **about,
                "decision": decision,
                "arguments": {attack: attack, "code": [attack, {attack: 1}]},
            },
            {"type": "after", **about, **end, "result": attack, "result_digest": attack, "duration": number},
            {"type": "before", **about, "decision": {**decision, "action": "allow"}, "execution": f"{attack}{number}"},
            {"type": "step", **about, "input_tokens": 10**400, "output_tokens": -1, "seconds": attack},
            {"type": "run_finished", **about, "error": attack},
            {"type": attack},
            {"type": "file", "name": attack},
        ]
    broken = [
        b"\n",
        b"null\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"type":["before"]}\n',
        b'{"type":"before"}\n',
    ]
    return [*(json.dumps(record).encode() + b"\n" for record in found), *broken]


def long_lines(count: int) -> list[bytes]:
    """So many records of one run."""
    return [json.dumps(record).encode() + b"\n" for record in _long(count)]


def _long(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count // 2):
        time = f"2026-11-21T17:{number // 100 % 60:02}:{number % 60:02}.000000Z"
        about = {
            "time": time,
            "run": "run",
            "agents": ["manager", "searcher"] if number % 3 else ["manager"],
            "step": number // 700 + 1,
            "execution": f"run-{number}",
            "parent": None,
            "kind": "tool",
            "name": f"tool_{number % 7}",
            "process": "1",
        }
        is_refused = number % 50 == 3
        action, code = ("deny", "rule") if is_refused else ("allow", "")
        reason = {
            "action": "deny",
            "code": "rule",
            "entry": f"rules[{number % 5}]",
            "text": "",
            "message": f"no {number % 5}",
        }
        decision = {"action": action, "code": code, "reasons": [reason] if is_refused else []}
        arguments = {"query": f"what is {number}?" * 10}
        yield {"type": "denied" if is_refused else "before", **about, "decision": decision, "arguments": arguments}
        yield {
            "type": "after",
            **about,
            "status": "denied" if is_refused else "ok",
            "duration": 0.01,
            "result": "x" * 100,
        }
