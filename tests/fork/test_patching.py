"""A patch takes effect exactly as it is written, or is refused with the line that is wrong."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from fork import ForkError
from fork.patching import Patch, apply, parse, read_series, render
from fork.repository import throw_away_repository
from tests.fork.projects import FILE, OTHER, contents, succeed, write_files


HEAD = f"Subject: test\n\ndiff --git a/{FILE} b/{FILE}\n--- a/{FILE}\n+++ b/{FILE}\n".encode()
FIVE_LINES = b"one\ntwo\nthree\nfour\nfive\n"


def applied(hunks: bytes, to: bytes = FIVE_LINES) -> bytes:
    return apply(parse("p.patch", HEAD + hunks), {FILE: to})[FILE]


@settings(deadline=None, max_examples=40)
@given(old=contents, new=contents)
def test_any_change_survives_being_written_as_a_patch_and_git_applies_it_alike(old, new):
    with throw_away_repository() as repository:
        changes = repository.changes(repository.commit({FILE: old}), repository.commit({FILE: new}))
    patch = Patch("0001-any.patch", "Subject: any\n\nWhy.\n", changes)

    written = render(patch)

    assert apply(parse(patch.name, written), {FILE: old}) == {FILE: new}
    assert render(parse(patch.name, written)) == written
    assert not any(line.startswith(b" ") for line in written.split(b"\n"))
    # Without context, git may remove another line than the last one if that has no end.
    if changes and old[-1:] in (b"", b"\n"):
        assert by_git(written, old) == new


def by_git(patch: bytes, old: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), {FILE: old, "p.patch": patch})
        command = ["git", "-c", "core.autocrlf=false", "apply", "--unidiff-zero", "--whitespace=nowarn", "p.patch"]
        succeed(*command, cwd=Path(folder), GIT_CEILING_DIRECTORIES=str(Path(folder).parent))
        return (Path(folder) / FILE).read_bytes()


def test_lines_are_added_removed_and_replaced():
    hunks = b"@@ -0,0 +1 @@\n+zero\n@@ -2,2 +2,0 @@\n-two\n-three\n@@ -5 +4,2 @@\n-five\n+5\n+6\n"

    assert applied(hunks) == b"zero\none\nfour\n5\n6\n"


def test_the_last_line_can_lose_or_get_its_end():
    no_end = b"\\ No newline at end of file\n"

    assert applied(b"@@ -5 +5 @@\n-five\n+five\n" + no_end) == FIVE_LINES[:-1]
    assert applied(b"@@ -5 +5 @@\n-five\n" + no_end + b"+five\n", FIVE_LINES[:-1]) == FIVE_LINES


@pytest.mark.parametrize(
    "hunks, reason",
    [
        (b"@@ -2,1 +2,1 @@\n-too\n+2\n", "line 2: line 2 is not the one that the patch removes"),
        (b"@@ -3,1 +3,1 @@\n-two\n+2\n", "line 3: line 3 is not the one that the patch removes"),
        (b"@@ -2,1 +2,0 @@\n-two\n", "line 2: would be line 2 of the result, the patch says 3"),
        (b"@@ -1,0 +9,1 @@\n+x\n", "line 2: would be line 2 of the result, the patch says 9"),
        (b"@@ -6,0 +7,1 @@\n+x\n", "line 7: out of order, or after the end of the file"),
        (b"@@ -3,0 +4,1 @@\n+x\n@@ -1,0 +3,1 @@\n+y\n", "line 2: out of order, or after the end of the file"),
    ],
)
def test_a_patch_that_does_not_fit_exactly_is_refused(hunks, reason):
    with pytest.raises(ForkError) as refusal:
        applied(hunks)

    assert str(refusal.value) == f"patches/p.patch does not apply: {FILE}, {reason}"


def test_lines_are_not_glued_to_a_last_line_without_an_end():
    with pytest.raises(ForkError, match="which has no end"):
        applied(b"@@ -5,0 +6 @@\n+six\n", FIVE_LINES[:-1])


@pytest.mark.parametrize(
    "hunks, line, reason",
    [
        (b"@@ -1,0 +2,1 @@\n+x\n+y\n", 8, "expected a hunk"),
        (b"@@ -1,0 +2,3 @@\n+x\n+y\n", 9, "announces 3 '+' lines and has 2"),
        (b"@@ -1,2 +1,2 @@\n one\n-two\n+2\n", 7, "announces 2 '-' lines and has 0"),
        (b"@@ -1,1 +1,2 @@\n-one\n+1\n two\n", 9, "announces 2 '+' lines and has 1"),
        (b"@@ -1,0 +2,1 @@\n+x\n@@ broken\n+y\n", 8, "expected a hunk"),
        (b"", 5, "without a hunk"),
    ],
)
def test_a_malformed_diff_is_refused_with_its_line(hunks, line, reason):
    with pytest.raises(ForkError) as refusal:
        applied(hunks)

    assert str(refusal.value).startswith(f"patches/p.patch, line {line}: ") and reason in str(refusal.value)


@pytest.mark.parametrize(
    "old, new, reason",
    [
        (b"Subject: test\n", b"", "the header needs one line 'Subject: ...'"),
        (b"Subject: test\n", b"New-files: x\n", "the header needs one line 'Subject: ...'"),
        (b"Subject: test\n", b"Subject: test\nNew-file: x\n", "line 2: expected 'Subject: ...' or 'New-files: ...'"),
        (b"test\n\n", b"test\n\n- because\n\n", "line 3: a line of the header must not begin with"),
        (b"--- a/src", b"--- a/lib", "line 4: expected '--- a/src/smolagents/agents.py'"),
        (b"--- a/src/smolagents/agents.py", b"--- /dev/null", "line 4: expected '--- a/src/smolagents/agents.py'"),
        (b" b/src/smolagents/agents.py\n", b" b/src/smolagents/tools.py\n", "line 3: expected 'diff --git"),
        (b"a/src/smolagents/agents.py b/", b"a/setup.py b/", "line 3: expected 'diff --git"),
        (b"+x\n", b"+x", "the last line has no line end"),
    ],
)
def test_a_malformed_patch_file_is_refused(old, new, reason):
    good = HEAD + b"@@ -1,0 +2,1 @@\n+x\n"
    parse("p.patch", good)

    with pytest.raises(ForkError) as refusal:
        parse("p.patch", good.replace(old, new, 1))

    assert str(refusal.value).startswith("patches/p.patch") and reason in str(refusal.value)


def test_a_patch_of_a_file_that_the_release_lacks_is_refused():
    patch = parse("p.patch", HEAD + b"@@ -1,0 +2,1 @@\n+x\n")

    with pytest.raises(ForkError, match="is not a file of the upstream release"):
        apply(patch, {OTHER: b""})


def test_a_series_is_read_in_the_order_of_its_names(tmp_path):
    write_files(tmp_path, {"0002-b.patch": HEAD[:15], "0001-a.patch": HEAD[:15], "README": b"no patch"})

    assert [patch.name for patch in read_series(tmp_path)] == ["0001-a.patch", "0002-b.patch"]


def test_a_header_says_what_why_and_which_files_are_new():
    patch = parse("p.patch", b"Subject: Ask first\nNew-files: a.py b.py\nNew-files: c.py\n\nBecause.\n\nAnd so.\n\n")

    assert patch.subject == "Ask first"
    assert patch.new_files == ["a.py", "b.py", "c.py"]
    assert patch.body == "Because.\n\nAnd so."
