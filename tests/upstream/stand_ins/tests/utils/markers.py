"""Stand-in for upstream's `tests/utils/markers.py`, which its source distribution does not have.

Each marker skips tests that need more than this environment gives: services and keys, or a heavy package.
"""

import os
from importlib.util import find_spec

import pytest


require_run_all = pytest.mark.skipif(not os.environ.get("RUN_ALL"), reason="needs services, keys or much time")
require_soundfile = pytest.mark.skipif(find_spec("soundfile") is None, reason="needs soundfile")
require_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
