"""Whether a path is in a folder: as the system follows it, and unknown where tools may read it differently."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smolagents.policy.paths import FolderSet


@pytest.fixture
def out(tmp_path, monkeypatch):
    """A folder `out` in the current folder, with links in it that lead inside and outside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "other" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "inside").symlink_to("deep")
    (tmp_path / "out" / "outside").symlink_to("../other/deep")
    (tmp_path / "out" / "loop").symlink_to("loop")
    (tmp_path / "in").symlink_to("out")
    return FolderSet(["./out"])


@pytest.mark.parametrize(
    "path",
    [
        "out",
        "out/",
        "./out/x",
        "out/new/x",
        "out//x",
        "out/inside/x",
        "in/x",
        "out/./x",
        "out/x y",
        "out/...",
        "out/~x",
    ],
)
def test_what_is_inside(out, path):
    assert out.has(path) is True
    assert out.has(os.path.abspath(path)) is True


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".",
            "..",
            "output",
            "out.txt",
            "other/x",
            "/etc/passwd",
            "out/../other/x",
            "out/new/../../x",
            "out/outside",
        ),
        *("out/outside/x", "in/../x", "/proc/self/root/etc/passwd", "out/../out2/x", "x", "out /x", "//etc/passwd"),
    ],
)
def test_what_is_outside(out, path):
    assert out.has(path) is False


@pytest.mark.parametrize(
    "path",
    [
        *("", "~/out/x", "~root", "file:///etc/passwd", "file:out/x", "FILE:x", "https://example.com/x", "out/$HOME"),
        *("${X}/x", "out/x\0y", "out/x\ny", "out/%2e%2e/x", "out\\..\\x", "out/\ufffd", "a/" * 3000, "OUT/x", "Out"),
        "out/outside/../x",  # The system goes up from where the link leads; some tools take both parts away.
    ],
)
def test_what_some_read_differently_is_unknown(out, path):
    assert out.has(path) is None


def test_a_path_counts_from_where_the_process_is_now_and_a_root_from_where_it_was(out, monkeypatch):
    monkeypatch.chdir("other")
    assert out.has("out/x") is False
    assert out.has("../out/x") is True


def test_a_folder_that_is_replaced_by_a_link_opens_nothing(out, tmp_path):
    (tmp_path / "out").rename(tmp_path / "moved")
    (tmp_path / "out").symlink_to("other")
    assert out.has("out/x") is False


def test_a_root_may_be_a_single_file_and_need_not_exist(tmp_path):
    folders = FolderSet([str(tmp_path / "one.txt")])
    assert folders.has(str(tmp_path / "one.txt")) is True
    assert folders.has(str(tmp_path / "one.txt.bak")) is False and folders.has(str(tmp_path)) is False


def test_everything_is_in_the_root_folder_and_home_is_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FolderSet(["/"]).has("/etc/passwd") is True
    assert FolderSet(["~/x"]).has(str(tmp_path / "x" / "y")) is True


@pytest.mark.skipif(sys.platform != "linux", reason="where descriptors have names")
def test_a_descriptor_is_what_it_is_open_on(out, tmp_path):
    for folder, inside in (("out", True), ("other", False)):
        descriptor = os.open(tmp_path / folder, os.O_RDONLY)
        try:
            assert out.has(f"/proc/self/fd/{descriptor}/x") is inside
        finally:
            os.close(descriptor)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["out", "..", ".", "inside", "outside", "deep", "loop", "in", "new", ""]), max_size=7))
def test_what_is_inside_is_what_the_system_opens_inside(out, tmp_path, parts):
    path = "/".join(parts)
    if out.has(path) and os.path.exists(path):
        opened = os.stat(path)
        inside = [tmp_path / "out", tmp_path / "out" / "deep"]
        assert any(os.path.samestat(opened, os.stat(place)) for place in inside)
