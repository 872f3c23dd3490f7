"""Stand-in for upstream's `tests/conftest.py`: the fixtures that its tests take for granted.

The source distribution has the tests without it, so it is written anew from what the tests ask of it.
"""

import functools

import PIL.Image
import pytest

from smolagents.agents import MultiStepAgent
from smolagents.monitoring import LogLevel


pytest_plugins = ["tests.fixtures.agents", "tests.fixtures.tools"]

# The tests open the picture by this name.
PICTURE = "000000039769.png"


@pytest.fixture(autouse=True)
def agents_log_nothing_unless_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests count on agents that log nothing by default and that log if a verbosity level is given."""
    original = MultiStepAgent.__init__

    @functools.wraps(original)
    def quiet(self, *args, **kwargs):
        kwargs.setdefault("verbosity_level", LogLevel.OFF)
        original(self, *args, **kwargs)

    monkeypatch.setattr(MultiStepAgent, "__init__", quiet)


@pytest.fixture
def shared_datadir(tmp_path_factory: pytest.TempPathFactory):
    """A folder with a picture in it. Any picture serves; upstream's is a photograph."""
    folder = tmp_path_factory.mktemp("data")
    PIL.Image.radial_gradient("L").convert("RGB").resize((640, 480)).save(folder / PICTURE)
    return folder
