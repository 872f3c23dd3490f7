"""What an execution is for: nine categories, found by reading programs as programs and commands as commands.

    classify("bash", {"command": "rm -rf ~"}).category  # destructive_data

Deterministic: no model, no network, no hidden state. Readers turn input into facts (`facts`), a table of rules turns
facts into scores (`table`).
"""

from ..requirements import needs_extra
from .intent import DANGEROUS, Category, Evidence, Intent


with needs_extra(__name__):
    from .classify import classify, classify_words


__all__ = ["DANGEROUS", "Category", "Evidence", "Intent", "classify", "classify_words"]
