"""
Attacks on the guard's own memory: generated code that goes for objects of the guard, in the process that they share.

With default imports none may work. With all imports authorised each is tried, as a program of the interpreter and as
native Python (which `timeit` compiles and runs), and what happens is written down as it is: in `WORKS` here, and in
`rows.py`. So a test fails also when an attack no longer works.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .attacks import ATTACKS
from .rows import ROWS


ROOT = Path(__file__).parents[2]
# With all imports authorised
WORKS = {"interpreted": {"gc.get_objects"}, "native": set(ATTACKS)}
EACH_ATTACK = [pytest.param(name, id=name, marks=pytest.mark.row(row)) for name, (row, _) in ATTACKS.items()]


@pytest.fixture(scope="session")
def played():
    """What became of each attack, by mode and name: whether it worked, and whether the hook was told of everything."""
    command = [sys.executable, "-m", "tests.mediation.attacks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("language", WORKS)
@pytest.mark.parametrize("name", EACH_ATTACK)
def test_no_attack_on_memory_works_with_default_imports(name, language, played):
    worked, balanced = played[f"{language}, default imports"][name]
    assert worked is False
    assert balanced is True


@pytest.mark.parametrize("language", WORKS)
@pytest.mark.parametrize("name", EACH_ATTACK)
def test_an_attack_with_all_imports_does_what_is_written_down(name, language, played):
    worked, _ = played[f"{language}, all imports"][name]
    assert worked is (name in WORKS[language])


@pytest.mark.row("E1")
def test_what_is_written_down_of_attacks_and_rows_agrees():
    works = {row: False for row, _ in ATTACKS.values()}
    for name in WORKS["interpreted"] | WORKS["native"]:
        works[ATTACKS[name][0]] = True
    assert {row: ROWS[row].result == "not stopped" for row in works} == works
