"""What docs/intents.md says of the categories is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smolagents.policy import Category, classify


PAGE = (Path(__file__).parents[3] / "docs" / "intents.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.partition("| category |")[2].split("\n\n")[0].splitlines()[2:]
]
EXAMPLES = [
    (name, argument, text.replace("\\|", "|"), category.strip("`"))
    for category, _, commands, programs in ROWS
    for name, argument, cell in (("bash", "command", commands), ("python_interpreter", "code", programs))
    for text in re.findall(r"`([^`]+)`", cell)
]


def test_every_category_is_explained_in_its_order():
    assert [row[0].strip("`") for row in ROWS] == [category.value for category in Category]


@pytest.mark.parametrize("name, argument, text, category", EXAMPLES)
def test_an_example_is_what_it_is_said_to_be(name, argument, text, category):
    assert classify(name, {argument: text}).category == Category(category)
