"""Converts an Agent-OS policy and says what could not be carried over exactly.

What cannot be expressed becomes stricter: for a pattern that RE2 cannot search for, a person is asked about every
call. What is looser all the same, or has nothing like it here, is named in a note.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from .. import document
from ..errors import PolicyError, Problem, excerpt
from ..globs import WILDCARDS
from ..model import Policy
from ..names import as_tool_name
from ..problems import problems_of
from . import patterns
from .fields import AgentOsPolicy


Effect = Literal["looser", "stricter", "different", "left out"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be carried over exactly.

    Attributes:
        effect (`str`): What the converted policy is there: `looser` or `stricter` than the original, or `different`;
            `left out` if there is nothing like it.
        problem (`Problem`): What it is, and where in the file.
    """

    effect: Effect
    problem: Problem

    def __str__(self) -> str:
        problem = self.problem
        message = f"{self.effect}: {problem.message}"
        return str(Problem(message, problem.path, problem.source, problem.line, problem.column))


@dataclass(frozen=True, slots=True)
class Conversion:
    """A policy with what there is to say about how it was made.

    Attributes:
        policy ([`Policy`]): The policy.
        notes (`tuple[Note, ...]`): What could not be carried over exactly, in the order of the file.
    """

    policy: Policy
    notes: tuple[Note, ...]

    def dump(self) -> str:
        """The policy as YAML, with the notes as comments, so that whoever reads the policy reads them."""
        head = ["Converted from an Agent-OS policy. What could not be carried over exactly:"]
        head += [f"{note.problem.path}: {note.effect}: {note.problem.message}" for note in self.notes]
        # `isprintable` has no line breaks in it, of any kind
        lines = ["".join(c if c.isprintable() else " " for c in line) for line in head]
        return "".join(f"# {line}\n" for line in lines) + self.policy.dump()


def convert(text: str | bytes, source: str = "<text>") -> Conversion:
    """Convert an Agent-OS policy in YAML or JSON.

    Raises:
        `PolicyError`: If it is not one. A key that Agent-OS does not know, and would ignore, is a mistake too.
    """
    if isinstance(text, bytes):
        text = document.decode(text, source)
    read = _parse(text, source)
    problems = list(read.problems)
    try:
        theirs = AgentOsPolicy.model_validate(read.data)
    except ValidationError as error:
        problems += problems_of(error, AgentOsPolicy, read)
    if problems:
        raise PolicyError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return _Converter(theirs, read).convert()


def _parse(text: str, source: str) -> document.Document:
    try:
        return document.parse(text, source)
    except PolicyError:
        # Nearly all JSON is YAML too. The rest is read without places.
        try:
            return document.Document(json.loads(text), source)
        except (ValueError, RecursionError):
            pass
        raise


class _Converter:
    """One conversion: what is written so far, and the notes on it."""

    def __init__(self, theirs: AgentOsPolicy, read: document.Document):
        self._theirs = theirs
        self._read = read
        self._notes: list[Note] = []
        self._data: dict[str, Any] = {"version": 1}
        self._patterns: list[dict[str, str]] = []
        self._rules: list[dict[str, Any]] = []
        self._allowed: list[str] = []

    def convert(self) -> Conversion:
        if self._theirs.name:
            self._data["name"] = self._theirs.name[:200]
        self._convert_tools()
        self._convert_patterns()
        self._convert_approval()
        self._convert_limits()
        self._leave_out()
        if self._patterns:
            self._data["patterns"] = self._patterns
        if self._rules:
            self._data["rules"] = self._rules
        notes = sorted(self._notes, key=lambda note: (note.problem.line or 0, note.problem.column or 0))
        return Conversion(Policy.from_data(self._data), tuple(notes))

    def _note(self, effect: Effect, path: document.Path, message: str) -> None:
        if path[0] not in self._read.data:
            message = f"{message} (The file leaves it out, which means {getattr(self._theirs, str(path[0]))} there.)"
        self._notes.append(Note(effect, self._read.problem(message, path, at_key=len(path) == 1)))

    def _convert_tools(self) -> None:
        names = self._theirs.allowed_tools
        if not names:
            self._data["default"] = "allow"
            message = "An empty list allows every tool there, so this is `default: allow`. Better list the tools."
            self._note("different", ("allowed_tools",), message)
            return
        for index, name in enumerate(names):
            path: document.Path = ("allowed_tools", index)
            # There a star is a star.
            entry = "".join(f"[{character}]" if character in WILDCARDS else character for character in name)
            if not entry or entry != entry.strip() or len(entry) > 200:
                self._note("stricter", path, f"{excerpt(name)} cannot be the name of a tool, and is left out.")
                continue
            if (renamed := as_tool_name(entry)) != entry:
                message = f"This allows {excerpt(renamed)} too, as agents call such a tool of an MCP server."
                self._note("looser", path, message)
            self._allowed.append(entry)
        if "final_answer" not in names:
            message = "`final_answer` is allowed here without being named: a run has to end."
            self._note("looser", ("allowed_tools",), message)
        self._data |= {"default": "deny", "tools": {"allow": self._allowed}}

    def _convert_patterns(self) -> None:
        if not self._theirs.blocked_patterns:
            return
        self._note(
            "looser",
            ("blocked_patterns",),
            "There, patterns are searched for in all arguments as Python prints them. Here, they are searched for in "
            "each text among the arguments and in the code: not in names of arguments, and not across two arguments.",
        )
        self._note(
            "stricter",
            ("blocked_patterns",),
            "`^` and `$` are the ends of each text; lists are searched as command lines too; look-alike and invisible "
            "characters do not hide anything.",
        )
        for index, pattern in enumerate(self._theirs.blocked_patterns):
            self._convert_pattern(pattern.type, pattern.pattern, ("blocked_patterns", index))

    def _convert_pattern(self, kind: str, text: str, path: document.Path) -> None:
        try:
            patterns.check(kind, text)
        except ValueError as error:
            raise PolicyError([self._read.problem(f"{error}.", path)]) from None
        rule_id = f"blocked-pattern-{path[-1]}"
        if patterns.matches_everything(kind, text):
            self._add_rules_on_everything(rule_id, "deny", "An imported pattern refuses everything")
            message = f"{excerpt(text)} is in every text, so all calls and code are refused, and answers are not."
            self._note("different", path, message)
            return
        try:
            translation = patterns.translate(kind, text)
        except patterns.NotTranslatable as error:
            self._add_rules_on_everything(rule_id, "ask", f"The pattern {excerpt(text)} cannot be searched for here")
            message = f"A person is asked about every call and all code instead: {error}. Then remove {rule_id}."
            self._note("stricter", path, message)
            return
        self._patterns.append({"regex": translation.regex})
        for loss in translation.losses:
            self._note("looser", path, loss)

    def _convert_approval(self) -> None:
        if self._theirs.require_human_approval:
            self._add_calls_rule("human-approval", "ask", "Every call needs an approval")
            message = "A person is asked about tool calls and delegations, not about code and final answers."
            self._note("looser", ("require_human_approval",), message)

    def _convert_limits(self) -> None:
        theirs = self._theirs
        self._data["limits"] = {
            "tool_calls": min(theirs.max_tool_calls, 10**9),
            "tokens": min(theirs.max_tokens, 10**9),
            "run_seconds": min(theirs.timeout_seconds, 10**9),
        }
        self._note("looser", ("max_tool_calls",), "Answers and code actions do not count; each run starts at 0.")
        message = "It is for all model calls of a run together, not for each: the run will end sooner."
        self._note("stricter", ("max_tokens",), message)
        message = "The clock starts with each run, not when the guard is made; a run that is over time is ended."
        self._note("different", ("timeout_seconds",), message)

    def _leave_out(self) -> None:
        for name, message in (
            ("confidence_threshold", "Agents of smolagents report no confidence, so there is nothing to compare."),
            ("drift_threshold", "It refuses nothing there, and there is nothing like it here."),
            ("log_all_calls", "Every decision is told to listeners of the event `policy_check`."),
            ("checkpoint_frequency", "There, a checkpoint is a name and saves nothing."),
            (
                "max_concurrent",
                "How many agents run at once is not limited; for smolagents it is not there either.",
            ),
            ("backpressure_threshold", "Calls are not slowed down."),
            ("version", "`version` here is that of the language. Keep yours in a comment or in the name."),
        ):
            if name in self._read.data:
                self._note("left out", (name,), message)

    def _add_rules_on_everything(self, rule_id: str, action: str, reason: str) -> None:
        self._add_calls_rule(rule_id, action, reason)
        when = {"kind": "code"}
        self._rules.append({"id": f"{rule_id}-code", "when": when, "action": action, "reason": reason})

    def _add_calls_rule(self, rule_id: str, action: str, reason: str) -> None:
        when: dict[str, Any] = {"kind": ["tool", "agent"]}
        if self._theirs.allowed_tools:
            if not self._allowed:
                return
            # A rule that asks about a tool opens it, so it must not be about more than the list.
            when["name"] = self._allowed
        self._rules.append({"id": rule_id, "when": when, "action": action, "reason": reason})
