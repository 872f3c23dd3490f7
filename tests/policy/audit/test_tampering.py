"""Whatever is done to an audit trail without the key is found."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path

import pytest

from smolagents.policy.audit import AuditError, chain
from smolagents.policy.audit.keys import AuditKey, Mac
from smolagents.policy.audit.seal import Seal
from smolagents.policy.audit.verify import _Checker, verify

from .trails import KEY, SECRET, fault, fill, hook_for, play, records


RECORDS = 1000
# All bits of so many lines; `make audit-proof` flips those of all lines.
FLIPPED_LINES = int(os.environ.get("AUDIT_FLIPPED_LINES", "12"))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A trail of a thousand records, which tests copy."""
    path = tmp_path_factory.mktemp("written") / "audit.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMOLAGENTS_AUDIT_KEY", SECRET)
        hook = hook_for(path, audit={"payload": "redacted"}, tools={"deny": ["shell"]}, name="office")
    for number in range(RECORDS // 2 - 1):
        play(hook, f"tool-{number % 7}", text=f"number {number}")
    play(hook, "shell")
    return path


@pytest.fixture
def trail(written, tmp_path):
    """A copy of it, and its lines."""
    for file in (written, Path(f"{written}.seal")):
        shutil.copy(file, tmp_path)
    path = tmp_path / "audit.jsonl"
    return path, path.read_bytes().splitlines(keepends=True)


def rewrite(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(lines))


def test_a_trail_that_nobody_touched_is_as_it_was_written(trail):
    path, lines = trail

    result = verify(path, KEY)

    assert (result.fault, result.records, result.sealed, len(lines)) == (None, RECORDS, RECORDS, RECORDS)


def test_every_single_bit_that_is_flipped_is_found(trail, tmp_path):
    path, lines = trail
    seal = Seal.of(Path(f"{path}.seal").read_text(), KEY)
    chosen = {0, 1, RECORDS - 2, RECORDS - 1, *random.Random(0).sample(range(RECORDS), min(FLIPPED_LINES, RECORDS))}
    chosen = range(RECORDS) if FLIPPED_LINES >= RECORDS else sorted(chosen)
    macs = [bytes(32), *(bytes.fromhex(chain.split(line).mac.decode()) for line in lines)]
    flips = 0
    for index in chosen:
        line, following = lines[index], lines[index + 1 : index + 2]
        for bit in range(len(line) * 8):
            flipped = bytearray(line)
            flipped[bit // 8] ^= 1 << bit % 8
            # Everything before it is as it was, so that is where checking starts.
            checker = _Checker(KEY, seal)
            checker._seq, checker._mac, checker._id = index, macs[index], seal.file
            message, _ = checker.check_lines(split_lines(bytes(flipped) + b"".join(following)))
            assert message is not None, (index, bit)
            flips += 1
    assert flips == sum(len(lines[index]) * 8 for index in chosen)


def split_lines(text: bytes) -> list[bytes]:
    """As a file gives them: at line feeds only."""
    *whole, last = text.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])


def test_flipped_bits_in_the_file_itself_are_found_with_their_lines(trail):
    path, lines = trail
    content = path.read_bytes()
    for position in random.Random(1).sample(range(len(content)), 60):
        flipped = bytearray(content)
        flipped[position] ^= 1 << position % 8
        path.write_bytes(flipped)

        found = fault(path)

        assert found is not None
        assert found.line in (None, content[:position].count(b"\n") + 1)


@pytest.mark.parametrize("bit", range(0, 203 * 8, 41))
def test_a_bit_that_is_flipped_in_the_seal_is_found(trail, bit):
    path, _ = trail
    seal = Path(f"{path}.seal")
    content = bytearray(seal.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    seal.write_bytes(content)

    assert fault(path) is not None


def test_each_record_that_is_left_out_is_found(trail):
    path, lines = trail
    for index in range(0, RECORDS, 37):
        rewrite(path, lines[:index] + lines[index + 1 :])

        assert fault(path).line in (index + 1, None)


def test_records_in_another_order_are_found(trail):
    path, lines = trail
    for index in range(1, RECORDS - 1, 37):
        rewrite(path, [*lines[:index], lines[index + 1], lines[index], *lines[index + 2 :]])

        assert fault(path).line == index + 1


def test_a_record_that_is_there_twice_is_found(trail):
    path, lines = trail
    for index in range(0, RECORDS, 37):
        rewrite(path, [*lines[: index + 1], lines[index], *lines[index + 1 :]])

        assert fault(path).line == index + 2


def test_a_trail_that_ends_at_any_earlier_line_is_found(trail):
    path, lines = trail
    size = len(path.read_bytes())
    with path.open("r+b") as file:
        for count in range(RECORDS - 1, 0, -1):
            size -= len(lines[count])
            file.truncate(size)
            missing = "1 record is" if RECORDS - count == 1 else f"{RECORDS - count} records are"
            assert f"{missing} missing after record {count}" in str(fault(path))


def test_a_trail_that_was_emptied_or_removed_is_found(trail):
    path, _ = trail
    path.write_bytes(b"")
    assert "empty" in str(fault(path))

    path.unlink()
    assert "missing" in str(fault(path))


def test_a_trail_without_its_seal_is_found(trail):
    path, _ = trail
    Path(f"{path}.seal").unlink()

    assert "seal is missing" in str(fault(path))


def test_a_chain_that_was_made_anew_without_the_key_is_found(trail):
    path, lines = trail
    forged, head = [], chain.START
    for number, line in enumerate(lines, start=1):
        body = chain.split(line).body.replace(b"tool-3", b"tool-4")
        text, head = chain.make_line(Mac(b"guessed"), head, number, body.partition(b",")[2].decode())
        forged.append(text)
    rewrite(path, forged)

    assert fault(path).line == 1


def test_a_chain_that_is_made_anew_from_a_line_on_is_found_there(trail):
    path, lines = trail
    head = bytes.fromhex(chain.split(lines[499]).mac.decode())
    text, _ = chain.make_line(Mac(b"guessed"), head, 501, '"type":"before"')
    rewrite(path, [*lines[:500], text])

    assert fault(path).line == 501


def test_records_of_one_trail_in_another_with_the_same_key_are_found(trail, tmp_path):
    path, lines = trail
    other = tmp_path / "other.jsonl"
    fill(other, RECORDS).close()
    rewrite(path, [*lines[:500], *other.read_bytes().splitlines(keepends=True)[500:]])

    assert fault(path).line == 501


def test_two_trails_that_took_each_others_place_are_found(trail, tmp_path):
    path, lines = trail
    other = tmp_path / "other.jsonl"
    fill(other, RECORDS).close()
    theirs = other.read_bytes()
    other.write_bytes(path.read_bytes())
    path.write_bytes(theirs)

    assert fault(path) is not None
    assert fault(other) is not None

    # With their seals too: each file says what it is called.
    seals = [Path(f"{path}.seal"), Path(f"{other}.seal")]
    texts = [seal.read_bytes() for seal in seals]
    for seal, text in zip(seals, reversed(texts), strict=True):
        seal.write_bytes(text)
    assert "was written as the file 'other.jsonl'" in str(fault(path))


def test_an_older_copy_is_found_by_the_last_seal_that_was_kept_elsewhere(path, tmp_path):
    file = fill(path, 50)
    older = path.read_bytes(), Path(f"{path}.seal").read_bytes()
    for _ in range(10):
        file.append('"type":"before"')
    kept = Path(f"{path}.seal").read_text()
    file.close()

    path.write_bytes(older[0])
    Path(f"{path}.seal").write_bytes(older[1])

    assert fault(path) is None  # Both are as they were once: nothing here says what came after
    assert "10 records are missing after record 50" in str(fault(path, seal=kept))


def test_an_older_copy_that_was_written_to_again_is_found_by_the_kept_seal(path):
    file = fill(path, 50)
    older = path.read_bytes(), Path(f"{path}.seal").read_bytes()
    file.append('"type":"denied"')
    kept = Path(f"{path}.seal").read_text()
    file.close()
    path.write_bytes(older[0])
    Path(f"{path}.seal").write_bytes(older[1])

    again = fill(path, 1)
    again.append('"type":"before"')
    again.append('"type":"before"')

    assert fault(path) is None
    assert fault(path, seal=kept).line == 51


def test_opening_a_trail_whose_end_was_cut_off_does_not_hide_that(trail):
    path, lines = trail
    rewrite(path, lines[:-5])

    fill(path, 3).close()

    (lost,) = records(path, "lost")
    assert lost["sealed"]["seq"] == RECORDS
    assert fault(path).line == RECORDS - 4
    assert f"had been sealed at record {RECORDS}" in str(fault(path))


@pytest.mark.parametrize("what", ["emptied", "removed", "without its seal"])
def test_opening_a_trail_that_was_emptied_does_not_hide_that(trail, what):
    path, _ = trail
    if what == "emptied":
        path.write_bytes(b"")
    else:
        (path if what == "removed" else Path(f"{path}.seal")).unlink()

    fill(path, 3).close()

    assert records(path, "lost")
    assert "opened here" in str(fault(path))


def test_a_trail_whose_last_record_was_changed_is_not_continued(trail):
    path, lines = trail
    rewrite(path, [*lines[:-1], lines[-1].replace(b"tool", b"fool")])

    with pytest.raises(AuditError, match="cannot be continued"):
        fill(path, 2)


def test_another_key_verifies_nothing(trail):
    path, _ = trail

    result = verify(path, AuditKey(b"another key, of thirty-two bytes or more"))

    assert result.fault is not None and result.records == 0


def test_a_seal_of_another_key_is_no_seal(trail):
    path, _ = trail
    other = Seal("0" * 32, 5, bytes(32)).text(AuditKey(b"another key, of thirty-two bytes or more"))

    with pytest.raises(AuditError, match="another key"):
        verify(path, KEY, seal=other)


# Rotation


@pytest.fixture
def rotated(path):
    """A trail of several files."""
    fill(path, 400, rotate_bytes=10_000).close()
    files = [path, *sorted(path.parent.glob("audit-*.jsonl"))]
    assert len(files) > 4
    return files


def test_a_trail_of_several_files_verifies_from_any_of_them(rotated):
    for file in rotated:
        result = verify(file, KEY)
        assert result.fault is None
        assert result.files == tuple(map(str, rotated))
        assert result.records == sum(len(records(one)) for one in rotated)


def test_each_file_verifies_alone_if_it_is_asked_for_alone(rotated):
    for file in rotated:
        assert fault(file, only=True) is None


def test_each_file_that_is_dropped_is_found(rotated):
    for file in rotated:
        content = file.read_bytes()
        file.unlink()

        assert "missing" in str(fault(rotated[-1 if file != rotated[-1] else 0])), file

        file.write_bytes(content)
    assert fault(rotated[0]) is None


def test_the_last_files_dropped_together_are_found(rotated):
    for file in rotated[2:]:
        file.unlink()

    assert rotated[2].name in str(fault(rotated[0]))


def test_two_files_of_a_trail_that_took_each_others_place_are_found(rotated):
    first, second = rotated[1].read_bytes(), rotated[2].read_bytes()
    rotated[1].write_bytes(second)
    rotated[2].write_bytes(first)

    assert fault(rotated[0]) is not None
    assert "was written as the file" in str(fault(rotated[1], only=True))


def test_a_file_that_was_cut_before_it_says_where_the_trail_goes_on_is_found(rotated):
    lines = rotated[1].read_bytes().splitlines(keepends=True)
    rotated[1].write_bytes(b"".join(lines[:-1]))

    assert "ends before it says" in str(fault(rotated[0]))


def test_a_file_that_was_cut_is_found_also_if_it_is_checked_alone(rotated):
    for file in rotated:
        content = file.read_bytes()
        file.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))

        assert "The end was cut off" in str(fault(file, only=True)), file

        file.write_bytes(content)


def test_the_seal_beside_a_trail_counts_too_if_one_was_kept_elsewhere(path):
    file = fill(path, 50)
    kept = Path(f"{path}.seal").read_text()
    for _ in range(50):
        file.append('"type":"before"')
    file.close()
    rewrite(path, path.read_bytes().splitlines(keepends=True)[:60])

    assert "40 records are missing after record 60" in str(fault(path, seal=kept))

    Path(f"{path}.seal").unlink()  # As if the trail had been copied without it
    result = verify(path, KEY, seal=kept)
    assert (result.fault, result.records, result.sealed) == (None, 60, 50)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1.5", "true", '"1"', "null", "[]", "{}", "9" * 4000])
def test_a_first_record_with_anything_for_a_number_is_found(rotated, number):
    content = rotated[1].read_bytes()
    line, _, rest = content.partition(b"\n")
    seq = json.loads(line)["previous"]["seq"]
    rotated[1].write_bytes(line.replace(b'"seq":%d,"mac"' % seq, b'"seq":%b,"mac"' % number.encode()) + b"\n" + rest)

    assert fault(rotated[1], only=True).line == 1
    assert fault(rotated[0]).line == 1


# What another program, an editor or somebody who knows JSON might do to lines without changing what they say.
REWRITTEN = {
    "line feeds as on Windows": lambda text: text.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "a space before a line": lambda text: text.replace(b"\n{", b"\n {", 1),
    "a space after a line": lambda text: text.replace(b"}\n", b"} \n", 1),
    "a space in a line": lambda text: text.replace(b'"mac":"', b'"mac": "', 1),
    "an empty line": lambda text: text.replace(b"\n", b"\n\n", 1),
    "an empty line at the end": lambda text: text + b"\n",
    "spaces at the end": lambda text: text + b"   ",
    "zero bytes at the end": lambda text: text + bytes(5000),
    "no line feed at the end": lambda text: text[:-1],
    "an escape for a letter": lambda text: text.replace(b'"tool-3"', b'"\\u0074ool-3"', 1),
    "a key twice": lambda text: text.replace(b'"type":"before"', b'"type":"x","type":"before"', 1),
    "a MAC in upper case": lambda text: re.sub(rb'(?<="mac":")\w+', lambda found: found[0].upper(), text, count=1),
    "a number in another form": lambda text: text.replace(b'{"seq":5,', b'{"seq":5.0,', 1),
    "members in another order": lambda text: text.replace(b'{"seq":2,"type":"before"', b'{"type":"before","seq":2', 1),
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_lines_that_say_the_same_in_other_bytes_are_found(trail, how):
    path, _ = trail
    content = path.read_bytes()
    path.write_bytes(REWRITTEN[how](content))

    assert path.read_bytes() != content
    assert fault(path) is not None
