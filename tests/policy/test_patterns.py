"""What a pattern may be, and what is said about one that cannot be used."""

from __future__ import annotations

import pytest

from smolagents.policy import Policy, RegexPattern

from .executions import problems


def problem_of(pattern: str) -> str:
    (problem,) = problems(f"version: 1\npatterns:\n  - {pattern}\n")
    return problem


@pytest.mark.parametrize(
    ("regex", "advice"),
    [
        (r"(a+)\1", "no back-references"),
        (r"(?P<x>a)(?P=x)", "no back-references"),
        (r"a(?=b)", "no lookaround"),
        (r"a(?!b)", "no lookaround"),
        (r"(?<=a)b", "no lookaround"),
        (r"(?<!a)b", "no lookaround"),
        (r"(?>a)", "Nothing backtracks"),
        (r"a++", "Nothing backtracks"),
        (r"a\Z", r"`\z`"),
        (r"\u0041", r"`\x{41}`"),
        (r"(?x) a b", "no verbose mode"),
        (r"(a", "backslash before a bracket"),
        (r"[a", "backslash before a bracket"),
        (r"*a", "backslash before it"),
        (r"a{2000}", "at most 1000"),
        (r"a\Cb", "any character"),
        (r"[z-a]", "github.com/google/re2/wiki/Syntax"),
    ],
)
def test_a_regex_that_re2_refuses_is_a_mistake_with_its_place_and_what_to_write_instead(regex, advice):
    problem = problem_of(f"{{regex: '{regex}'}}")
    assert problem.startswith("policy.yaml:3:13: patterns[0].regex: ")
    assert advice in problem


def test_a_backspace_from_double_quotes_is_not_taken_for_a_word_boundary():
    assert "U+0008" in problem_of(r'{regex: "\brm"}')


@pytest.mark.parametrize("pattern", ["{regex: 'a*'}", "{regex: '.*'}", "{regex: 'x|'}", "{glob: '*'}", "{glob: '**'}"])
def test_a_pattern_that_is_in_every_text_is_refused(pattern):
    assert "every call would be refused" in problem_of(pattern)


@pytest.mark.parametrize("pattern", ['""', "{regex: ''}", "{glob: ''}"])
def test_an_empty_pattern_is_refused(pattern):
    assert "This is empty" in problem_of(pattern)


def test_a_glob_with_a_range_that_runs_backwards_is_refused():
    assert "Write `a-z`" in problem_of("{glob: '[z-a].pem'}")


def test_a_very_long_pattern_is_refused():
    assert "2000 characters at most" in problem_of("{regex: '" + "(a|b)?" * 1000 + "'}")


def test_patterns_that_are_too_large_together_are_refused():
    text = "version: 1\npatterns:\n" + "".join(f"  - {{regex: '(x{i}[a-z]{{500}}){{2}}'}}\n" for i in range(2000))
    (problem,) = problems(text)
    assert "too much together" in problem
    with pytest.raises(ValueError, match="All patterns together need more than 64 MB"):
        Policy(version=1, patterns=tuple(RegexPattern(regex=f"(x{i}[a-z]{{500}}){{2}}") for i in range(2000)))
