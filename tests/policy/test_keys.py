"""The key of audit trails and of checkpoints, wherever it comes from."""

from __future__ import annotations

import os

import pytest

from smolagents.policy.keys import KeyProblem, read_key


KEY = b"thirty-two bytes, and a few more of them"


@pytest.mark.parametrize("text", [KEY, KEY + b"\n", KEY + b"\r\n", b" \t" + KEY + b"\n\n"])
def test_white_space_around_a_key_does_not_count(tmp_path, monkeypatch, text):
    (tmp_path / "key").write_bytes(text)
    monkeypatch.setenv("KEY", text.decode())

    assert read_key("KEY", None) == read_key(None, str(tmp_path / "key")) == KEY


@pytest.mark.parametrize("text", ["", " ", "\n", "short"])
def test_an_empty_or_short_key_is_refused(tmp_path, monkeypatch, text):
    (tmp_path / "key").write_text(text)
    monkeypatch.setenv("KEY", text)

    for variable, file in (("KEY", None), (None, str(tmp_path / "key"))):
        with pytest.raises(KeyProblem, match="There is no key|The key is too short"):
            read_key(variable, file)


def test_a_key_that_is_no_text_is_one(tmp_path):
    (tmp_path / "key").write_bytes(bytes(range(128, 192)))

    assert read_key(None, str(tmp_path / "key")) == bytes(range(128, 192))


@pytest.mark.skipif(os.name == "nt", reason="There are no such modes.")
@pytest.mark.parametrize("mode, is_told", [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_a_key_file_for_everybody_is_told_of(tmp_path, caplog, mode, is_told):
    file = tmp_path / "key"
    file.write_bytes(KEY)
    file.chmod(mode)

    assert read_key(None, str(file)) == KEY
    assert ("Everybody on this machine can read or replace the key file" in caplog.text) == is_told
