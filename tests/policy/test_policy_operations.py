"""What the section `operations` lets generated code do: as a decision, and on real agents with real effects."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from smolagents import CodeAgent
from smolagents.hooks import Opaque
from smolagents.hooks_testing import ScriptedModel
from smolagents.hooks_testing import code as turn
from smolagents.operation_events import EVENTS, UNANNOUNCED_MODULES, Operation
from smolagents.policy import Policy, PolicyHook
from smolagents.policy.operation_tests import SUBJECTS
from smolagents.policy.operations import OPERATION_NAMES

from .executions import code, execution, hook_for


def decide(operations: dict[str, Any] | None, about, **policy):
    section = {} if operations is None else {"operations": operations}
    return hook_for(**section, **policy).explain(about)


def operation(name: str, /, **arguments: Any):
    return execution(name, kind="operation", **arguments)


def action(operations, about, **policy) -> str:
    return decide(operations, about, **policy).action


def test_there_is_a_key_and_a_subject_for_every_operation_but_what_the_host_denies():
    # Two events are one operation or another, as their arguments say.
    named = {event.name for event in EVENTS.values() if isinstance(event, Operation)} | {"file.write", "native.load"}
    assert set(OPERATION_NAMES) == named - {"runtime.inspect"}
    assert set(SUBJECTS) == set(OPERATION_NAMES)


def test_an_entry_is_an_action_and_what_has_none_follows_the_default():
    about = operation("file.read", path="x")
    for entry in ("allow", "warn", "ask", "deny", "stop"):
        (reason,) = decide({"default": "deny", "file.read": entry}, about).reasons
        assert (reason.action, reason.code, reason.entry) == (entry, "operation", "operations.file.read")
    (reason,) = decide({}, about).reasons
    assert (reason.action, reason.code, reason.entry) == ("deny", "operation", "operations.default")
    assert decide({"default": "allow"}, about).reasons == ()


def test_operations_are_judged_only_if_the_policy_speaks_of_them():
    for about in ({"kind": ["tool", "operation"]}, {"name": "file.write"}, {"name": "net.*"}, {"name": "other"}):
        assert "operation" in hook_for(rules=[{"id": "a", "action": "deny", "when": about}]).kinds
    for about in ({}, {"name": "*"}, {"name": "file_write"}, {"kind": "tool", "name": "file.write"}):
        assert "operation" not in hook_for(rules=[{"id": "a", "action": "deny", "when": about}]).kinds
    assert "operation" in hook_for(operations={}).kinds and "operation" not in hook_for().kinds


def test_without_the_section_what_no_rule_matches_is_allowed():
    when = {"kind": "operation", "name": "file.*", "arguments": {"path": {"prefix": "/etc/"}}}
    rules = [{"id": "etc", "action": "deny", "when": when}]
    assert action(None, operation("file.read", path="/etc/passwd"), rules=rules) == "deny"
    assert action(None, operation("file.read", path="x"), rules=rules, default="deny") == "allow"


def test_a_rule_about_operations_lets_happen_what_the_section_does_not_speak_of():
    about = operation("file.write", path="x")
    grant = {"id": "a", "action": "allow", "when": {"kind": "operation", "name": "file.write"}}
    assert action({}, about, rules=[grant]) == "allow"
    assert action({}, about, rules=[{**grant, "action": "ask"}]) == "ask"
    assert action({"file.write": "deny"}, about, rules=[grant]) == "deny"
    assert action({}, about, rules=[{"id": "a", "action": "allow", "when": {}}]) == "deny"


def test_opaque_arguments_of_operations_are_no_arguments_that_anybody_passed():
    assert action({"default": "allow"}, operation("code.exec", code=Opaque("code")), opaque="deny") == "allow"


@pytest.mark.parametrize(
    ("name", "condition", "allowed", "denied"),
    [
        ("file.write", {"path_within": ["/srv"]}, {"path": "/srv/x"}, {"path": "/srv/../x"}),
        ("file.write", {"path_within": ["/srv"]}, {"path": "/srv/x"}, {"path": 5}),
        ("file.write", {"path_within": ["/srv"]}, {"path": "/srv/x"}, {"path": None}),
        ("dir.list", {"path_within": ["/srv"]}, {"path": "/srv"}, {"path": "."}),
        ("net.connect", {"host_in": ["192.0.2.1"]}, {"host": "192.0.2.1"}, {"host": "192.0.2.2"}),
        ("net.connect", {"host_in": ["192.0.2.1"]}, {"host": "192.0.2.1"}, {"host": None, "address": "/run/x.sock"}),
        ("net.bind", {"host_in": ["127.0.0.1"]}, {"host": "127.0.0.1"}, {"host": ""}),
        ("url.open", {"host_in": ["a.com"]}, {"url": "https://a.com/x"}, {"url": "https://a.com@evil.com"}),
        ("module.import", {"one_of": ["math", "json"]}, {"name": "math"}, {"name": "os"}),
        ("env.set", {"prefix": "APP_"}, {"name": "APP_X"}, {"name": "PATH"}),
        ("process.run", {"prefix": "git "}, {"command": "git status"}, {"command": "rm x"}),
        (
            "process.run",
            {"prefix": "git "},
            {"command": ["git", "x"], "executable": "git"},
            {"command": ["rm", "x"]},
        ),
        ("process.run", {"prefix": "git "}, {"command": ["git", "log"]}, {"command": ["git log; rm x"]}),
        ("process.run", {"prefix": "git"}, {"command": ["git"]}, {"command": ["git", "x"], "executable": "/bin/sh"}),
        ("process.run", {"prefix": "git "}, {"command": ["git", "x"]}, {"command": None}),
        ("code.exec", {"max_length": 5}, {"code": "1"}, {"code": Opaque("code")}),
    ],
)
def test_a_condition_is_about_what_the_operation_is_done_to(name, condition, allowed, denied):
    assert action({name: condition}, operation(name, **allowed)) == "allow"
    decision = decide({name: condition}, operation(name, **denied))
    assert (decision.action, decision.reasons[0].entry) == ("deny", f"operations.{name}")
    assert action({"default": "allow", name: condition}, operation(name, **denied)) == "deny"


@pytest.mark.parametrize(
    ("source", "destination", "how", "expected"),
    [
        ("/srv/a", "/srv/b", "rename", "allow"),
        ("/etc/a", "/srv/b", "link", "deny"),
        ("/srv/a", "/etc/b", "rename", "deny"),
        ("a", "/srv/b", "symlink", "allow"),  # It leads to /srv/a.
        ("../etc", "/srv/b", "symlink", "deny"),
        ("a", "/srv/b", "rename", "deny"),  # It is in the current folder.
    ],
)
def test_both_names_of_a_file_have_to_be_inside(source, destination, how, expected):
    about = operation("file.rename", source=source, destination=destination, how=how)
    assert action({"file.rename": {"path_within": ["/srv"]}}, about) == expected


@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        ({"cwd": None, "env": None}, "allow"),
        ({"cwd": "."}, "allow"),
        ({"env": {}}, "allow"),
        ({"env": {"HOME_OF_TEST": "/h"}}, "allow"),
        ({"env": {b"HOME_OF_TEST": b"/h"}}, "allow"),
        ({"cwd": ".."}, "deny"),
        ({"cwd": Opaque("PosixPath")}, "deny"),
        ({"env": {"HOME_OF_TEST": "/other"}}, "deny"),
        ({"env": {"GIT_SSH_COMMAND": "rm x"}}, "deny"),
        ({"env": {"HOME_OF_TEST": 5}}, "deny"),
        ({"env": Opaque("_Environ")}, "deny"),
    ],
)
def test_a_command_that_is_allowed_is_one_in_the_folder_and_environment_of_the_process(
    monkeypatch, surroundings, expected
):
    monkeypatch.setenv("HOME_OF_TEST", "/h")
    about = operation("process.run", command=["git", "status"], executable="git", **surroundings)
    assert action({"process.run": {"equals": "git status"}}, about) == expected
    assert action({"process.run": "allow"}, about) == "allow"


@pytest.mark.parametrize("module", [*UNANNOUNCED_MODULES, "ctypes.util", "importlib.util"])
def test_a_module_that_nobody_can_watch_has_to_be_named(module):
    about = operation("module.import", name=module, names=())
    for entry in ("allow", {"regex": ".*."}, {"not": {"equals": "os"}}, {"prefix": module}):
        decision = decide({"module.import": entry}, about)
        assert decision.action == "deny" and module in decision.determining[0].message
    for entry in ({"equals": module}, {"one_of": ["math", module]}, {"any": [{"equals": module}, {"prefix": "x"}]}):
        assert action({"module.import": entry}, about) == "allow"
    assert action({"default": "allow"}, about) == "allow"
    other = operation("module.import", name="x" + module)
    assert action({"module.import": "allow"}, other) == "allow"


def run(policy: str, program: str, imports: list[str]) -> tuple[CodeAgent, str]:
    """Have an agent run a program under a policy. Returns the agent and what its model reads at the end."""
    model = ScriptedModel(turn(program), turn("final_answer('done')"))
    hook = PolicyHook(Policy.loads(policy))
    agent = CodeAgent(tools=[], model=model, hooks=[hook], additional_authorized_imports=imports, verbosity_level=0)
    assert agent.run("task") == "done"
    return agent, model.read()


WRITES = "{version: 1, operations: {default: deny, module.import: allow, file.write: {path_within: [./out]}}}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "program",
    [
        "import io\nio.open('out/x', 'w').close()",
        "import pathlib\npathlib.Path('out/x').write_text('x')",
        "import os\nos.close(os.open(os.path.abspath('out/../out/x'), os.O_CREAT | os.O_WRONLY))",
        "import os\nos.mkdir('out/x')",
    ],
)
def test_an_agent_writes_where_it_may(folder, program):
    run(WRITES, program, ["os", "posixpath", "pathlib", "io"])
    assert (folder / "out" / "x").exists()


@pytest.mark.parametrize(
    "program",
    [
        "import io\nio.open('x', 'w')",
        "import io\nio.open('out/../x', 'w')",
        "import pathlib\npathlib.Path('x').touch()",
        "import os\nos.open('x', os.O_CREAT | os.O_WRONLY)",
        "import os\nos.mkdir('x')",
        "import os, io\nos.symlink('..', 'out/up')\nio.open('out/up/x', 'w')",
        "import os\nos.mkdir('x', dir_fd=os.open('.', os.O_RDONLY))",
        "import sqlite3\nsqlite3.connect('x').execute('create table t (a)')",
        "import subprocess\nsubprocess.run(['touch', 'x'])",
        "import ctypes\nctypes.CDLL(None).creat(b'x', 0o600)",
    ],
)
def test_an_agent_writes_nowhere_else(folder, program):
    _, read = run(WRITES, program, ["*"])
    assert sorted(os.listdir(folder)) == ["out"] and os.listdir("out") == []
    assert "was refused" in read


def test_a_folder_that_is_named_by_a_descriptor_is_that_folder(folder):
    (folder / "out" / "kept").mkdir()
    policy = WRITES.replace("file.write", "file.read: allow, dir.list: allow, file.write")
    program = "import os\nroot = os.open('{}', os.O_RDONLY)\nos.mkdir('x', dir_fd=root)\n"
    run(policy, program.format("."), ["os"])
    os.chdir(folder / "out")
    run(policy.replace("./out", "."), program.format(".."), ["os"])
    assert not (folder / "x").exists()
    run(policy.replace("./out", "."), program.format("kept"), ["os"])
    assert (folder / "out" / "kept" / "x").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs the program cat")
@pytest.mark.parametrize(
    ("surroundings", "read"),
    [
        ("", "the public one"),
        (", env=dict(os.environ)", "the public one"),
        (", cwd='out'", None),
        (", env=dict(os.environ, LD_PRELOAD='x.so')", None),
        (", env=os.environ._data.update({b'LD_PRELOAD': b'x.so'}) or dict(os.environ)", None),
    ],
)
def test_an_agent_runs_an_allowed_command_only_in_the_surroundings_of_the_process(
    folder, monkeypatch, surroundings, read
):
    monkeypatch.setattr(os.environ, "_data", dict(os.environ._data))
    (folder / "notes.txt").write_text("the public one")
    (folder / "out" / "notes.txt").write_text("the secret one")
    policy = "{version: 1, operations: {default: deny, module.import: allow, process.run: {equals: cat notes.txt}}}"
    program = f"import os, subprocess\nprint(subprocess.check_output(['cat', 'notes.txt']{surroundings}))"
    agent, _ = run(policy, program, ["os", "subprocess"])
    observations = agent.memory.steps[1].observations
    assert "the secret one" not in observations
    assert ("the public one" in observations) is (read is not None)
    assert ("process.run" in observations) is (read is None)


@pytest.fixture
def server():
    """A socket that listens on the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def is_reached(server) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


CONNECTS = "{{version: 1, operations: {{default: deny, module.import: allow, net.resolve: allow, net.connect: {}}}}}"


@pytest.mark.parametrize(
    ("hosts", "target", "reached"),
    [
        ("[127.0.0.1]", "127.0.0.1", True),
        ("[127.0.0.0/8]", "127.0.0.1", True),
        ("[localhost]", "localhost", True),  # What it has the socket connect to is an address of that name.
        ("[localhost]", "127.0.0.1", True),
        ("[192.0.2.1]", "127.0.0.1", False),
        ("[example.invalid]", "127.0.0.1", False),
        ("['*.localhost']", "localhost", False),
        ("[127.0.0.1]", "127.1", False),
    ],
)
def test_an_agent_connects_where_it_may_and_nowhere_else(server, hosts, target, reached):
    port = server.getsockname()[1]
    program = f"import socket\ns = socket.socket()\ns.settimeout(5)\ns.connect(('{target}', {port}))\ns.close()"
    if target == "localhost":
        program = f"import socket\nsocket.create_connection(('{target}', {port}), 5).close()"
    run(CONNECTS.format(f"{{host_in: {hosts}}}"), program, ["socket"])
    assert is_reached(server) is reached


@pytest.mark.parametrize("module", ["ctypes", "sqlite3", "posix", "ctypes.util"])
def test_an_agent_imports_what_nobody_can_watch_only_if_it_is_named(module):
    policy = "{{version: 1, operations: {{default: deny, module.import: {}, dir.list: allow, native.load: allow}}}}"
    program = f"import {module} as m\nprint('imported')"
    denied, _ = run(policy.format("allow"), program, ["*"])
    assert "no policy is asked about that" in denied.memory.steps[1].observations
    allowed, _ = run(policy.format(f"{{one_of: [math, {module}]}}"), program, ["*"])
    assert "imported" in allowed.memory.steps[1].observations


def test_in_shadow_an_agent_does_what_the_operations_would_deny(folder):
    events = []
    hook = PolicyHook(Policy.loads(WRITES.replace("version: 1,", "version: 1, mode: shadow,")))
    hook.on("policy_violation", events.append, synchronous=True)
    model = ScriptedModel(turn("import io\nio.open('x', 'w').close()"), turn("final_answer('done')"))
    CodeAgent(tools=[], model=model, hooks=[hook], additional_authorized_imports=["io"], verbosity_level=0).run("task")
    assert (folder / "x").exists()
    assert [event.execution.name for event in events] == ["file.write"]


def test_a_code_action_is_not_an_operation():
    assert action({}, code("1 + 1")) == "allow"
