"""Lets tests import the modules beside them: `scripted` and `recording`."""

import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parent))
