"""Automata find what RE2 finds, and words are in the languages that were asked for."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from smolagents.policy.comparison.languages import language
from smolagents.policy.comparison.logic import Not, all_of
from smolagents.policy.comparison.undecided import NotDecided
from smolagents.policy.comparison.words import InLanguage, find_word
from smolagents.policy.patterns import expressions, options


_REGEXES = (
    *(r"(?i)drop\s+table", r"^rm\b", r"[a-z]+\.pem$", "ключ", r"\p{Greek}{2,}", r"\d+", r"\Arm|a\z", r"\brm\B"),
    *(r"(?m)^a$", r"(?i)[k-s]x", r"[^a]b", r"(?i)k", r"(?s:.)a", r"a.b", r"[[:alpha:]_]{2,3}c", r"\Qa.b\E+"),
    *(r"(?:ab|a)*c", r"(a|^b)c", r"a{0}b", r"x{2,}?y", r"(?i:a)b", r"[\w-]a", r"[a\-z]b", r"[]a]b", r"\x61\x{62}"),
    *(r"\141", r"$a|b$", r"(^a)*b", r"(?:\ba)*b", r"(?i)straße|ς", r"[\D]a", r"(?i)[\w]b", r"a|", r"\pLb", r"a\bb"),
    *(r"(?i)[^a-k]", r"(?i)(?-i)A", r"a(?i)b|c", r"(?P<name>a)+b", r"[^\x00-\x{10FFFF}]", r"{a}", r"a{,2}"),
    *(
        each.source
        for glob in ("*.pem", "rm *", "/tmp/*", "[!a]b", "??", "id_rsa")
        for each in expressions("glob", glob)
    ),
)
_texts = st.text(st.sampled_from("abckKxyz rmRM\n\t_.-/1@'\"\\éΩΣςσ\u212a\u017fключpemdot{},2"), max_size=8)


@pytest.mark.parametrize("source", _REGEXES)
@settings(max_examples=10, deadline=None)
@given(texts=st.lists(_texts, min_size=20, max_size=50), more=_texts)
def test_an_automaton_finds_what_re2_finds(source, texts, more):
    expression, automaton = re2.compile(source, options()), language(source)

    for text in (
        *texts,
        *(f"{text}{literal}{more}" for text in texts[:5] for literal in ("rm", "a.b", "ab", "x.pem")),
    ):
        assert automaton.has(text) == (expression.search(text) is not None), text


_atoms = st.sampled_from(
    [*"abkKsSſ\u212aiİßéΣς1_ .-]{}", "ǅ", "\\n", "{,2}", "^", "$", "()", "(?i)", "(?-i)", "(?s)", "(?m)", "(?U)"]
    + [rf"\{letter}" for letter in "wWdDsSbBAz.tvfa-"]
    + ["[^a]", "[a-k]", "[^k]", "[K-S]", r"[\w-]", r"[^\W]", "[]a]", "[^]a]", "[a-]", "[ſ]", r"[\x{e9}-\x{f0}]"]
    + ["[[:alpha:]]", "[^[:alpha:]]", "[[:^alpha:]]", "[[:word:]]", r"\pL", r"\PL", r"\p{^Lu}", r"[\p{Greek}a]"]
    + [r"\x41", r"\x{212a}", r"\101", r"\Qa.b\E", r"\Q\E", "[^\\x00-\\x{10FFFF}]"]
)
_groups = st.sampled_from(["({})", "(?:{})", "(?i:{})", "(?-i:{})", "(?s:{})", "(?m:{})", "(?ims:{})", "(?P<n>{})"])
_repetitions = st.sampled_from(["*", "+", "?", "{2}", "{0}", "{1,2}", "{0,}", "*?", "{1,2}?"])
_random_regexes = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, _repetitions).map("".join),
        st.builds(
            lambda group, each, times: group.replace("{}", each) + times, _groups, inner, _repetitions | st.just("")
        ),
    ),
    max_leaves=6,
)
_random_texts = st.text("abkKsSſ\u212aiIİßẞéÉΣσς1_ \n\r\t\v\x00.A-]{},ǆǅ\U00010428\u0663\u0307", max_size=5)


@settings(max_examples=300, deadline=None)
@given(_random_regexes, st.lists(_random_texts, min_size=10, max_size=30))
def test_an_automaton_of_any_expression_finds_what_re2_finds_or_is_not_made(source, texts):
    try:
        expression = re2.compile(source, options())
    except re2.error:
        return
    try:
        automaton = language(source)
    except NotDecided:
        return

    for text in ("", *texts):
        assert automaton.has(text) == (expression.search(text) is not None), text


@pytest.mark.parametrize(
    "source, text",
    [
        (r"(?i)\w", "ſ"),
        (r"(?i:\W)", "\u212a"),
        (r"\B", "aıb"),  # Between the two bytes of a character
        (r"(?:\B|x){2,}", "aıb"),
        (r"\Bx", "aıb"),
    ],
)
def test_an_automaton_finds_what_only_re2_would(source, text):
    assert language(source).has(text) == (re2.search(source, text) is not None)


@pytest.mark.parametrize("source", [r"a\Q\E*b", "a(?i)*b", r"a(?i)\Q\E{2}b"])
def test_what_a_repetition_is_about_is_not_guessed(source):
    assert re2.search(source, "b" if "*" in source else "aab")  # RE2 looks further back
    with pytest.raises(NotDecided):
        language(source)


@pytest.mark.parametrize(
    "wanted, unwanted, word",
    [
        (r"(?i)drop\s+table", "drop table", "drop tablE"),
        ("drop table", r"(?i)drop\s+table", None),
        (r"\brm\b", "rm -rf", "rm"),
        ("rm -rf", r"\brm\b", "arm -rf"),
        (r"^a+$", r"^(aa)*a?$", None),
        (r"^a+$", r"^(aa)*$", "a"),
        ("[а-я]", "[a-z]", "а"),
    ],
)
def test_a_word_in_one_language_and_not_in_another_is_found_if_there_is_one(wanted, unwanted, word):
    found = find_word(all_of([InLanguage(wanted), Not(InLanguage(unwanted))]))

    assert found is None if word is None else found is not None
    if found is not None:
        assert re2.search(wanted, found) and not re2.search(unwanted, found)
        assert len(found) == len(word)


@pytest.mark.parametrize("least, most", [(0, 3), (5, 5), (300, None), (7, 400)])
def test_a_word_is_as_long_as_it_has_to_be(least, most):
    word = find_word(all_of([InLanguage("^(ab)*$"), InLanguage("")]), least, most)

    if most == least and least % 2:
        assert word is None
    else:
        assert word is not None and len(word) >= least and (most is None or len(word) <= most)


def test_what_needs_too_many_states_is_not_decided_instead_of_taking_forever():
    with pytest.raises(NotDecided):
        find_word(all_of([InLanguage(r"a.{30}\z"), Not(InLanguage(r"a.{15}.{15}\z"))]))
