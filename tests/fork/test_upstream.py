"""`python -m fork upstream-patch` writes what `git am` takes on the release's own files."""

import shutil

import pytest

from fork.__main__ import main
from fork.patching import read_series
from tests.fork.projects import FILE, FIRST, PACKAGE, SECOND, UPSTREAM, hashes, populate, series, succeed, write_files


IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann Author",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann Author",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


@pytest.fixture(autouse=True)
def identity(monkeypatch):
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


def git(folder, *arguments):
    return succeed("git", "-c", "core.autocrlf=false", *arguments, cwd=folder)


def repository_of(folder, files):
    write_files(folder, files)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message=upstream")
    return folder


def test_git_am_gives_one_commit_a_patch_and_the_same_files(project, tmp_path):
    patches = series(UPSTREAM, FIRST, SECOND)
    patches["0001-p.patch"] = patches["0001-p.patch"].replace(b"\n\n", b"\nNew-files: src/smolagents/new.py\n\n", 1)
    made = project(UPSTREAM, patches)
    populate(made)
    new = {"src/smolagents/new.py": b"ours\n"}
    write_files(made.root, new)

    assert made.fork("upstream-patch", "-o", str(tmp_path / "mails")) == 0

    mails = sorted((tmp_path / "mails").iterdir())
    assert [mail.name for mail in mails] == ["0001-Patch-1.patch", "0002-Patch-2.patch"]
    upstream = repository_of(tmp_path / "upstream", UPSTREAM)
    git(upstream, "am", "--quiet", mails[0])
    assert {path: (upstream / path).read_bytes() for path in [*FIRST, *new]} == {**FIRST, **new}
    git(upstream, "am", "--quiet", mails[1])
    assert {path: (upstream / path).read_bytes() for path in [*SECOND, *new]} == {**SECOND, **new}
    log = git(upstream, "log", "-1", "--format=%an <%ae>%n%B").strip()
    assert log == "Ann Author <ann@example.com>\nPatch 2\n\nWhy."
    assert b"\n line 19\n line 20\n+second\n line 21\n" in mails[1].read_bytes()


def test_this_repositorys_series_applies_to_the_release(checkout, release_wheel, site_packages, expected, tmp_path):
    (checkout / ".fork").mkdir()
    shutil.copy(release_wheel, checkout / ".fork")
    patches = read_series(checkout / "patches")

    assert main(["upstream-patch", "-o", str(tmp_path / "mails")], root=checkout) == 0

    release = shutil.copytree(site_packages / "smolagents", tmp_path / "release" / PACKAGE)
    shutil.rmtree(release / "__pycache__", ignore_errors=True)
    upstream = repository_of(tmp_path / "release", {})
    git(upstream, "am", "--quiet", *sorted((tmp_path / "mails").iterdir()))
    offered = {path for patch in patches for path in patch.new_files}
    kept = {path for patch in patches if patch.stays_here for path in patch.diffs}
    found = {f"{PACKAGE}/{name}": value for name, value in hashes(upstream / PACKAGE).items()}
    wanted = {f"{PACKAGE}/{name}": value for name, value in expected.items()}
    pristine = {f"{PACKAGE}/{name}" for name in hashes(site_packages / "smolagents")}
    assert kept == {f"{PACKAGE}/cli.py"}
    assert {path: found[path] for path in found if path not in kept} == {
        path: wanted[path] for path in wanted if path in (pristine | offered) - kept
    }
    ours = {path.name for pattern in ("hook*.py", "operation*.py") for path in (checkout / PACKAGE).glob(pattern)}
    assert {f"{PACKAGE}/{name}" for name in ours} <= offered


def test_the_same_patches_give_the_same_mails(project, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05 +0000")
    made = project(UPSTREAM, series(UPSTREAM, FIRST))
    for folder in ("one", "two"):
        assert made.fork("upstream-patch", "-o", str(tmp_path / folder)) == 0

    assert hashes(tmp_path / "one") == hashes(tmp_path / "two") != {}


@pytest.mark.parametrize(
    "path, reason",
    [
        ("src/smolagents/policy/hook.py", "is not offered upstream"),
        ("src/smolagents/agents.py", "is one of upstream's files"),
        ("src/smolagents/absent.py", "is missing"),
    ],
)
def test_a_wrong_new_file_is_refused(path, reason, project, tmp_path, capsys):
    made = project(UPSTREAM, {"0001-p.patch": f"Subject: test\nNew-files: {path}\n\nWhy.\n".encode()})

    assert made.fork("upstream-patch", "-o", str(tmp_path / "mails")) == 1

    assert f"patches/0001-p.patch, New-files: {path} {reason}" in capsys.readouterr().err
    assert not (tmp_path / "mails").exists()


def test_mails_are_not_written_among_other_files(project, tmp_path, capsys):
    write_files(tmp_path / "mails", {"0009-old.patch": b""})

    assert project(UPSTREAM, series(UPSTREAM, FIRST)).fork("upstream-patch", "-o", str(tmp_path / "mails")) == 1

    assert "is not empty" in capsys.readouterr().err


def test_edits_that_patches_do_not_have_are_not_left_out_silently(project, tmp_path, capsys):
    made = project(UPSTREAM, series(UPSTREAM, FIRST))
    populate(made)
    made.write(FILE, b"mine\n")

    assert made.fork("upstream-patch", "-o", str(tmp_path / "mails")) == 1

    assert "there are edits that patches/ do not have" in capsys.readouterr().err
