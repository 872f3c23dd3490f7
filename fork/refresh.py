"""Takes what a developer edited in src/smolagents into patches/.

The edit becomes part of one patch of the series (the last, unless another is named); the patches after it are made
again on top. Git does the merging, with all the context that the patch files themselves do without.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fork import ForkError
from fork.patching import Patch, apply_series
from fork.repository import Conflict, throw_away_repository


def file_name(name: str) -> str:
    """The patch file that a person means who writes "hooks", "0001-hooks" or "patches/0001-hooks.patch".

    Raises:
        ForkError: If it cannot be a file name in patches/.
    """
    stem = name.removeprefix("patches/").removesuffix(".patch")
    if not re.fullmatch(r"\w[\w.-]*", stem, re.ASCII):
        raise ForkError(f"{name!r} cannot be the name of a patch: write something like 0002-time-limit")
    return f"{stem}.patch"


def refreshed(
    patches: Sequence[Patch], pristine: Mapping[str, bytes], edited: Mapping[str, bytes], into: str | None
) -> list[Patch]:
    """The series that gives `edited`, different from `patches` only where it has to be.

    Args:
        patches: The series as it is.
        pristine: The release's files.
        edited: The same files as the tree has them.
        into: File name of the patch that gets the edit, one that exists or a new one. None: the last.

    Raises:
        ForkError: If the edit cannot be made part of that patch.
    """
    series = list(patches)
    if apply_series(series, pristine)[-1] == edited:
        return series
    names = [patch.name for patch in series]
    if into is None:
        if not series:
            raise ForkError("There is no patch yet to take the edit: name one, PATCH=0001-<concern>")
        into = names[-1]
    if into not in names:
        header = f"Subject: Say in one line what {into.removesuffix('.patch')} changes\n\nSay here why.\n"
        series = sorted([*series, Patch(into, header, {})], key=lambda patch: patch.name)
    at = [patch.name for patch in series].index(into)

    with throw_away_repository() as repository:
        before = [repository.commit(state) for state in apply_series(series, pristine)]
        edit = repository.commit(edited)
        repository.git("checkout", "--quiet", "--detach", before[at + 1])
        # The series made again: the patches before this one as they are, this one with the edit, the later ones.
        after = before[: at + 1]
        for patch, commit in zip(series[at:], [edit, *before[at + 2 :]]):
            try:
                repository.pick(commit)
            except Conflict as conflict:
                raise ForkError(_why_not(into, patch.name, str(conflict))) from None
            after.append(repository.head())
        if repository.read(pristine) != edited:
            raise ForkError(f"patches/{into} cannot take the edit: a later patch undoes part of it. {_ANOTHER}")
        changes = [repository.changes(old, new) for old, new in zip(after[at:], after[at + 1 :])]
    return series[:at] + [replace(patch, diffs=diffs) for patch, diffs in zip(series[at:], changes)]


_ANOTHER = "Name another patch, PATCH=<name>; nothing was changed."


def _why_not(into: str, patch: str, files: str) -> str:
    if patch == into:
        return f"patches/{into} cannot take the edit: a later patch changes the same lines of {files}. {_ANOTHER}"
    return f"With the edit in patches/{into}, patches/{patch} no longer applies to {files}. {_ANOTHER}"
