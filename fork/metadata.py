"""Turns the release's own metadata into the `[project]` table from which hatchling makes ours."""

import re
from email.utils import getaddresses
from importlib.metadata import Distribution
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement

from fork import ForkError
from fork.project import Project


def project_table(project: Project, release: Distribution) -> dict[str, Any]:
    """The fields that pyproject.toml lists as dynamic: upstream's values, plus the fork's extras and scripts.

    Raises:
        ForkError: If the fork adds an extra or a script that upstream has too.
    """
    metadata = release.metadata
    dependencies, extras = _requirements(release)
    groups = _entry_points(release)
    scripts = groups.pop("console_scripts", {})
    return {
        "version": project.version,
        "description": metadata["Summary"],
        "readme": {"text": metadata["Description"], "content-type": metadata["Description-Content-Type"]},
        "requires-python": metadata["Requires-Python"],
        "authors": _authors(metadata.get_all("Author-email") or []),
        "dependencies": dependencies,
        "optional-dependencies": _joined("extras", extras, project.extras),
        "scripts": _joined("scripts", scripts, project.scripts),
        "gui-scripts": groups.pop("gui_scripts", {}),
        "entry-points": groups,
    }


def _authors(fields: list[str]) -> list[dict[str, str]]:
    return [{"name": name, "email": email} for name, email in getaddresses(fields)]


def _requirements(release: Distribution) -> tuple[list[str], dict[str, list[str]]]:
    """What the release always needs, and what each of its extras needs."""
    always: list[str] = []
    extras: dict[str, list[str]] = {name: [] for name in release.metadata.get_all("Provides-Extra") or []}
    for text in release.requires or []:
        requirement = Requirement(text)
        # Metadata writes `extra == "x"` behind what the author wrote; hatchling will write it again.
        marker = re.fullmatch(r'(?:(.+) and )?extra == "([^"]+)"', str(requirement.marker or ""))
        if marker:
            requirement.marker = Marker(marker[1]) if marker[1] else None
            extras[marker[2]].append(str(requirement))
        else:
            always.append(str(requirement))
    return always, extras


def _entry_points(release: Distribution) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for point in release.entry_points:
        groups.setdefault(point.group, {})[point.name] = point.value
    return groups


def _joined(what: str, upstream: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    if clash := sorted(upstream.keys() & ours.keys()):
        raise ForkError(
            f"pyproject.toml: [tool.fork.{what}] names {clash[0]!r}, which upstream has: choose another name"
        )
    return {**upstream, **ours}
