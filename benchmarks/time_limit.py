"""
How long after its limit an endless program ends: `python -m benchmarks.time_limit`.

Each program gets a limit of 0.5 s. Told are the time from the limit until control came back, and until the thread of
the program had ended, in seconds: the median and the most of several rounds. What hangs is given up after 0.1 s. What
never lets other threads run holds up the whole process: it runs last, in a process of its own, and is sized to end.
"""

import logging
import subprocess
import sys
import threading
import time
from statistics import median
from textwrap import dedent

from smolagents.local_python_executor import ExecutionTimeoutError, LocalPythonExecutor


LIMIT = 0.5
TARGET = 0.2
ROUNDS = 5

ENDING = {
    "while True": "while True: pass",
    "for ... continue": "import itertools\nfor i in itertools.count(): continue",
    "except Exception: continue": """
        while True:
            try:
                while True: x = 1
            except Exception: continue""",
    "finally: continue": """
        while True:
            try:
                while True: x = 1
            finally: continue""",
    "finally: return": """
        def f():
            while True:
                try:
                    while True: x = 1
                finally: return 1
        while True: f()""",
    "20 nested finally: continue": """
        def f(depth):
            while True:
                try:
                    if depth: f(depth - 1)
                    while True: x = 1
                finally: continue
        f(20)""",
    "__exit__ that returns True": """
        class Swallow:
            def __enter__(self): return self
            def __exit__(self, *error): return True
        while True:
            with Swallow():
                while True: x = 1""",
    "__del__ that makes another": """
        class A:
            def __del__(self):
                while True: A()
        A()
        while True: pass""",
    "endless recursion, caught": """
        def f(): return f()
        while True:
            try: f()
            except Exception: pass""",
    "map over an endless iterator": "list(map(lambda x: x, iter(lambda: 1, 2)))",
    "a loop in the standard library": "import statistics\nwhile True: statistics.mean(range(100))",
}
HANGING = {"a tool that waits in C": "wait()", "time.sleep(2)": "import time\ntime.sleep(2)"}
HOLDING = {
    "sum of 5 * 10**7 ints": "sum(range(5 * 10**7))",
    "7 ** (3 * 10**6)": "x = 7 ** (3 * 10**6)",
    "a regular expression that backtracks": "import re\nre.match('(a+)+$', 'a' * 26 + 'b')",
}


def measure(program: str) -> tuple[float, float]:
    """Run a program into its limit. Returns how late control came back, and how late the thread had ended."""
    release = threading.Event()
    executor = LocalPythonExecutor(["time"], timeout_seconds=LIMIT)
    executor.send_tools({"wait": release.wait})
    before = set(threading.enumerate())
    start = time.monotonic()
    try:
        executor(dedent(program))
    except ExecutionTimeoutError:
        pass
    back = time.monotonic() - start - LIMIT
    release.set()
    for thread in set(threading.enumerate()) - before:
        thread.join()
    return back, time.monotonic() - start - LIMIT


def report(name: str, samples: list[tuple[float, float]], target: float | None = None) -> bool:
    back, ended = zip(*samples)
    met = target is None or max(ended) <= target
    figures = [f"{value:8.3f}" for value in (median(back), max(back), median(ended), max(ended))]
    print(f"{name:40}", *figures, "" if target is None else ("met" if met else "MISSED"), flush=True)
    return met


def main() -> None:
    """Measure, and print a table. Ends with code 1 if a program that can be ended was not, within 0.2 s."""
    if len(sys.argv) > 1:
        report(sys.argv[1], [measure(HOLDING[sys.argv[1]])])
        return
    logging.disable()
    sys.stderr = None  # A `__del__` that is ended is told there
    print(f"{f'seconds after the limit of {LIMIT} s':40}     back     most    ended     most")
    met = [report(name, [measure(program) for _ in range(ROUNDS)], TARGET) for name, program in ENDING.items()]
    for name, program in HANGING.items():
        report(name, [measure(program) for _ in range(ROUNDS)])
    print("holds up the process until it is done:", flush=True)
    for name in HOLDING:
        subprocess.run([sys.executable, "-m", "benchmarks.time_limit", name], stderr=subprocess.DEVNULL, check=True)
    sys.exit(not all(met))


if __name__ == "__main__":
    main()
