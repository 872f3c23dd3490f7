"""Made-up programs and parallel calls, some in each run of the tests; `make fuzz` plays many more."""

import pytest

from .conftest import DenyingHook, cases, code_agent
from .fuzz import play_parallel_calls, play_programs


@pytest.mark.row("F6")
def test_no_made_up_program_gets_to_the_denied_tool():
    figures = play_programs(200, derandomize=True)
    assert figures.programs >= 200
    assert figures.tried_the_denied_tool > 50 and figures.called_the_other_tool > 50 and figures.stopped > 5


@pytest.mark.row("F1", "A2")
def test_of_parallel_calls_each_is_asked_about_once_and_told_once_to_each_hook():
    play_parallel_calls(rounds=20)


# Found by made-up programs that end with an object: the host renders it when the action is over
RENDERED = {
    "denied": "class C:\n    def __str__(self):\n        return shell('x')\nc = C()",
    "denied, in an answer": "class C:\n    def __str__(self):\n        return shell('x')\nfinal_answer(C())",
    "no string": "class C:\n    def __str__(self):\n        return 1\nc = C()",
}


@pytest.mark.parametrize("program", cases(RENDERED, lambda name: ["F6"]))
def test_a_result_that_cannot_be_rendered_does_not_end_the_run(program, shell):
    agent = code_agent(program, tools=[shell], hooks=[DenyingHook("shell")])
    assert agent.run("task") is not None
