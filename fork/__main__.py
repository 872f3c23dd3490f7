"""Commands for whoever works on the fork: `python -m fork check | refresh | upstream-patch | take`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fork import ForkError, patching, release, tree
from fork.project import PACKAGE, SOURCE, Project
from fork.refresh import file_name, refreshed
from fork.take import taken
from fork.tree import State
from fork.upstream import write_mail_series


_POPULATE = "`pip install -e .` puts upstream's files there, patched"


def main(arguments: Sequence[str] | None = None, root: Path = Path(__file__).resolve().parent.parent) -> int:
    """Run one command in the project at `root` and return the exit code: 0 done or agreed, 1 not."""
    options = _parser().parse_args(arguments)
    try:
        project = Project.read(root)
        if options.command == "check":
            return _check(project)
        if options.command == "refresh":
            return _refresh(project, options.patch)
        if options.command == "take":
            return _take(project, options.clone, options.base)
        return _upstream_patch(project, options.output)
    except (ForkError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fork", description="Work on the patches to upstream's files.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say whether src/smolagents and patches/ agree, and where not")
    refresh = commands.add_parser("refresh", help="take the edits in src/smolagents into patches/")
    refresh.add_argument(
        "--patch", metavar="NAME", help="the patch that gets the edits, existing or new (default: the last)"
    )
    upstream = commands.add_parser("upstream-patch", help="write patches/ and the new files as mails for git am")
    upstream.add_argument("-o", "--output", metavar="DIR", type=Path, required=True, help="a new or empty folder")
    take = commands.add_parser("take", help="make patches/ what the commits in a clone of upstream are")
    take.add_argument("clone", metavar="CLONE", type=Path, help="a git repository of upstream")
    take.add_argument("base", metavar="TAG", help="the tag of the pinned release; the commits after it are taken")
    return parser


def _check(project: Project) -> int:
    pristine = release.fetched_release(project).files
    patches = patching.read_series(project.patches)
    states = tree.compare(project, pristine, patching.apply_series(patches, pristine)[-1])
    _require_populated(states)
    wrong = [f"{path}: {state.value}" for path, state in sorted(states.items()) if state is not State.CURRENT]
    for patch in patches:
        wrong += [
            f"{path}: missing, and patches/{patch.name} names it as a new file"
            for path in patch.new_files
            if not (project.root / path).is_file()
        ]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        print(f"`make refresh-patches` takes edits into patches/; {_POPULATE}.", file=sys.stderr)
        return 1
    print(f"{SOURCE}{PACKAGE} is what patches/ make of {PACKAGE} {project.release}.")
    return 0


def _refresh(project: Project, into: str | None) -> int:
    pristine = release.fetched_release(project).files
    patches = patching.read_series(project.patches)
    patched = patching.apply_series(patches, pristine)[-1]
    states = tree.compare(project, pristine, patched)
    _require_populated(states)
    for path, state in sorted(states.items()):
        if state is State.MISSING:
            raise ForkError(f"{path} is missing: {_POPULATE}")
        if state is State.EDITED_AND_STALE:
            raise ForkError(
                f"{path} {state.value}: bring patches/ back to what the edits were made on, "
                "refresh, then merge patches/"
            )
        if path not in pristine and state is State.EDITED:
            raise ForkError(f"{path} has edits, and is no longer a file of the release: move them and delete the file")

    # A stale file holds nothing of the developer's.
    in_tree = {path for path in pristine if states[path] is not State.STALE}
    edited = {**patched, **{path: (project.root / path).read_bytes() for path in in_tree}}
    series = refreshed(patches, pristine, edited, file_name(into) if into else None)
    if patching.apply_series(series, pristine)[-1] != edited:
        raise ForkError(
            "The new patches would not give the edited files; nothing was changed. This is a mistake in fork/."
        )
    changed = [patch for patch in series if patch not in patches]
    patching.write(project.patches, changed)
    tree.remember(project, {path: edited[path] for path in in_tree})
    for patch in changed:
        print(f"patches/{patch.name} rewritten" + ("" if patch.diffs else "; it changes nothing any more"))
    if not changed:
        print("Nothing to do: the tree holds no edit that patches/ does not have.")
    if len(in_tree) < len(pristine):
        print(f"Some files are older than patches/: {_POPULATE}.")
    return 0


def _upstream_patch(project: Project, folder: Path) -> int:
    pristine = release.fetched_release(project).files
    patches = patching.read_series(project.patches)
    tree.require_no_edits(tree.compare(project, pristine, patching.apply_series(patches, pristine)[-1]))
    for mail in write_mail_series(project, patches, pristine, folder):
        print(mail)
    return 0


def _take(project: Project, clone: Path, base: str) -> int:
    old = patching.read_series(project.patches)
    new = taken(old, release.fetched_release(project).files, clone, base)
    patching.write(project.patches, new)
    for patch in new:
        print(f"patches/{patch.name} written")
    for name in sorted({patch.name for patch in old} - {patch.name for patch in new}):
        (project.patches / name).unlink()
        print(f"patches/{name} removed: no commit has its subject")
    for path in [path for patch in new for path in patch.new_files]:
        ours, theirs = project.root / path, clone / path
        if theirs.is_file() and ours.is_file() and ours.read_bytes() != theirs.read_bytes():
            print(f"{path} differs in {clone}: not taken, copy it if you want it")
    return 0


def _require_populated(states: dict[str, State]) -> None:
    if all(state is State.MISSING for state in states.values()):
        raise ForkError(
            f"{SOURCE}{PACKAGE} has none of upstream's files yet: `pip install -e .` puts them there, patched"
        )


if __name__ == "__main__":
    sys.exit(main())
