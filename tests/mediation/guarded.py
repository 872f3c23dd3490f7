"""Agents for the tests of operations: generated code with every import allowed, and a hook that denies by name."""

from smolagents import CodeAgent, Deny
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code


class Operations(RecordingHook):
    """Records operations, and denies those of the given names; `"*"` stands for all but imports."""

    kinds = frozenset({"operation"})

    def __init__(self, *denied: str):
        def decide(execution):
            if execution.name in denied or ("*" in denied and execution.name != "module.import"):
                return Deny("not on this machine", code="machine")

        super().__init__(decide)


def run(program, *hooks, turns=("final_answer('done')",), tools=(), imports=("*",), **kwargs):
    """Run an agent whose first action is the program."""
    agent = CodeAgent(
        tools=list(tools),
        model=ScriptedModel(*map(code, (program, *turns))),
        hooks=list(hooks) or None,
        additional_authorized_imports=list(imports),
        verbosity_level=0,
        max_steps=4,
        **kwargs,
    )
    agent.run("task")
    return agent


def observations(agent):
    return "\n".join(step.observations or "" for step in agent.memory.steps[1:])
