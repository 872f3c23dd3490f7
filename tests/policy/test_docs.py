"""The examples in docs/policy.md say what they are said to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smolagents.policy import Policy


DOCS = Path(__file__).parents[2] / "docs" / "policy.md"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_policy_or_one_key_of_a_policy(example, tmp_path):
    (tmp_path / "base.yaml").write_text("version: 1", "utf-8")
    if "version:" not in example:
        example = "version: 1\n" + example
    assert Policy.loads(example, directory=tmp_path) != Policy(version=1)


def test_there_is_an_example_of_every_key():
    keys = {line.split(":")[0] for example in EXAMPLES for line in example.splitlines() if re.match(r"\w+:", line)}
    assert keys == {field.alias or name for name, field in Policy.model_fields.items()}
