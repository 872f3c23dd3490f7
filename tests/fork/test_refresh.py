"""`python -m fork refresh` takes edits into patches/ and loses none; `check` says where tree and patches differ."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fork.__main__ import main
from fork.project import Project
from fork.tree import State, compare, remember, write
from tests.fork.projects import (
    FILE,
    FIRST,
    OTHER,
    PACKAGE,
    RELEASE,
    SECOND,
    UPSTREAM,
    build,
    changed,
    contents,
    hashes,
    populate,
    result,
    series,
    small_project,
)


@pytest.fixture
def populated(project):
    """A project with two patches, its tree as the build leaves it."""
    made = project(UPSTREAM, series(UPSTREAM, FIRST, SECOND))
    populate(made)
    return made


def patch_files(made) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (made.root / "patches").iterdir()}


@settings(deadline=None, max_examples=20)
@given(states=st.lists(st.tuples(contents, contents), min_size=4, max_size=4))
def test_after_a_refresh_the_patches_give_the_tree_whatever_was_edited(states):
    upstream, first, second, tree = ({FILE: one, OTHER: two} for one, two in states)
    with tempfile.TemporaryDirectory() as folder:
        made = small_project(Path(folder), upstream, series(upstream, first, second))
        populate(made)
        for path in tree:
            made.write(path, tree[path])

        assert made.fork("refresh") == 0

        assert result(made) == tree
        assert made.fork("check") == 0
        once = patch_files(made)
        assert made.fork("refresh") == 0
        assert patch_files(made) == once


@settings(deadline=None, max_examples=20)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 29), st.sampled_from([b"", b"edited\n", b"a\nb\n"])), min_size=1, max_size=3
    ),
    into=st.sampled_from(["0001-p", "0002-p", "0003-new", "0000-new", "0001-q"]),
)
def test_a_refresh_into_any_patch_gives_the_tree_or_changes_nothing(edits, into):
    tree = dict(SECOND)
    for number, text in edits:
        tree[FILE] = tree[FILE].replace(b"line %d\n" % number, text)
    with tempfile.TemporaryDirectory() as folder:
        made = small_project(Path(folder), UPSTREAM, series(UPSTREAM, FIRST, SECOND))
        populate(made)
        made.write(FILE, tree[FILE])
        before = patch_files(made)

        code = made.fork("refresh", "--patch", into)

        event(f"exit code {code}")
        assert made.read(FILE) == tree[FILE]
        if code:
            assert patch_files(made) == before
        else:
            assert result(made) == tree


def test_an_edit_goes_into_the_last_patch_and_leaves_the_others_as_they_were(populated, capsys):
    before = patch_files(populated)
    populated.write(FILE, changed(b"line 10\n", b"line ten\n", SECOND)[FILE])

    assert populated.fork("refresh") == 0

    assert capsys.readouterr().out == "patches/0002-p.patch rewritten\n"
    assert patch_files(populated)["0001-p.patch"] == before["0001-p.patch"]
    assert b"+line ten\n" in patch_files(populated)["0002-p.patch"]


def test_an_edit_goes_into_a_named_patch_and_the_later_one_moves_with_it(populated):
    edited = changed(b"line 10\n", b"line 10\nten and a half\n", SECOND)
    populated.write(FILE, edited[FILE])

    assert populated.fork("refresh", "--patch", "patches/0001-p.patch") == 0

    after = patch_files(populated)
    assert after["0001-p.patch"].endswith(b"@@ -11,0 +13,1 @@\n+ten and a half\n")
    assert after["0002-p.patch"].endswith(b"@@ -23,0 +24,1 @@\n+second\n")
    assert result(populated) == edited


def test_a_new_name_makes_a_new_patch_with_a_header_to_fill_in(populated):
    populated.write(FILE, changed(b"line 29\n", b"", SECOND)[FILE])

    assert populated.fork("refresh", "--patch", "0003-shorter") == 0

    assert patch_files(populated)["0003-shorter.patch"].startswith(b"Subject: Say in one line what 0003-shorter ")
    assert set(patch_files(populated)) == {"0001-p.patch", "0002-p.patch", "0003-shorter.patch"}


def test_an_edit_that_conflicts_with_a_later_patch_changes_nothing_and_says_so(populated, capsys):
    before = patch_files(populated)
    populated.write(FILE, SECOND[FILE].replace(b"second\n", b"2nd\n"))

    assert populated.fork("refresh", "--patch", "0001-p") == 1

    said = capsys.readouterr().err
    assert said.startswith("patches/0001-p.patch cannot take the edit: a later patch changes the same lines of")
    assert said.count("\n") == 1
    assert patch_files(populated) == before


def test_with_no_edit_nothing_is_rewritten(populated, capsys):
    before = {path: path.stat().st_mtime_ns for path in (populated.root / "patches").iterdir()}

    assert populated.fork("refresh") == 0

    assert capsys.readouterr().out.startswith("Nothing to do")
    assert {path: path.stat().st_mtime_ns for path in (populated.root / "patches").iterdir()} == before


def test_taking_an_edit_back_empties_the_patch_and_says_so(populated, capsys):
    populated.write(FILE, FIRST[FILE])

    assert populated.fork("refresh") == 0

    assert capsys.readouterr().out == "patches/0002-p.patch rewritten; it changes nothing any more\n"
    assert result(populated) == FIRST


def test_the_first_edit_of_all_needs_a_name(project, capsys):
    made = project(UPSTREAM)
    populate(made)
    made.write(FILE, FIRST[FILE])

    assert made.fork("refresh") == 1
    assert "name one, PATCH=0001-" in capsys.readouterr().err
    assert made.fork("refresh", "--patch", "0001-p") == 0
    assert result(made) == FIRST


def test_a_patch_cannot_be_named_out_of_its_folder(populated, capsys):
    populated.write(FILE, FIRST[FILE])

    assert populated.fork("refresh", "--patch", "../0001-p") == 1

    assert "cannot be the name of a patch" in capsys.readouterr().err


def test_a_tree_older_than_patches_is_not_taken_for_an_edit(populated, capsys):
    """Someone else's new patches came in by git; refreshing must not write the old ones over them."""
    newer = changed(b"line 25\n", b"line twenty-five\n", SECOND)
    for name, text in series(UPSTREAM, FIRST, SECOND, newer).items():
        populated.write(f"patches/{name}", text)
    populated.write(OTHER, b"my edit\n")

    assert populated.fork("refresh") == 0

    assert result(populated) == {**newer, OTHER: b"my edit\n"}
    assert "Some files are older than patches/" in capsys.readouterr().out


def test_an_edit_of_a_file_whose_patches_changed_meanwhile_is_not_taken(populated, capsys):
    newer = changed(b"line 25\n", b"line twenty-five\n", SECOND)
    for name, text in series(UPSTREAM, FIRST, SECOND, newer).items():
        populated.write(f"patches/{name}", text)
    populated.write(FILE, changed(b"line 10\n", b"mine\n", SECOND)[FILE])
    before = patch_files(populated)

    assert populated.fork("refresh") == 1

    assert f"{FILE} has edits, and patches/ have changed under them" in capsys.readouterr().err
    assert patch_files(populated) == before and b"mine\n" in populated.read(FILE)


def test_a_file_that_a_newer_release_dropped_is_removed_unless_it_was_edited(populated):
    settings_ = Project.read(populated.root)
    gone, kept = f"{PACKAGE}/gone.py", f"{PACKAGE}/kept.py"
    remember(settings_, {gone: b"theirs\n", kept: b"theirs\n"})
    populated.write(gone, b"theirs\n")
    populated.write(kept, b"mine\n")
    patched = result(populated)

    states = compare(settings_, UPSTREAM, patched)
    assert (states[gone], states[kept]) == (State.STALE, State.EDITED)
    del states[kept]
    write(settings_, patched, states)

    assert not (populated.root / gone).exists() and populated.read(kept) == b"mine\n"


def test_check_is_content_with_a_tree_as_the_build_leaves_it(populated, capsys):
    assert populated.fork("check") == 0
    assert capsys.readouterr().out == f"src/smolagents is what patches/ make of smolagents {RELEASE}.\n"


def test_check_says_how_to_fill_an_empty_tree(project, capsys):
    assert project(UPSTREAM).fork("check") == 1
    assert "has none of upstream's files yet: `pip install -e .`" in capsys.readouterr().err


def test_check_names_every_file_that_differs_and_how(populated, capsys):
    populated.write(FILE, b"mine\n")
    (populated.root / OTHER).unlink()
    with open(populated.root / "patches" / "0001-p.patch", "r+b") as patch:
        text = patch.read().replace(b"Why.", b"New-files.").replace(b"\n\n", b"\nNew-files: tests/test_new.py\n\n", 1)
        patch.seek(0)
        patch.write(text)

    assert populated.fork("check") == 1

    said = capsys.readouterr().err.splitlines()
    assert said[:3] == [
        f"{FILE}: has edits that are not in patches/",
        f"{OTHER}: missing",
        "tests/test_new.py: missing, and patches/0001-p.patch names it as a new file",
    ]
    assert len(said) == 4


def test_a_changed_release_is_not_worked_with(project, capsys):
    made = project(UPSTREAM)
    other = project({**UPSTREAM, OTHER: b"two\n"})  # writes the same project, its release included
    made.write("pyproject.toml", made.read("pyproject.toml").replace(b'release-sha256 = "', b'release-sha256 = "0'))

    assert other.fork("check") == 1

    assert "release-sha256 in pyproject.toml is 0" in capsys.readouterr().err


def test_a_build_takes_the_edit_after_a_refresh(builder, checkout, release_wheel, tmp_path):
    """The way a developer goes, on the real release: edit, be stopped, refresh, build."""
    (checkout / ".fork").mkdir()
    shutil.copy(release_wheel, checkout / ".fork")
    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0
    edited = checkout / PACKAGE / "tools.py"
    edited.write_text(edited.read_text().replace("\n", "\n# mine\n", 1))
    before = hashes(checkout / PACKAGE)
    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 1

    assert main(["refresh", "--patch", "9999-mine"], root=checkout) == 0

    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0
    assert hashes(checkout / PACKAGE) == before
