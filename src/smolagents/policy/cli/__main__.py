"""`python -m smolagents.policy.cli`, for environments without the script."""

import sys

from .main import main


sys.exit(main())
