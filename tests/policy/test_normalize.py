"""Disguises are undone, ordinary text is left alone, and both in linear time."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy.lookalikes import TO_ASCII
from smolagents.policy.normalize import forms, normalize


@pytest.mark.parametrize(
    "disguise",
    [
        "rm\u200b -rf",  # zero-width space
        "r\u00adm -rf",  # soft hyphen
        "r\ufe0fm -rf",  # variation selector
        "r\u202em -rf",  # right-to-left override
        "r\x00m -rf",
        "r\U000e0041m -rf",  # a tag character
        "ｒｍ -ｒｆ",  # fullwidth
        "𝐫𝐦 -𝚛𝚏",  # mathematical
        "rm\u00a0-rf",  # non-breaking space
        "rm \t\n -rf",
        "rm \u2013rf",  # en dash
        "гm -гf",  # Cyrillic ghe
        "\ud835\udc2bm -rf",  # a mathematical r as two surrogates
    ],
)
def test_a_disguised_text_has_the_normal_form_of_the_plain_one(disguise):
    assert normalize(disguise) == "rm -rf"


def test_words_in_look_alike_letters_are_the_words():
    assert normalize("ѕһеӏӏ") == "shell"
    assert normalize("DRОР ТΑВLЕ") == "DROP TABLE"
    assert normalize("ϲurl") == "curl"
    assert normalize("ехес") == "exec"


@given(st.text("".join(map(chr, range(0x21, 0x7F))) + " ").filter(lambda text: "  " not in text))
def test_plain_ascii_is_its_own_normal_form(text):
    assert normalize(text) == text
    assert set(forms(text)) <= {text, text.strip(" ")}


@given(st.text())
def test_a_normal_form_is_final_except_for_what_composes_anew(text):
    once = normalize(text)
    assert "  " not in once
    assert normalize(unicodedata.normalize("NFKC", once)) == normalize(normalize(once))


@given(st.text(), st.text())
def test_any_text_of_any_code_points_has_a_form_that_can_be_encoded(text, other):
    for form in forms(text + "\ud800" + other):
        form.encode()


def test_every_format_character_is_removed_but_those_that_are_drawn():
    drawn = set(range(0x0600, 0x0606)) | {0x06DD, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
    left = {
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and normalize(f"a{chr(code)}b") != "ab" and code not in drawn
    }
    assert {hex(code) for code in left} == set()


def test_spaces_at_the_ends_are_kept_as_they_may_be_a_patterns_own():
    assert normalize("rm\u00a0\u00a0") == "rm "
    assert forms(" rm") == (" rm", "rm")


def test_the_table_maps_only_other_characters_to_single_ascii_ones():
    assert all(code > 127 and len(to) == 1 and to.isascii() for code, to in TO_ASCII.items())
    assert len(TO_ASCII) > 200


def test_a_long_run_of_combining_marks_is_cut_so_that_ordering_it_stays_cheap():
    assert len(normalize("a" + "\u0301\u0316" * 100_000)) <= 40
    assert normalize("e\u0301") == "\u00e9"
