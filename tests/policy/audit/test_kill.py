"""Processes that are killed while their agents work: no execution lacks its record, and the trail verifies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smolagents.policy.audit.verify import verify

from .trails import KEY, fill, records


# `make audit-proof` kills 200.
KILLS = int(os.environ.get("AUDIT_KILLS", "4"))
_LATEST = 0.25  # s after the first trace of work


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this system")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fsync", ["always", "never"])
def test_no_execution_of_a_killed_process_lacks_its_record(tmp_path, fsync):
    path, effects = tmp_path / "audit.jsonl", tmp_path / "effects"
    effects.mkdir()
    chance = random.Random(0)
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.policy.audit.crashing", str(path), str(effects), fsync]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert process.stdout.readline() == b"begun\n", process.stderr.read().decode()
            before = sum(1 for _ in effects.iterdir())
            while sum(1 for _ in effects.iterdir()) == before:
                assert process.poll() is None
                time.sleep(0.01)
            time.sleep(chance.uniform(0, _LATEST))  # The moment is what is tried
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()

        fill(path, 2).close()  # Whoever records next mends it

        result = verify(path, KEY)
        assert result.fault is None, result.fault
    recorded = {
        f"{record['run']}-{record['arguments']['agent']}-{record['arguments']['number']}"
        for file in result.files
        for record in records(Path(file), "before")
        if record.get("name") == "act"
    }
    happened = {effect.name for effect in effects.iterdir()}
    assert len(happened) > KILLS
    assert not happened - recorded
