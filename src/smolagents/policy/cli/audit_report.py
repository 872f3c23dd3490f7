"""`smolagents-policy audit report`: an audit trail as a page to read."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..audit.errors import AuditError
from ..audit.keys import AuditKey, load_key
from ..audit.names import files_of, first_of
from ..audit.policies import check_policy
from ..audit.report import History, page
from ..audit.seal import SUFFIX
from ..audit.settings import Audit
from ..audit.verify import MAX_LINE, verify
from . import policies
from .output import Output


DESCRIPTION = """\
Write what is in an audit trail as one page: what was refused and why, totals, and each run with its agents.

  smolagents-policy audit report audit.jsonl -o report.html

The page needs no network and no other file, and is for any browser. It says whether the trail is as it was written:
for that the key is needed, as for `audit verify`. Without a key it says that nobody looked. What the trail has of
arguments and results is in the page. The exit code is 1 if anything is wrong with the trail, or not all of it was
decided under the policy that --policy names; the page is written all the same.
"""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="PAGE", type=Path, required=True, help="where to write it: report.html"
    )
    parser.add_argument(
        "--key-env", metavar="NAME", help=f"the key's environment variable ({Audit().key_env}, if that is set)"
    )
    parser.add_argument("--key-file", metavar="PATH", help="the file with the key, if that variable is not set")
    parser.add_argument("--seal", metavar="SEAL", help="the last seal, or a file with it, as it was kept elsewhere")
    parser.add_argument("--only", action="store_true", help="this file alone, not those before and after it")
    parser.add_argument("--policy", metavar="POLICY", help="check that all was decided under this policy")


def run(options: Namespace, seal: str | None, output: Output) -> int:
    """
    Args:
        seal (`str`, *optional*): The seal that was given, as it is.
    """
    files = [options.file] if options.only else files_of(first_of(options.file))
    if options.file not in files:
        files = [options.file]  # Which says why it cannot be read
    if _is_one_of(options.output, files):
        return output.fail_with(f"{options.output} is a file of the trail. Choose another place with -o.")
    policy = None if options.policy is None else policies.load(options.policy)
    try:
        key = _key(options, is_needed=seal is not None)
        found = None if key is None else verify(options.file, key, seal, options.only)
    except AuditError as error:
        return output.fail_with(str(error))
    # What is appended meanwhile was not verified.
    most = found.records if found is not None and found.fault is None else None
    history = History(islice(lines_of(files), most), None if found is None else found.records)
    under = None
    if policy is not None:
        under = check_policy(history.policies, policies.called(options.policy), policy.digest)
    text = page(str(options.file), history, found, has_kept_seal=seal is not None, policy_check=under)
    with open(options.output, "w", encoding="utf-8", newline="\n", opener=_for_the_owner) as file:
        file.write(text)
    is_valid = None if found is None else found.fault is None
    said, style = {True: ("as it was written", "ok"), False: (str(found and found.fault), "failed"), None: ("", "")}[
        is_valid
    ]
    output.line(f"{options.output}: {history.executions} executions, {history.refused} refused")
    if found is None:
        output.line(("not verified: there was no key", "aside"))
    else:
        output.line(("as it was written", "ok") if found.fault is None else (str(found.fault), "failed"))
    if under is not None:
        output.line((under.message, "ok" if under.is_of_all else "failed"))
    output.data(
        {
            "report": str(options.output),
            "valid": is_valid,
            "records": history.records,
            "runs": len(history.runs),
            "executions": history.executions,
            "refused": history.refused,
            "policy": None if under is None else {"of_all": under.is_of_all, "message": under.message},
        }
    )
    return 1 if is_valid is False or under is not None and not under.is_of_all else 0


def _key(options: Namespace, is_needed: bool) -> AuditKey | None:
    """The key; `None` if nobody said that there is one."""
    if options.key_env is None and options.key_file is None and not is_needed and not os.environ.get(Audit().key_env):
        return None
    return load_key(options.key_env or Audit().key_env, options.key_file)


def lines_of(files: list[Path]) -> Iterator[bytes]:
    for path in files:
        with open(path, "rb") as file:
            while line := file.readline(MAX_LINE):
                yield line


def _is_one_of(path: Path, files: list[Path]) -> bool:
    """Whether writing to `path` would write over the trail."""
    own = [*files, Path(f"{first_of(files[0])}{SUFFIX}")]
    return path.exists() and any(other.exists() and path.samefile(other) for other in own)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # As the trail is
