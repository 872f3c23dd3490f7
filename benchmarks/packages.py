"""The fork and the release that it is made from, loaded side by side in one process."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from fork import ForkError
from fork.project import SOURCE, Project
from fork.release import fetched_release


ROOT = Path(__file__).resolve().parent.parent
FORK = ROOT / "src"


def fetch_release() -> Path:
    """
    Put the release's files, unpatched, where nothing else is.

    Returns:
        `Path`: Folder that the package is in.
    """
    project = Project.read(ROOT)
    folder = ROOT / "build" / f"release-{project.release}"
    try:
        files = fetched_release(project).files
    except ForkError as error:
        raise SystemExit(str(error)) from None
    for path, content in files.items():
        target = folder / path.removeprefix(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


class Loaded:
    """
    One copy of the package, and of `benchmarks.subjects` that is made of it.

    Both copies go by the name `smolagents`, since upstream's files import each other by that name. So the modules of a
    copy are put into `sys.modules` while it is imported or works, and taken out again.

    Args:
        source (`Path`): Folder that the package is in.
    """

    def __init__(self, source: Path):
        self._modules: dict[str, ModuleType] = {}
        with self.in_place():
            sys.path.insert(0, str(source))
            try:
                self.subjects = importlib.import_module("benchmarks.subjects")
            finally:
                sys.path.remove(str(source))
            package = Path(str(sys.modules["smolagents"].__file__)).resolve()
        if package != (source / "smolagents" / "__init__.py").resolve():
            raise SystemExit(f"smolagents was loaded from {package}, not from {source}: it must be complete there.")

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Make this copy the one that `import smolagents` means."""
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            ours = [name for name in sys.modules if name.split(".")[0] == "smolagents"]
            for name in [*ours, "benchmarks.subjects"]:
                if name in sys.modules:
                    self._modules[name] = sys.modules.pop(name)
