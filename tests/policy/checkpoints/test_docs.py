"""What docs/checkpoints.md shows works as it says."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from smolagents.policy.checkpoints.checkpoint import FORMAT

from .runs import run_with_checkpoints


DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "checkpoints.md").read_text("utf-8")


def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    # The class of a tool is made of its source, which has to be in a file.
    (tmp_path / "example.py").write_text(example)
    exec(compile(example, str(tmp_path / "example.py"), "exec"), {"__name__": "example"})


def test_the_file_is_what_the_document_says_it_is(tmp_path):
    run_with_checkpoints({"path": str(tmp_path)}, ["final_answer(1)"])
    (file,) = tmp_path.iterdir()
    line, digest, rest = file.read_bytes().split(b"\n")
    assert digest == b"sha256 " + hashlib.sha256(line).hexdigest().encode() and rest == b""
    data = json.loads(line)
    assert data["format"] == FORMAT and f"`{FORMAT}`" in TEXT
    table = TEXT.split("The object has these keys:")[1].split("Where JSON lacks")[0]
    named = set(re.findall(r"`(\w+)`", table))
    inner = [*data["content"], *data["budgets"][0], *data["budgets"][0]["layers"][0]]
    assert {*data, *inner} <= named
