"""
Play the matrix, print it and write docs/mediation.md.

    python -m tests.mediation            # what `make mediation` does
    python -m tests.mediation --check    # run nothing: do tests, rows and docs/mediation.md agree?
"""

import contextlib
import io
import sys

from .matrix import PAGE, SECTIONS, page, play, problems, table


def check() -> int:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code, collector = play("--collect-only", "-p", "no:cacheprovider")
    if code:
        print(output.getvalue())
        return code
    found = problems(collector.tests)
    if not found and (not PAGE.exists() or PAGE.read_text() != page(collector.tests)):
        found = [f"docs/{PAGE.name} is not what the tests say: run `make mediation` and commit it."]
    print(*found, sep="\n")
    return bool(found)


def main() -> int:
    code, collector = play()
    for section, title in SECTIONS.items():
        print(f"\n{section}. {title}\n\n{table(collector.tests, section)}")
    if found := problems(collector.tests):
        print("", *found, sep="\n")
    if code or found:
        print(f"\ndocs/{PAGE.name} was not written.")
        return code or 1
    PAGE.write_text(page(collector.tests))
    print(f"\nWrote docs/{PAGE.name}.")
    return 0


sys.exit(check() if sys.argv[1:] == ["--check"] else main())
