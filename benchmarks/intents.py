"""
How well intents are told, on programs, commands and calls that others wrote: `python -m benchmarks.intents FILE...`.

Each file is JSON Lines, one labelled case a line, with `source`, `kind` (`python`, `bash`, `tool_call` or `text`),
`label` (`malicious` or `benign`), `tier`, `group`, `mapped_category`, and `text` or `tool` and `arguments`. Only the
tier `core` counts. Figures are means over groups, so that a template with many cases is one.

No weight is fitted to such files. What may be fitted is which rules there are, so `--leave-one-out` tells what is
found by the rules that cases of others also set off: of every source without that source, and of every scenario of
RedCode without that scenario, be it in Python or in bash. With `--peer`, agent-os-kernel, if it is installed, judges
the same.
"""

import argparse
import ast
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smolagents.policy.intents import DANGEROUS, Category, Intent, classify
from smolagents.policy.intents.scoring import THRESHOLD


ROUNDS = 3  # Of the timing, of which the shortest counts
_TOOLS = {"python": ("python_interpreter", "code"), "bash": ("bash", "command"), "text": ("instruct", "text")}


@dataclass(frozen=True)
class Case:
    """One row of a file."""

    source: str
    kind: str
    is_malicious: bool
    group: str
    category: str | None
    name: str
    arguments: Mapping[str, Any]

    @property
    def scenario(self) -> str | None:
        """Of RedCode, which scenario: its groups are numbered alike in Python and bash."""
        return f"RedCode {self.group}" if "redcode" in self.source.lower() else None


def cases_in(path: Path) -> Iterator[Case]:
    """The cases of a file that count."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["tier"] != "core":
            continue
        name, argument = _TOOLS.get(row["kind"], ("", ""))
        arguments = {argument: row.get("text") or ""}
        if row["kind"] == "tool_call":
            name, arguments = row.get("tool") or "tool", row.get("arguments") or {"text": row.get("text") or ""}
        category = row["mapped_category"]
        yield Case(
            path.stem,
            row["kind"],
            row["label"] == "malicious",
            row["group"],
            category and category.lower(),
            name,
            arguments,
        )


def mean_over_groups(values: Iterable[tuple[str, bool]]) -> float:
    """The mean over groups of the means in them."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for group, value in values:
        groups[group].append(value)
    return sum(sum(group) / len(group) for group in groups.values()) / len(groups) if groups else 0.0


def ranked(intent: Intent) -> list[str]:
    """The categories of an intent, the likeliest first."""
    return [intent.category.value, *(other.value for other in intent.categories if other != intent.category)]


def microseconds(cases: list[Case], judge: Callable[[str, Mapping[str, Any]], object]) -> float:
    """The processor's time that a case takes, which others on the machine do not change much."""
    shortest = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for case in cases:
            judge(case.name, case.arguments)
        shortest = min(shortest, time.process_time() - start)
    return shortest / len(cases) * 1e6


def parse(name: str, arguments: Mapping[str, Any]) -> object:
    """What `ast.parse` alone makes of a program."""
    try:
        return ast.parse(arguments["code"])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def report(cases: list[Case], intents: list[Intent], peer: Callable[[str, Mapping[str, Any]], Any] | None) -> None:
    """Print what is told of each source, kind and label, and how fast."""
    by: dict[tuple[str, str, bool], list[tuple[Case, Intent]]] = defaultdict(list)
    for case, intent in zip(cases, intents):
        by[case.source, case.kind, case.is_malicious].append((case, intent))
    print(
        "| source | kind | label | rows | groups | flagged | peer flags | first | first two | µs"
        " | peer µs | ast.parse µs |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for (source, kind, is_malicious), pairs in by.items():
        judged = [case for case, _ in pairs]
        columns = [source, kind, "malicious" if is_malicious else "benign", str(len(pairs))]
        columns.append(str(len({case.group for case in judged})))
        columns.append(f"{mean_over_groups((case.group, intent.dangerous) for case, intent in pairs):.2%}")
        flags = ((case.group, bool(peer(case.name, case.arguments).is_dangerous)) for case in judged) if peer else ()
        columns.append(f"{mean_over_groups(flags):.2%}" if peer else "")
        mapped = [(case, intent) for case, intent in pairs if is_malicious and case.category is not None]
        columns += [f"{share_right(mapped, count):.0%}" if mapped else "" for count in (1, 2)]
        columns.append(f"{microseconds(judged, classify):.0f}")
        columns.append(f"{microseconds(judged, peer):.0f}" if peer else "")
        columns.append(f"{microseconds(judged, parse):.0f}" if kind == "python" else "")
        print(f"| {' | '.join(columns)} |")


def share_right(pairs: list[tuple[Case, Intent]], count: int) -> float:
    """In how many cases the category is among the first so many."""
    return mean_over_groups((case.group, case.category in ranked(intent)[:count]) for case, intent in pairs)


def confusion(cases: list[Case], intents: list[Intent]) -> None:
    """Print which category malicious cases have, and which they are given first."""
    counts = Counter(
        (case.category, intent.category.value)
        for case, intent in zip(cases, intents)
        if case.is_malicious and case.category is not None
    )
    names = [category.value for category in Category]
    print("\n| it is, and is told as | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for true in names:
        if any(counts[true, told] for told in names):
            print(f"| {true} | " + " | ".join(str(counts[true, told] or "") for told in names) + " |")


def without(intent: Intent, rules: frozenset[str]) -> bool:
    """Whether an intent is dangerous by some rules alone."""
    misses: dict[Category, float] = {}
    for rule, category, weight in {(item.rule, item.category, item.weight) for item in intent.evidence}:
        if rule in rules:
            misses[category] = misses.get(category, 1.0) * (1.0 - weight)
    return any(1.0 - misses.get(category, 1.0) >= THRESHOLD for category in DANGEROUS)


def leave_one_out(cases: list[Case], intents: list[Intent]) -> None:
    """Print what is found in each source and scenario by the rules that malicious cases elsewhere set off."""
    pairs = [(case, intent) for case, intent in zip(cases, intents) if case.is_malicious]
    seen: dict[str, set[str]] = defaultdict(set)
    scenarios: dict[str, set[str]] = defaultdict(set)
    for case, intent in pairs:
        rules = {item.rule for item in intent.evidence}
        seen[case.source] |= rules
        scenarios[case.scenario or case.source] |= rules
    print("\n| left out | kind | rows | flagged | flagged by rules that others set off |")
    print("|---|---|---|---|---|")
    held = [(name, seen, lambda case: case.source) for name in seen]
    held += [(name, scenarios, lambda case: case.scenario) for name in scenarios if name.startswith("RedCode ")]
    for name, rules_of, name_of in held:
        elsewhere = frozenset(rule for other, rules in rules_of.items() if other != name for rule in rules)
        for kind in sorted({case.kind for case, _ in pairs if name_of(case) == name}):
            left_out = [(case, intent) for case, intent in pairs if name_of(case) == name and case.kind == kind]
            flagged = mean_over_groups((case.group, intent.dangerous) for case, intent in left_out)
            found = mean_over_groups((case.group, without(intent, elsewhere)) for case, intent in left_out)
            print(f"| {name} | {kind} | {len(left_out)} | {flagged:.2%} | {found:.2%} |")


def peer_judge() -> Callable[[str, Mapping[str, Any]], Any]:
    """The peer's classifier, as it comes."""
    from agent_os.semantic_policy import SemanticPolicyEngine

    engine = SemanticPolicyEngine()
    return lambda name, arguments: engine.classify(name, dict(arguments))


def main() -> None:
    parser = argparse.ArgumentParser(description="How well intents are told.")
    parser.add_argument("corpora", nargs="+", type=Path, metavar="FILE", help="labelled cases, JSON Lines")
    parser.add_argument("--leave-one-out", action="store_true", help="without the rules that only the source sets off")
    parser.add_argument("--peer", action="store_true", help="agent-os-kernel 3.7.0, too, if it is installed")
    options = parser.parse_args()
    paths = [file for path in options.corpora for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    cases = [case for path in paths for case in cases_in(path)]
    intents = [classify(case.name, case.arguments) for case in cases]
    report(cases, intents, peer_judge() if options.peer else None)
    confusion(cases, intents)
    if options.leave_one_out:
        leave_one_out(cases, intents)


if __name__ == "__main__":
    main()
