"""Upstream's files as they lie in src/smolagents: what is there, what was edited, how the build puts them there.

The build remembers the hash of each file it wrote (in `.fork/written.json`). So it can tell a file that a developer
edited, which it must not touch, from one that is merely older than patches/, which it replaces.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from fork import ForkError
from fork.project import Project


class State(Enum):
    """How a file in the tree compares with what the build would write there now."""

    CURRENT = "as patches/ make it"
    MISSING = "missing"
    STALE = "as an earlier build wrote it, before patches/ changed"
    PRISTINE = "upstream's, unpatched"
    EDITED = "has edits that are not in patches/"
    EDITED_AND_STALE = "has edits, and patches/ have changed under them"


def compare(project: Project, pristine: Mapping[str, bytes], patched: Mapping[str, bytes]) -> dict[str, State]:
    """The state of every file of the release, and of files that a former release had and the build left here.

    Args:
        project: Whose tree.
        pristine: The release's files.
        patched: The same files with all patches applied.
    """
    written = _written(project)
    states = {}
    for path, content in patched.items():
        states[path] = _state(project.root / path, pristine[path], content, written.get(path))
    for path in written.keys() - patched.keys():
        if (project.root / path).exists():
            unchanged = _hash((project.root / path).read_bytes()) == written[path]
            states[path] = State.STALE if unchanged else State.EDITED
    return states


def require_no_edits(states: Mapping[str, State]) -> None:
    """Stop rather than go on without, or write over, what a developer wrote.

    Raises:
        ForkError: Naming the edited files and what to do.
    """
    edited = sorted(path for path, state in states.items() if state in (State.EDITED, State.EDITED_AND_STALE))
    if edited:
        raise ForkError(
            f"there are edits that patches/ do not have, in {', '.join(edited)}: "
            "`make refresh-patches` keeps them, deleting the file drops them"
        )


def write(project: Project, patched: Mapping[str, bytes], states: Mapping[str, State]) -> None:
    """Make the tree what `patched` says. The caller has made sure that nothing in it is edited.

    Everything is written elsewhere first and then moved in place, file by file, so no file is ever half written.
    """
    project.memory.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=project.memory) as folder:
        staged = []
        for number, path in enumerate(sorted(patched)):
            if states[path] is not State.CURRENT:
                staged.append((Path(folder) / str(number), project.root / path))
                staged[-1][0].write_bytes(patched[path])
        for source, target in staged:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
    for path in states.keys() - patched.keys():
        (project.root / path).unlink()
    remember(project, patched, forget=states.keys() - patched.keys())


def remember(project: Project, files: Mapping[str, bytes], forget: Iterable[str] = ()) -> None:
    """Note that `files` are in the tree, and that patches/ know of their content."""
    written = {path: known for path, known in _written(project).items() if path not in set(forget)}
    written.update((path, _hash(content)) for path, content in files.items())
    project.memory.mkdir(exist_ok=True)
    new = project.memory / "written.json.new"
    new.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(project.memory / "written.json")


def _state(file: Path, pristine: bytes, patched: bytes, written: str | None) -> State:
    if not file.exists():
        return State.MISSING
    content = file.read_bytes()
    if content == patched:
        return State.CURRENT
    if _hash(content) == written:
        return State.STALE
    if content == pristine:
        return State.PRISTINE
    return State.EDITED if written in (None, _hash(patched)) else State.EDITED_AND_STALE


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written(project: Project) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((project.memory / "written.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        # Knowing nothing is safe: what is not as patches/ make it then counts as edited.
        return {}
    return known
