"""A throw-away git repository: what the developer commands use to merge and to make diffs."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fork import ForkError
from fork.patching import Hunk, parse


class GitFailed(ForkError):
    """A git command did not succeed."""


class Conflict(ForkError):
    """Two changes do not merge. The message is the list of files in which they meet."""


class Repository:
    """A git repository in which only what is done here counts: no configuration of the user or the system."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._git_environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "fork",
            "GIT_AUTHOR_EMAIL": "fork@localhost",
            "GIT_COMMITTER_NAME": "fork",
            "GIT_COMMITTER_EMAIL": "fork@localhost",
            "LC_ALL": "C",
        }
        self.git("init", "--quiet")
        self.git("config", "core.autocrlf", "false")
        self.git("config", "gc.auto", "0")
        self.git("config", "merge.renames", "false")

    def git(self, *arguments: str, **environment: str) -> bytes:
        """Run git here and return what it prints.

        Raises:
            GitFailed: If it fails.
            ForkError: If there is no git.
        """
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=self.folder,
                env={**self._git_environment, **environment},
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except FileNotFoundError:
            raise ForkError("This needs git, and there is none on the PATH") from None
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
            raise GitFailed(f"git {arguments[0]}: {said}")
        return done.stdout

    def commit(self, files: Mapping[str, bytes], message: str = "state", **environment: str) -> str:
        """Put `files` in place of what was there under their names, commit, and return the commit's hash."""
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.git("add", "--all", "--force", ".")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}", **environment)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode().strip()

    def pick(self, commit: str) -> None:
        """Make on top of the present commit the change that `commit` made.

        Raises:
            Conflict: If the change does not merge.
        """
        try:
            self.git("cherry-pick", "--allow-empty", "--allow-empty-message", "--keep-redundant-commits", commit)
        except GitFailed:
            conflicts = self.git("diff", "--name-only", "--diff-filter=U").decode().split()
            if not conflicts:
                raise
            raise Conflict(", ".join(conflicts)) from None

    def changes(self, old: str, new: str) -> dict[str, tuple[Hunk, ...]]:
        """What changed from one commit to another, without context lines and with as few lines as git can."""
        options = ["--unified=0", "--minimal", "--text", "--no-color", "--no-ext-diff", "--no-renames"]
        diffs = self.git("diff", *options, "--src-prefix=a/", "--dst-prefix=b/", old, new)
        return parse("changes", b"Subject: changes\n\n" + diffs).diffs

    def read(self, paths: Mapping[str, bytes]) -> dict[str, bytes]:
        """The present content of the files named in `paths`."""
        return {path: (self.folder / path).read_bytes() for path in paths}


@contextmanager
def throw_away_repository() -> Iterator[Repository]:
    with tempfile.TemporaryDirectory() as folder:
        yield Repository(Path(folder))
