"""Audit files under threads, processes, crashes, full disks and rotation."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from smolagents.policy.audit import AuditError
from smolagents.policy.audit import file as file_module
from smolagents.policy.audit.seal import Seal
from smolagents.policy.audit.verify import verify

from .trails import KEY, SECRET, fault, fill, records


# `make audit-proof` writes 100,000.
RECORDS = int(os.environ.get("AUDIT_RECORDS", "8000"))
THREADS, PROCESSES = 8, 4

WRITER = f"""
import sys, threading
from smolagents.policy.audit.file import AuditFile
from smolagents.policy.audit.keys import AuditKey

path, name, count, threads, rotate = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
file = AuditFile(path, AuditKey({SECRET!r}.encode()), "never", rotate or None)
def write(thread):
    for number in range(count):
        file.append(f'"type":"before","writer":"{{name}}-{{thread}}","number":{{number}}')
writers = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
for writer in writers: writer.start()
for writer in writers: writer.join()
"""


def start_writer(path: Path, name: str, count: int, threads: int = 1, rotate: int = 0) -> subprocess.Popen[bytes]:
    arguments = [str(path), name, str(count), str(threads), str(rotate)]
    return subprocess.Popen([sys.executable, "-c", WRITER, *arguments], env={**os.environ})


@pytest.mark.parametrize("rotate", [0, 200_000])
def test_what_threads_of_several_processes_write_is_all_there_and_verifies(path, rotate):
    each = RECORDS // (PROCESSES * THREADS)
    writers = [start_writer(path, str(number), each, THREADS, rotate) for number in range(PROCESSES)]
    assert [writer.wait() for writer in writers] == [0] * PROCESSES

    result = verify(path, KEY)

    assert result.fault is None
    assert (len(result.files) > 1) == bool(rotate)
    found = [record for file in result.files for record in records(Path(file), "before")]
    numbers: dict[str, list[int]] = {}
    for record in found:
        numbers.setdefault(record["writer"], []).append(record["number"])
    assert len(numbers) == PROCESSES * THREADS
    assert all(written == list(range(each)) for written in numbers.values())
    assert len({record["process"] for record in found}) == PROCESSES


def test_threads_of_one_process_share_a_file(path):
    file = fill(path, 1)

    def write(name: int) -> None:
        for number in range(200):
            file.append(f'"type":"before","writer":{name},"number":{number}')

    threads = [threading.Thread(target=write, args=(name,)) for name in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert fault(path) is None
    assert len(records(path, "before")) == 200 * THREADS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_of_a_fork_goes_on_beside_its_parent(path):
    file = fill(path, 10)
    child = os.fork()
    if child == 0:
        try:
            for number in range(300):
                file.append(f'"type":"before","child":{number}')
            os._exit(0)
        except BaseException:
            os._exit(1)
    for number in range(300):
        file.append(f'"type":"before","parent":{number}')
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    file.append('"type":"before","parent":300')

    assert fault(path) is None
    found = records(path)
    assert [record["child"] for record in found if "child" in record] == list(range(300))
    assert [record["parent"] for record in found if "parent" in record] == list(range(301))


def test_two_files_of_one_path_in_a_process_take_turns(path):
    one, two = fill(path, 1), fill(path, 1)
    for number in range(20):
        one.append(f'"type":"before","number":{number}')
        two.append(f'"type":"before","number":{number}')

    assert fault(path) is None
    assert [record["number"] for record in records(path, "before")] == [n for n in range(20) for _ in (1, 2)]


# Crashes


def test_a_last_line_that_is_torn_anywhere_is_mended_and_that_is_recorded(path):
    fill(path, 5).close()
    content = path.read_bytes()
    line = content.splitlines(keepends=True)[-1]
    seal = Path(f"{path}.seal").read_bytes()
    for length in range(1, len(line)):
        path.write_bytes(content + line[:length])
        Path(f"{path}.seal").write_bytes(seal)
        assert fault(path) is not None

        file = fill(path, 1)
        file.append('"type":"before"')
        file.close()

        (repaired,) = records(path, "repaired")
        assert repaired["bytes"] == length
        assert repaired["digest"] == KEY.digest.of(line[:length]).hex()
        assert fault(path) is None


def test_a_first_line_that_is_torn_is_mended(path):
    fill(path, 1)
    fill(path, 2).close()
    line = path.read_bytes().splitlines(keepends=True)[0]
    for length in range(0, len(line), 13):
        path.write_bytes(line[:length])
        Path(f"{path}.seal").write_bytes(b"")

        fill(path, 3).close()

        assert fault(path) is None
        assert len(records(path, "repaired")) == (1 if length else 0)


def test_a_trail_whose_seal_was_not_written_before_the_crash_goes_on(path):
    file = fill(path, 5)
    before = Path(f"{path}.seal").read_bytes()
    file.append('"type":"before"')
    file.close()
    Path(f"{path}.seal").write_bytes(before)

    fill(path, 2).close()

    assert fault(path) is None
    assert not records(path, "lost")


def test_a_crash_between_two_files_is_mended(path):
    fill(path, 100, rotate_bytes=10_000).close()
    files = sorted(path.parent.glob("audit-*.jsonl"))
    files[-1].write_bytes(b"")
    # The seal was about the last record of the file before.
    last = json.loads(([path, *files][-2]).read_bytes().splitlines()[-1])
    first = json.loads(([path, *files][-2]).read_bytes().splitlines()[0])
    seal = Seal(first["file"], last["seq"], bytes.fromhex(last["mac"]))
    Path(f"{path}.seal").write_text(seal.text(KEY))

    file = fill(path, 1, rotate_bytes=10_000)
    file.append('"type":"before"')

    assert fault(path) is None


def test_a_file_that_was_closed_by_a_crash_is_continued_in_the_next_one(path):
    fill(path, 100, rotate_bytes=10_000).close()
    files = [path, *sorted(path.parent.glob("audit-*.jsonl"))]
    last = json.loads(files[-2].read_bytes().splitlines()[-1])
    first = json.loads(files[-2].read_bytes().splitlines()[0])
    files[-1].unlink()
    Path(f"{path}.seal").write_text(Seal(first["file"], last["seq"], bytes.fromhex(last["mac"])).text(KEY))

    file = fill(path, 1, rotate_bytes=10_000)
    file.append('"type":"before"')

    assert fault(path) is None
    assert files[-1].exists()


def test_a_trail_goes_on_when_its_oldest_files_were_removed(path):
    file = fill(path, 300, rotate_bytes=10_000)
    path.unlink()
    file.append('"type":"before"')
    file.close()
    fill(path, 3, rotate_bytes=10_000).close()

    assert not path.exists()
    last = sorted(path.parent.glob("audit-*.jsonl"))[-1]
    assert fault(last, only=True) is None
    assert "missing" in str(fault(last))


# Disks


def test_what_does_not_fit_on_the_disk_leaves_nothing_behind(path):
    program = textwrap.dedent(f"""
        import resource, sys
        from smolagents.policy.audit.errors import AuditError
        from smolagents.policy.audit.file import AuditFile
        from smolagents.policy.audit.keys import AuditKey
        file = AuditFile(sys.argv[1], AuditKey({SECRET!r}.encode()), "always")
        file.open()
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        written = 0
        try:
            while True:
                file.append('"type":"before","text":"' + "x" * 100 + '"')
                written += 1
        except AuditError as error:
            print(written, error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        file.append('"type":"after"')
    """)
    ended = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)

    written, _, message = ended.stdout.partition(" ")
    assert "File too large" in message
    assert len(records(path, "before")) == int(written) > 0
    assert len(records(path, "after")) == 1
    assert not records(path, "repaired")  # What was written of the last one was taken back
    assert fault(path) is None


def test_what_cannot_be_taken_back_is_mended_before_the_next_record(path, monkeypatch):
    file = fill(path, 3)
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        write(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(file_module.os, "write", half)
        patch.setattr(file_module.os, "ftruncate", refuse)
        with pytest.raises(AuditError, match="No space left on device"):
            file.append('"type":"before","torn":true')
    file.append('"type":"before"')

    assert len(records(path, "repaired")) == 1
    assert not [record for record in records(path) if "torn" in record]
    assert fault(path) is None


@pytest.mark.parametrize("what", ["the file", "the seal"])
@pytest.mark.parametrize("how", ["removed", "moved away", "replaced by a copy"])
def test_what_is_taken_from_its_place_while_it_is_written_is_an_error_and_then_begun_anew(
    path, monkeypatch, what, how
):
    monkeypatch.setattr(file_module, "LOOK_SECONDS", 0)
    file = fill(path, 3)
    taken = path if what == "the file" else Path(f"{path}.seal")
    content = taken.read_bytes()
    taken.rename(path.with_name("elsewhere"))
    if how == "removed":
        path.with_name("elsewhere").unlink()
    if how == "replaced by a copy":
        taken.write_bytes(content)

    with pytest.raises(AuditError, match=f"{taken.name} was removed or cut"):
        file.append('"type":"before","number":3')
    file.append('"type":"before","number":4')

    assert records(path)[-1]["number"] == 4
    # A copy is as good as what it is a copy of.
    assert len(records(path, "lost")) == (how != "replaced by a copy")
    assert (fault(path) is None) == (how == "replaced by a copy")


def test_records_that_somebody_repeats_at_the_end_are_not_continued(path):
    file = fill(path, 9)
    lines = path.read_bytes().splitlines(keepends=True)
    with path.open("ab") as other:
        other.write(lines[3] + lines[4])

    with pytest.raises(AuditError, match="cannot be continued"):
        file.append('"type":"before"')

    assert fault(path).line == 10


@pytest.mark.parametrize("suffix", ["", ".seal"])
def test_nothing_is_written_over_that_a_link_leads_to(path, suffix):
    victim = path.with_name("victim")
    victim.write_text("important\n" * 50)
    Path(f"{path}{suffix}").symlink_to(victim)

    with pytest.raises(AuditError, match=f"audit.jsonl{suffix} is a link"):
        fill(path, 1).open()

    assert victim.read_text() == "important\n" * 50


@pytest.mark.parametrize("suffix", ["", ".seal"])
def test_a_pipe_is_no_audit_file(path, suffix):
    os.mkfifo(f"{path}{suffix}")

    with pytest.raises(AuditError, match="is no file, but a device or a pipe"):
        fill(path, 1).open()


def test_a_trail_stays_in_its_folder_when_the_current_folder_changes(path, monkeypatch):
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(path.parent)
    file = fill(Path(path.name), 10, rotate_bytes=10_000)
    monkeypatch.chdir(elsewhere)
    for number in range(100):
        file.append(f'"type":"before","number":{number}')

    assert not list(elsewhere.iterdir())
    assert len(verify(path, KEY).files) > 1
    assert fault(path) is None


@pytest.mark.parametrize("name", ["audit", "audit.", ".audit", "a.b.jsonl", "audit-12345.jsonl", "a-b", "(audit)+.x"])
def test_a_trail_may_have_any_name(tmp_path, name):
    fill(tmp_path / name, 100, rotate_bytes=10_000).close()
    fill(tmp_path / name, 3, rotate_bytes=10_000).close()

    files = [path for path in tmp_path.iterdir() if not path.name.endswith(".seal")]
    assert len(files) > 1
    assert all(len(verify(file, KEY).files) == len(files) and fault(file) is None for file in files)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_that_never_writes_holds_nobody_up(path, monkeypatch):
    file = fill(path, 3)
    children = []

    def write_and_fork(descriptor, data):
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:  # While the lock is held
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        children.append((child, writing))
        os.close(reading)
        # As if this process were killed now: what it holds is let go without being unlocked.
        monkeypatch.setattr(file_module.fcntl, "flock", lambda descriptor, how: None)
        raise KeyboardInterrupt

    monkeypatch.setattr(file_module.os, "write", write_and_fork)
    with pytest.raises(KeyboardInterrupt):
        file.append('"type":"before"')
    monkeypatch.undo()
    other = start_writer(path, "other", 3)

    assert other.wait(60) == 0
    ((child, writing),) = children
    os.close(writing)
    os.waitpid(child, 0)


def test_the_seal_is_on_the_disk_from_the_first_record_on(path, monkeypatch):
    synced = []
    monkeypatch.setattr(file_module, "_sync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))

    fill(path, 1)
    file = file_module.AuditFile(str(path), KEY, "always")
    file.open()

    assert os.stat(f"{path}.seal").st_ino in synced


def test_a_file_in_a_folder_that_is_none_is_an_error_in_a_sentence(tmp_path):
    with pytest.raises(AuditError, match="cannot be written: No such file or directory"):
        fill(tmp_path / "nowhere" / "audit.jsonl", 1).open()


@pytest.mark.parametrize("fsync, forced", [("always", 4), ("interval", 2), ("never", 0)])
def test_records_are_forced_to_the_disk_when_the_policy_says_so(path, monkeypatch, fsync, forced):
    calls = []
    monkeypatch.setattr(
        file_module, "_sync", lambda descriptor: calls.append(os.path.samestat(os.fstat(descriptor), os.stat(path)))
    )
    file = file_module.AuditFile(str(path), KEY, fsync)
    for _ in range(3):
        file.append('"type":"before"')
    during = sum(calls)
    file.close()

    # `interval` forces the first record, and the others when the file is let go.
    assert sum(calls) == forced
    assert during == (1 if fsync == "interval" else forced)


def test_nobody_else_may_read_the_files(path):
    fill(path, 3).close()

    assert [file.stat().st_mode & 0o777 for file in (path, Path(f"{path}.seal"))] == [0o600, 0o600]


def test_a_file_that_is_thrown_away_while_another_one_writes_holds_nobody_up(path, monkeypatch):
    thrown_away = [fill(path, 3)]
    thrown_away[0]._fsync, thrown_away[0]._is_synced = "interval", False
    file = fill(path, 1)
    write = os.write

    def write_after(descriptor: int, data: bytes) -> int:
        thrown_away.clear()  # As the garbage collector might, at any moment
        return write(descriptor, data)

    monkeypatch.setattr(file_module.os, "write", write_after)
    file.append('"type":"before"')

    assert fault(path) is None
