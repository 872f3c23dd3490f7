"""`smolagents-policy audit`: check an audit trail, and read it. The page that `report` writes is in `audit_report`."""

from __future__ import annotations

import json
import time
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..audit.errors import AuditError
from ..audit.keys import load_key
from ..audit.settings import Audit
from ..audit.verify import verify
from . import audit_report


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
wrong with the trail.
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
    output.data(
        {
            "valid": fault is None,
            "fault": None if fault is None else {"file": fault.file, "line": fault.line, "message": fault.message},
            "files": list(result.files),
            "records": result.records,
            "sealed": result.sealed,
            "seal": head,
        }
    )
    return 0 if fault is None else 1


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
    while True:
        following: str | None = None
        with open(path, "rb") as file:
            for line in _whole_lines(file, follow):
                yield line
                if b'"type":"rotated"' in line[:60]:
                    following = json.loads(line).get("next")
                    break
        if following is None:
            return
        path = path.with_name(Path(following).name)


def _whole_lines(file: BinaryIO, follow: bool) -> Iterator[bytes]:
    while True:
        start = file.tell()
        line = file.readline()
        if line.endswith(b"\n"):
            yield line
        elif not follow:
            if line:
                yield line
            return
        else:
            file.seek(start)
            time.sleep(_LOOK_SECONDS)


def _is_wanted(record: Mapping[str, Any], options: Namespace) -> bool:
    decision = record.get("decision")
    action = decision.get("action") if isinstance(decision, Mapping) else None
    return (
        (options.run_id is None or str(record.get("run", "")).startswith(options.run_id))
        and (options.agent is None or options.agent in (record.get("agents") or ()))
        and (options.tool is None or record.get("name") == options.tool and "execution" in record)
        and (options.decision is None or action == options.decision)
    )


def _show(record: Mapping[str, Any], output: Output) -> None:
    kind = str(record.get("type"))
    agents = "/".join(map(str, record.get("agents") or ()))
    place = f" ({agents}, {str(record.get('run', ''))[:8]}, step {record.get('step', 0)})" if agents else ""
    decision = record.get("decision")
    word, style, said = kind, "aside", ""
    if isinstance(decision, Mapping):
        word = style = str(decision.get("action"))
    elif kind == "after":
        word, style = str(record.get("status")), "ok" if record.get("status") == "ok" else "failed"
        said = f" {record.get('duration')} s" + (f" {record['error']}" if record.get("error") else "")
    elif kind == "approval_resolved":
        said = f" {record.get('code')}" + (f" by {record['by']}" if record.get("by") else "")
    elif kind in ("lost", "repaired", "file", "rotated"):
        said = f" {json.dumps({key: record[key] for key in ('name', 'next', 'bytes', 'sealed') if key in record})}"
    name = f" {record['kind']} {record['name']}" if "execution" in record else ""
    arguments = f" {json.dumps(record['arguments'])}" if "arguments" in record else ""
    output.line(f"{record.get('time')} ", (f"{word:8}", style), f"{name}{_cut(arguments)}{said}", (place, "aside"))
    for reason in decision.get("reasons") or () if isinstance(decision, Mapping) else ():
        why = reason.get("message") or reason.get("text")
        output.line("    ", (f"{reason.get('action'):5}", str(reason.get("action"))), f" {reason.get('entry')}: {why}")


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
