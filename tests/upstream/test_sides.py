"""Real sessions, with the session's part of the stand-ins, on small tests of our own instead of upstream's."""

import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from textwrap import dedent

import pytest

import smolagents

from .sides import STAND_INS, Run, Side, SideError, read_report, run


SAMPLE = """
import os
import socket

import pytest


def test_that_passes(): ...


def test_that_fails():
    assert 1 == 2, "one is not two"


def test_that_skips():
    pytest.skip("not today")


@pytest.mark.xfail(reason="known")
def test_that_fails_as_expected():
    assert False


@pytest.fixture
def broken_before():
    raise ValueError("no fixture")


@pytest.fixture
def broken_after():
    yield
    raise ValueError("no clean-up")


def test_without_its_fixture(broken_before): ...


def test_whose_fixture_fails_afterwards(broken_after): ...


@pytest.mark.parametrize("value", ["[a]::b", "line\\nbreak", "ünï"])
def test_with_a_difficult_name(value): ...


def test_no_other_machine_can_be_reached():
    with pytest.raises(OSError, match="without a network"):
        socket.create_connection(("smolagents.invalid", 443))
    with socket.socket() as one, pytest.raises(OSError, match="without a network"):
        one.connect(("192.0.2.1", 443))


def test_this_machine_can_be_reached():
    with socket.create_server(("localhost", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_callers_keys_are_not_seen():
    assert "OPENAI_API_KEY" not in os.environ
"""


@pytest.fixture
def side(tmp_path: Path) -> Side:
    """The installed smolagents, with a folder of sample tests where upstream's would be."""
    tests = tmp_path / "side"
    shutil.copytree(STAND_INS, tests, ignore=shutil.ignore_patterns("fixtures", "utils", "__pycache__"))
    (tests / "tests" / "conftest.py").unlink()
    (tests / "tests" / "test_sample.py").write_text(dedent(SAMPLE), encoding="utf-8")
    (tests / "tests" / "test_not_importable.py").write_text("import no_module_of_this_name\n", encoding="utf-8")
    package = Path(smolagents.__file__).resolve().parent
    return Side("sample", tests, package.parent, package, metadata.version("smolagents"))


def run_one(side: Side, tmp_path: Path, only: tuple[str, ...] = ()) -> Run:
    (only_run,) = run([side], tmp_path, only)
    return only_run


def test_a_session_reports_every_test_as_pytest_does(side, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a secret")

    sample_run = run_one(side, tmp_path)

    statuses = {test.rpartition("test_sample.py::")[2]: ended.status for test, ended in sample_run.outcomes.items()}
    assert statuses == {
        "tests/test_not_importable.py": "error",
        "test_that_passes": "passed",
        "test_that_fails": "failed",
        "test_that_skips": "skipped",
        "test_that_fails_as_expected": "xfailed",
        "test_without_its_fixture": "error",
        "test_whose_fixture_fails_afterwards": "error",
        "test_with_a_difficult_name[[a]::b]": "passed",
        "test_with_a_difficult_name[line\\nbreak]": "passed",
        "test_with_a_difficult_name[\\xfcn\\xef]": "passed",
        "test_no_other_machine_can_be_reached": "passed",
        "test_this_machine_can_be_reached": "passed",
        "test_the_callers_keys_are_not_seen": "passed",
    }
    assert sample_run.complete


def test_a_session_says_why_a_test_did_not_pass(side, tmp_path):
    outcomes = run_one(side, tmp_path).outcomes

    assert {test.rpartition("::")[2]: outcome.message for test, outcome in outcomes.items() if outcome.message} == {
        "tests/test_not_importable.py": "ModuleNotFoundError: No module named 'no_module_of_this_name'",
        "test_that_fails": "AssertionError: one is not two",
        "test_that_skips": "Skipped: not today",
        "test_that_fails_as_expected": "known",
        "test_without_its_fixture": "ValueError: no fixture",
        "test_whose_fixture_fails_afterwards": "ValueError: no clean-up",
    }


def test_chosen_tests_are_run_alone_whatever_their_names(side, tmp_path):
    chosen = ("test_that_fails", "test_with_a_difficult_name[[a]::b]", "test_with_a_difficult_name[line\\nbreak]")

    outcomes = run_one(side, tmp_path, tuple(f"tests/test_sample.py::{name}" for name in chosen)).outcomes

    assert [test.partition("::")[2] for test in outcomes if "test_sample" in test] == list(chosen)


def test_a_session_records_which_smolagents_it_tested(side, tmp_path):
    run_one(side, tmp_path)

    assert read_report(side.tests / "report.jsonl").package == {"folder": str(side.package), "version": side.version}


@pytest.mark.parametrize("other", [{"package": Path("/elsewhere/smolagents")}, {"version": "0.0.1"}])
def test_a_session_refuses_to_test_another_smolagents_than_the_intended_one(side, tmp_path, other):
    with pytest.raises(SideError, match="did not start.*what is imported is.*") as refusal:
        run_one(replace(side, **other), tmp_path)

    assert str(side.package) in str(refusal.value)


def test_a_session_that_breaks_off_is_known_as_incomplete_and_keeps_what_it_reported(side, tmp_path):
    (side.tests / "tests" / "test_sample.py").write_text(
        "import os\n\ndef test_first(): ...\n\ndef test_second(): os._exit(1)\n", encoding="utf-8"
    )

    sample_run = run_one(side, tmp_path)

    assert not sample_run.complete
    assert sample_run.outcomes["tests/test_sample.py::test_first"].passed
    assert "tests/test_sample.py::test_second" not in sample_run.outcomes
