"""
What comparing two policies takes: `python -m benchmarks.compare`.

Pairs of made-up policies as people write them (tests/policy/comparison/realistic.py), each a policy with so many rules
and its next revision. The first pair of a process also pays for what is made once. What is unknown is counted for
policies with 20 to 100 rules.
"""

import argparse
import statistics
import time
from collections import Counter

from smolagents.policy import Policy
from tests.policy.comparison.realistic import Author


def pair(seed: int, rules: int | None) -> tuple[Policy, Policy]:
    old, new = Author(seed).pair(rules)
    return Policy.from_data(old), Policy.from_data(new)


def seconds(pairs: list[tuple[Policy, Policy]]) -> tuple[list[float], Counter[str]]:
    """How long each comparison takes, in seconds of the processor, and what comes of them."""
    taken, relations = [], Counter[str]()
    for old, new in pairs:
        before = time.process_time()
        relations[new.compare(old).relation] += 1
        taken.append(time.process_time() - before)
    return taken, relations


def main() -> None:
    parser = argparse.ArgumentParser(description="What comparing two policies takes.")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of each kind")
    pairs = parser.parse_args().pairs
    for name, rules in (("100 rules", 100), ("20 to 100 rules", None)):
        taken, relations = seconds([pair(seed, rules) for seed in range(pairs)])
        ordered = sorted(taken)
        print(
            f"{name:16} first {taken[0]:.2f} s, median {statistics.median(taken):.2f} s, "
            f"95 % under {ordered[int(len(ordered) * 0.95) - 1]:.2f} s, longest {ordered[-1]:.2f} s"
        )
        print(f"{'':16} {', '.join(f'{relation} {count}' for relation, count in relations.most_common())}")


if __name__ == "__main__":
    main()
