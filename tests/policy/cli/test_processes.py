"""The commands as programs: in pipes, without a terminal, without the extra."""

import os
import subprocess
import sys

import pytest

from smolagents.policy import starters
from tests.policy.cli.conftest import POLICY


STUB = """\
import sys
sys.modules[{module!r}] = None
from smolagents.policy_command import main
sys.exit(main({arguments!r}))
"""
SMOLAGENT = """\
import sys
from unittest.mock import patch
from smolagents import cli
from smolagents.hooks_testing import ScriptedModel, code
from smolagents.models import ChatMessageStreamDelta

class StreamingModel(ScriptedModel):
    def generate_stream(self, *args, **kwargs):
        message = self.generate(*args, **kwargs)
        yield ChatMessageStreamDelta(content=message.content, token_usage=message.token_usage)

def load_model(*args, **kwargs):
    print("a model is loaded")
    return StreamingModel(code("import statistics"), code("final_answer('done')"))

with patch.object(cli, "load_model", load_model):
    cli.main()
"""


def start(*arguments, **kwargs):
    kwargs["env"] = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **kwargs.get("env", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    return subprocess.run([sys.executable, *arguments], **{**streams, **kwargs})


def policy(*arguments, **kwargs):
    return start("-m", "smolagents.policy.cli", *arguments, **kwargs)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def test_a_policy_goes_through_a_pipe_without_colours_or_wrapped_lines():
    done = policy("validate", "-", input=starters.policy("strict"), env={"COLUMNS": "20"})

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert any(len(line) > 60 for line in done.stdout.splitlines())


def test_a_terminal_that_knows_ascii_only_gets_codes_and_no_error():
    done = policy("explain", "policy.yaml", "--tool", "läs", env={"PYTHONIOENCODING": "ascii"})

    assert done.returncode == 1
    assert "l\\xe4s" in done.stdout and "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = policy("validate", "policy.yaml", stdout=writer)
    os.close(writer)

    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("module", ["pydantic", "re2"])
def test_without_the_extra_the_command_says_what_to_install(module):
    done = start("-c", STUB.format(module=module, arguments=["schema"]))

    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'smolagents[policy]'" in done.stderr and "Traceback" not in done.stderr


def test_smolagent_builds_its_agent_with_the_policy(folder):
    (folder / "code.yaml").write_text("version: 1\npatterns: [statistics]\n")

    done = start("-c", SMOLAGENT, "a task", "--tools", "--policy", "code.yaml", env={"COLUMNS": "300"})

    assert done.returncode == 0, done.stderr
    assert "it contains what the policy forbids" in done.stdout
    assert "done" in done.stdout


def test_smolagent_asks_the_person_at_the_terminal_and_without_one_the_answer_is_no(folder):
    (folder / "code.yaml").write_text("version: 1\nrules: [{id: look, when: {kind: code}, action: ask}]\n")

    done = start("-c", SMOLAGENT, "a task", "--tools", "--policy", "code.yaml", env={"COLUMNS": "300"})

    assert "there is no terminal" in done.stdout


@pytest.mark.parametrize(
    "section",
    [
        "rules: [{id: no-more, action: stop, when: {kind: code}, reason: Enough}]",
        "default: deny\npatterns: [statistics]\nlimits: {identical_denials: 1}",
        "limits: {tokens: 0}",
    ],
)
def test_smolagent_says_in_one_line_why_the_policy_stopped_the_run(folder, section):
    (folder / "stop.yaml").write_text(f"version: 1\n{section}\n")

    done = start("-c", SMOLAGENT, "a task", "--tools", "--policy", "stop.yaml", env={"COLUMNS": "300"})

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("The run was stopped: ")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "text, message",
    [(None, "bad.yaml: The file cannot be read"), ("version: 1\ntool: {}\n", "bad.yaml:2:1: tool: ")],
)
def test_smolagent_with_a_bad_policy_ends_before_a_model_is_loaded(folder, text, message):
    if text is not None:
        (folder / "bad.yaml").write_text(text)

    done = start("-c", SMOLAGENT, "a task", "--policy", "bad.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message) and "Traceback" not in done.stderr
