"""The readers of programs and commands, for one another: either may stand in the other."""

from __future__ import annotations

from collections.abc import Sequence

from .facts import Fact
from .python_pieces import parsable, repaired
from .python_reader import read_program
from .shell_reader import read_argv, read_command
from .words import UNREAD, read_words


# A command in a program in a command ...: what is deeper is read as words.
_DEEPEST = 4
# Characters. A model writes a hundredth of that in a step; the densest program of this length takes 2.8 s.
_LONGEST_PROGRAM = 600_000


class Readers:
    """Reads what stands in a text, with a parser for its language; by its words if the parser fails.

    A reader gets this as `readers`, and gives it what it finds inside its own text.

    Args:
        depth (`int`, *optional*): How many texts the text stands in.
    """

    def __init__(self, depth: int = 0):
        self._depth = depth

    def python(self, program: str) -> list[Fact]:
        """What a Python program does."""
        if self._depth >= _DEEPEST:
            return read_words(program)
        if len(program) > _LONGEST_PROGRAM:
            return [UNREAD, *read_words(program)]
        try:
            return read_program(program, Readers(self._depth + 1))
        except Exception:  # Not parsed, or nested too deep to be
            return self._pieces(program)

    def _pieces(self, program: str) -> list[Fact]:
        deeper = Readers(self._depth + 1)
        facts = read_words(program)
        program = repaired(program)
        try:
            return facts + read_program(program, deeper)
        except Exception:
            pass  # Not as a whole
        for language, text in parsable(program):
            if language == "shell":
                facts += deeper.shell(text)
            elif language == "python":
                try:
                    facts += read_program(text, deeper)
                except Exception:
                    continue  # Its words are read already
        return facts

    def shell(self, command: str) -> list[Fact]:
        """What a command, or a script of the shell, does."""
        if self._depth >= _DEEPEST:
            return read_words(command)
        try:
            return read_command(command, Readers(self._depth + 1))
        except Exception:
            return read_words(command)

    def argv(self, words: Sequence[str | None]) -> list[Fact]:
        """What a command does that is given as a program and its arguments; `None` is a word that is not known."""
        known = [word for word in words if word is not None]
        if self._depth >= _DEEPEST:
            return read_words(" ".join(known))
        try:
            return read_argv(words, Readers(self._depth + 1))
        except Exception:
            return read_words(" ".join(known))
