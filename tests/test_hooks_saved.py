"""A guard is never lost silently: what a saved agent says of its hooks, and what loading one asks for."""

import json
import runpy
import sys

import pytest

from smolagents import CodeAgent, InferenceClientModel, Tool, ToolCallingAgent
from smolagents.hooks_testing import RecordingHook


class Echo(Tool):
    name = "echo"
    description = "Echoes."
    inputs = {"text": {"type": "string", "description": "What to say."}}
    output_type = "string"

    def forward(self, text: str) -> str:
        return text


def make_agent(kind, hooks, **kwargs):
    return kind(
        tools=[Echo()], model=InferenceClientModel(model_id="some/model"), hooks=hooks, verbosity_level=0, **kwargs
    )


both_agents = pytest.mark.parametrize("kind", [ToolCallingAgent, CodeAgent])


@both_agents
def test_the_saved_form_names_the_hooks(kind):
    assert make_agent(kind, [RecordingHook()]).to_dict()["hooks"] == ["RecordingHook"]


@both_agents
def test_the_saved_form_of_an_agent_without_hooks_does_not_speak_of_them(kind, tmp_path):
    agent = make_agent(kind, None)
    assert "hooks" not in agent.to_dict()
    agent.save(tmp_path)
    assert "hooks" not in (tmp_path / "app.py").read_text()


@both_agents
def test_loading_an_agent_that_had_hooks_asks_for_hooks(kind, tmp_path):
    agent = make_agent(kind, [RecordingHook()])
    agent.save(tmp_path)
    with pytest.raises(ValueError, match=r"saved with hooks \(RecordingHook\).*hooks=\[\]"):
        kind.from_dict(agent.to_dict())
    with pytest.raises(ValueError, match="saved with hooks"):
        kind.from_folder(tmp_path)


@both_agents
@pytest.mark.parametrize("hooks", [[], [RecordingHook()]])
def test_loading_with_explicit_hooks_uses_them(kind, hooks, tmp_path):
    agent = make_agent(kind, [RecordingHook()])
    agent.save(tmp_path)
    assert kind.from_dict(agent.to_dict(), hooks=hooks).hooks == tuple(hooks)
    assert kind.from_folder(tmp_path, hooks=hooks).hooks == tuple(hooks)


def test_a_managed_agent_that_had_hooks_is_not_loaded_without():
    worker = make_agent(CodeAgent, [RecordingHook()], name="worker", description="Works.")
    manager = make_agent(CodeAgent, None, managed_agents=[worker])
    with pytest.raises(ValueError, match="saved with hooks"):
        CodeAgent.from_dict(manager.to_dict())


def test_a_managed_agent_that_had_hooks_is_not_loaded_from_a_folder_without(tmp_path):
    worker = make_agent(CodeAgent, [RecordingHook()], name="worker", description="Works.")
    make_agent(CodeAgent, None, managed_agents=[worker]).save(tmp_path)
    with pytest.raises(ValueError, match="saved with hooks"):
        CodeAgent.from_folder(tmp_path)
    hook = RecordingHook()
    assert CodeAgent.from_folder(tmp_path, hooks=[hook]).managed_agents["worker"].hooks == (hook,)


@both_agents
def test_the_generated_app_runs_and_warns_and_has_a_line_to_fill_in(kind, tmp_path, monkeypatch):
    make_agent(kind, [RecordingHook()]).save(tmp_path)
    source = (tmp_path / "app.py").read_text()
    assert "hooks=[],  # Had RecordingHook" in source
    assert json.loads((tmp_path / "agent.json").read_text())["hooks"] == ["RecordingHook"]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k.partition(".")[0] != "tools"})
    with pytest.warns(UserWarning, match="had hooks .RecordingHook. that were not saved"):
        namespace = runpy.run_path(str(tmp_path / "app.py"), run_name="app")
    assert namespace["agent"].hooks == ()
