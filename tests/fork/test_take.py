"""`python -m fork take` is the way back from `upstream-patch`, also to another release."""

import pytest

from tests.fork.projects import (
    FILE,
    FIRST,
    OTHER,
    SECOND,
    UPSTREAM,
    result,
    series,
    small_project,
    succeed,
    write_files,
)


@pytest.fixture(autouse=True)
def identity(monkeypatch):
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ann Author")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ann@example.com")


NEWER = {**UPSTREAM, FILE: b"new first line\n" + UPSTREAM[FILE]}


@pytest.fixture
def clone(tmp_path):
    """A repository of upstream with two releases, v1 and v2."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for tag, files in (("v1", UPSTREAM), ("v2", NEWER)):
        write_files(folder, files)
        commit(folder, tag)
        git(folder, "tag", tag)
    return folder


def git(folder, *arguments):
    return succeed("git", "-c", "core.autocrlf=false", *arguments, cwd=folder)


def commit(folder, message):
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", message)


def test_patches_move_to_another_release_by_git_am_and_take(clone, tmp_path):
    patches = series(UPSTREAM, FIRST, SECOND)
    old = small_project(tmp_path / "old", UPSTREAM, patches)
    assert old.fork("upstream-patch", "-o", str(tmp_path / "mails")) == 0
    git(clone, "am", "--quiet", "--3way", *sorted((tmp_path / "mails").iterdir()))
    new = small_project(tmp_path / "new", NEWER, patches)

    assert new.fork("take", str(clone), "v2") == 0

    assert result(new) == {**SECOND, FILE: b"new first line\n" + SECOND[FILE]}
    assert {path.name for path in (new.root / "patches").iterdir()} == set(patches)
    assert new.read("patches/0001-p.patch") == patches["0001-p.patch"].replace(b"-6,0 +7,1", b"-7,0 +8,1")


def test_on_the_same_release_patches_come_back_as_they_went(clone, tmp_path):
    made = small_project(tmp_path / "project", UPSTREAM, series(UPSTREAM, FIRST, SECOND))
    assert made.fork("upstream-patch", "-o", str(tmp_path / "mails")) == 0
    git(clone, "checkout", "--quiet", "v1")
    git(clone, "am", "--quiet", *sorted((tmp_path / "mails").iterdir()))

    assert made.fork("take", str(clone), "v1") == 0

    patches = {path.name: path.read_bytes() for path in (made.root / "patches").iterdir()}
    assert patches == series(UPSTREAM, FIRST, SECOND)


def test_a_new_commit_becomes_a_new_patch_and_a_dropped_one_goes(clone, tmp_path, capsys):
    made = small_project(tmp_path / "project", NEWER, series(NEWER, {**NEWER, OTHER: b"dropped\n"}))
    write_files(clone, {OTHER: b"two\n"})
    commit(clone, "Say two: it's more\n\nBecause.")

    assert made.fork("take", str(clone), "v2") == 0

    assert [path.name for path in (made.root / "patches").iterdir()] == ["0001-say-two-it-s-more.patch"]
    assert made.read("patches/0001-say-two-it-s-more.patch").startswith(
        b"Subject: Say two: it's more\n\nBecause.\n\ndiff"
    )
    assert result(made) == {**NEWER, OTHER: b"two\n"}
    assert "patches/0001-p.patch removed: no commit has its subject" in capsys.readouterr().out


def test_files_that_only_the_release_has_stay_as_they_are(clone, tmp_path):
    junk = {"src/smolagents/junk.py": b"by accident\n"}
    made = small_project(tmp_path / "project", {**NEWER, **junk}, {})
    write_files(clone, {OTHER: b"two\n"})
    commit(clone, "Two")

    assert made.fork("take", str(clone), "v2") == 0

    assert result(made) == {**NEWER, **junk, OTHER: b"two\n"}


@pytest.mark.parametrize(
    "base, reason",
    [("v1", f"{FILE} at v1 is not the release's"), ("v2", "has no commits after v2"), ("v3", "git rev-list in")],
)
def test_a_wrong_base_is_refused_and_nothing_changes(base, reason, clone, tmp_path, capsys):
    patches = series(NEWER, {**NEWER, OTHER: b"two\n"})
    made = small_project(tmp_path / "project", NEWER, patches)

    assert made.fork("take", str(clone), base) == 1

    assert reason in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (made.root / "patches").iterdir()} == patches
