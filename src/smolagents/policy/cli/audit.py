"""`smolagents-policy audit`: check an audit trail, and read it. The page that `report` writes is in `audit_report`."""

from __future__ import annotations

import json
import os
import time
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..audit.errors import AuditError
from ..audit.keys import load_key
from ..audit.names import first_of, number_of
from ..audit.policies import check_policy
from ..audit.report import History
from ..audit.report.values import list_of, mapping_of, text_of
from ..audit.settings import Audit
from ..audit.verify import MAX_LINE, verify
from . import audit_report, policies


if TYPE_CHECKING:
    from .output import Commands, Output

_DESCRIPTION = """\
  smolagents-policy audit verify audit.jsonl
  smolagents-policy audit show audit.jsonl --decision deny
  smolagents-policy audit report audit.jsonl -o report.html
"""

_VERIFY = """\
Check that nothing in an audit trail was changed, moved, left out, put in or cut off. The first bad line is told.

  smolagents-policy audit verify audit.jsonl --seal "$(cat /elsewhere/audit.seal)"

The key is in the environment variable SMOLAGENTS_AUDIT_KEY, unless told otherwise. Without --seal the one beside the
trail is used, which does not show that an older copy was put in the place of both. The exit code is 1 if anything is
wrong with the trail, or not all of it was decided under the policy that --policy names.
"""

_SHOW = """\
Show the records of an audit trail, from this file on. They are not checked: `audit verify` does that.

  smolagents-policy audit show audit.jsonl --tool shell --decision deny
  smolagents-policy audit show audit.jsonl --follow
"""

_LOOK_SECONDS = 0.2  # Between looks at a file that is followed


def add(commands: Commands) -> None:
    parser = commands.add_parser("audit", help="check an audit trail, or show it", description=_DESCRIPTION)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    checking = inner.add_parser("verify", help="check that it is as it was written", description=_VERIFY)
    _add_file(checking)
    checking.add_argument(
        "--key-env", metavar="NAME", default=Audit().key_env, help="the key's environment variable (%(default)s)"
    )
    checking.add_argument("--key-file", metavar="PATH", help="the file with the key, if that variable is not set")
    checking.add_argument("--seal", metavar="SEAL", help="the last seal, or a file with it, as it was kept elsewhere")
    checking.add_argument("--only", action="store_true", help="this file alone, not those before and after it")
    checking.add_argument("--policy", metavar="POLICY", help="also check that all was decided under this policy")
    checking.set_defaults(run=run_verify)
    showing = inner.add_parser("show", help="show its records", description=_SHOW)
    _add_file(showing)
    showing.add_argument("--run", metavar="ID", dest="run_id", help="of this run: its id, or how that begins")
    showing.add_argument("--agent", metavar="NAME", help="of this agent, and of those that it managed")
    showing.add_argument("--tool", metavar="NAME", help="about this tool, agent or operation")
    showing.add_argument("--decision", metavar="ACTION", help="decisions that are allow, warn, ask, deny or stop")
    showing.add_argument("--follow", action="store_true", help="go on with what is recorded from now on")
    showing.set_defaults(run=run_show)
    reporting = inner.add_parser("report", help="write it as a page to read", description=audit_report.DESCRIPTION)
    _add_file(reporting)
    audit_report.add_options(reporting)
    reporting.set_defaults(run=run_report)


def _add_file(parser: ArgumentParser) -> None:
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("file", metavar="FILE", type=Path, help="a file of the trail")
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="write JSON, for programs")


def run_verify(options: Namespace, output: Output) -> int:
    policy = None if options.policy is None else policies.load(options.policy)
    try:
        key = load_key(options.key_env, options.key_file)
        result = verify(options.file, key, _seal(options.seal), options.only)
    except AuditError as error:
        return output.fail_with(str(error))
    head = None if result.head is None else result.head.text(key).rstrip("\n")
    fault = result.fault
    if fault is not None:
        output.line((str(fault), "failed"))
        output.line(f"{result.records} records before that are as they were written.")
    else:
        files = f"{len(result.files)} files" if len(result.files) > 1 else str(options.file)
        output.line(
            f"{files}: ", ("as it was written", "ok"), f", {result.records} records, sealed at {result.sealed}"
        )
        output.line(f"seal: {head}")
    under = None
    if policy is not None:
        # Only what is proven says anything.
        lines = islice(audit_report.lines_of([Path(file) for file in result.files]), result.records)
        decisions = History(lines, kept=0).policies
        under = check_policy(decisions, policies.called(options.policy), policy.digest)
        output.line((under.message, "ok" if under.is_of_all else "failed"))
    output.data(
        {
            "valid": fault is None,
            "fault": None if fault is None else {"file": fault.file, "line": fault.line, "message": fault.message},
            "files": list(result.files),
            "records": result.records,
            "sealed": result.sealed,
            "seal": head,
            "policy": None if under is None else {"of_all": under.is_of_all, "message": under.message},
        }
    )
    return 0 if fault is None and (under is None or under.is_of_all) else 1


def run_report(options: Namespace, output: Output) -> int:
    return audit_report.run(options, _seal(options.seal), output)


def _seal(given: str | None) -> str | None:
    if given is None or given.startswith("smolagents-audit-"):
        return given
    return Path(given).read_text("ascii", "replace")


def run_show(options: Namespace, output: Output) -> int:
    for line in _lines(options.file, options.follow):
        try:
            record = json.loads(line)
            if not isinstance(record, Mapping):
                raise ValueError("no record")
        except (ValueError, RecursionError):
            output.line(("a line that is no record", "failed"))
            continue
        if not _is_wanted(record, options):
            continue
        if output.as_json:
            output.raw(json.dumps(record) + "\n")
        else:
            _show(record, output)
        output.flush()
    return 0


def _lines(path: Path, follow: bool) -> Iterator[bytes]:
    """The lines of a file and of those that it says the trail goes on in; with `follow`, for ever."""
    following: Path | None = path
    while following is not None:
        path, following = following, None
        with _opened(path, follow) as file:
            for line in _whole_lines(file, follow):
                yield line
                if b'"type":"rotated"' in line[:60] and (following := _following(path, line)) is not None:
                    break


def _opened(path: Path, follow: bool) -> BinaryIO:
    """The file, once it is there: a trail says where it goes on before it does."""
    while True:
        try:
            return open(path, "rb")
        except FileNotFoundError:
            if not follow or number_of(first_of(path), path.name) in (None, 0):
                raise
        time.sleep(_LOOK_SECONDS)


def _following(path: Path, line: bytes) -> Path | None:
    """The file that the trail goes on in, if a line names a later one: whoever wrote it might send us in circles."""
    try:
        name = text_of(mapping_of(json.loads(line)).get("next"))
    except (ValueError, RecursionError):
        return None
    first = first_of(path)
    number, own = number_of(first, name), number_of(first, path.name)
    return None if number is None or number <= (own or 0) else path.with_name(name)


def _whole_lines(file: BinaryIO, follow: bool) -> Iterator[bytes]:
    while True:
        start = file.tell()
        line = file.readline(MAX_LINE)
        if line.endswith(b"\n"):
            yield line
        elif not follow:
            if line:
                yield line
            return
        else:
            file.seek(0, os.SEEK_END)  # Forgets what was read ahead: a torn line may be cut off and another be written
            file.seek(start)
            time.sleep(_LOOK_SECONDS)


def _is_wanted(record: Mapping[str, Any], options: Namespace) -> bool:
    action = mapping_of(record.get("decision")).get("action")
    return (
        (options.run_id is None or text_of(record.get("run")).startswith(options.run_id))
        and (options.agent is None or options.agent in list_of(record.get("agents")))
        and (options.tool is None or record.get("name") == options.tool and "execution" in record)
        and (options.decision is None or action == options.decision)
    )


def _show(record: Mapping[str, Any], output: Output) -> None:
    said = {name: text_of(value) for name, value in record.items()}
    kind, decision = said.get("type", ""), mapping_of(record.get("decision"))
    agents = "/".join(map(text_of, list_of(record.get("agents"))))
    place = f" ({agents}, {said.get('run', '')[:8]}, step {said.get('step', 0)})" if agents else ""
    word, style, more = kind, "aside", ""
    if decision:
        word = style = text_of(decision.get("action"))
    elif kind == "after":
        word, style = said.get("status", ""), "ok" if said.get("status") == "ok" else "failed"
        more = f" {said.get('duration')} s" + (f" {said['error']}" if said.get("error") else "")
    elif kind == "approval_resolved":
        more = f" {said.get('code')}" + (f" by {said['by']}" if said.get("by") else "")
    elif kind in ("lost", "repaired", "file", "rotated"):
        more = f" {json.dumps({key: record[key] for key in ('name', 'next', 'bytes', 'sealed') if key in record})}"
    name = f" {said.get('kind', '')} {said.get('name', '')}" if "execution" in record else ""
    arguments = f" {json.dumps(record['arguments'])}" if "arguments" in record else ""
    about = f"{_cut(name)}{_cut(arguments)}{_cut(more)}"
    output.line(f"{_cut(said.get('time', ''), 40)} ", (f"{_cut(word, 40):8}", style), about, (_cut(place), "aside"))
    for reason in map(mapping_of, list_of(decision.get("reasons"))):
        action, why = text_of(reason.get("action")), text_of(reason.get("message")) or text_of(reason.get("text"))
        output.line("    ", (f"{action:5}", action), f" {text_of(reason.get('entry'))}: {why}")


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
