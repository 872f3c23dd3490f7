"""What the comparison needs of each of its two pytest sessions; upstream's own tests need tests/conftest.py instead.

This file is laid beside upstream's `tests` folder. It makes sure that the intended package is tested, records the
outcome of every test as a line of JSON, and keeps the tests away from the network. What it is told, by environment
variables, is in the runner's `sides.py`.
"""

import fcntl
import ipaddress
import json
import os
import socket
from importlib import metadata
from pathlib import Path

import pytest


# Not run on either side; each for a reason that has nothing to do with the fork.
collect_ignore = [
    # Tests `yield` in interpreted functions, which is not in the 1.26.0 release, only in the repository after it.
    "tests/test_yield_support.py",
    # Runs the snippets of docs/, which the source distribution does not have; it needs keys and paid services, too.
    "tests/test_all_docs.py",
    # Installs whatever project lies in the current folder (here: none) from the network. That the built fork can be
    # imported without extras is for the fork's own packaging tests.
    "tests/test_import.py",
]

# These start a server on port 8000, so they cannot run in both sessions at once.
TESTS_ON_A_FIXED_PORT = {"test_integration_from_mcp_with_streamable_http", "test_integration_from_mcp_with_sse"}


def pytest_configure(config: pytest.Config) -> None:
    recorder = Recorder(Path(os.environ["UPSTREAM_TESTS_REPORT"]))
    recorder.write_package()
    config.pluginmanager.register(recorder, "upstream-tests-recorder")
    keep_off_the_network()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps only the tests that the runner wants run again, if it names any.

    They are not given as arguments, because some of their names are full of brackets, quotes and line breaks.
    """
    if only := os.environ.get("UPSTREAM_TESTS_ONLY"):
        wanted = set(json.loads(Path(only).read_text(encoding="utf-8")))
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in wanted])
        items[:] = [item for item in items if item.nodeid in wanted]


class Recorder:
    """Writes one JSON line for the tested package, and then one a test, at once, so that a crash loses nothing."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._outcomes: dict[str, tuple[str, str]] = {}

    def write_package(self) -> None:
        """Records which smolagents this session imports.

        Raises:
            pytest.UsageError: It is not the one that the runner wants tested; nothing is run then.
        """
        import smolagents

        found = {"folder": str(Path(smolagents.__file__).resolve().parent), "version": metadata.version("smolagents")}
        wanted = {"folder": os.environ["UPSTREAM_TESTS_FOLDER"], "version": os.environ["UPSTREAM_TESTS_VERSION"]}
        if found != wanted:
            raise pytest.UsageError(f"the smolagents to be tested is {wanted}, but what is imported is {found}")
        self._write({"package": found})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        # A module that cannot be imported has no tests to report; without a line of its own it would go unseen.
        if report.failed:
            self._write({"test": report.nodeid, "outcome": "error", "message": _why(report)})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome, message = self._outcomes.get(report.nodeid, ("passed", ""))
        if report.failed and outcome == "passed":
            # A failing fixture is an error, as in pytest's own summary; also when it fails after a test that passed.
            outcome = "failed" if report.when == "call" else "error"
            message = _why(report)
        elif report.skipped and outcome == "passed":
            outcome = "xfailed" if hasattr(report, "wasxfail") else "skipped"
            message = getattr(report, "wasxfail", "") or _why(report)
        self._outcomes[report.nodeid] = (outcome, message)
        if report.when == "teardown":
            self._write({"test": report.nodeid, "outcome": outcome, "message": message})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._write({"exit": int(exitstatus)})

    def _write(self, line: dict) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _why(report: pytest.CollectReport | pytest.TestReport) -> str:
    """One line of a skip or failure: what was raised, or else the last thing that pytest says."""
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return report.longrepr[-1]
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = crash.message.splitlines()[:1] if crash else report.longreprtext.strip().splitlines()[-1:]
    return "".join(lines).removeprefix("E").strip()[:300]


def keep_off_the_network() -> None:
    """Makes connections and name look-ups to other machines fail at once, as on a machine without a network.

    A test that needs the network then fails alike and quickly on both sides, here and on a developer's machine.
    """
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def connect_locally(self, address, /):
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise ConnectionRefusedError(f"upstream's tests run without a network: {address!r}")
        return connect(self, address)

    def getaddrinfo_locally(host, *args, **kwargs):
        if host and not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, f"upstream's tests run without a network: {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    setattr(socket.socket, "connect", connect_locally)
    setattr(socket, "getaddrinfo", getaddrinfo_locally)


def _is_local(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


@pytest.fixture(autouse=True)
def one_session_at_a_time_on_a_fixed_port(request: pytest.FixtureRequest):
    """Lets the two sessions take turns where a test insists on a port."""
    if request.node.name not in TESTS_ON_A_FIXED_PORT:
        yield
        return
    with open(os.environ["UPSTREAM_TESTS_LOCK"], "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
