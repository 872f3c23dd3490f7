"""Plain commands are read without a parser, and said to do what the parser would have had them do."""

from __future__ import annotations

import random

import pytest

from smolagents.policy.intents import shell_reader
from smolagents.policy.intents.readers import Readers
from smolagents.policy.intents.shell_plain import plain_commands
from tests.policy.intents.mutations import SEEDS


WORDS = (
    *r"ls cat rm -rf / ~ /etc/passwd * *.txt '' ; && | \; \( \) {} -I{} if=/dev/zero dd of=x a=b = == - -- -1".split(),
    *r"a?b find -name -exec xargs sh -c sudo bash echo tee grep '^a$' ' \\ & % ^ , a,b : . .. ./x @ test !".split(),
    *r"in do if for time exec eval true python -e cd /tmp x.sh wget http://a.b/x.sh base64 -d history printf".split(),
    *r"'\x72m' export PATH=/x env nohup ~root 2> > < $x case '{a,b}' # `ls` $(ls) é".split(),
    *("'a b'", '"a b"', '"  x "', "'rm -rf /'", '"', '""', "\n", "\t", "+x", "2", "[", "]", "x" * 300),
)


def facts(script, monkeypatch, by_parser):
    with monkeypatch.context() as patch:
        if by_parser:
            patch.setattr(shell_reader, "plain_commands", lambda text: None)
        shell = shell_reader.Shell(Readers(1))
        printed = shell.script(script)
        return printed, shell.facts, shell.variables, shell.files


def scripts(count):
    chance = random.Random(5)
    for _ in range(count):
        yield chance.choice(("", " ", "  ")).join(chance.choice(WORDS) for _ in range(3))
        yield " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 9)))
    yield from (line for script in SEEDS for line in script.splitlines())


def test_the_parser_says_the_same_of_plain_commands(monkeypatch):
    plain = [script for script in scripts(6_000) if plain_commands(script) is not None]
    assert len(plain) > 1_500
    for script in plain:
        assert facts(script, monkeypatch, False) == facts(script, monkeypatch, True), script


@pytest.mark.parametrize(
    "script, words",
    [
        ("ls -la", [["ls", "-la"]]),
        ("cat 'a b' | grep \"x y\" && rm -r /tmp/x; ", [["cat", "a b"], ["grep", "x y"], ["rm", "-r", "/tmp/x"]]),
        (r"find . -name '*.c' -exec rm {} \;", [["find", ".", "-name", "*.c", "-exec", "rm", "{}", ";"]]),
    ],
)
def test_the_words_of_plain_commands(script, words):
    assert [[word.text for word in command.words] for command in plain_commands(script)] == words


@pytest.mark.parametrize(
    "script",
    [
        *("echo $HOME", "echo `id`", "echo $(id)", "ls > x", "ls < x", "ls &", "ls || rm x", "a=b ls", "a=b"),
        *("rm {a,b}", "ls\nrm x", "if true; then", "(ls)", "{ ls; }", "! ls", "ls # x", r"r\m x", "r''m x", "ls |"),
        *("| ls", "ls &&", "ls ;; ls", "export A=b", "unset X", "'ls' x", "[ -e x ]", "ls 'x", "ls \x00", "lé x"),
        *('echo "$x"', "ls \\"),
    ],
)
def test_what_may_be_more_is_not_plain(script):
    assert plain_commands(script) is None
