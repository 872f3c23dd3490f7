"""What the two runs of upstream's tests say about the fork, test for test.

Knows nothing of how tests are run: it works on outcomes by test name, as the runs reported them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


# What is said of a test that one run reported and the other did not, because it broke off or did not collect it.
MISSING = "missing"


@dataclass(frozen=True)
class Outcome:
    """How one test ended.

    Attributes:
        status (`str`): "passed", "failed", "error" (in a fixture or an import), "skipped", "xfailed", or "missing".
        message (`str`): The last line of what pytest had to say, for one that did not pass.
    """

    status: str
    message: str = ""

    @property
    def passed(self) -> bool:
        return self.status == "passed"


@dataclass(frozen=True)
class Difference:
    """A test that passed on one side only."""

    test: str
    release: Outcome
    fork: Outcome

    def __str__(self) -> str:
        message = self.release.message or self.fork.message
        sides = f"{self.release.status} on the release, {self.fork.status} on the fork"
        return f"{self.test}: {sides}" + (f" ({message})" if message else "")


@dataclass(frozen=True)
class Comparison:
    """The fork's outcomes beside the release's.

    Attributes:
        passed_on_release (`int`): How many tests passed on the unpatched release.
        regressions (`tuple[Difference, ...]`): Those of them that do not pass on the fork. There must be none.
        gains (`tuple[Difference, ...]`): Tests that pass on the fork only.
        pass_on_neither (`Mapping[str, int]`): How many others there are, by how they ended on the release.
    """

    passed_on_release: int
    regressions: tuple[Difference, ...]
    gains: tuple[Difference, ...]
    pass_on_neither: Mapping[str, int]

    @property
    def differences(self) -> tuple[Difference, ...]:
        return self.regressions + self.gains

    def summary(self) -> str:
        """One line for people."""
        neither = sum(self.pass_on_neither.values())
        details = [
            f"{len(self.regressions)} regression{'' if len(self.regressions) == 1 else 's'}",
            f"{neither} pass on neither",
        ]
        if self.gains:
            details.append(f"{len(self.gains)} on the fork only")
        return (
            f"upstream's tests: {self.passed_on_release} passed on the release, "
            f"{self.passed_on_release - len(self.regressions)} of them pass on the fork ({', '.join(details)})"
        )


def compare(release: Mapping[str, Outcome], fork: Mapping[str, Outcome]) -> Comparison:
    """Compares outcomes by test name. A test that the fork's run does not report has not passed there."""
    regressions: list[Difference] = []
    gains: list[Difference] = []
    pass_on_neither: Counter[str] = Counter()
    for test in dict.fromkeys([*release, *fork]):
        on_release, on_fork = (outcomes.get(test, Outcome(MISSING)) for outcomes in (release, fork))
        if on_release.passed and not on_fork.passed:
            regressions.append(Difference(test, on_release, on_fork))
        elif on_fork.passed and not on_release.passed:
            gains.append(Difference(test, on_release, on_fork))
        elif not on_release.passed:
            pass_on_neither[on_release.status] += 1
    passed_on_release = sum(outcome.passed for outcome in release.values())
    return Comparison(passed_on_release, tuple(regressions), tuple(gains), pass_on_neither)


def settle(first: Mapping[str, Outcome], again: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes of one side after some of its tests were run again: what passed once, passes."""
    passed_again = {test: outcome for test, outcome in again.items() if outcome.passed}
    return {**first, **passed_again}
