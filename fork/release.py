"""Finds the pinned upstream release and verifies it, file by file.

The build reads the release that its environment has installed (it is a build requirement). The developer commands have
no such environment: they fetch the release's wheel once and read that. Both are read through `importlib.metadata`.
"""

import base64
import csv
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path, PurePosixPath
from typing import cast

from fork import ForkError
from fork.project import PACKAGE, SOURCE, Project


Files = dict[str, bytes]  # path in the project ("src/smolagents/agents.py") to content


@dataclass(frozen=True)
class Release:
    """A verified upstream release.

    Attributes:
        files: The package's files, unpatched.
        distribution: Its metadata.
    """

    files: Files
    distribution: Distribution


def installed_release(project: Project) -> Release:
    """The release that is installed in the environment in which the project is built.

    Raises:
        ForkError: If it is not there, is another one, or is not as it was released.
    """
    isolated = "build without --no-build-isolation"
    reinstall = f"pip install --force-reinstall --no-deps {PACKAGE}=={project.release}"
    try:
        found = distribution(PACKAGE)
    except PackageNotFoundError:
        raise ForkError(
            f"{PACKAGE} {project.release} is not installed where the fork is built: {isolated}, or `{reinstall}` first"
        ) from None
    if found.version != project.release:
        what = "this fork, already patched, not" if "+hooks." in found.version else "not the pinned release"
        raise ForkError(
            f"{PACKAGE} {found.version} is installed where the fork is built; that is {what} {project.release}: "
            f"{isolated}, or `{reinstall}` first"
        )
    return _verified(found, project, remedy=f"{isolated}, or `{reinstall}` first")


def fetched_wheel(project: Project) -> Path:
    """Where the release's wheel is kept: the project's `.fork` folder. Fetched with pip the first time, and verified.

    Raises:
        ForkError: If pip cannot fetch it, or it is not as it was released.
    """
    fetched_release(project)
    return _kept_wheel(project)


def _kept_wheel(project: Project) -> Path:
    return project.memory / f"{PACKAGE}-{project.release}-py3-none-any.whl"


def fetched_release(project: Project) -> Release:
    """What is in the wheel of `fetched_wheel`.

    Raises:
        ForkError: If pip cannot fetch it, or it is not as it was released.
    """
    kept = _kept_wheel(project)
    if kept.exists():
        return _verified(_in_wheel(kept), project, remedy=f"delete {kept} to have it fetched again")
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(
            [*pip, "--dest", folder, f"{PACKAGE}=={project.release}"], capture_output=True, text=True
        )
        wheel = Path(folder) / kept.name
        if done.returncode or not wheel.exists():
            reason = (done.stderr.strip().splitlines() or ["no such wheel"])[-1]
            raise ForkError(
                f"pip could not fetch {PACKAGE} {project.release} ({reason}): put {kept.name} into {kept.parent}"
            )
        release = _verified(_in_wheel(wheel), project, remedy="fetch it from another index")
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(wheel, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    return release


def digest(files: Mapping[str, bytes]) -> str:
    """One hash for all files of a release: of the lines that `sha256sum` would print, sorted by path."""
    lines = [f"{hashlib.sha256(files[path]).hexdigest()}  {path[len(SOURCE) :]}\n" for path in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _in_wheel(wheel: Path) -> Distribution:
    found = next(iter(distributions(name=PACKAGE, path=[str(wheel)])), None)
    if found is None:
        raise ForkError(f"{wheel} is not a wheel of {PACKAGE}: delete it to have it fetched again")
    return found


def _verified(found: Distribution, project: Project, remedy: str) -> Release:
    """Read the package's files, each checked against the release's RECORD and all of them against pyproject.toml."""
    # Not Distribution.files: from Python 3.12 on that leaves out what is missing on disk.
    record = found.read_text("RECORD")
    if record is None:
        raise ForkError(f"{PACKAGE} {found.version} has no RECORD, so its files cannot be verified: {remedy}")
    files: Files = {}
    for name, recorded, *_ in csv.reader(record.splitlines()):
        path = PurePosixPath(name)
        if path.parts[0] != PACKAGE or "__pycache__" in path.parts:
            continue
        try:
            content = cast(Path, found.locate_file(name)).read_bytes()
        except (OSError, KeyError):  # KeyError: not in the wheel
            raise ForkError(f"{name} of {PACKAGE} {found.version} is missing: {remedy}") from None
        hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if recorded != f"sha256={hashed}":
            raise ForkError(f"{name} is not as {PACKAGE} {found.version} was released: {remedy}")
        files[SOURCE + name] = content
    if digest(files) != project.release_sha256:
        raise ForkError(
            f"The files of {PACKAGE} {found.version} hash to {digest(files)}, and release-sha256 in pyproject.toml is "
            f"{project.release_sha256}: {remedy} (or, if you have just moved the pin, see CONTRIBUTING.md)"
        )
    return Release(files=files, distribution=found)
