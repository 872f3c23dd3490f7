"""Reads a text by its words alone: for what no parser understands. Never the first choice."""

from __future__ import annotations

from .facts import Fact


def read_words(text: str) -> list[Fact]:
    """What the words of a text speak of doing."""
    return []
