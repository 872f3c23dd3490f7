"""A run goes on from a checkpoint as if it had not been interrupted, or it is said why it cannot."""

from __future__ import annotations

import logging
import shutil

import PIL.Image
import pytest

from smolagents import CodeAgent, ToolCallingAgent, tool
from smolagents.hooks import Deny, ToolExecutionStopped
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.memory import ActionStep, PlanningStep
from smolagents.policy import CheckpointError, Policy, PolicyHook, restore
from smolagents.policy.checkpoints.store import latest
from smolagents.utils import AgentGenerationError

from .runs import agent_with, hook_with_checkpoints, run_with_checkpoints, square


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


@pytest.fixture
def settings(folder):
    return {"path": str(folder)}


def fails(messages):
    raise RuntimeError("the model is away")


def interrupted(settings, programs, *, policy=None, **options):
    """An agent whose model fails after the programs."""
    agent = agent_with(hook_with_checkpoints(settings, **policy or {}), [*programs, fails], **options)
    with pytest.raises(AgentGenerationError):
        agent.run("Do it.")
    return agent


def test_memory_variables_and_metrics_are_those_of_before(settings):
    before = interrupted(settings, ["x = {1: (square(2), b'b')}", "1 / 0", "y = {3}"])
    after = agent_with(hook_with_checkpoints(settings), ["final_answer([x, y])"])
    assert restore(after).run() == [{1: (4, b"b")}, {3}]
    count = len(before.memory.steps)
    messages = before.write_memory_to_messages()
    assert after.write_memory_to_messages()[: len(messages)] == messages
    assert after.memory.get_full_steps()[:count] == before.memory.get_full_steps()
    assert type(after.memory.steps[2].error) is type(before.memory.steps[2].error)
    assert after.memory.system_prompt == before.memory.system_prompt and after.task == before.task
    assert after.monitor.total_input_token_count == before.monitor.total_input_token_count + 10
    assert after.monitor.step_durations[:4] == before.monitor.step_durations


def test_steps_go_on_with_the_next_number_for_hooks_and_in_memory(settings):
    interrupted(settings, ["square(1)", "square(2)"])
    hook = hook_with_checkpoints(settings)
    heard = []
    hook.on("policy_check", lambda event: heard.append((event.step_number, event.execution.name)), synchronous=True)
    after = agent_with(hook, ["square(4)", "final_answer(5)"])
    restore(after).run()
    assert [step.step_number for step in after.memory.steps[1:]] == [1, 2, 3, 4, 5]
    assert heard[0] == (4, "python_interpreter") and heard[-1] == (5, "final_answer")


def test_the_run_is_told_with_the_id_that_its_checkpoints_have_had_from_the_first_one_on(settings, folder):
    interrupted(settings, ["square(1)"])
    first = latest(folder)
    for _ in range(2):
        hook = hook_with_checkpoints(settings)
        heard = []
        hook.on("*", heard.append, synchronous=True)
        agent = agent_with(hook, ["square(2)", fails])
        with pytest.raises(AgentGenerationError):
            restore(agent).run()
        assert heard[0].name == "run_started" and heard[0].continues == first.run_id
        numbers = [event.checkpoint.number for event in heard if event.name == "checkpoint_created"]
        assert numbers == [*range(first.number + 1, first.number + 4)]
        first = latest(folder)
    assert first.host_run_id != first.run_id


def test_steps_can_be_read_as_they_are_taken(settings):
    interrupted(settings, ["square(1)"])
    after = agent_with(hook_with_checkpoints(settings), ["square(3)", "final_answer(4)"])
    kinds = [type(item).__name__ for item in restore(after).stream()]
    assert kinds.count("ActionStep") == 2 and kinds[-1] == "FinalAnswerStep"


def test_the_model_is_told_which_variables_are_gone(settings):
    interrupted(settings, ["import math\ndef double(n):\n    return 2 * n\nrows = [1]"])
    after = agent_with(hook_with_checkpoints(settings), ["final_answer(rows)"])
    assert restore(after).run() == [1]
    told = after.model.read()
    assert "these variables no longer exist: `math` (module), `double` (function)." in told and "`rows`" not in told


def test_what_a_run_was_given_and_no_checkpoint_has_can_be_given_again(settings):
    image = PIL.Image.new("RGB", (2, 2))
    before = agent_with(hook_with_checkpoints(settings), ["square(1)", fails])
    with pytest.raises(AgentGenerationError):
        before.run("Do it.", images=[image], additional_args={"picture": image, "number": 5})
    after = agent_with(hook_with_checkpoints(settings), ["final_answer([picture.size, number])"])
    restored = restore(after)
    assert dict(restored.checkpoint.variables_left_out) == {"picture": "Image"}
    assert "memory.steps[0].task_images: 1 image(s)" in restored.checkpoint.left_out
    assert restored.run(images=[image], additional_args={"picture": image}) == [(2, 2), 5]
    assert after.memory.steps[0].task_images == [image]
    assert "no longer exist" not in after.model.read()


def test_a_message_with_an_image_that_is_gone_says_so(settings):
    before = agent_with(hook_with_checkpoints(settings), ["square(1)", fails])
    with pytest.raises(AgentGenerationError):
        before.run("Do it.", images=[PIL.Image.new("RGB", (2, 2))])
    after = agent_with(hook_with_checkpoints(settings), ["final_answer(1)"])
    restore(after).run()
    shown = [part for message in after.memory.steps[1].model_input_messages for part in message.content]
    assert {part["type"] for part in shown} == {"text"}
    assert any("not in the checkpoint" in part["text"] for part in shown)


def test_a_plan_is_made_when_it_is_due_and_not_twice(settings):
    interrupted(settings, [lambda messages: "the plan", "square(1)"], planning_interval=3)
    after = agent_with(
        hook_with_checkpoints(settings),
        ["square(3)", lambda messages: "another plan", "final_answer(4)"],
        planning_interval=3,
    )
    restore(after).run()
    kinds = [step.step_number if isinstance(step, ActionStep) else type(step) for step in after.memory.steps[1:]]
    assert kinds == [PlanningStep, 1, 2, 3, PlanningStep, 4]


def test_steps_before_the_checkpoint_count_for_the_largest_number_of_steps(settings):
    interrupted(settings, ["square(1)", "square(2)"])
    programs = ["square(4)", "square(5)", lambda messages: "no more steps"]
    after = agent_with(hook_with_checkpoints(settings), programs, max_steps=5)
    assert restore(after).run() == "no more steps"
    assert [step.step_number for step in after.memory.steps[1:]] == [1, 2, 3, 4, 5, 6]


def test_a_run_without_any_step_left_is_asked_for_its_answer(settings):
    interrupted(settings, ["square(1)", "square(2)"])
    recorder = RecordingHook()
    hook = hook_with_checkpoints(settings)
    after = CodeAgent(
        tools=[square], model=ScriptedModel("that is all"), hooks=[hook, recorder], verbosity_level=-1, max_steps=3
    )
    assert restore(after).run() == "that is all"
    assert recorder.names() == ["final_answer"]
    assert [step.step_number for step in after.memory.steps[1:]] == [1, 2, 3, 4]


def test_a_restored_run_goes_on_once(settings):
    interrupted(settings, ["x = square(3)"])
    agent = agent_with(hook_with_checkpoints(settings), ["final_answer(x)", "final_answer(square(x))"])
    restored = restore(agent)

    assert restored.run() == 9
    with pytest.raises(CheckpointError, match="This run went on already"):
        restored.run()


def test_an_agent_in_the_middle_of_a_run_cannot_go_on_with_another(settings):
    errors = []

    @tool
    def meanwhile() -> str:
        """Restore the agent that calls this."""
        try:
            restore(agent).run()
        except CheckpointError as error:
            errors.append(str(error))
        return "done"

    agent = agent_with(hook_with_checkpoints(settings), ["meanwhile()", "final_answer(5)"], tools=[meanwhile])

    assert agent.run("Do it.") == 5
    assert "in the middle of a run" in errors[0]
    assert [type(step).__name__ for step in agent.memory.steps] == ["TaskStep", "ActionStep", "ActionStep"]


def test_a_run_that_has_its_answer_gives_it_again_and_does_nothing(settings):
    run_with_checkpoints(settings, ["square(1)", "final_answer({1: 'one'})"])
    after = agent_with(hook_with_checkpoints(settings), [fails])
    assert restore(after).run() == {1: "one"}
    assert len(after.memory.steps) == 3 and not after.model.seen


def test_an_answer_that_is_no_plain_data_cannot_be_given_again(settings):
    run_with_checkpoints(settings, ["class Answer:\n    pass\nfinal_answer(Answer())"])
    with pytest.raises(CheckpointError, match="The run had its answer, a Answer, which no checkpoint has"):
        restore(agent_with(hook_with_checkpoints(settings), [fails])).run()


def test_of_a_run_that_has_its_answer_the_last_checkpoint_is_kept(settings, folder):
    run_with_checkpoints(settings, ["square(1)", "square(2)", "final_answer(3)"])
    assert len(list(folder.iterdir())) == 1 and latest(folder).is_finished


def test_a_stopped_run_can_go_on_from_before_the_stop_under_another_policy(settings):
    programs = ["square(1)", "square(2)\nsquare(3)"]
    rule = {"id": "a", "when": {"name": "square", "arguments": {"number": {"equals": 3}}}, "action": "stop"}
    before = agent_with(hook_with_checkpoints(settings, rules=[rule]), programs)
    with pytest.raises(ToolExecutionStopped):
        before.run("Do it.")
    hook = hook_with_checkpoints(settings)
    after = agent_with(hook, ["square(2)\nfinal_answer(square(3))"])
    with pytest.raises(CheckpointError, match="is not the one under which the run began.*other_policy=True"):
        restore(after)
    restored = restore(after, other_policy=True)
    assert (restored.checkpoint.cause, restored.checkpoint.step_number) == ("stop", 1)
    names = [(execution["name"], execution["status"]) for execution in restored.checkpoint.unfinished]
    assert names == [("python_interpreter", "begun"), ("square", "ok")]
    calls = [layer["calls"] for layer in restored.checkpoint.budgets[0]["layers"]]
    assert calls == [[[None, 2]]]
    assert restored.run() == 9


def test_a_stop_by_another_hook_is_preceded_by_a_checkpoint_too(settings, folder):
    other = RecordingHook(before=answering(Deny("Enough.", stop=True), "square"))
    agent = ToolCallingAgent(
        tools=[square],
        model=ScriptedModel([("square", {"number": 1})]),
        hooks=[hook_with_checkpoints(settings), other],
        verbosity_level=-1,
    )
    with pytest.raises(ToolExecutionStopped):
        agent.run("Do it.")
    assert (latest(folder).cause, latest(folder).step_number) == ("stop", 0)


def test_an_agent_that_manages_others_names_them_and_their_hooks_have_their_limits(settings):
    def build(turn):
        inner = hook_with_checkpoints({"path": "unused"}, limits={"per_tool": {"square": 2}})
        helper = CodeAgent(
            tools=[square],
            model=ScriptedModel(code("final_answer(square(3))"), code("final_answer('no more calls')")),
            name="helper",
            description="Helps.",
            hooks=[inner],
            verbosity_level=-1,
        )
        return agent_with(hook_with_checkpoints(settings), [turn, fails], managed_agents=[helper], name="boss")

    for life in range(3):
        agent = build("print(helper('Square three.'))")
        with pytest.raises(AgentGenerationError):
            restore(agent).run() if life else agent.run("Do it.")
        first_step = agent.managed_agents["helper"].memory.steps[1]
        assert ("limits.per_tool.square" in str(first_step.observations)) == (life == 2)
    checkpoint = restore(build("")).checkpoint
    assert [dict(managed) for managed in checkpoint.managed_agents] == [
        {"name": "helper", "class": "CodeAgent", "steps": 3}
    ]
    assert [used["hook"] for used in checkpoint.budgets] == ["boss.hooks[0]", "boss/helper.hooks[0]"]


def test_a_checkpoint_in_the_middle_of_a_step_says_what_may_happen_again(settings, folder):
    settings |= {"executions": 2, "every": 100}
    agent = agent_with(hook_with_checkpoints(settings), ["square(1)", "square(2)\nseen.append(1)"], tools=[square])
    checkpoints = []
    agent.hooks[0].on("checkpoint_created", lambda event: checkpoints.append(event.checkpoint), synchronous=True)
    agent.run("Do it.", additional_args={"seen": []}, max_steps=2)
    middle = next(checkpoint for checkpoint in checkpoints if checkpoint.cause == "executions")
    assert middle.step_number == 1 and [execution["name"] for execution in middle.unfinished][-1] == "square"
    assert middle.content["state"] == {"seen": []}


def test_a_checkpoint_that_cannot_be_written_is_told_and_the_run_goes_on(settings, folder, caplog):
    folder.write_text("in the way")
    hook = hook_with_checkpoints(settings)
    heard = []
    hook.on("checkpoint_failed", heard.append, synchronous=True)
    with caplog.at_level(logging.ERROR):
        assert agent_with(hook, ["final_answer(1)"]).run("Do it.") == 1
    assert {event.reason for event in heard} == {"File exists"}
    assert "A checkpoint cannot be written to" in caplog.text


def test_or_the_run_is_stopped_if_the_policy_wants_that(settings, folder):
    hook = hook_with_checkpoints({**settings, "on_error": "stop"})

    def take_the_folder_away(messages):
        shutil.rmtree(folder)
        folder.write_text("")
        return code("square(1)")

    agent = agent_with(hook, [take_the_folder_away])
    with pytest.raises(ToolExecutionStopped, match="a checkpoint of this run cannot be written: File exists"):
        agent.run("Do it.")


def test_a_memory_that_cannot_be_written_does_not_end_the_run(settings):
    def breaks(step, agent):
        agent.memory.steps[0].task = object()

    agent = agent_with(hook_with_checkpoints(settings), ["square(1)", "final_answer(2)"], step_callbacks=[breaks])
    assert agent.run("Do it.") == 2


def test_the_settings_of_a_policy_that_is_extended_hold_if_there_are_no_others(tmp_path, settings):
    (tmp_path / "base.yaml").write_text("{version: 1, checkpoints: {path: base, every: 7}}")
    child = "{version: 1, extends: base.yaml%s}"
    assert Policy.loads(child % "", directory=tmp_path).checkpoints_in_effect.every == 7
    own = Policy.loads(child % ", checkpoints: {path: own}", directory=tmp_path)
    assert own.checkpoints_in_effect.path == "own"


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda hook: CodeAgent(tools=[], model=ScriptedModel("")), "The agent has no PolicyHook"),
        (
            lambda hook: ToolCallingAgent(tools=[], model=ScriptedModel(""), hooks=[hook]),
            r"of the agent CodeAgent \(CodeAgent\), and this one is ToolCallingAgent",
        ),
        (lambda hook: agent_with(hook, [], name="other"), r"and this one is other \(CodeAgent\)"),
        (
            lambda hook: CodeAgent(tools=[], model=ScriptedModel(""), hooks=[RecordingHook(), hook]),
            r"lacks a PolicyHook that it had when it ran: CodeAgent.hooks\[0\]",
        ),
    ],
)
def test_an_agent_that_is_another_one_is_refused(settings, build, problem):
    interrupted(settings, ["square(1)"])
    with pytest.raises(CheckpointError, match=problem):
        restore(build(hook_with_checkpoints(settings)))


def test_without_a_folder_in_the_policy_it_has_to_be_said_which_checkpoint(settings, folder):
    interrupted(settings, ["square(1)"])
    policy = Policy.from_data({"version": 1, "default": "allow"})
    after = agent_with(PolicyHook(policy), ["final_answer(2)"])
    with pytest.raises(CheckpointError, match="Say which checkpoint"):
        restore(after)
    assert restore(after, folder, other_policy=True).run() == 2
