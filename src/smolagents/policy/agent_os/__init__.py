"""Policies of Agent-OS, another guard, converted into ours."""

from .convert import Conversion, Note, convert


__all__ = ["Conversion", "Note", "convert"]
