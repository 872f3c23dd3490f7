"""Patterns are found where they are, however they are dressed up, and nowhere else."""

from __future__ import annotations

import pytest
import re2

from smolagents.policy import matcher as matcher_module
from smolagents.policy.leaves import Arguments, Leaf
from smolagents.policy.matcher import Matcher, PatternText
from smolagents.policy.normalize import forms

from .executions import frozen


def find(kind: str, pattern: str, /, **arguments):
    return Matcher([PatternText(kind, pattern)]).find(Arguments(frozen(arguments)).values("*"))


def leaf(where: str, text: str) -> Leaf:
    return Leaf(where, forms(text))


def finds(kind: str, pattern: str, text: str) -> bool:
    return bool(find(kind, pattern, text=text))


@pytest.mark.parametrize(
    ("kind", "pattern", "arguments"),
    [
        ("regex", "^rm", {"command": "rm -rf /"}),
        ("regex", "^rm", {"command": " rm -rf /"}),
        ("regex", "/$", {"first": "rm -rf /", "second": "x"}),
        ("glob", "*.exe", {"path": "C:\\tools\\run.exe"}),
        ("glob", "*.pem", {"command": "cat key.pem"}),
        ("glob", "*.pem", {"path": "/etc/ssl/key.pem"}),
        ("substring", "a\nb", {"text": "a\nb"}),
        ("substring", "\\windows\\", {"path": "C:\\windows\\system32"}),
        ("substring", "it's", {"text": "it's"}),
        ("substring", 'say "x"', {"text": 'say "x"'}),
        ("substring", 'it\'s "x"', {"text": 'it\'s "x"'}),
        ("substring", "rm -rf", {"argv": ["rm", "-rf", "/"]}),
        ("substring", "rm -rf", {"job": {"steps": [{"run": "rm -rf /"}]}}),
        ("substring", "rm -rf", {"first": "ls", "second": "rm -rf /"}),
        ("substring", "rm -rf", {"options": {"rm -rf": True}}),
        ("substring", "rm -rf", {"data": b"rm -rf /"}),
        ("substring", "rm -rf", {"command": "rm\u200b -rf /"}),
        ("substring", "rm -rf", {"command": "rm \n\t -rf /"}),
        ("substring", "rm -rf", {"command": "ｒｍ -ｒｆ /"}),
        ("substring", "shell", {"command": "ѕһеӏӏ"}),
        ("regex", r"(?i)drop\s+table", {"sql": "DRОP\u00a0TABLE users"}),
        ("glob", "*.pem", {"path": "key.\u200bpem"}),
        ("substring", "ключ", {"text": "кл\u200bюч"}),
        ("substring", "straße", {"text": "stra\u00adße"}),
    ],
)
def test_a_pattern_is_found(kind, pattern, arguments):
    assert len(find(kind, pattern, **arguments)) == 1


@pytest.mark.parametrize(
    ("kind", "pattern", "arguments"),
    [
        ("substring", "rm -rf", {"command": "RM -RF"}),
        ("substring", "code", {"code": "x = 1"}),
        ("regex", "^rm", {"command": "echo rm"}),
        ("regex", "^rm", {"text": "first line\nrm"}),
        ("substring", "rm -rf", {"first": "rm", "second": "-rf"}),
        ("substring", "а", {"text": "plain English"}),  # a Cyrillic letter, written on purpose
        ("substring", "\u00a0", {"text": "plain English"}),
        ("substring", "\u200b", {"text": "plain English"}),
        ("substring", "rm ", {"text": "format"}),
        ("substring", "1", {"number": 1}),
    ],
)
def test_a_pattern_is_not_found_where_it_is_not(kind, pattern, arguments):
    assert find(kind, pattern, **arguments) == []


def test_case_counts_unless_the_regex_says_otherwise():
    assert finds("regex", "(?i)rm", "RM")
    assert not finds("regex", "rm", "RM")


def test_a_substring_has_no_special_characters():
    assert finds("substring", "a.*[b]\\d", "xa.*[b]\\dx")
    assert not finds("substring", "a.*b", "a-b")
    assert finds("substring", "a\x00b", "a\x00b")


def test_the_first_place_and_its_span_are_told():
    (match,) = find("substring", "rm -rf", a="ls", b={"c": "sudo rm -rf / rm -rf"})
    assert (match.where, match.span, match.normalized) == ('arguments.b["c"]', (5, 11), False)


def test_the_span_counts_characters():
    (match,) = find("regex", "ключ+", text="мой ключ")
    assert match.span == (4, 8)


def test_the_span_of_a_glob_is_the_word_without_what_is_around_it():
    (match,) = find("glob", "*.pem", text="cat 'key.pem' x")
    assert "cat 'key.pem' x"[slice(*match.span)] == "'key.pem"
    (match,) = find("glob", "id_rsa", path="/data/id_rsa")
    assert match.span == (6, 12)


def test_a_disguised_match_says_that_its_span_is_in_the_normal_form():
    (match,) = find("substring", "rm -rf", command="sudo r\u200bm  -rf")
    assert (match.span, match.normalized) == ((5, 11), True)


def test_every_pattern_that_is_there_is_told_once_in_the_order_of_the_policy():
    patterns = [PatternText("substring", "c"), PatternText("substring", "x"), PatternText("regex", "a|b")]
    found = Matcher(patterns).find([leaf("one", "a"), leaf("two", "abc c")])
    assert [(match.index, match.where) for match in found] == [(0, "two"), (2, "one")]


def test_without_patterns_nothing_is_found():
    assert Matcher([]).find([leaf("one", "a")]) == []


def test_a_text_with_half_a_character_is_searched_like_any_other():
    assert finds("substring", "rm -rf", "\ud800rm -rf")
    assert finds("substring", "rm -rf", "rm\udc00 -rf")


def test_all_patterns_are_one_set_of_an_engine_that_does_not_backtrack():
    matcher = Matcher([PatternText("regex", f"({letter}+)+$") for letter in "abcdefghij"])
    assert isinstance(matcher._set, re2.Set)
    assert [match.index for match in matcher.find([leaf("x", "a" * 50_000 + "!")])] == []
    assert [match.index for match in matcher.find([leaf("x", "a" * 50_000)])] == [0]


def test_a_text_takes_one_pass_over_the_set_however_many_patterns_there_are():
    matcher = Matcher([PatternText("substring", f"pattern {number}") for number in range(1000)])
    passes = []

    class Counting:
        def Match(self, text):
            passes.append(text)
            return [0]

    matcher._set = Counting()
    matcher.find([leaf("x", "plain"), leaf("y", "also plain")])
    assert passes == ["plain", "also plain"]


def test_running_out_of_memory_is_not_taken_for_finding_nothing(monkeypatch):
    class OutOfMemory:
        def Match(self, text):
            return None  # what RE2 says then, and what it says when nothing matches

    matcher = Matcher([PatternText("substring", "ls"), PatternText("regex", r"rm\s")])
    matcher._set = OutOfMemory()
    assert [match.index for match in matcher.find([leaf("x", "rm -rf")])] == [1]


def test_a_set_that_is_too_large_is_refused_when_it_is_made(monkeypatch):
    monkeypatch.setattr(matcher_module, "MEMORY", 1000)
    with pytest.raises(ValueError, match="All patterns together"):
        Matcher([PatternText("substring", "a" * 2000)])
