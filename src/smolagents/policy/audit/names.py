"""What the files of an audit trail are called: `audit.jsonl`, then `audit-000001.jsonl`, `audit-000002.jsonl` ...

No file is ever renamed, so that the name that is written in it stays true.
"""

from __future__ import annotations

import os
import re
from pathlib import Path


# How the name of a file ends that a trail goes on in.
NUMBER = r"-([0-9]{6,})(\.[^./]*)?$"
_NUMBER = re.compile(NUMBER)


def numbered(path: Path, number: int) -> Path:
    """The file of that number in the trail that begins with `path`; 0 is `path` itself."""
    return path if number == 0 else path.with_name(f"{path.stem}-{number:06}{path.suffix}")


def number_of(path: Path, name: str) -> int | None:
    """Which file of the trail that begins with `path` has that name; `None` if it is none of them."""
    if name == path.name:
        return 0
    found = _NUMBER.search(name)
    if found is None or int(found[1]) == 0 or name != numbered(path, int(found[1])).name:
        return None
    return int(found[1])


def files_of(path: Path) -> list[Path]:
    """The files that there are of the trail that begins with `path`, in order."""
    try:
        names = os.listdir(path.parent)
    except FileNotFoundError:
        return []
    numbers = sorted(number for name in names if (number := number_of(path, name)) is not None)
    return [numbered(path, number) for number in numbers]


def first_of(path: Path) -> Path:
    """The file that the trail begins with that `path` is a file of."""
    found = _NUMBER.search(path.name)
    return path if found is None else path.with_name(path.name[: found.start()] + (found[2] or ""))
