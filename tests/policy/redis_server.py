"""A Redis server for the tests that share one: the real program, on a socket of its own, gone with the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


# What `.ci/run` sets: there, a test without a server is a failure.
REQUIRED = os.environ.get("REDIS_TESTS") == "required"


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a server that is ready."""
    program = shutil.which("redis-server")
    if program is None:
        message = "there is no redis-server: install it as root with `apt-get install redis-server`"
        pytest.fail(message) if REQUIRED else pytest.skip(message)
    # A port could be taken by somebody else, a socket in a folder of ours cannot. Its path has to be short, and those
    # that pytest makes are not.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "socket"
        command = [program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder, "--daemonize", "no"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                log = []
                while (line := server.stdout.readline()) and "eady to accept connections" not in line:
                    log.append(line)
                if not line:
                    pytest.fail(f"redis-server did not start:\n{''.join(log)}")
                yield f"redis+unix://{socket}"
            finally:
                server.kill()
