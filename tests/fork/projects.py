"""Projects to try fork/ on, and how to build and install them. A small project has a release of a few lines."""

import base64
import hashlib
import os
import subprocess
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from fork.__main__ import main
from fork.patching import Patch, apply_series, read_series, render
from fork.project import Project
from fork.release import digest
from fork.repository import throw_away_repository
from fork.tree import compare, write


ROOT = Path(__file__).resolve().parents[2]
RELEASE = Project.read(ROOT).release
VERSION = Project.read(ROOT).version
PACKAGE = "src/smolagents"

# The release of a small project, unless a test makes its own.
FILE, OTHER = f"{PACKAGE}/agents.py", f"{PACKAGE}/tools.py"
UPSTREAM = {FILE: b"".join(b"line %d\n" % n for n in range(30)), OTHER: b"one\n"}

# What any file might hold: short lines, often equal, with what other tools take for a line end; no end to the last.
line = st.sampled_from([b"a", b"b", b"", b"--- a", b"+++ b", b"@@ -1 +1 @@", b"c\r", b"d\x0ce", "f\u2028g".encode()])
contents = st.tuples(st.lists(line, max_size=12), st.sampled_from([b"", b"\n"])).map(
    lambda parts: b"\n".join(parts[0]) + parts[1]
)


def run(*command: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command; its output, errors included, is in `stdout`."""
    words = [str(word) for word in command]
    return subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def succeed(*command: object, cwd: Path | None = None, **environment: str) -> str:
    done = run(*command, cwd=cwd, **environment)
    assert done.returncode == 0, done.stdout
    return done.stdout


def hashes(folder: Path) -> dict[str, str]:
    """Path below `folder` to hash, of every file that is not compiled Python."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_wheel(path: Path, files: Mapping[str, bytes], version: str = RELEASE) -> None:
    """A wheel of a release that consists of `files`, which are named as in the project."""
    package = {name.removeprefix("src/"): content for name, content in files.items()}
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},\n"
        for name, content in package.items()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in package.items():
            wheel.writestr(name, content)
        wheel.writestr(f"smolagents-{version}.dist-info/METADATA", f"Name: smolagents\nVersion: {version}\n")
        wheel.writestr(f"smolagents-{version}.dist-info/RECORD", record)


@dataclass(frozen=True)
class SmallProject:
    """A project whose upstream release is what a test says it is."""

    root: Path
    upstream: dict[str, bytes]

    def fork(self, *arguments: str) -> int:
        """Run `python -m fork` in it."""
        return main(list(arguments), root=self.root)

    def write(self, name: str, content: bytes) -> None:
        write_files(self.root, {name: content})

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


def small_project(root: Path, upstream: dict[str, bytes], patches: Mapping[str, bytes]) -> SmallProject:
    pyproject = (
        f'[build-system]\nrequires = ["hatchling", "smolagents=={RELEASE}"]\n'
        f'[tool.fork]\nnumber = 1\nrelease-sha256 = "{digest(upstream)}"\n'
    )
    write_files(root, {"pyproject.toml": pyproject.encode()})
    write_files(root / "patches", patches)
    write_wheel(root / ".fork" / f"smolagents-{RELEASE}-py3-none-any.whl", upstream)
    return SmallProject(root, upstream)


def build(python: Path, checkout: Path, kind: str, into: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build as a frontend without isolation does: `kind` is wheel, editable or sdist."""
    into.mkdir(parents=True, exist_ok=True)
    call = f"import hatchling.build as backend; print(backend.build_{kind}({str(into)!r}))"
    return run(python, "-c", call, cwd=checkout, **environment)


def installed(builder: Path, into: Path, *what: object) -> Path:
    """A fresh environment with `what` installed in it, without dependencies. Returns its Python."""
    venv.create(into, with_pip=False)
    python = into / "bin" / "python"
    succeed(builder, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", *what)
    return python


def package_folder(python: Path) -> Path:
    find = "import importlib.util; print(importlib.util.find_spec('smolagents').submodule_search_locations[0])"
    return Path(succeed(python, "-c", find).strip())


def series(*states: dict[str, bytes]) -> dict[str, bytes]:
    """Patch files, 0001 and on, that lead from each of `states` to the next."""
    with throw_away_repository() as repository:
        commits = [repository.commit(state) for state in states]
        diffs = [repository.changes(old, new) for old, new in zip(commits, commits[1:])]
    headers = [f"Subject: Patch {n}\n\nWhy.\n" for n in range(1, len(states))]
    patches = [Patch(f"000{n}-p.patch", header, diff) for n, (header, diff) in enumerate(zip(headers, diffs), 1)]
    return {patch.name: render(patch) for patch in patches}


def result(made: SmallProject) -> dict[str, bytes]:
    """What the project's patches make of its release."""
    return apply_series(read_series(made.root / "patches"), made.upstream)[-1]


def populate(made: SmallProject) -> None:
    """Put upstream's files in the project's tree, as an editable build does."""
    settings = Project.read(made.root)
    write(settings, result(made), compare(settings, made.upstream, result(made)))


def changed(old: bytes, new: bytes, files: dict[str, bytes] = UPSTREAM) -> dict[str, bytes]:
    """`files` with one text in FILE replaced."""
    assert files[FILE].count(old) == 1
    return {**files, FILE: files[FILE].replace(old, new)}


FIRST = changed(b"line 5\n", b"line 5\nfirst\n")
SECOND = changed(b"line 20\n", b"line 20\nsecond\n", FIRST)
