"""What the tests of the commands share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smolagents.policy.cli import main


POLICY = """\
version: 1
name: office
tools:
  allow: [web_search, "read_*"]
  deny: [shell]
patterns:
  - rm -rf
rules:
  - id: mail-stays-inside
    when: {name: send_mail, arguments: {to: {not: {suffix: "@example.com"}}}}
    action: ask
limits: {tool_calls: 2}
"""


@dataclass
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Runs a command in an empty folder that has the policy `policy.yaml`."""
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(POLICY)

    def run(*arguments: str) -> Answer:
        code = main(arguments)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run
