"""Agents that are saved and loaded, with their managed agents."""

import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from smolagents import CodeAgent, InferenceClientModel, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code

from .conftest import DenyingHook, observations


class SavedShell(Tool):
    """A shell that can be saved: where its effect stays, it learns from the environment."""

    name = "shell"
    description = "Runs a command."
    inputs = {"command": {"type": "string", "description": "The command."}}
    output_type = "string"

    def forward(self, command: str) -> str:
        import os

        with open(os.environ["SAVED_SHELL_LOG"], "a") as file:
            file.write(command + "\n")
        return "it ran"


TURNS = {
    CodeAgent: (code("shell('x')"), code("final_answer('done')")),
    ToolCallingAgent: ([("shell", {"command": "x"})], [("final_answer", {"answer": "done"})]),
}


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Says what was run since it was last asked."""
    log = tmp_path / "shell.log"
    monkeypatch.setenv("SAVED_SHELL_LOG", str(log))

    def read():
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    return read


def worker(kind, hooks=None):
    return kind(
        tools=[SavedShell()],
        model=InferenceClientModel(model_id="some/model"),
        name="worker",
        description="Works.",
        hooks=hooks,
        verbosity_level=0,
    )


def manager(kind, hooks=None):
    return CodeAgent(
        tools=[],
        model=InferenceClientModel(model_id="some/model"),
        managed_agents=[worker(kind)],
        hooks=hooks,
        verbosity_level=0,
    )


def by_dict(agent, folder, **kwargs):
    return CodeAgent.from_dict(agent.to_dict(), **kwargs)


def by_folder(agent, folder, **kwargs):
    agent.save(folder)
    return CodeAgent.from_folder(folder, **kwargs)


def by_hub(agent, folder, **kwargs):
    """As if what `push_to_hub` uploads were what `from_hub` downloads."""
    with pytest.MonkeyPatch.context() as patch:
        uploaded = folder / "uploaded"
        patch.setattr("smolagents.agents.create_repo", lambda **_: type("Url", (), {"repo_id": "some/agent"}))
        patch.setattr("smolagents.agents.metadata_update", lambda *_, **__: None)
        patch.setattr(
            "smolagents.agents.upload_folder", lambda folder_path, **_: shutil.copytree(folder_path, uploaded)
        )
        agent.push_to_hub("some/agent")
        patch.setattr("smolagents.agents.snapshot_download", lambda **_: str(uploaded))
        return CodeAgent.from_hub("some/agent", trust_remote_code=True, **kwargs)


def play(agent, kind):
    agent.model = ScriptedModel(code("worker('work')"), code("final_answer('done')"))
    agent.managed_agents["worker"].model = ScriptedModel(*TURNS[kind])
    assert agent.run("task") == "done"


@pytest.mark.row("A31")
@pytest.mark.parametrize(
    "load, kind",
    [
        (by_dict, CodeAgent),  # Upstream passes arguments of a CodeAgent on to a managed ToolCallingAgent here
        (by_folder, CodeAgent),
        (by_folder, ToolCallingAgent),
        (by_hub, CodeAgent),
        (by_hub, ToolCallingAgent),
    ],
)
def test_hooks_given_to_a_loaded_agent_hold_for_the_agents_that_it_manages(load, kind, ran, tmp_path):
    had = [RecordingHook()]
    effects = []
    for number, hooks in enumerate(([], [RecordingHook()], [DenyingHook("shell")])):
        loaded = load(manager(kind, had), tmp_path / str(number), hooks=hooks)
        play(loaded, kind)
        effects.append(ran())
        assert [hook.names().count("shell") for hook in hooks] == [1] * len(hooks)
    assert effects == [["x"], ["x"], []]
    assert "shell is not for agents" in observations(loaded.managed_agents["worker"])


@pytest.mark.row("A31")
@pytest.mark.parametrize("load", [by_folder, by_hub])
def test_hooks_that_are_not_given_to_the_agents_that_are_loaded_are_inherited_at_run_time(load, ran, tmp_path):
    loaded = load(manager(CodeAgent), tmp_path)
    assert loaded.managed_agents["worker"].hooks == ()
    hook = DenyingHook("shell")
    outer = CodeAgent(
        tools=[],
        managed_agents=[loaded.managed_agents["worker"]],
        model=ScriptedModel("none"),
        hooks=[hook],
        verbosity_level=0,
    )
    play(loaded, CodeAgent)
    assert ran() == ["x"]
    play(outer, CodeAgent)
    assert ran() == []
    assert hook.asked_about("shell").agent_path == ("CodeAgent", "worker")


@pytest.mark.row("A32")
@pytest.mark.parametrize("load", [by_dict, by_folder, by_hub])
def test_an_agent_that_was_saved_with_hooks_is_not_loaded_without_a_word_about_hooks(load, tmp_path):
    with pytest.raises(ValueError, match=r"saved with hooks \(DenyingHook\).*hooks=\[\]"):
        load(manager(CodeAgent, [DenyingHook("shell")]), tmp_path / "with")
    assert load(manager(CodeAgent), tmp_path / "without").hooks == ()


@pytest.mark.row("A32")
def test_the_generated_app_warns_has_no_guard_and_can_be_given_one(ran, tmp_path, monkeypatch):
    folder = tmp_path / "app"
    worker(CodeAgent, [DenyingHook("shell")]).save(folder)
    app = folder / "app.py"
    source = app.read_text()
    line = "hooks=[],  # Had DenyingHook"
    assert source.count(line) == 1
    monkeypatch.syspath_prepend(folder)
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    effects = []
    for filled_in in (source, f"from tests.mediation.conftest import DenyingHook\n{source}"):
        if filled_in is not source:
            filled_in = filled_in.replace(line, "hooks=[DenyingHook('shell')],")
        app.write_text(filled_in)
        kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] != "tools"}
        monkeypatch.setattr(sys, "modules", kept)
        with pytest.warns(UserWarning, match="had hooks .DenyingHook. that were not saved"):
            agent = runpy.run_path(os.fspath(app), run_name="app")[
                "agent_worker" if "agent_worker" in source else "agent"
            ]
        agent.model = ScriptedModel(*TURNS[CodeAgent])
        agent.run("task")
        effects.append(ran())
    assert effects == [["x"], []]
