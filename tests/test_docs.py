"""The Python blocks of README and docs run, one after the other, as a reader would type them."""

import linecache
import re
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for number, (language, block) in enumerate(BLOCK.findall(page.read_text()), start=1):
        if language == "yaml":  # The policy that a program below it loads
            Path("policy.yaml").write_text(block)
            continue
        name = f"{page.name}, block {number}"
        # The decorator `@tool` reads the source of its function
        linecache.cache[name] = (len(block), None, block.splitlines(keepends=True), name)
        exec(compile(block, name, "exec"), namespace)
