"""The upstream release that the fork is compared with: its wheel and its sources, fetched by pip and verified."""

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from fork import ForkError
from fork.project import Project
from fork.release import fetched_wheel


VERSION = "1.26.0"
# From the release's page on PyPI. (The wheel is fetched and verified as `fork` does it.)
SOURCES = (
    f"smolagents-{VERSION}.tar.gz",
    "4ec92313265f9cfbcabfc88e192b4bc4505f8475dc5f33dc872062fc567037bd",
)


class ReleaseError(Exception):
    """The release cannot be had as it is pinned; the message is for the user."""


def check_pin(pyproject: Path) -> None:
    """Makes sure that the fork is compared with the release that it is built from.

    Args:
        pyproject (`Path`): The fork's pyproject.toml, which names that release among its build requirements.

    Raises:
        ReleaseError: It names another one.
    """
    built_from = re.search(r"""["']smolagents==([^"']+)["']""", pyproject.read_text(encoding="utf-8"))
    if built_from and built_from[1] != VERSION:
        raise ReleaseError(
            f"{pyproject} builds the fork from smolagents {built_from[1]}, but {__file__} compares it with {VERSION}: "
            "write that version and the hash of its source archive there."
        )


def unpack_package(root: Path, folder: Path) -> None:
    """Puts the unpatched release, as installed, into `folder`: its package and its metadata.

    Args:
        root (`Path`): The fork's project.
        folder (`Path`): Where to.
    """
    try:
        wheel = fetched_wheel(Project.read(root))
    except ForkError as error:
        raise ReleaseError(str(error)) from None
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def unpack_tests(cache: Path, folder: Path) -> None:
    """Puts upstream's tests and its pytest settings into `folder`, without the package that lies beside them."""
    with tarfile.open(fileobj=io.BytesIO(_archive(cache, *SOURCES))) as sources:
        for member in sources:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            content = sources.extractfile(member)
            if content and (path.parts[0] == "tests" or str(path) == "pyproject.toml"):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())


def _archive(cache: Path, name: str, sha256: str) -> bytes:
    """The archive's content, from the cache or else from the package index; verified each time."""
    path = cache / name
    if not path.exists():
        _download(path)
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ReleaseError(f"{path} has the sha256 {found}, not {sha256}: delete it and run this again.")
    return content


def _download(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            "smolagents",
            f"smolagents=={VERSION}",
        ]
        pip = subprocess.run([*command, "--dest", folder], capture_output=True, text=True)
        if pip.returncode != 0:
            why = (pip.stderr.strip() or pip.stdout.strip()).splitlines()[-1:]
            raise ReleaseError(f"pip could not fetch {path.name}: {' '.join(why)}")
        if not (Path(folder) / path.name).exists():
            raise ReleaseError(f"pip fetched {os.listdir(folder)} instead of {path.name}.")
        # In one go, so that two runs at once never see half a file.
        os.replace(Path(folder) / path.name, path)
