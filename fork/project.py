"""What pyproject.toml says about the fork, and where things are kept in the project's tree."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fork import ForkError


if sys.version_info >= (3, 11):
    import tomllib
else:
    try:
        import tomli as tomllib  # comes with hatchling and with pytest on Python 3.10
    except ImportError:
        raise SystemExit("On Python 3.10 this needs tomli: pip install tomli") from None


PACKAGE = "smolagents"
SOURCE = "src/"  # a file's path in the project is this plus its path in the wheel


@dataclass(frozen=True)
class Project:
    """The settings in pyproject.toml that the fork reads.

    Attributes:
        root: The project's folder.
        release: Version of the pinned upstream release, for example "1.26.0".
        number: The fork's own number.
        release_sha256: Hash over all package files of the release (see `fork.release.digest`), in hex.
        extras: Extras that the fork adds: name to requirements.
        scripts: Console scripts that the fork adds: name to "module:function".
    """

    root: Path
    release: str
    number: int
    release_sha256: str
    extras: dict[str, list[str]]
    scripts: dict[str, str]

    @property
    def version(self) -> str:
        return f"{self.release}+hooks.{self.number}"

    @property
    def patches(self) -> Path:
        return self.root / "patches"

    @property
    def memory(self) -> Path:
        """What is kept between runs and ignored by git: the fetched release, the list of what the build wrote."""
        return self.root / ".fork"

    @classmethod
    def read(cls, root: Path) -> "Project":
        """Read pyproject.toml in `root`.

        Raises:
            ForkError: If a setting is missing.
        """
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        fork: dict[str, Any] = table.get("tool", {}).get("fork", {})
        for key in ("number", "release-sha256"):
            if key not in fork:
                raise ForkError(f"pyproject.toml: [tool.fork] lacks {key!r}")
        return cls(
            root=root,
            release=_pinned_release(table["build-system"]["requires"]),
            number=fork["number"],
            release_sha256=fork["release-sha256"],
            extras=fork.get("extras", {}),
            scripts=fork.get("scripts", {}),
        )


def _pinned_release(requirements: list[str]) -> str:
    pins = [match[1] for text in requirements if (match := re.fullmatch(rf"{PACKAGE}\s*==\s*([\w.]+)", text.strip()))]
    if len(pins) != 1:
        raise ForkError(f'pyproject.toml: [build-system] requires must name "{PACKAGE}==<version>" once')
    return pins[0]
