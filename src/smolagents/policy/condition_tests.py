"""Conditions, compiled into functions.

A test says of one value `True`, `False`, or `None` for what cannot be known (three-valued logic, after Kleene): of an
opaque value nothing, of an odd URL not its host. What follows from `None` depends on the action: see `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from operator import eq
from typing import Any, NamedTuple

import re2

from smolagents.hooks import Opaque

from .conditions import Condition, Range
from .fields import Action, Scalar
from .hosts import Address, HostSet
from .leaves import Leaf
from .normalize import normalize
from .paths import FolderSet
from .patterns import PatternKind, expressions, has_ascii_letter, options


Verdict = bool | None
Span = tuple[int, int]
Find = Callable[[str], Span | None]
AddressesOf = Callable[[str], frozenset[Address]]

# Python refuses to write out much longer numbers, and nobody compares them with a text.
_LARGEST_SHOWN = 10**30


class Test(NamedTuple):
    """A compiled condition.

    Attributes:
        of (`Callable`): Whether a value meets it.
        span (`Callable`): Where in a text that meets it is what it looks for, if it looks for something.
        has_not (`bool`): Whether there is a `not` in it.
    """

    of: Callable[[Any], Verdict]
    span: Find
    has_not: bool = False


class Found(NamedTuple):
    """What met a condition: where, the span there, and whether that counts in the normal form of the text."""

    where: str
    span: Span | None
    normalized: bool


def find(test: Test, values: Iterable[Leaf], action: Action) -> Found | None:
    """What in an argument meets a condition; `None` if the condition does not match.

    To allow something, every value has to meet the condition, in every form, and there has to be one. For any other
    action it is enough that one value may meet it in one form.
    """
    if action == "allow":
        first: Leaf | None = None
        for leaf in values:
            if leaf.is_joined:
                continue
            if not all(test.of(form) for form in leaf.forms):
                return None
            first = first or leaf
        return None if first is None else _found(test, first, 0)
    for leaf in values:
        # A list as a command line is one more way to find something, and none to miss it.
        if leaf.is_joined and test.has_not:
            continue
        for number, form in enumerate(leaf.forms):
            verdict = test.of(form)
            if verdict or verdict is None and not leaf.is_joined:
                return _found(test, leaf, number)
    return None


def _found(test: Test, leaf: Leaf, number: int) -> Found:
    form = leaf.forms[number]
    return Found(leaf.where, test.span(form) if type(form) is str else None, number > 0)


def compile_condition(condition: Condition, addresses_of: AddressesOf | None = None) -> Test:
    """The test for a condition.

    Args:
        condition ([`Condition`]): The condition.
        addresses_of (`Callable`, *optional*): Gives the addresses of a name, if `host_in` is to look names up.
    """
    tests: list[Test] = []
    if condition.equals is not None:
        tests.append(_one_of([condition.equals]))
    if condition.one_of is not None:
        tests.append(_one_of(condition.one_of))
    if condition.prefix is not None:
        tests.append(_any_text([_prefix(form) for form in spellings(condition.prefix)]))
    if condition.suffix is not None:
        tests.append(_any_text([_suffix(form) for form in spellings(condition.suffix)]))
    if condition.contains is not None:
        tests.append(_any_text([_contains(form) for form in spellings(condition.contains)]))
    if condition.regex is not None:
        tests.append(_pattern("regex", condition.regex))
    if condition.glob is not None:
        tests.append(_pattern("glob", condition.glob))
    if condition.range is not None:
        tests.append(_range(condition.range))
    if condition.max_length is not None:
        tests.append(_max_length(condition.max_length))
    if condition.host_in is not None:
        tests.append(_known_text(HostSet(condition.host_in, addresses_of).has))
    if condition.path_within is not None:
        tests.append(_known_text(FolderSet(condition.path_within).has))
    if condition.not_ is not None:
        tests.append(_not(compile_condition(condition.not_, addresses_of)))
    if condition.any_ is not None:
        tests.append(_any([compile_condition(each, addresses_of) for each in condition.any_]))
    if condition.all_ is not None:
        tests += [compile_condition(each, addresses_of) for each in condition.all_]
    return _all(tests)


def spellings(text: str) -> tuple[str, ...]:
    """A text of the policy as it is and, if values are looked at in it, in normal form; see `patterns.expressions`."""
    normalized = normalize(text)
    if normalized.strip() and (has_ascii_letter(text) or not normalized.isascii()):
        return tuple(dict.fromkeys((text, normalized)))
    return (text,)


def _prefix(prefix: str) -> Find:
    return lambda text: (0, len(prefix)) if text.startswith(prefix) else None


def _suffix(suffix: str) -> Find:
    return lambda text: (len(text) - len(suffix), len(text)) if text.endswith(suffix) else None


def _contains(part: str) -> Find:
    def find_part(text: str) -> Span | None:
        start = text.find(part)
        return None if start == -1 else (start, start + len(part))

    return find_part


def _pattern(kind: PatternKind, text: str) -> Test:
    def finder(source: str, has_context: bool) -> Find:
        expression = re2.compile(source, options())

        def find_expression(value: str) -> Span | None:
            match = expression.search(value)
            if match is None:
                return None
            group = 0 if not has_context else next(group for group in (1, 2) if match.start(group) != -1)
            return match.span(group)

        return find_expression

    return _any_text([finder(each.source, each.has_context) for each in expressions(kind, text)])


def _any_text(finders: list[Find]) -> Test:
    """A text in which one of these finds something. Some tools take other values for texts, and some do not."""

    def first_span(text: str) -> Span | None:
        for finder in finders:
            if (found := finder(text)) is not None:
                return found
        return None

    span = finders[0] if len(finders) == 1 else first_span

    def of(value: Any) -> Verdict:
        if type(value) is str:
            return span(value) is not None
        shown = _shown(value)
        return None if shown is None or span(shown) is not None else False

    return Test(of, span)


def _known_text(has: Callable[[str], Verdict]) -> Test:
    """What only a text can be; a number may be a handle of it."""
    return Test(lambda value: has(value) if type(value) is str else None, _nowhere)


def _max_length(length: int) -> Test:
    def of(value: Any) -> Verdict:
        shown = value if type(value) is str else _shown(value)
        return None if shown is None else len(shown) <= length

    return Test(of, _nowhere)


def _one_of(choices: Iterable[Scalar]) -> Test:
    texts = frozenset(form for each in choices if type(each) is str for form in spellings(each))
    booleans = [each for each in choices if type(each) is bool]
    numbers = [each for each in choices if type(each) in (int, float)]

    def span(value: str) -> Span | None:
        return (0, len(value)) if value in texts else None

    def of(value: Any) -> Verdict:
        if type(value) is str:
            if value in texts:
                return True
            verdicts = [_reads_as_boolean(value, each) for each in booleans]
            verdicts += [_number_in_text(value, partial(eq, each)) for each in numbers]
            return None if None in verdicts else False
        if type(value) is bool:
            # A tool that counts takes true for 1, and one that asks for yes or no takes 1 for true.
            return True if value in booleans else None if value in numbers or _shown(value) in texts else False
        if type(value) in (int, float):
            if value in numbers:
                return True
            return None if bool(value) in booleans or _shown(value) in texts else False
        return None

    return Test(of, span)


# What some tool takes for false
FALSE_WORDS = ("", "0", "false", "no", "off", "n", "f", "none", "null")


def _reads_as_boolean(text: str, boolean: bool) -> Verdict:
    """Whether some tool takes a text for a boolean: any text but the empty one is true to Python."""
    return None if boolean or text.lower() in FALSE_WORDS else False


def _range(wanted: Range) -> Test:
    low, high = wanted.min, wanted.max

    def is_within(number: int | float) -> bool:
        return (low is None or number >= low) and (high is None or number <= high)

    def of(value: Any) -> Verdict:
        if type(value) is int or type(value) is float:
            return is_within(value) if value == value else None
        if type(value) is str:
            return _number_in_text(value, is_within)
        return None

    return Test(of, _nowhere)


# What float() and int() accept, and the marks between thousands, without the digits of other scripts
NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*")
LOOKS_NUMERIC = re.compile(r"\d|inf|nan", re.IGNORECASE)


def _number_in_text(text: str, meets: Callable[[float], bool]) -> Verdict:
    """Whether the number that a text is to some tools may meet something; `False` only if it cannot."""
    if not LOOKS_NUMERIC.search(text):
        return False
    if len(text) <= 30 and NUMBER.fullmatch(text):
        return None if meets(float(text)) else False
    return None


def _not(inner: Test) -> Test:
    def of(value: Any) -> Verdict:
        verdict = inner.of(value)
        return None if verdict is None else not verdict

    return Test(of, _nowhere, has_not=True)


def _any(tests: list[Test]) -> Test:
    def of(value: Any) -> Verdict:
        answer: Verdict = False
        for test in tests:
            verdict = test.of(value)
            if verdict:
                return True
            if verdict is None:
                answer = None
        return answer

    def span(text: str) -> Span | None:
        return next((test.span(text) for test in tests if test.of(text)), None)

    return Test(of, span, any(test.has_not for test in tests))


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def of(value: Any) -> Verdict:
        answer: Verdict = True
        for test in tests:
            verdict = test.of(value)
            if verdict is False:
                return False
            if verdict is None:
                answer = None
        return answer

    def span(text: str) -> Span | None:
        return next((found for test in tests if (found := test.span(text)) is not None), None)

    return Test(of, span, any(test.has_not for test in tests))


def _nowhere(text: str) -> None:
    return None


def _shown(value: Any) -> str | None:
    """A number or boolean as a tool would write it; `None` if that cannot be known."""
    if type(value) is Opaque:
        return None
    if type(value) is int and not -_LARGEST_SHOWN < value < _LARGEST_SHOWN:
        return None
    return str(value) if type(value) in (bool, int, float, complex) else None
