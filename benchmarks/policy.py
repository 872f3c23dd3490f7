"""
What a policy costs: `python -m benchmarks.policy`.

Everything takes turns in one process, the peer's decision too, and a figure is made of the shortest times. A unit is
what building one `ToolExecution` costs in that process.
"""

import argparse
import gc
import random
import string
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from agent_os.integrations.base import GovernancePolicy, PatternType, PolicyInterceptor, ToolCallRequest

from benchmarks.subjects import building_one_execution, tool_call, tool_call_in_run
from benchmarks.timing import Block, block, take_turns
from smolagents import ToolExecution, ToolOutcome
from smolagents.policy import Policy, PolicyHook


ALPHABET = string.ascii_lowercase
TEXT = 1_000  # characters
LONGER = 1_000  # times
OTHER_TEXTS = 50  # No two texts of a run of agents are alike


class Words:
    """Made-up patterns and texts, the same in each run."""

    def __init__(self) -> None:
        self._random = random.Random(0)
        self._vocabulary = [self._word(2, 9) for _ in range(2_000)]

    def _word(self, shortest: int, longest: int) -> str:
        return "".join(self._random.choices(ALPHABET, k=self._random.randint(shortest, longest)))

    def patterns(self, count: int) -> list[Any]:
        """So many patterns, a third of them texts, regular expressions and globs. None is in the texts."""
        words = [self._word(8, 12).upper() for _ in range(count)]
        forms: list[Callable[[str], Any]] = [
            lambda word: f"{word} -f",
            lambda word: {"regex": rf"\b{word}\s+\d+"},
            lambda word: {"glob": f"*.{word}"},
        ]
        return [forms[number % 3](word) for number, word in enumerate(words)]

    def text(self, length: int, separator: str = " ") -> str:
        return separator.join(self._random.choices(self._vocabulary, k=length))[:length]


def execution(text: str, kind: Any = "tool") -> ToolExecution:
    return ToolExecution(
        kind=kind,
        name="repeat" if kind == "tool" else "python_interpreter",
        arguments=MappingProxyType({"code" if kind == "code" else "text": text}),
        id="0-1",
        parent_id=None,
        run_id="0",
        agent_path=("ToolCallingAgent",),
        step_number=1,
    )


def hook(patterns: list[Any], **policy: Any) -> PolicyHook:
    return PolicyHook(Policy.from_data({"version": 1, "default": "allow", "patterns": patterns, **policy}))


def decision(of: PolicyHook, about: ToolExecution) -> Callable[[], Any]:
    """A decision from first to last: reasons, reserving and settling."""
    outcome = ToolOutcome("ok")

    def decide() -> None:
        assert of.before_tool_execution(about) is None
        of.after_tool_execution(about, outcome)

    return decide


def peers_decision(patterns: list[Any], text: str) -> Callable[[], Any]:
    """What the peer decides on the same call, by the same patterns."""
    kinds = {"regex": PatternType.REGEX, "glob": PatternType.GLOB}
    theirs = [
        pattern if isinstance(pattern, str) else next((said, kinds[kind]) for kind, said in pattern.items())
        for pattern in patterns
    ]
    interceptor = PolicyInterceptor(GovernancePolicy(blocked_patterns=theirs))
    request = ToolCallRequest(tool_name="repeat", arguments={"text": text})

    def decide() -> None:
        assert interceptor.intercept(request).allowed

    return decide


def full_policy(patterns: list[Any], **limits: int) -> PolicyHook:
    """A policy with tools, rules, patterns and limits, all of which a call of the tool has to pass."""
    conditions: dict[str, dict[str, Any]] = {
        "prefixes": {"text": {"prefix": "no:"}},
        "regexes": {"text": {"regex": r"(?i)drop\s+table"}},
        "lists": {"text": {"one_of": ["goodbye", "farewell"]}},
        "lengths": {"text": {"not": {"max_length": 10_000}}},
        "numbers": {"times": {"range": {"min": 9}}},
    }
    rules: list[dict[str, Any]] = [
        {"id": rule, "when": {"name": "repeat", "arguments": arguments}, "action": "deny"}
        for rule, arguments in conditions.items()
    ]
    rules += [
        {"id": f"answers-{word}", "when": {"name": "final_answer", "arguments": {"answer": {"contains": word}}}}
        | {"action": "deny"}
        for word in ("one", "two", "three", "four", "five")
    ]
    counted = {"tool_calls": 10**9, "per_tool": {"repeat": 10**9}, "tokens": 10**9}
    return hook(patterns, default="deny", tools={"allow": ["repeat"]}, rules=rules, limits=counted | limits)


@dataclass(frozen=True)
class Figure:
    """A line of the table: what is measured, its unit, how it follows from the shortest times, the most it may be."""

    name: str
    unit: str
    measure: Callable[[dict[str, float]], float]
    target: float | None = None


def ratio(name: str, variant: str, of: str, target: float | None = None) -> Figure:
    return Figure(name, "times", lambda best: best[variant] / best[of], target)


def units(name: str, variant: str, more_than: str, target: float | None = None) -> Figure:
    return Figure(name, "units", lambda best: (best[variant] - best[more_than]) / best["unit"], target)


def microseconds(name: str, variant: str) -> Figure:
    return Figure(name, "us", lambda best: best[variant] * 1e6)


FIGURES = (
    ratio("a decision with 10,000 patterns, to one with 10", "10,000 patterns", "10 patterns", 3),
    ratio("  the same, each text for the first time", "10,000 patterns, new texts", "10 patterns, new texts"),
    ratio("a text of 1 MB, to one of 1 kB", "1 MB", "1 kB", 1_500),
    ratio("  the same, in lines", "1 MB in lines", "1 kB in lines", 1_500),
    ratio("  the same, not in ASCII", "1 MB in Cyrillic", "1 kB in Cyrillic", 1_500),
    ratio("  the same, with a pattern at the end", "1 MB, refused", "1 kB, refused", 1_500),
    ratio("code of 100 kB, to code of 1 kB, folded", "100 kB of code", "1 kB of code"),
    Figure("`(a+)+$` on 50,000 characters", "ms", lambda best: best["(a+)+$"] * 1e3, 5),
    ratio("100 patterns on 1 kB, to agent-os-kernel 3.7.0", "100 patterns", "100 patterns, peer", 0.2),
    units("a call with the full policy", "call, policy", "call", 40),
    units("  inside of a run", "call in a run, policy", "call", 40),
    units("  the same, with a time limit: in a thread", "call in a run, time limit", "call"),
    microseconds("one unit: building a ToolExecution", "unit"),
    microseconds("a decision with 100 patterns on 1 kB", "100 patterns"),
    microseconds("a decision on 1 kB of code", "1 kB of code"),
)


def short_blocks(words: Words, stack: ExitStack) -> dict[str, Block]:
    """What takes microseconds."""
    ten, hundred, many = (hook(words.patterns(count)) for count in (10, 100, 10_000))
    mixed, text = words.patterns(100), words.text(TEXT)
    new_texts = [execution(words.text(TEXT)) for _ in range(OTHER_TEXTS)]
    refusing = hook(["NEVER", {"glob": "*.NEVER"}, {"regex": "FOUND$"}])
    full = full_policy(words.patterns(100))
    call, context = stack.enter_context(tool_call_in_run([full]))
    timed_call, timed_context = stack.enter_context(tool_call_in_run([full_policy(mixed, call_seconds=10**6)]))
    about = execution(text)
    return {
        "unit": block(building_one_execution(), 500),
        "call": block(tool_call(), 50),
        "call, policy": block(tool_call([full]), 50),
        "call in a run, policy": partial(context.run, block(call, 50)),
        "call in a run, time limit": partial(timed_context.run, block(timed_call, 10)),
        "10 patterns": block(decision(ten, about), 50),
        "10,000 patterns": block(decision(many, about), 50),
        "10 patterns, new texts": block(one_after_the_other(ten, new_texts), 50),
        "10,000 patterns, new texts": block(one_after_the_other(many, new_texts), 50),
        "1 kB": block(decision(hundred, about), 50),
        "1 kB in lines": block(decision(hundred, execution(words.text(TEXT, "\n    "))), 50),
        "1 kB in Cyrillic": block(decision(hundred, execution(cyrillic(text))), 10),
        "1 kB, refused": block(partial(refusing.before_tool_execution, execution(text + "FOUND")), 50),
        "1 kB of code": block(decision(hundred, execution(code(TEXT), "code")), 5),
        "100 patterns": block(decision(hook(mixed), about), 50),
        "100 patterns, peer": block(peers_decision(mixed, text), 5),
    }


def long_blocks(words: Words) -> dict[str, Block]:
    """What takes milliseconds."""
    hundred, text = hook(words.patterns(100)), words.text(TEXT * LONGER)
    refusing = hook(["NEVER", {"glob": "*.NEVER"}, {"regex": "FOUND$"}])
    greedy = hook([{"regex": "(a+)+$"}])
    return {
        "1 MB": block(decision(hundred, execution(text))),
        "1 MB in lines": block(decision(hundred, execution(words.text(TEXT * LONGER, "\n    ")))),
        "1 MB in Cyrillic": block(decision(hundred, execution(cyrillic(text)))),
        "1 MB, refused": block(partial(refusing.before_tool_execution, execution(text + "FOUND"))),
        "100 kB of code": block(decision(hundred, execution(code(TEXT * 100), "code"))),
        "(a+)+$": block(decision(greedy, execution("a" * 50_000 + "!"))),
    }


def one_after_the_other(of: PolicyHook, about: list[ToolExecution]) -> Callable[[], Any]:
    decisions = [decision(of, one) for one in about]
    turn = iter(range(sys.maxsize))
    return lambda: decisions[next(turn) % len(decisions)]()


def cyrillic(text: str) -> str:
    return text.translate({ord(letter): 0x430 + number for number, letter in enumerate(ALPHABET)})


def code(length: int) -> str:
    """A program of that length with constants to fold, as agents write them."""
    line = "total = compute(total, 'part' + str({}), [1, 2, 3])  # the next one\n"
    return "".join(line.format(number) for number in range(length // len(line) + 1))[:length].rpartition("\n")[0]


def main() -> int:
    """Measure, and print the table. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy", description="Measure what a policy costs.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--rounds", type=int, default=100, help="how often each is measured (default: %(default)s)")
    options = parser.parse_args()
    with ExitStack() as stack:
        samples = take_turns(short_blocks(Words(), stack), options.rounds)
        gc.collect()
        samples |= take_turns(long_blocks(Words()), max(3, options.rounds // 10))
    best = {name: min(times) for name, times in samples.items()}
    missed = False
    for figure in FIGURES:
        measured = figure.measure(best)
        target = "" if figure.target is None else f"{figure.target:g}"
        verdict = "" if figure.target is None else "met" if measured <= figure.target else "MISSED"
        missed |= verdict == "MISSED"
        print(f"{figure.name:<50} {target:>7} {measured:>10.3f} {figure.unit:<6} {verdict}".rstrip())
    return int(options.check and missed)


if __name__ == "__main__":
    sys.exit(main())
