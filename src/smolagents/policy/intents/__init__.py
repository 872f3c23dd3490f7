"""What an execution is for: nine categories, found by reading programs as programs and commands as commands.

    classify("bash", {"command": "rm -rf ~"}).category  # destructive_data

Deterministic: no model, no network, no hidden state. Readers turn input into facts (`facts`), a table of rules turns
facts into scores (`table`).
"""

from .classify import classify
from .intent import DANGEROUS, Category, Evidence, Intent


__all__ = ["DANGEROUS", "Category", "Evidence", "Intent", "classify"]
