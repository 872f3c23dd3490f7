"""A checkpoint is on the disk as a whole or not at all, for its owner only, and is refused if it was changed."""

from __future__ import annotations

import json
import logging
import os
from datetime import timedelta

import pytest

from smolagents.policy import Checkpoint, CheckpointError, PolicyError
from smolagents.policy.checkpoints import store
from smolagents.policy.checkpoints.settings import CheckpointSettings
from smolagents.policy.checkpoints.store import Store, later_than, latest, read
from smolagents.policy.cli import checkpoint as checkpoint_command


KEY = b"a key that nobody guesses, of some length"


def checkpoint(number=1, run_id="run", **changes):
    values = dict(
        run_id=run_id,
        host_run_id=run_id,
        number=number,
        cause="steps",
        agent_name="boss",
        agent_class="CodeAgent",
        step_number=number,
        policy_name=None,
        policy_digest="0" * 64,
        budgets=(),
        unfinished=(),
        managed_agents=(),
        left_out=(),
        variables_left_out={},
        content={"task": "Do it."},
    )
    return Checkpoint(**{**values, **changes})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made" / "checkpoints"


def store_in(folder, **settings):
    return Store(CheckpointSettings(path=str(folder), **settings))


@pytest.fixture
def keyed(folder, monkeypatch):
    monkeypatch.setenv("CHECKPOINT_KEY", KEY.decode())
    return store_in(folder, key_env="CHECKPOINT_KEY")


def test_what_was_written_is_read(folder):
    written = checkpoint()
    assert read(store_in(folder).write(written)) == written


@pytest.mark.skipif(os.name == "nt", reason="There are no such modes.")
def test_only_the_owner_can_read_it(folder):
    previous = os.umask(0)
    try:
        path = store_in(folder).write(checkpoint())
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("has_key", [False, True])
def test_every_bit_that_is_changed_is_noticed_and_every_length_that_is_cut(folder, keyed, has_key):
    path = keyed.write(checkpoint()) if has_key else store_in(folder).write(checkpoint())
    key = KEY if has_key else None
    whole = path.read_bytes()
    assert read(path, key).number == 1
    for position in range(len(whole)):
        for damaged in (whole[:position], *(_flipped(whole, position, bit) for bit in range(8))):
            with pytest.raises(CheckpointError):
                store._checkpoint(damaged, key)


def _flipped(text, position, bit):
    return text[:position] + bytes([text[position] ^ 1 << bit]) + text[position + 1 :]


def test_in_place_of_a_damaged_one_the_one_before_is_read(folder, caplog):
    kept = store_in(folder)
    kept.write(checkpoint(1))
    path = kept.write(checkpoint(2))
    path.write_bytes(path.read_bytes()[:-10])
    with caplog.at_level(logging.WARNING, logger=store.__name__):
        assert latest(folder).number == 1
    assert f"{path}: It is damaged." in caplog.text


def test_without_any_that_is_whole_it_is_said_what_is_wrong_with_the_latest(folder):
    with pytest.raises(CheckpointError, match="There is no checkpoint in .* that can be read"):
        latest(folder)
    path = store_in(folder).write(checkpoint())
    path.write_text("")
    with pytest.raises(CheckpointError, match="The latest: .*It is damaged"):
        latest(folder)


def test_who_does_not_have_the_key_writes_no_checkpoint_that_is_accepted(folder, keyed):
    forged = store_in(folder).write(checkpoint(1))
    with pytest.raises(CheckpointError, match="was written without a key"):
        read(forged, KEY)
    path = keyed.write(checkpoint(2))
    with pytest.raises(CheckpointError, match="was written with a key"):
        read(path)
    with pytest.raises(CheckpointError, match="with another key"):
        read(path, b"another key that nobody guesses")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"key_env": "NO_SUCH_KEY"}, "There is no key: set the environment variable NO_SUCH_KEY"),
        ({"key_file": "/no/such/key"}, "The key file /no/such/key cannot be read: No such file"),
        ({"key_env": "NO_SUCH_KEY", "key_file": "/no/such/key"}, "The key file /no/such/key cannot be read"),
        ({"key_file": "/"}, "The key file / cannot be read: Is a directory"),
        ({"key_file": "/dev/zero"}, "is no key: it has more than"),
        ({"key_file": "/dev/null"}, "too short: it has 0 bytes, and needs 32 or more"),
    ],
)
def test_a_key_that_is_not_there_is_a_mistake_in_the_policy(folder, settings, problem):
    with pytest.raises(PolicyError, match=problem):
        store_in(folder, **settings)


def test_a_key_may_be_in_a_file(folder, tmp_path):
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    assert read(store_in(folder, key_file=str(file)).write(checkpoint()), KEY).number == 1


def test_the_latest_of_each_run_are_kept(folder):
    kept = store_in(folder, keep=2)
    for number in range(1, 6):
        kept.write(checkpoint(number))
    kept.write(checkpoint(1, run_id="another"))
    names = [json.loads(path.read_text().splitlines()[0]) for path in sorted(folder.iterdir())]
    assert [(data["run_id"], data["number"]) for data in names] == [("run", 4), ("run", 5), ("another", 1)]
    assert latest(folder).run_id == "another" and latest(folder, run_id="run").number == 5


def test_what_cannot_be_written_changes_nothing_of_what_was_there(folder, monkeypatch):
    kept = store_in(folder, keep=1)
    kept.write(checkpoint(1))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept.write(checkpoint(2))
    assert len(os.listdir(folder)) == 1 and latest(folder).number == 1


def test_what_a_crash_left_unfinished_is_never_read_and_goes_with_the_next_one(folder):
    kept = store_in(folder)
    path = kept.write(checkpoint(1))
    (folder / f".{path.name}.unfinished").write_bytes(path.read_bytes()[:20])
    assert latest(folder).number == 1
    kept.write(checkpoint(2))
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_other_files_in_the_folder_are_left_alone(folder):
    folder.mkdir(parents=True)
    (folder / "notes.json").write_text("{}")
    store_in(folder, keep=1).write(checkpoint())
    assert (folder / "notes.json").exists() and latest(folder).number == 1


def test_the_order_of_names_is_kept_if_the_clock_is_set_back():
    now = checkpoint().time
    assert later_than(now - timedelta(hours=1), now) == now and later_than(now, None) == now


@pytest.mark.parametrize("change", [{"format": "2"}, {"cause": "boredom"}, {"time": "now"}, {"budgets": 5}])
def test_what_is_whole_and_no_checkpoint_is_refused(change):
    with pytest.raises(CheckpointError, match="This is not a"):
        Checkpoint.from_data({**checkpoint().to_data(), **change})


USED = {"hook": "boss.hooks[0]", "policy": "0" * 64, "seconds": 1.5, "last_steps": [[["boss"], 1]], "layers": []}
LAYER = {
    "source": "",
    "warned": [],
    "calls": [[None, 3]],
    "tokens": 3,
    "tokens_are_known": True,
    "denials": [["00", 1]],
}


@pytest.mark.parametrize("value", [-1, -1e9, float("nan"), float("inf"), "1", None, [], True, {}])
@pytest.mark.parametrize(
    "change",
    [
        lambda value: {"number": value},
        lambda value: {"step_number": value},
        lambda value: {"budgets": [{**USED, "seconds": value}]},
        lambda value: {"budgets": [{**USED, "layers": [{**LAYER, "tokens": value}]}]},
        lambda value: {"budgets": [{**USED, "layers": [{**LAYER, "calls": [[None, value]]}]}]},
        lambda value: {"budgets": [{**USED, "layers": [{**LAYER, "denials": [["00", value]]}]}]},
    ],
)
def test_less_than_nothing_and_what_is_no_number_was_never_used(folder, change, value):
    whole = json.loads(json.dumps(checkpoint(budgets=({**USED, "layers": [LAYER]},)).to_data()))
    assert Checkpoint.from_data(whole).budgets[0]["layers"][0]["tokens"] == 3

    with pytest.raises(CheckpointError, match="This is not a whole checkpoint: (budgets|number|step_number)"):
        Checkpoint.from_data({**whole, **change(value)})


def _places(data, place=()):
    """Every place in data, by the keys and indices that lead to it."""
    if isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield (*place, key)
            yield from _places(value, (*place, key))


def test_whatever_a_file_says_it_is_a_checkpoint_or_an_error_in_a_sentence():
    execution = {"kind": "tool", "name": "a", "agent_path": ["boss"], "step_number": 1, "status": "ok"}
    managed = {"name": "a", "class": "CodeAgent", "steps": 1}
    whole = checkpoint(
        budgets=({**USED, "layers": [LAYER]},),
        unfinished=(execution,),
        managed_agents=(managed,),
        left_out=("a",),
        variables_left_out={"math": "module"},
    )
    data = json.loads(json.dumps(whole.to_data()))
    for place in list(_places(data)):
        for value in (None, -1, 0.5, float("nan"), "x", [], {}, [None], [[]], {"x": None}, True):
            changed = json.loads(json.dumps(data))
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            try:
                read = Checkpoint.from_data(changed)
            except CheckpointError:
                continue
            assert checkpoint_command._lines(read)
