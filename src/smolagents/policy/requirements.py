"""Says what to install if a library that policies need is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


# Those of the extra `policy` that are imported on the way
_LIBRARIES = ("pydantic", "re2", "tree_sitter", "tree_sitter_bash", "yaml")


@contextmanager
def needs_extra(module: str) -> Iterator[None]:
    """Around imports of `module`: a library of the extra `policy` that is not there is one clear sentence.

    Raises:
        `ModuleNotFoundError`: With that sentence.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _LIBRARIES:
            raise
        hint = "Install what it needs with: pip install 'smolagents[policy]'"
        raise ModuleNotFoundError(f"{module} needs {error.name}. {hint}", name=error.name) from error
