"""Running upstream's tests against one installation of smolagents: the unpatched release, or the fork.

Both sides get the same interpreter, the same packages, the same environment variables and the same files; only where
`import smolagents` leads differs, and each session makes sure of that itself (`stand_ins/conftest.py`).
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .compare import Outcome
from .release import VERSION, unpack_package, unpack_tests


STAND_INS = Path(__file__).parent / "stand_ins"

# The slowest test takes 3 s and the suite half a minute on two cores: what takes so much longer hangs.
SECONDS_PER_TEST = 60
SECONDS_PER_RUN = 900

# The rest of the caller's variables could hold keys or settings that change what the tests see.
KEPT_VARIABLES = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "USER", "VIRTUAL_ENV")

# Where `import smolagents` leads, and what is installed under that name, without importing it.
PROBE = """
import importlib.metadata, importlib.util, json
spec = importlib.util.find_spec("smolagents")
print(json.dumps(spec and [spec.submodule_search_locations[0], importlib.metadata.version("smolagents")]))
"""


class SideError(Exception):
    """One side cannot be tested; the message is for the user."""


@dataclass(frozen=True)
class Side:
    """An installation of smolagents and a folder with upstream's tests.

    Attributes:
        name (`str`): "release" or "fork".
        tests (`Path`): The folder that pytest runs in.
        python_path (`Path | None`): The folder to import smolagents from, if not from the environment.
        package (`Path`): The folder of the smolagents package that must get tested.
        version (`str`): The version that must get tested.
    """

    name: str
    tests: Path
    python_path: Path | None
    package: Path
    version: str


@dataclass(frozen=True)
class Report:
    """What a session recorded, as far as it came.

    Attributes:
        package (`dict[str, str]`): Folder and version of the smolagents that was tested; empty if it did not start.
        outcomes (`dict[str, Outcome]`): How each test ended, by name.
        finished (`bool`): Whether the session came to its end.
    """

    package: dict[str, str]
    outcomes: dict[str, Outcome]
    finished: bool


@dataclass(frozen=True)
class Run:
    """One session of one side: how each test ended, pytest's exit code, and whether the session came to its end."""

    side: Side
    outcomes: dict[str, Outcome]
    exit: int
    complete: bool
    log: Path

    def __str__(self) -> str:
        counts = Counter(outcome.status for outcome in self.outcomes.values())
        counted = ", ".join(f"{count} {status}" for status, count in counts.most_common())
        end = "" if self.complete else f", broken off with exit code {self.exit}, see {self.log}"
        return f"{self.side.name} ({self.side.version}): {counted or 'nothing'}{end}"


def check_environment() -> None:
    """Makes sure that tests can be run here at all.

    Raises:
        SideError: What runs them is not installed.
    """
    for module in ("pytest", "pytest_timeout"):
        if importlib.util.find_spec(module) is None:
            raise SideError(f"{module} is not installed here: run `pip install -r tests/upstream/requirements.txt`.")


def release_side(project: Path, cache: Path, work: Path) -> Side:
    """The unpatched release, unpacked below `work`."""
    unpacked = work / "unpatched"
    unpack_package(project, unpacked)
    return Side("release", _lay_out_tests(cache, work / "release"), unpacked, unpacked / "smolagents", VERSION)


def fork_side(cache: Path, work: Path) -> Side:
    """The smolagents that is installed in this environment.

    Raises:
        SideError: There is none, or it is the release itself.
    """
    tests = _lay_out_tests(cache, work / "fork")
    side = Side("fork", tests, None, tests, "")
    found = json.loads(subprocess.check_output([sys.executable, "-c", PROBE], cwd=tests, env=_variables(side)))
    if not found:
        raise SideError("the fork is not installed in this environment: run `pip install -e .` first.")
    package, version = found
    if version == VERSION:
        raise SideError(
            f"this environment has the unpatched smolagents {VERSION}, not the fork: run `pip install -e .` first."
        )
    return replace(side, package=Path(package).resolve(), version=version)


def run(sides: Sequence[Side], logs: Path, only: Sequence[str] = ()) -> list[Run]:
    """Runs upstream's tests on all the sides at once.

    Args:
        sides (`Sequence[Side]`): What to test.
        logs (`Path`): The folder for what pytest printed, `<side>.log`; a run of chosen tests is `<side>-again.log`.
        only (`Sequence[str]`): The names of the tests to run; empty for all of them.

    Raises:
        SideError: A session ended before its first test.
    """
    sessions: list[_Session] = []
    try:
        for side in sides:
            sessions.append(_Session(side, logs, only))
        return [session.wait() for session in sessions]
    finally:
        for session in sessions:
            session.stop()


class _Session:
    def __init__(self, side: Side, logs: Path, only: Sequence[str]) -> None:
        self._side = side
        self._report = side.tests / "report.jsonl"
        self._log = logs / f"{side.name}{'-again' if only else ''}.log"
        self._report.unlink(missing_ok=True)
        variables = _variables(side)
        if only:
            chosen = side.tests / "only.json"
            chosen.write_text(json.dumps(list(only)), encoding="utf-8")
            variables["UPSTREAM_TESTS_ONLY"] = str(chosen)
        command = [sys.executable, "-m", "pytest", "tests", f"--timeout={SECONDS_PER_TEST}"]
        # Modules that cannot be imported here (no gradio, for one) must not keep the others from being run.
        command += ["--continue-on-collection-errors", "-p", "no:cacheprovider"]
        command += ["-p", "no:randomly"]  # Upstream's tests are made for upstream's order
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=side.tests,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that a hanging session ends with all that it has started
            )

    def wait(self) -> Run:
        try:
            self._process.wait(SECONDS_PER_RUN)
        except subprocess.TimeoutExpired:
            self.stop()
        report, code = read_report(self._report), self._process.returncode
        if not report.package:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            why = [line for line in lines if "error" in line.lower()][-1:] or lines[-1:]
            raise SideError(f"the {self._side.name}'s tests did not start, see {self._log}: {' '.join(why)}")
        # 0 and 1 are pytest's codes for a session in which all or some tests passed.
        complete = report.finished and code in (0, 1)
        return Run(self._side, report.outcomes, code, complete, self._log)

    def stop(self) -> None:
        """Ends a session that still runs, because it hangs or because the comparison was interrupted."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def read_report(path: Path) -> Report:
    """Reads the lines that a session recorded."""
    package: dict[str, str] = {}
    outcomes: dict[str, Outcome] = {}
    finished = False
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        if "package" in record:
            package = record["package"]
        elif "test" in record:
            outcomes[record["test"]] = Outcome(record["outcome"], record["message"])
        elif "exit" in record:
            finished = True
    return Report(package, outcomes, finished)


def _lay_out_tests(cache: Path, folder: Path) -> Path:
    unpack_tests(cache, folder)
    shutil.copytree(STAND_INS, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "home").mkdir()
    return folder


def _variables(side: Side) -> dict[str, str]:
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # Some tests start servers with the command `python`.
    variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])
    variables |= {
        "HOME": str(side.tests / "home"),  # for the histories, caches and tokens that libraries keep there
        "HF_HUB_OFFLINE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "UPSTREAM_TESTS_FOLDER": str(side.package),
        "UPSTREAM_TESTS_VERSION": side.version,
        "UPSTREAM_TESTS_REPORT": str(side.tests / "report.jsonl"),
        # One for the machine: other comparisons may be running on it.
        "UPSTREAM_TESTS_LOCK": str(Path(tempfile.gettempdir()) / f"upstream-tests-port-{os.getuid()}.lock"),
    }
    if side.python_path:
        variables["PYTHONPATH"] = str(side.python_path)
    return variables
