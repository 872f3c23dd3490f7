"""`smolagents-policy checkpoint show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..checkpoints.runs import run_with_checkpoints


KEY = "a key that nobody guesses, of some length"


@pytest.fixture
def checkpoints(run):
    """Checkpoints of a run, in the current folder."""
    run_with_checkpoints({"path": "checkpoints", "executions": 1}, ["x = square(3)\nimport math", "final_answer(x)"])


def test_it_says_where_the_run_was_and_what_it_had_used_and_not_what_was_said(run, checkpoints):
    answer = run("checkpoint", "show", "checkpoints")
    assert answer.code == 0 and "Do it." not in answer.out
    assert ": answer" in answer.out and "after step 2 of CodeAgent" in answer.out
    assert "30 tokens" in answer.out and "1 calls" in answer.out
    assert "not in it: the variable math, a module" in answer.out


def test_a_file_can_be_shown_as_json_with_all_that_is_in_it(run, checkpoints):
    (file,) = Path("checkpoints").iterdir()
    assert run("checkpoint", "show", "--json", str(file)).data == json.loads(file.read_text().splitlines()[0])


def test_a_damaged_one_is_refused_in_a_sentence(run, checkpoints):
    (file,) = Path("checkpoints").iterdir()
    file.write_bytes(file.read_bytes().replace(b"CodeAgent", b"CodeAgenT", 1))
    answer = run("checkpoint", "show", str(file))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"smolagents-policy: {file}: It is damaged.\n"


def test_one_with_a_key_is_shown_to_who_has_the_key(run, monkeypatch):
    monkeypatch.setenv("CHECKPOINT_KEY", KEY)
    run_with_checkpoints({"path": "keyed", "key_env": "CHECKPOINT_KEY"}, ["final_answer(1)"])
    assert "was written with a key" in run("checkpoint", "show", "keyed").err
    assert run("checkpoint", "show", "keyed", "--key-env", "CHECKPOINT_KEY").code == 0
    answer = run("checkpoint", "show", "keyed", "--key-env", "NO_KEY")
    assert "There is no key: set the environment variable NO_KEY" in answer.err and answer.code == 2
