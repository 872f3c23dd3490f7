"""Policies to begin with, each with its cases, as files of the package."""

from __future__ import annotations

from importlib.resources import files


# By name, with what it is for
STARTERS = {
    "read-only": "looks things up and computes; changes nothing, here or elsewhere",
    "no-network": "works on files in a folder; no connection goes out",
    "research": "searches and reads the web, writes into one folder, asks before it does more",
    "strict": "only what is listed, little of it, and a person approves the rest",
}


def policy(name: str) -> str:
    """The YAML text of a starter policy."""
    return _text(f"{name}.yaml")


def cases(name: str) -> str:
    """The YAML text of its cases."""
    return _text(f"{name}.cases.yaml")


def _text(file_name: str) -> str:
    return files(__name__).joinpath(file_name).read_text("utf-8")
