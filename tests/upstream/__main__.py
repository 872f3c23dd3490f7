"""`python -m tests.upstream`: does every upstream test that passes on the unpatched release pass on the fork?"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from .compare import MISSING, Comparison, Outcome, compare, settle
from .release import VERSION, ReleaseError, check_pin
from .sides import Run, SideError, check_environment, fork_side, release_side, run


PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / "build" / "upstream"

# How often a test that passed on one side only is run again, on both, before the difference counts.
RERUNS = 2
# More differences than this are not chance, and are not run again.
MOST_BY_CHANCE = 50
# Fewer passes on the release mean that this environment lacks packages, and then agreement would say little.
FEWEST_PASSES = 850
# Of more differences than this, the rest are only counted.
MOST_LISTED = 100


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.upstream",
        description=f"Runs the tests of smolagents {VERSION} against that release and against the fork that is "
        "installed in this environment, and compares them test for test. The exit code is 0 if every test that passes "
        "on the release passes on the fork, 1 if one does not, and 2 if the comparison could not be made.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every test's outcome on both sides to FILE")
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", default=CACHE, help="for downloads and logs (default: build/upstream)"
    )
    options = parser.parse_args(arguments)
    try:
        comparison = compare_sides(options.cache.resolve(), options.json)
    except (ReleaseError, SideError) as error:
        print(f"upstream's tests were not compared: {error}")
        return 2
    for name, differences in (("only on the fork", comparison.gains), ("regression", comparison.regressions)):
        for difference in differences[:MOST_LISTED]:
            print(f"{name}: {difference}")
        if len(differences) > MOST_LISTED:
            print(f"{name}: and {len(differences) - MOST_LISTED} more, which --json FILE lists")
    print(comparison.summary())
    return 1 if comparison.regressions else 0


def compare_sides(cache: Path, table: Path | None) -> Comparison:
    """Runs both sides, and again what passed on one of them only; writes all outcomes to `table` if there is one.

    Raises:
        ReleaseError: The release cannot be had.
        SideError: A side cannot be tested, or the release's side says too little.
    """
    if (PROJECT / "pyproject.toml").exists():
        check_pin(PROJECT / "pyproject.toml")
    check_environment()
    with tempfile.TemporaryDirectory(prefix="upstream-tests-") as folder:
        work = Path(folder).resolve()
        sides = [release_side(PROJECT, cache, work), fork_side(cache, work)]
        print(f"upstream's tests, on the release and on {sides[1].package} ...", flush=True)
        runs = run(sides, cache)
        for side_run in runs:
            print(side_run, flush=True)
        outcomes = [side_run.outcomes for side_run in runs]
        comparison = compare(*outcomes)
        check_release(runs[0], comparison)
        if not runs[1].complete and not comparison.regressions:
            raise SideError(f"the fork's run reported every test and then did not end well, see {runs[1].log}.")
        for _ in range(RERUNS):
            tests = [difference.test for difference in comparison.differences]
            if not 0 < len(tests) <= MOST_BY_CHANCE:
                break
            print(f"{len(tests)} passed on one side only: run again on both ...", flush=True)
            again = run(sides, cache, tests)
            outcomes = [settle(first, second.outcomes) for first, second in zip(outcomes, again)]
            comparison = compare(*outcomes)
        for side_run, settled in zip(runs, outcomes):
            for test in changed(side_run.outcomes, settled):
                print(f"passed on the {side_run.side.name} only when run again: {test}")
    if table:
        write_table(table, runs, outcomes, comparison)
    return comparison


def check_release(release: Run, comparison: Comparison) -> None:
    if not release.complete:
        raise SideError(f"the release's own run did not come to its end, see {release.log}.")
    if comparison.passed_on_release < FEWEST_PASSES:
        raise SideError(
            f"only {comparison.passed_on_release} tests pass on the release here, at least {FEWEST_PASSES} should: "
            f"run `pip install -r tests/upstream/requirements.txt`, or see {release.log}."
        )


def changed(first: dict[str, Outcome], settled: dict[str, Outcome]) -> list[str]:
    return [test for test, outcome in settled.items() if first.get(test) != outcome]


def write_table(path: Path, runs: list[Run], outcomes: list[dict[str, Outcome]], comparison: Comparison) -> None:
    """Writes the comparison as JSON: what was tested, every test's outcome on both sides, and the differences."""
    tests = {}
    for test in sorted({*outcomes[0], *outcomes[1]}):
        tests[test] = {
            side_run.side.name: settled.get(test, Outcome(MISSING)).status for side_run, settled in zip(runs, outcomes)
        }
    content = {
        "summary": comparison.summary(),
        "versions": {side_run.side.name: side_run.side.version for side_run in runs},
        "regressions": [str(difference) for difference in comparison.regressions],
        "only_on_the_fork": [str(difference) for difference in comparison.gains],
        "tests": tests,
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
