"""The two hooks that hatchling loads, by this file's path: one for the metadata, one for the files.

Both give up with one line for whoever builds. Nothing is written before everything has been verified and patched.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


# Hatchling executes this file as it stands; its neighbours are found from the project's folder.
_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT))
try:
    from fork import ForkError, metadata, patching, release, tree
    from fork.project import SOURCE, Project
finally:
    sys.path.remove(str(_ROOT))


class ReleaseMetadata(MetadataHookInterface):
    """Fills the dynamic fields of `[project]` from the release."""

    def update(self, table: dict[str, Any]) -> None:
        with _one_line_for_the_builder():
            project = Project.read(_ROOT)
            table.update(metadata.project_table(project, release.installed_release(project).distribution))


class PatchedRelease(BuildHookInterface[Any]):
    """Adds upstream's files, patched: to a wheel, or for an editable install to src/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        with _one_line_for_the_builder():
            project = Project.read(_ROOT)
            pristine = release.installed_release(project).files
            patched = patching.apply_series(patching.read_series(project.patches), pristine)[-1]
            if self.target_name == "wheel":
                self._require_no_clash(patched)
            states = tree.compare(project, pristine, patched)
            tree.require_no_edits(states)
            if version == "editable":
                tree.write(project, patched, states)
            elif self.target_name == "wheel":
                build_data["force_include"].update(self._staged(patched))

    def _require_no_clash(self, patched: dict[str, bytes]) -> None:
        """Raise a ForkError if a file of ours has the name of one of upstream's."""
        for file in self.build_config.builder.recurse_selected_project_files():
            if SOURCE + Path(file.distribution_path).as_posix() in patched:
                raise ForkError(
                    f"{file.relative_path} is ours, and the upstream release has a file of this name: rename ours"
                )

    def _staged(self, patched: dict[str, bytes]) -> dict[str, str]:
        """Write the files to a temporary folder; returns where each of them goes in the wheel."""
        self._folder = tempfile.TemporaryDirectory()
        places = {}
        for path in sorted(patched):
            file = Path(self._folder.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(patched[path])
            places[str(file)] = path[len(SOURCE) :]
        return places

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()


@contextmanager
def _one_line_for_the_builder() -> Iterator[None]:
    """Turn what the builder has to mend, or the system refuses, into one line without a traceback."""
    try:
        yield
    except (ForkError, OSError) as error:
        raise SystemExit(f"smolagents with hooks cannot be built: {error}") from None
