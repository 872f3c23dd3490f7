"""What the tests of fork/ share: projects to try it on, and an environment to build them in."""

import shutil
import subprocess
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.fork.projects import PACKAGE, RELEASE, ROOT, SmallProject, hashes, small_project, succeed


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., SmallProject]:
    """Makes a small project: `project(upstream=..., patches=...)`."""

    def make(upstream: dict[str, bytes], patches: Mapping[str, bytes] = {}) -> SmallProject:
        return small_project(tmp_path / "project", upstream, patches)

    return make


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has what [build-system] requires, and pip."""
    folder = tmp_path_factory.mktemp("builder")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    succeed(python, "-m", "pip", "install", "--quiet", "hatchling", "editables")
    succeed(python, "-m", "pip", "install", "--quiet", "--no-deps", f"smolagents=={RELEASE}")
    return python


@pytest.fixture(scope="session")
def site_packages(builder: Path) -> Path:
    """Where `builder` has the unpatched release."""
    return Path(succeed(builder, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())


@pytest.fixture(scope="session")
def release_wheel(builder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the unpatched release, as the package index has it."""
    folder = tmp_path_factory.mktemp("release")
    succeed(builder, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, f"smolagents=={RELEASE}")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is in this repository, which no test changes."""
    copy = tmp_path_factory.mktemp("sources") / "project"
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture
def checkout(sources: Path, tmp_path: Path) -> Path:
    """A copy of what is in this repository, for one test."""
    return Path(shutil.copytree(sources, tmp_path / "checkout"))


@pytest.fixture(scope="session")
def expected(site_packages: Path, sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Path and hash of every file that the package must have; the patches are applied by git, not by fork/."""
    tree = tmp_path_factory.mktemp("expected")
    shutil.copytree(site_packages / "smolagents", tree / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    for patch in sorted((sources / "patches").glob("*.patch")):
        succeed("git", "apply", "--unidiff-zero", patch, cwd=tree, GIT_CEILING_DIRECTORIES=str(tree.parent))
    shutil.copytree(sources / PACKAGE, tree / PACKAGE, dirs_exist_ok=True)
    return hashes(tree / PACKAGE)
