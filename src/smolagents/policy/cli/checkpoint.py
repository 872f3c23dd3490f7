"""`smolagents-policy checkpoint show`: what is in a checkpoint, and whether it is whole."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ..checkpoints import store
from ..checkpoints.checkpoint import Checkpoint, CheckpointError
from ..checkpoints.settings import CheckpointSettings
from ..keys import KeyProblem
from .output import Output


if TYPE_CHECKING:
    from .output import Commands

_DESCRIPTION = """\
Show what is in a checkpoint, without what the agent was told and said; --json shows that too.

  smolagents-policy checkpoint show checkpoints/
  smolagents-policy checkpoint show --key-env CHECKPOINT_KEY checkpoints/20261121T172538629691-418e7cd0-000006.json
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser("checkpoint", help="show a checkpoint of a run", description=_DESCRIPTION)
    parser.add_argument("action", metavar="show", choices=["show"])
    parser.add_argument("path", metavar="PATH", help="a checkpoint, or a folder, whose latest one is shown")
    parser.add_argument("--key-env", metavar="NAME", help="the environment variable with the key")
    parser.add_argument("--key-file", metavar="PATH", help="the file with the key, if that variable is not set")
    parser.set_defaults(run=run)


def run(options: Namespace, output: Output) -> int:
    settings = CheckpointSettings(path=options.path, key_env=options.key_env, key_file=options.key_file)
    try:
        key = store.key_of(settings)
        if os.path.isdir(options.path):
            checkpoint = store.latest(options.path, key)
        else:
            checkpoint = store.read(options.path, key)
    except (CheckpointError, KeyProblem) as error:
        return output.fail_with(str(error))
    output.data(checkpoint.to_data())
    for line in _lines(checkpoint):
        output.line(line)
    return 0


def _lines(checkpoint: Checkpoint) -> list[str]:
    policy = checkpoint.policy_name or "without a name"
    lines = [
        f"checkpoint {checkpoint.number} of the run {checkpoint.run_id}: {checkpoint.cause}",
        f"  {checkpoint.time.isoformat(timespec='seconds')}, after step {checkpoint.step_number} of "
        f"{checkpoint.agent_name} ({checkpoint.agent_class})",
        f"  policy {policy}, digest {checkpoint.policy_digest[:16]}",
    ]
    for used in checkpoint.budgets:
        lines += [f"  used under {used['hook']}: {_used(used, layer)}" for layer in used["layers"]]
    for execution in checkpoint.unfinished:
        where = f"{'/'.join(execution['agent_path'])}, step {execution['step_number']}"
        lines.append(f"  may happen again: {execution['kind']} {execution['name']} ({where}, {execution['status']})")
    lines += [f"  not in it: the variable {name}, a {kind}" for name, kind in checkpoint.variables_left_out.items()]
    lines += [f"  not in it: {what}" for what in checkpoint.left_out]
    for agent in checkpoint.managed_agents:
        lines.append(f"  not in it: the memory of {agent['name']} ({agent['class']}), {agent['steps']} steps")
    return lines


def _used(used: Any, layer: Any) -> str:
    calls = [f"{count} calls{'' if key is None else f' of {key}'}" for key, count in layer["calls"]]
    parts = [f"{used['seconds']:.1f} s", f"{layer['tokens']} tokens", *calls]
    return ", ".join(parts) + (f" ({layer['source']})" if layer["source"] else "")
