"""What code makes of constants is found, in bounded time, and nothing of the code runs."""

from __future__ import annotations

import ast
import sys
import warnings
from contextlib import nullcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smolagents.policy import folding
from smolagents.policy.folding import folded
from smolagents.policy.leaves import leaves_of_code

from .executions import code, execution, hook_for, refused


def values(program: str) -> list[str]:
    return [value for _, value in folded(program)]


@pytest.mark.parametrize(
    "expression",
    [
        "'r' + 'm -rf'",
        "'r' 'm -rf'",
        "'\\x72m -rf'",
        "b'\\x72m -rf'",
        "f\"{'r'}m -rf\"",
        "f\"{'rm'} {'-rf':>3}\"",
        "'%sm -%s' % ('r', 'rf')",
        "'r%c -rf' % 'm'",
        "'{}m -{x}'.format('r', x='rf')",
        "''.join(['r', 'm', ' -rf'])",
        "' '.join(('rm', '-rf'))",
        "chr(114) + chr(100 + 9) + ' -rf'",
        "'fr- mr'[::-1]",
        "'xrm_ -rfx'[1:3] + ' -rf'",
        "'r' * 1 + 'm -rf'",
        "'Xm -rf'.replace('X', 'r')",
        "'RM -RF'.lower()",
        "'  rm  '.strip() + ' -rf'",
        "b'rm'[:].decode() + ' -rf'",
        "bytes([114, 109, 32, 45, 114, 102]).decode('ascii')",
        "bytes.fromhex('726d202d7266')",
        "''.join(map(chr, [114, 109, 32, 45, 114, 102]))",
        "''.join(reversed('fr- mr'))",
        "['rm', '-rf', '/']",
        "'rm,-rf'.split(',')",
        "path + 'r' + 'm -rf' + path",
        "f'{path} r{\"m\"} -rf {path}'",
        "print('r' + 'm -rf', end='')",
        "(lambda: 'r' + 'm -rf')()",
    ],
)
def test_constants_are_put_together(expression):
    program = f"import os\nos.system({expression})"
    assert "rm -rf" not in program
    assert any("rm -rf" in value for value in values(program))
    assert refused(hook_for(patterns=["rm -rf"]), code(program))


@pytest.mark.parametrize(
    "program",
    [
        "a = 'r'\nb = a + 'm'\nos.system(b + ' -rf')",
        "def go():\n    os.system(a + 'm -rf')\na = 'r'\ngo()",
        "a: str = 'r'\nprint(a + 'm -rf')",
        "print((a := 'r') + 'm -rf')",
        "a = b = 'r'\nprint(a + 'm -rf')",
    ],
)
def test_a_name_that_is_bound_once_stands_for_its_constant(program):
    assert any("rm -rf" in value for value in values(program))


@pytest.mark.parametrize(
    "program",
    [
        "a = 'r'\na = 'x'\nprint(a + 'm')",
        "a = 'r'\ndef f(a):\n    print(a + 'm')",
        "a = a + 'm'",
        "a = b + 'r'\nb = a + 'm'",
        "'r'.unknown() + 'm'",
        "'{0.__class__}'.format('rm')",
        "'rm' if x else 'y'",
        "'a'.encode('zip')",
        "1 + 2",
    ],
)
def test_what_is_not_known_is_not_guessed(program):
    assert "rm" not in values(program) and "rr" not in "".join(values(program))


def test_a_constant_that_stands_in_the_code_is_not_told_again():
    assert values("x = 'rm'\ny = b'rm'\nprint(x, 'é', 5, None)") == []


def test_of_nested_expressions_the_outermost_is_told_with_its_line():
    assert folded("x = 1\ny = 'a' + 'b' + 'c'") == [(2, "abc")]


def test_the_place_of_a_match_names_the_line():
    program = "x = 1\ny = 'r' + 'm'"
    assert [leaf.where for leaf in leaves_of_code(code(program))] == ["arguments.code (folded, line 2)"]
    reason = hook_for(patterns=["rm"]).before_tool_execution(code(program)).reason
    assert "arguments.code (folded, line 2) contains" in reason


def test_only_code_is_folded():
    hook = hook_for(patterns=["rm"])
    assert refused(hook, execution("python_interpreter", code="'r' + 'm'"))
    assert not refused(hook, execution("shell", code="'r' + 'm'"))
    assert not refused(hook, execution("python_interpreter", text="'r' + 'm'"))


def test_what_cannot_be_parsed_is_matched_as_text():
    for program in ("'r' + 'm' rm rf(", "\0", "(" * 100_000, "x" + ".y" * 100_000):
        assert folded(program) == []
    assert refused(hook_for(patterns=["rm rf"]), code("'r' + 'm' rm rf("))


@pytest.mark.parametrize(
    "bomb",
    [
        "'a' * 10**9",
        "10**9 * 'a' * 10",
        "9999999999 * b'a'",
        "'%999999999d' % 1",
        "'%.999999999d' % 1",
        "'%*d' % (999999999, 1)",
        "'{:999999999}'.format(1)",
        "'{:{w}}'.format(1, w=999999999)",
        "f\"{'a':999999999}\"",
        "f\"{'a':{999999999}}\"",
        "bytes(10**10)",
        "'a'.replace('', 'b' * 9999).replace('b', 'c' * 9999)",
        "''.join(['a' * 9999] * 9999)",
        "['a' * 9999] * 9999",
        "map(str, ['a' * 9999] * 9999)",
        "a = ('x', 'x')\n" + "\n".join(f"a{n} = (a{n - 1 if n else ''}, a{n - 1 if n else ''})" for n in range(60)),
    ],
)
def test_results_are_bounded(bomb):
    program = "\n" + bomb + "\nprint(" + bomb.splitlines()[0] + ")"
    assert sum(map(len, values(program))) <= 100_000 + 20 * len(program)


def test_all_work_together_is_bounded_by_the_length_of_the_code():
    program = "x = 'a' * 9999\n" + "\n".join(f"x{n} = x.replace('a', '{n % 10}')" for n in range(2000))
    assert sum(map(len, values(program))) <= 100_000 + 20 * len(program)


def test_making_little_of_much_is_work_too(monkeypatch):
    done = []
    replace = folding.METHODS[str, "replace"]
    monkeypatch.setitem(folding.METHODS, (str, "replace"), lambda *args: done.append(len(args[1])) or replace(*args))
    program = f"x = '{'a' * 20_000}'\n" + "\n".join(f"x.replace('a', '')[{n}:]" for n in range(2000))
    folded(program)
    assert 0 < sum(done) <= 100_000 + 20 * len(program)


def test_a_long_literal_in_front_hides_nothing():
    program = f"x = '{'a' * 50_000}' + 'r' + 'm -rf'"
    assert any("rm -rf" in value for value in values(program))


def test_the_parser_gets_no_long_run_of_combining_marks_which_takes_it_quadratic_time(monkeypatch):
    marks, parsed, parse = "\u0301\u0316" * 5000, [], ast.parse
    monkeypatch.setattr(ast, "parse", lambda text, *more: parsed.append(text) or parse(text, *more))
    assert values(f"# {marks}\na{marks} = 'r'\nprint('{marks}', a{marks} + 'm -rf')") == ["rm -rf"]
    assert "\u0301\u0316" * 16 not in parsed[0]


def test_depth_does_not_matter_as_long_as_python_can_parse_it():
    program = "x = " + " + ".join(["'ab'"] * 200)
    assert values(program) == ["ab" * 200]


def test_nothing_of_the_code_runs(tmp_path):
    target = tmp_path / "touched"
    assert folded(f"open({str(target)!r} + '', 'w')\n__import__('os').mkdir({str(target)!r} + 'x')")
    assert list(tmp_path.iterdir()) == []


_texts = st.text("abr m'{}%\\\n", max_size=6)
_expressions = st.recursive(
    st.one_of(_texts.map(repr), st.integers(-5, 200).map(repr), _texts.map(lambda text: repr(text.encode()))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+*%-"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(inner, st.sampled_from(("upper", "strip", "decode", "encode", "split", "hex"))).map(
            lambda parts: f"{parts[0]}.{parts[1]}()"
        ),
        st.tuples(inner, inner, inner).map(lambda parts: f"{parts[0]}.replace({parts[1]}, {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}.format({parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}.join([{parts[1]}, {parts[1]}])"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}:]"),
        inner.map(lambda part: f"{part}[::-1]"),
        inner.map(lambda part: f"chr({part})"),
    ),
    max_leaves=6,
)


@given(_expressions)
@example('("%%" % b"")')
def test_what_is_told_of_an_expression_is_what_python_makes_of_it(expression):
    """The made-up expressions are built of the operations above alone, so that they can be evaluated here."""
    told = values("x = 0\n" + expression)
    try:
        with warnings.catch_warnings(action="ignore") if sys.version_info >= (3, 11) else nullcontext():
            expected = eval(expression, {"__builtins__": {"chr": chr}})
    except Exception:
        return
    if type(expected) is bytes:
        expected = expected.decode("utf-8", "replace")
    if type(expected) is str and not isinstance(ast.parse(expression, mode="eval").body, ast.Constant):
        # What is in a list is told for itself as well.
        assert expected in told or not expected
