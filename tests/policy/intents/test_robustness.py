"""Whatever is classified, an answer comes, the same each time, after an effort that grows as the input does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smolagents.hooks import Opaque
from smolagents.policy.intents import DANGEROUS, Category, classify
from smolagents.policy.intents.shell_parser import parsed
from tests.policy.intents.large import SMALL, large
from tests.policy.intents.mutations import SEEDS, mutated
from tests.policy.intents.steps import REPEATED


PROGRAMS = int(os.environ.get("INTENT_PROGRAMS", 1_000))
TOOLS = [("python_interpreter", "code"), ("bash", "command"), ("send_message", "text")]
text = st.text(st.characters(codec=None), max_size=200)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


def check(intent):
    assert isinstance(intent.category, Category)
    assert 0 <= intent.confidence <= 1
    assert all(0 < score <= 1 for score in intent.categories.values())
    assert intent.dangerous == any(intent.categories.get(category, 0) >= 0.5 for category in DANGEROUS)
    return intent


@given(
    st.sampled_from([name for name, _ in TOOLS] + ["file.write", "process.run", ""]) | text,
    st.dictionaries(text, values),
)
@settings(max_examples=200)
def test_any_name_with_any_arguments_has_an_intent(name, arguments):
    check(classify(name, MappingProxyType(arguments)))


@given(text | st.sampled_from(SEEDS), text)
@settings(max_examples=200)
def test_any_text_after_any_program_has_an_intent(program, addition):
    for name, argument in TOOLS:
        check(classify(name, {argument: program + addition}))


@given(st.sampled_from(SEEDS))
@settings(max_examples=50)
def test_the_same_program_has_the_same_intent(program):
    assert classify("python_interpreter", {"code": program}) == classify("python_interpreter", {"code": program})


@pytest.mark.parametrize("name, argument", TOOLS)
@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        b"rm -rf /",
        ["a", {"b": ()}],
        Opaque("Thing"),
        object(),
        float("nan"),
        "",
        "\0",
        "\ud800",
        {1: 2},
        (None,),
    ],
)
def test_an_argument_may_be_anything(name, argument, value):
    check(classify(name, {argument: value}))


DEEP = {
    "parentheses": "(" * 100_000,
    "closed parentheses": "(" * 150 + "x" + ")" * 150,
    "lists": "[" * 100_000 + "]" * 100_000,
    "attributes": "a" + ".b" * 50_000,
    "calls": "a" + "()" * 50_000,
    "subscripts": "a" + "[0]" * 50_000,
    "signs": "-" * 100_000 + "1",
    "negations": "not " * 50_000 + "x",
    "a long sum": "x = " + " + ".join(["'a'"] * 50_000),
    "lambdas": "lambda: " * 10_000 + "1",
    "indentation": "\n".join(" " * depth + "if x:" for depth in range(200)),
    "else after else": "if a:\n b\n" + "elif a:\n b\n" * 5_000,
    "evaluations": "exec(" * 80 + "'x'" + ")" * 80,
    "programs in programs": "exec('exec(\\'exec(\"eval(1)\")\\')')",
    "a chain of names": "\n".join(f"a{number} = a{number - 1} + 'x'" for number in range(5_000)) + "\nexec(a4999)",
    "names in a circle": "a = b\nb = c\nc = a\nexec(a)\nimport requests\nrequests.post(b, data=c)",
    "functions in a circle": "def f(x): return g(x)\ndef g(x): return f(x)\nexec(f(1))",
    "quotes": "'" * 100_000,
    "braces": "{" * 100_000,
    "an f-string with many fields": "exec(f'" + "{a}" * 50_000 + "')",
    "a huge text": "exec('a' * 10**12)",
    "a huge number": "exec(str(9 ** 9 ** 9))",
    "a packed bomb": "import zlib\nexec(zlib.decompress("
    + repr(__import__("zlib").compress(b"a" * 10_000_000))
    + "))",
    "loops in loops": "exec(''.join(''.join(chr(a) for a in [65] * 9999) for b in [1] * 9999))",
    "null bytes": "import os\0\nos.system('x')" * 1_000,
    "lone surrogates": "\ud800" * 100_000,
}


@pytest.mark.parametrize("name, argument", TOOLS)
@pytest.mark.parametrize("shape", DEEP)
def test_no_shape_is_too_deep_or_too_large(shape, name, argument):
    check(classify(name, {argument: DEEP[shape]}))


@pytest.mark.parametrize("program", ["import os\nos.remove('/etc/passwd')", "rm -rf /etc"])
def test_a_broken_program_is_still_read(program):
    for broken in (
        program + "\n(",
        "\0" + program,
        program + " \ud800",
        "x = = 1\n" + program,
        "print 'a'\n" + program,
    ):
        name, argument = TOOLS[0] if "import" in program else TOOLS[1]
        assert classify(name, {argument: broken}).dangerous, broken


@pytest.fixture(scope="module")
def counted():
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "tests.policy.intents.steps"]
    return json.loads(subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize("shape", REPEATED)
def test_four_times_as_much_takes_about_four_times_the_steps(shape, counted):
    shorter, longer = counted[shape]
    assert longer < 6 * shorter


def test_mutated_programs_and_commands_have_intents():
    for number, program in enumerate(mutated(PROGRAMS, seed=2)):
        name, argument = TOOLS[number % 3]
        check(classify(name, {argument: program}))


@pytest.mark.parametrize("shape, text", [*large(3_000), *SMALL.items()], ids=lambda value: repr(value)[:60])
def test_every_shape_has_an_intent(shape, text):
    for name, argument in TOOLS:
        check(classify(name, {argument: text}))


def test_the_parser_of_the_shell_is_given_no_character_that_it_has_no_place_for():
    script = 'echo "\U000f05e2 \u4f60\u597d é" > \U000db9fe\x0b+{\U000c587e'
    pieces = [root for _, root in parsed(script) if root is not None]
    assert pieces
    assert all(max(root.text.decode()) <= "\xff" for root in pieces)
    check(classify("bash", {"command": script}))


def test_characters_far_beyond_the_alphabets_in_braces_have_an_intent():
    for place in range(0x10000, 0x110000, 0x1000):
        check(classify("bash", {"command": f"echo {{{chr(place)}g{{{chr(place)}6"}))


def test_a_program_that_is_too_long_to_be_parsed_counts_as_code_that_nobody_has_seen():
    program = "x = 1\n" * 100_001 + "import shutil\nshutil.rmtree('/')"
    intent = classify("python_interpreter", {"code": program})
    assert intent.dangerous
    assert "code_execution" in {evidence.category.value for evidence in intent.evidence}
