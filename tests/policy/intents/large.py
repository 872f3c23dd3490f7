"""Inputs of a megabyte, and small ones that ask for more: `python -m tests.policy.intents.large` times them.

The exit code is 1 if one takes more than 4 s of the processor's time, or raises.
"""

from __future__ import annotations

import base64
import sys
import time
import zlib
from collections.abc import Iterator

from smolagents.policy.intents import classify


SECONDS = 4.0
TOOLS = (("python_interpreter", "code"), ("bash", "command"), ("run_task", "text"), ("call", "command"))

# Repeated until it is large, on one line
ONE_LINE = (
    "'", '"', '\\', '`', '$(', '((', '[[', '{', '}', '(', ')', '[', '<(', '${', '$((', 'a=', 'a=b ', 'a=b=',
    'a|', 'a||', 'a&&', 'a;', 'a&', '&', '|', ';', '<', '>', '>a ', '<<a ', '<<<a ', '2>&1 ', '*', '?', '~',
    '!', '#', '$a', '$', '%', '%s', '\\x41', "\\'", '\\"', "'a'", '"a"', '\'"', "''", '""', "f'{", "f'{a}'",
    "b'a',", '.a', 'a.', 'a,', 'a()', 'a(', '[0]', '-', 'not ', 'lambda:', 'lambda a:', 'await ', '*a,',
    'a if a else ', 'a and ', 'a<', 'a:=', 'a+', "'a'+", 'a@', '{a:', '{a,b}', '{a,', 'eval ', 'sh -c ',
    'sudo ', 'env ', 'xargs ', 'find . -exec ', 'echo a|sh;', 'cat /etc/passwd|', 'rm -rf /;', '\x00',
    '\ud800', 'é', '\u202e', '\t', ' ', 'A', '0', '99999999999999999999999999999999999999999999999999', 'a b ',
    '/a', '../', '/etc/', 'http://a/', '-a ', '--a=b ', 'powershell -enc A ', 'Get-Item C:\\a;', 'a^', '%a%',
    '$env:a ', 'base64 -d|', "{'a':", '[a for a in ', '(yield ', 'a=b;', 'a.b=c;', 'a[b]=c;',
)  # fmt: skip
# ... on lines of its own
LINES = (
    'a = b', 'a = a + a', 'a.b = c', 'a, b = b, a', 'import os', "import os; os.system('ls')", 'def f(): f()',
    'class A(A): pass', "x = {'a': x}", 'if a:\n b', 'for a in a: pass', 'with a as a: pass',
    '@a\ndef a(a=a): return a(a)', 'exec(a)', 'while 1: a()', 'x = x.format(x)', "x = f'{x}{x}'", 'x = x * 9',
    "x = ''.join([x, x])", 'open(a).write(b)', 'try:\n a\nexcept:\n a', 'match a:\n case a: a', 'a=b',
    'a=$a$a', 'a="$a$(echo $a)"', 'cat <<E\na\nE', 'f() { f; }', 'f() { f|f; }; f', 'for a in b; do c; done',
    'case a in a) b;; esac', 'echo a >> b', "echo 'a' | sh", 'cd a', 'cat a | b | c', 'if a; then b; fi',
    'alias a=b', 'export A=$A:b', 'while :; do :; done', 'Get-Item C:\\a', '$a = $a + $a', 'cmd /c a', '!ls',
    '%%bash', 'x = = y', "print 'a'", '{"a": 1}', 'drop table a;', 'eval "$(a)"', "os.system(f'{a} {b}')",
    'requests.post(a, data=open(a).read())', 'getattr(a, a)(a)', 'a = base64.b64decode(a)',
)  # fmt: skip
NESTED = (
    ('(', ')'), ('[', ']'), ('{', '}'), ('f(', ')'), ("f'{", "}'"), ("{'a':", '}'), ('$(', ')'), ('`', '`'),
    ('"$(', ')"'), ('${a:-', '}'), ('((', '))'), ('if a; then ', '; fi;'), ('{ ', '; }'), ('f() { ', '; };'),
    ("eval '", "'"), ('<(', ')'), ('exec(', ')'), ('lambda: ', ''), ('not ', ''), ('a[', ']'), ('{"a": ', '}'),
    ('"[', ']"'), ('sh -c "', '"'),
)  # fmt: skip


def _functions(count: int) -> str:
    return "\n".join(f"def f{i}(a): return f{(i * 7 + 1) % count}(a)" for i in range(count)) + "\nexec(f0(input()))"


def _doubling(times: int) -> str:
    return "a0 = 'aaaa'\n" + "\n".join(f"a{i + 1} = a{i} + a{i}" for i in range(times)) + f"\nexec(a{times})"


def _packed(data: bytes) -> str:
    return repr(base64.b64encode(zlib.compress(zlib.compress(data))))


SMALL = {
    "a power": "x = 10**10**9\nexec(str(x))",
    "a power of powers": "x = 9**9**9**9\nos.system('%d' % x)",
    "a shift": "exec('a' * (1 << (1 << 40)))",
    "a long text": "exec('a' * 10**9)",
    "long bytes": "exec(b'a' * 10**9)",
    "a long list": "exec(''.join(['a'] * 10**9))",
    "a wide field": "os.system('%1000000000d' % 1)",
    "a wide field of format": "os.system('{:1000000000}'.format(1))",
    "a wide field of an f-string": "os.system(f'{1:1000000000}')",
    "a field as wide as another says": "os.system('%*d' % (10**9, 1))",
    "padding": "os.system('a'.ljust(10**9))",
    "padding with zeros": "os.system('a'.zfill(10**9))",
    "tabs": "os.system('\\t'.expandtabs(10**9))",
    "replacements": "os.system(('a' * 9000).replace('a', 'a' * 9000))",
    "joins": "os.system(('a' * 9000).join(['a'] * 9000))",
    "a range": "os.system(str(list(range(10**12))))",
    "ranges in ranges": "os.system(''.join(chr(a) for a in range(10**4) for b in range(10**4) for c in range(10**4)))",
    "a comprehension in a comprehension": "exec(''.join(''.join(chr(a) for a in [65] * 9999) for b in [1] * 9999))",
    "digits": "os.system(str(int('9' * 4000)) * 1000)",
    "translations": "os.system('a'.translate({97: 'a' * 10**9}))",
    "a number in base 2": "os.system(bin(10**10**6))",
    "bytes of a number": "os.system((1).to_bytes(10**9, 'big'))",
    "assignments that double": _doubling(200),
    "texts that double in one expression": "x = 'a'\n" + "x = x + x\n" * 200 + "exec(x)",
    "joins that double": "x = 'a'\n" + "x = ''.join([x, x, x])\n" * 200 + "exec(x)",
    "a packed bomb": f"exec(zlib.decompress(zlib.decompress(base64.b64decode({_packed(b'a' * 30_000_000)}))))",
    "programs in programs": "exec(" * 60 + "'x'" + ")" * 60,
    "a variable that doubles": "a=aaaaaaaa;" + "a=$a$a;" * 60 + "eval $a",
    "braces that double": "echo " + "{a,b}" * 60,
    "functions that call each other twice": "".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }};" for i in range(60)) + "f0",
    "substitutions that double": "".join(f"a{i + 1}=$(echo $a{i} $a{i});" for i in range(60)) + "eval $a60",
    "scripts that double": "x='ls';" + "x=\"sh -c '$x; $x'\";" * 40 + "eval \"$x\"",
}  # fmt: skip


def large(size: int) -> Iterator[tuple[str, str]]:
    """Every shape of about so many characters, with its name."""
    for part in ONE_LINE:
        yield f"{part!r} on a line", part * (size // len(part))
    for part in ONE_LINE:
        yield f"{part!r} after words", "echo " + part * (size // len(part)) + " x\nls"
    for part in LINES:
        yield f"{part!r} as lines", (part + "\n") * (size // (len(part) + 1))
    for left, right in NESTED:
        count = size // (len(left) + len(right))
        yield f"{left!r} in itself", left * count + right * count
        yield f"{left!r} in itself, 150 deep", (left * 150 + "x" + right * 150 + "\n") * (count // 150)
    yield "assignments in a row", "a=" * (size // 2) + "1"
    yield "attributes in a row", "a" + ".a" * (size // 2)
    yield "a dict of dicts", "x = {" + ", ".join(f"'a{i}': {{'b': {{'c': {i}}}}}" for i in range(size // 24)) + "}"
    yield "a long text in code", "x = '" + "a" * size + "'\nexec(x)"
    yield "names one after the other", "\n".join(f"a{i + 1} = a{i}" for i in range(size // 14)) + "\nexec(a9)"
    yield "names and texts", "\n".join(f"a{i + 1} = a{i} + 'x'" for i in range(size // 20)) + f"\nexec(a{size // 20})"
    yield "functions that call each other", _functions(size // 40)
    yield "one name with many values", "\n".join(f"a = f(a, {i})" for i in range(size // 16)) + "\nexec(a)"
    yield "one name with many texts", "\n".join(f"a = '/etc/{i}'; open(a)" for i in range(size // 24))
    yield "an identifier with many marks", "x" + "\u0301\u0327" * (size // 2) + " = 1"
    yield "a here-document", "cat <<EOF\n" + "$(ls) `ls` $x\n" * (size // 15) + "EOF\n"
    yield "a base64 text", f"echo {base64.b64encode(b'rm -rf / ;' * (size // 14)).decode()} | base64 -d | sh"
    yield "an encoded program", f"exec(base64.b64decode({base64.b64encode(b'import os ;' * (size // 15))!r}))"


def seconds(name: str, arguments: dict[str, str]) -> float:
    """The processor's time that a classification takes."""
    start = time.process_time()
    classify(name, arguments)
    return time.process_time() - start


def main() -> int:
    """Print the slowest."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    times = []
    for shape, text in (*large(size), *SMALL.items()):
        for name, argument in TOOLS:
            taken = seconds(name, {argument: text})
            times.append((taken, name, shape))
            if taken > SECONDS:
                print(f"{taken:.2f} s: {name}, {shape}", flush=True)
    print(f"{len(times)} inputs of up to {size:,} characters\n\n| s | tool | shape |\n|---|---|---|")
    for taken, name, shape in sorted(times, reverse=True)[:15]:
        print(f"| {taken:.2f} | {name} | {shape[:80]} |")
    return 1 if max(times)[0] > SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
