"""Writes the change as upstream would receive it: commits with full context, new files included."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from fork import ForkError
from fork.patching import Patch, apply_series
from fork.project import Project
from fork.repository import throw_away_repository


_STAYS_HERE = "src/smolagents/policy/"  # the reference hook is not offered upstream


def write_mail_series(
    project: Project, patches: Sequence[Patch], pristine: Mapping[str, bytes], folder: Path
) -> list[Path]:
    """Write one mail a patch, for `git am` on the release's tag, and return their paths in order.

    Args:
        project: Where the new files are read.
        patches: The series. Patches that stay here are left out; what is offered must not need them.
        pristine: The release's files.
        folder: Where the mails go; made if it is not there, else it must be empty.

    Raises:
        ForkError: If a new file is missing or must not go upstream, or if the folder is not empty.
    """
    patches = [patch for patch in patches if not patch.stays_here]
    if folder.exists() and any(folder.iterdir()):
        raise ForkError(f"{folder} is not empty: name another folder, or remove it")
    states = apply_series(patches, pristine)
    additions = [{path: _new_file(project, patch, path, pristine) for path in patch.new_files} for patch in patches]
    author = _author(project)
    folder.mkdir(parents=True, exist_ok=True)
    with throw_away_repository() as repository:
        base = repository.commit(pristine)
        for patch, state, added in zip(patches, states[1:], additions):
            repository.commit({**state, **added}, f"{patch.subject}\n\n{patch.body}", **author)
        # Without the program's version and the commits' hashes, so that the same patches give the same mails.
        options = ["--quiet", "--no-signature", "--zero-commit", "--no-renames"]
        repository.git("format-patch", *options, f"--output-directory={folder.resolve()}", base)
    return sorted(folder.glob("*.patch"))


def _new_file(project: Project, patch: Patch, path: str, pristine: Mapping[str, bytes]) -> bytes:
    where = f"patches/{patch.name}, New-files: {path}"
    if path.startswith(_STAYS_HERE):
        raise ForkError(f"{where} is not offered upstream: take it out of the line")
    if path in pristine:
        raise ForkError(f"{where} is one of upstream's files: edit it by a patch")
    try:
        return (project.root / path).read_bytes()
    except OSError:
        raise ForkError(f"{where} is missing: write it, or take it out of the line") from None


def _author(project: Project) -> dict[str, str]:
    """Whoever git says is working in the project, in the form of git's environment variables."""
    done = subprocess.run(["git", "var", "GIT_AUTHOR_IDENT"], cwd=project.root, capture_output=True, text=True)
    known = re.match(r"(.+) <(.+)> (\d+ [+-]\d+)", done.stdout)
    if not known:
        raise ForkError("Git does not know who writes the mails: git config user.name and user.email")
    name, mail, date = known.groups()
    return {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": date}
