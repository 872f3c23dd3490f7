"""A process with real agents that is killed: `python -m tests.policy.audit.crashing TRAIL EFFECTS FSYNC`.

Each call of its tool leaves a trace of its own, written after the hooks let it pass: the folder EFFECTS says what
happened, and the trail has to have said so before.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from smolagents import ToolCallingAgent, tool
from smolagents.hooks import current_run
from smolagents.hooks_testing import ScriptedModel
from smolagents.policy import Policy, PolicyHook


AGENTS = 3


def main() -> None:
    trail, effects, fsync = sys.argv[1:]
    audit = {"path": trail, "payload": "full", "fsync": fsync, "rotate_bytes": 60_000}
    hook = PolicyHook(Policy.from_data({"version": 1, "default": "allow", "audit": audit}))

    @tool
    def act(number: int, agent: int) -> str:
        """Act.

        Args:
            number: Which time.
            agent: Which agent.
        """
        run = current_run()
        (Path(effects) / f"{run.run_id}-{agent}-{number}").touch()
        return "done"

    def work(agent: int) -> None:
        while True:
            turns = [[("act", {"number": number, "agent": agent}) for number in range(n, n + 3)] for n in (0, 3, 6)]
            model = ScriptedModel(*turns, [("final_answer", {"answer": "done"})])
            ToolCallingAgent(tools=[act], model=model, hooks=[hook], verbosity_level=0).run("Act.")

    print("begun", flush=True)
    for agent in range(AGENTS - 1):
        threading.Thread(target=work, args=(agent,), daemon=True).start()
    work(AGENTS - 1)


if __name__ == "__main__":
    main()
