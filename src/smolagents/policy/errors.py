"""What is wrong with a policy, said so that its author can mend it.

A `Problem` is one sentence with its place; a `PolicyError` carries all problems that were found in one go.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


# A file that is no policy at all has a problem in every line. The first ones are put into words, and fewer are shown.
MAX_PROBLEMS = 100
SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a policy.

    Attributes:
        message (`str`): What is wrong and what to write instead, without the place.
        path (`str`): Where in the document, such as `limits.tool_calls` or `patterns[2]`; empty for all of it.
        source (`str`): The file's name, or `<text>` for a policy that was given as text.
        line (`int`, *optional*): Line in the source, from 1; `None` if the policy was not read from text.
        column (`int`, *optional*): Column in that line, in characters, from 1.
    """

    message: str
    path: str = ""
    source: str = "<text>"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = [self.source]
        if self.line is not None:
            place += [str(self.line), str(self.column)]
        return ":".join(place) + ": " + (f"{self.path}: " if self.path else "") + self.message


class PolicyError(ValueError):
    """A policy cannot be loaded, or cannot be enforced as it is written.

    Attributes:
        problems (`tuple[Problem, ...]`): What is wrong, in the order of the document: at least one, and all unless
            there are more than a hundred.
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            lines.append("... and more problems than are shown here")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[PolicyError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that `word` was probably meant to be, or `None`. Case and hyphens do not count as differences."""
    by_form = {candidate.lower(): candidate for candidate in valid}
    # Comparing takes quadratic time, and no word of the language is longer than this.
    form = word[:40].lower().replace("-", "_").strip()
    matches = difflib.get_close_matches(form, by_form, n=1)
    return by_form[matches[0]] if matches else None


def excerpt(text: str, length: int = 60) -> str:
    """`text` in quotes and on one line, cut to about `length` characters."""
    shown = text if len(text) <= length else text[: length - 3] + "..."
    if shown.isprintable():
        return f'"{shown}"'
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown) + '"'


def path_name(path: tuple[str | int, ...]) -> str:
    """How messages write a path in the document: `("patterns", 2, "regex")` is `patterns[2].regex`."""
    name = ""
    for part in path:
        if isinstance(part, int):
            # What has no name of its own is given a negative number.
            name += f"[{part}]" if part >= 0 else ""
        else:
            name += ("." if name else "") + (part if len(part) <= 60 else part[:57] + "...")
    return name
