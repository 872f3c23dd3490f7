"""What a person is shown: nothing in it is hidden, and nothing poses as something else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.hooks import Opaque
from smolagents.policy.readable import block, cut, literal, safe

from .executions import frozen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rm -rf /tmp/x", "rm -rf /tmp/x"),
        ("Grüße, 東京, привет", "Grüße, 東京, привет"),
        ("a\x1b[2Jb", "a<U+001B>[2Jb"),
        ("safe\rrm -rf", "safe<U+000D>rm -rf"),
        ("a\bb", "a<U+0008>b"),
        ("x\u202egpj.exe", "x<U+202E>gpj.exe"),
        ("r\u200bm", "r<U+200B>m"),
        ("a\u3164b", "a<U+3164>b"),
        ("abc \u05d0 123", "abc <U+05D0> 123"),
        ("p\u0430ypal.com", "p<U+0430>ypal.com"),
        ("\u0455\u0441\u043e\u0440\u0435", "<U+0455><U+0441><U+043E><U+0440><U+0435>"),
        ("rm\u0338", "rm<U+0338>"),
        ("a\u00a0b", "a<U+00A0>b"),
        ("\U000e0041", "<U+E0041>"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_cannot_be_seen_or_looks_like_something_else_is_shown_by_its_code_point(text, shown):
    assert safe(text) == shown


@given(st.text(st.characters()))
def test_what_is_shown_never_moves_the_cursor_or_the_direction_of_writing(text):
    for character in safe(text):
        assert character.isprintable()
        assert unicodedata.bidirectional(character) not in ("R", "AL", "AN", "RLO", "LRO", "RLE", "LRE", "RLI", "PDF")


@given(st.text(st.characters()))
def test_a_terminal_that_has_only_ascii_is_given_only_ascii(text):
    assert safe(text, ascii_only=True).isascii()


def test_values_are_shown_with_their_types():
    value = frozen({"a": [1, 1.5, True, None, "x"], "b": b"\x00", "c": frozenset(["y", "x"]), "d": Opaque("Image")})
    assert literal(value) == (
        '{"a": [1, 1.5, True, None, "x"], "b": b\'\\x00\', "c": {"x", "y"}, "d": <Image: cannot be shown>}'
    )
    assert literal("5") != literal(5)
    assert literal(10**5000).startswith("0x")


def test_a_text_cannot_pose_as_the_end_of_itself():
    assert literal(("a", "b")) != literal(('a", "b',))
    assert literal(('\\", "b',)) == '["\\\\\\", \\"b"]'


def test_a_text_of_several_lines_is_shown_as_such():
    assert block("def f():\n\treturn 1\x07") == "def f():\n    return 1<U+0007>"


def test_of_a_long_text_the_beginning_and_the_end_are_shown_and_what_is_left_out_is_said():
    text = "a" * 5000 + "\n" * 3 + "b" * 5000
    head, left_out, tail = cut(text)
    assert text.startswith(head) and text.endswith(tail) and len(head) + len(tail) < 2000
    assert left_out == f"{len(text) - len(head) - len(tail):,} characters, 3 line ends are left out here"
    head, left_out, tail = cut("\n".join(map(str, range(1000))))
    assert (head.count("\n"), tail.count("\n")) == (19, 9) and left_out is not None
    assert cut("short") == ("short", None, "")
