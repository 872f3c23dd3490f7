"""The report on an audit trail: one page that needs no network, no script and no other file.

What is on it was written by models, tools and perhaps an attacker: `markup` is the only place that makes HTML of it.
"""

from .history import History
from .page import page


__all__ = ["History", "page"]
