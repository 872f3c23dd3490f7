"""Asks the person at the terminal."""

from __future__ import annotations

import getpass
import os
import select
import sys
import threading
from functools import partial
from typing import Literal, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .approval import Approval, ApprovalRequest
from .readable import CODE_POINT, block, cut, safe


# One person reads one question at a time, whoever asks
_ONE_AT_A_TIME = threading.Lock()
_POLL_SECONDS = 0.2
_SHOWN_ARGUMENTS = 30
_LABEL_WIDTH = 24

_Word = Literal["yes", "no", "always", "full"]
_WORDS: dict[str, _Word] = {
    "y": "yes",
    "yes": "yes",
    "n": "no",
    "no": "no",
    "a": "always",
    "always": "always",
    "f": "full",
    "full": "full",
}


class ConsoleApprover:
    """Shows a call to the person at the terminal and asks for a yes or a no, one call at a time.

    Without a terminal, or at the end of the input, the answer is no. What was typed before the question was shown is
    no answer.

    Args:
        console (`Console`, *optional*): Where to show it; standard error by default.
        stream (`TextIO`, *optional*): Where the answer is read from, by lines. By default standard input, which has to
            be a terminal then.
        by (`str`, *optional*): Who answers; the name of the user by default.
    """

    def __init__(self, console: Console | None = None, stream: TextIO | None = None, by: str | None = None):
        self._console = console or Console(stderr=True)
        self._stream = stream
        self._by = by or _user()
        self._needs_terminal = stream is None and console is None

    def approve(self, request: ApprovalRequest) -> Approval | None:
        with _ONE_AT_A_TIME:
            return self._ask(request) if request.is_open() else None

    def _ask(self, request: ApprovalRequest) -> Approval | None:
        stream = self._stream or sys.stdin
        is_terminal = stream is not None and stream.isatty()
        if not is_terminal and self._stream is None or self._needs_terminal and not self._console.is_terminal:
            return request.reject(note="Nobody could be asked: there is no terminal.")
        if is_terminal:
            _drop_what_was_typed(stream)
        self._show(request, full=False)
        while True:
            self._prompt(request)
            line = _read_line(stream, request)
            if not request.is_open():
                self._say("The question is withdrawn: an answer no longer counts.")
                return None
            if not line:
                self._say("")
                return request.reject(note="Nobody answered: the input has ended.")
            word, note = _parse(line)
            if word == "yes" or word == "always" and request.is_repeatable:
                return request.approve(by=self._by, note=note, always=word == "always")
            if word == "no":
                return request.reject(by=self._by, note=note)
            if word == "full":
                self._show(request, full=True)

    def _show(self, request: ApprovalRequest, full: bool) -> None:
        execution = request.execution
        show = partial(safe, ascii_only=not self._console.encoding.lower().startswith("utf"))
        rows: list[tuple[str, Text]] = [
            ("agent", Text(show(" > ".join(execution.agent_path)))),
            (execution.kind, Text(show(execution.name), "bold")),
        ]
        arguments = list(execution.arguments.items())
        is_cut = not full and len(arguments) > _SHOWN_ARGUMENTS
        for name, value in arguments if full else arguments[:_SHOWN_ARGUMENTS]:
            head, left_out, tail = (block(value, show), None, "") if full else cut(block(value, show))
            text = Text(head)
            text.highlight_regex(CODE_POINT, "reverse")
            if left_out is not None:
                is_cut = True
                end = Text(tail)
                end.highlight_regex(CODE_POINT, "reverse")
                text = Text("\n").join([text, Text(f"[{left_out}]", "bold red"), end])
            label = show(str(name))
            if len(label) > _LABEL_WIDTH - 4:  # In two lines, the second could look like another row
                label, text = "(long name)", Text.assemble(label, " = ", text)
            rows.append((f"  {label} =", text))
        rows += [("because", Text(show(reason.message), "yellow")) for reason in request.reasons]
        if is_cut:
            rows.append(("", Text("Not all of it is shown. Answer f to see everything.", "bold red")))
        # What is in the second column cannot leave it, and so cannot look like one of the rows.
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True, min_width=_LABEL_WIDTH)
        table.add_column(overflow="fold", ratio=1)
        for label, text in rows:
            table.add_row(Text(label), text)
        self._console.rule(Text("The agent asks for an approval", "bold"))
        self._console.print(table, highlight=False, soft_wrap=False)

    def _prompt(self, request: ApprovalRequest) -> None:
        always = ", a = always for this exact call" if request.is_repeatable else ""
        text = f"Allow it? y = yes, n = no{always}, f = show all; a note may follow (n use the copy): "
        self._console.print(Text(text, "bold"), end="", highlight=False, soft_wrap=True)
        self._console.file.flush()

    def _say(self, text: str) -> None:
        self._console.print(Text(text), highlight=False)


def _parse(line: str) -> tuple[_Word | None, str | None]:
    """The word that an answer begins with, and the note that follows it."""
    word, _, note = line.strip().partition(" ")
    return _WORDS.get(word.lower().rstrip(",.:;!")), note.strip() or None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # There is no name for who runs this, as in some containers
        return "console"


def _drop_what_was_typed(stream: TextIO) -> None:
    try:
        import termios

        termios.tcflush(stream.fileno(), termios.TCIFLUSH)
    except (ImportError, OSError, ValueError):  # Not on this system, or a terminal that is none of the system's
        pass


def _read_line(stream: TextIO, request: ApprovalRequest) -> str:
    """The next line; empty at the end of the input, or if the request is no longer open.

    A terminal is read from below Python's buffers, and only when there is something to read: a thread that stays in a
    read after its question was withdrawn would take the next line that is meant for somebody else.
    """
    try:
        descriptor = stream.fileno() if stream.isatty() and os.name == "posix" else None
    except (OSError, ValueError):
        descriptor = None
    if descriptor is None:
        return stream.readline()
    line = b""
    while request.is_open():
        if not select.select([descriptor], [], [], _POLL_SECONDS)[0]:
            continue
        part = os.read(descriptor, 4096)
        line += part
        if not part or part.endswith((b"\n", b"\r")):
            break
    return line.decode("utf-8", "replace")
