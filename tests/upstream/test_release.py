"""What is fetched is what was pinned."""

import pytest

from .release import SOURCES, VERSION, ReleaseError, check_pin, unpack_tests


def test_an_archive_with_another_content_than_the_pinned_one_is_refused(tmp_path):
    (tmp_path / SOURCES[0]).write_bytes(b"something else")

    with pytest.raises(ReleaseError, match=f"{SOURCES[0]} has the sha256 .*, not {SOURCES[1]}: delete it"):
        unpack_tests(tmp_path, tmp_path / "tests")

    assert not (tmp_path / "tests").exists()


def test_a_fork_that_is_built_from_another_release_is_refused(tmp_path):
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[build-system]\nrequires = ["hatchling", "smolagents==9.9.9"]\n')

    with pytest.raises(ReleaseError, match=f"the fork from smolagents 9.9.9, but .* compares it with {VERSION}"):
        check_pin(pyproject)


def test_a_fork_that_is_built_from_the_pinned_release_is_accepted(tmp_path):
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(f'[build-system]\nrequires = ["hatchling", "smolagents=={VERSION}"]\n')

    check_pin(pyproject)
