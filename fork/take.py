"""Takes commits that were made in a clone of upstream into patches/: the way back from the mails for `git am`.

So a change of base is ordinary work with git: apply the mails to another tag, resolve conflicts, take the commits.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fork import ForkError
from fork.patching import Patch, parse, render
from fork.repository import throw_away_repository


def taken(patches: Sequence[Patch], pristine: Mapping[str, bytes], clone: Path, base: str) -> list[Patch]:
    """The commits after `base` as a series. A commit keeps the file name and header of the patch of its subject.

    Args:
        patches: The series as it is.
        pristine: The release's files. They must be those at `base`.
        clone: A git repository of upstream, with the commits checked out.
        base: The release's tag, or any other name of that commit.

    Raises:
        ForkError: If the clone has no such commit, or the release's files are not those at `base`.
    """
    commits = _git(clone, "rev-list", "--reverse", f"{base}..HEAD").decode().split()
    if not commits:
        raise ForkError(f"{clone} has no commits after {base}: apply the mails there with git am")
    # The release also ships files that upstream's repository does not have; no commit can change those.
    shared = pristine.keys() & set(_git(clone, "ls-tree", "-r", "--name-only", base).decode().splitlines())
    states = [{path: _git(clone, "show", f"{commit}:{path}") for path in shared} for commit in (base, *commits)]
    different = sorted(path for path in shared if pristine[path] != states[0][path])
    if different or not shared:
        what = different[0] if different else "No file"
        raise ForkError(f"{what} at {base} is not the release's: name the tag of the release that pyproject.toml pins")
    with throw_away_repository() as repository:
        known = [repository.commit(state) for state in states]
        changes = [repository.changes(old, new) for old, new in zip(known, known[1:])]

    by_subject = {patch.subject: patch for patch in patches}
    series = []
    for number, (commit, diffs) in enumerate(zip(commits, changes), 1):
        subject, _, body = _git(clone, "show", "--no-patch", "--format=%B", commit).decode().strip().partition("\n")
        header = f"Subject: {subject}\n\n{body.strip()}\n"
        name = f"{number:04}-{re.sub(r'[^a-z0-9]+', '-', subject.lower()).strip('-')}.patch"
        patch = replace(by_subject.get(subject, Patch(name, header, {})), diffs=diffs)
        series.append(parse(patch.name, render(patch)))
    series += [patch for patch in patches if patch.stays_here]
    names = [patch.name for patch in series]
    if names != sorted(set(names)):
        raise ForkError(
            f"The commits would become {', '.join(names)}, which is not their order: rename the patches first"
        )
    return series


def _git(clone: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=clone, capture_output=True)
    if done.returncode:
        raise ForkError(f"git {arguments[0]} in {clone}: {' '.join(done.stderr.decode(errors='replace').split())}")
    return done.stdout
