"""`test` holds a policy against its cases."""

from pathlib import Path

import pytest


GOOD = """\
cases:
  - {name: Searching is allowed, tool: web_search, arguments: {query: cats}, expect: allow}
  - {name: The shell is not, tool: shell, expect: deny, because: "tools.deny[0]"}
  - name: Mail to strangers needs a person
    tool: send_mail
    arguments: {to: ann@example.org}
    expect: ask
    because: [mail-stays-inside]
  - {name: Harm in code is refused, code: "rm -rf", expect: deny, because: pattern}
  - name: The third call is refused
    calls:
      - {tool: web_search, times: 2, expect: allow}
      - {tool: web_search, expect: deny, because: limits.tool_calls}
"""


def write_cases(text, name="policy.cases.yaml"):
    Path(name).write_text(text)


def test_the_cases_beside_a_policy_are_found(run):
    write_cases(GOOD)

    answer = run("test", "policy.yaml")

    assert (answer.code, answer.out, answer.err) == (0, "5 passed, 0 failed\n", "")


def test_other_files_of_cases_can_be_named(run):
    write_cases(GOOD, "one.yaml")
    write_cases(GOOD, "two.yaml")

    assert run("test", "policy.yaml", "one.yaml", "two.yaml").out == "10 passed, 0 failed\n"


def test_the_cases_that_pass_are_named_if_that_is_asked_for(run):
    write_cases(GOOD)

    assert "passed Searching is allowed\n" in run("test", "policy.yaml", "-v").out


def test_a_failure_says_what_was_expected_what_came_and_why(run):
    write_cases("cases:\n  - name: All may search\n    tool: shell\n    arguments: {command: ls}\n    expect: allow\n")

    answer = run("test", "policy.yaml")

    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0] == "policy.cases.yaml:2: failed All may search"
    assert lines[1].strip() == 'shell(command="ls")'
    assert lines[2].split() == ["expected:", "allow"]
    assert lines[3].split() == ["got:", "deny"]
    assert "tools.deny[0]" in lines[4]
    assert lines[-1] == "0 passed, 1 failed"


def test_the_right_decision_for_another_reason_is_a_failure(run):
    write_cases("cases: [{name: x, tool: shell, expect: deny, because: [pattern, tool_denied]}]\n")

    answer = run("test", "policy.yaml")

    assert answer.code == 1
    assert "expected: deny, because pattern\n" in answer.out


def test_of_a_sequence_the_first_call_that_differs_is_named(run):
    write_cases("cases: [{name: x, calls: [{tool: web_search, times: 5, expect: allow}]}]\n")

    answer = run("test", "policy.yaml", "--json")

    assert answer.code == 1
    [result] = answer.data
    assert (result["passed"], result["call_number"], result["expected"]) == (False, 3, "allow")
    assert result["decision"]["code"] == "limit_tool_calls"


def test_every_case_is_a_run_of_its_own(run):
    write_cases(
        "cases:\n"
        + "".join(f"  - {{name: case {number}, tool: web_search, times: 2, expect: allow}}\n" for number in range(3))
    )

    assert run("test", "policy.yaml").code == 0


def test_time_passes_between_calls_without_waiting(run):
    Path("slow.yaml").write_text("version: 1\ndefault: allow\nlimits: {run_seconds: 100}\n")
    write_cases(
        "cases:\n  - name: x\n    calls:\n"
        "      - {tool: a, expect: allow}\n"
        "      - {tool: a, after_seconds: 99, expect: allow}\n"
        "      - {tool: a, after_seconds: 2, expect: deny, because: limits.run_seconds}\n",
        "slow.cases.yaml",
    )

    assert run("test", "slow.yaml").out == "1 passed, 0 failed\n"


def test_a_policy_in_shadow_mode_is_held_to_what_it_says(run):
    Path("policy.yaml").write_text("version: 1\nmode: shadow\ntools: {deny: [shell]}\n")
    write_cases("cases: [{name: x, tool: shell, expect: deny}]\n")

    assert run("test", "policy.yaml").code == 0


@pytest.mark.parametrize(
    "text, place, words",
    [
        ("", "", "There are no cases"),
        ("# nothing yet\n", "", "There are no cases"),
        ("cases: []\n", ":1:8: cases:", ""),
        ("cases:\n  - {name: x, tool: a}\n", ":2:5: cases[0]:", "Say what is expected"),
        ("cases:\n  - {name: x, expect: allow}\n", ":2:5: cases[0]:", "Say what is called"),
        ("cases:\n  - {name: x, tool: a, code: b, expect: allow}\n", ":2:5: cases[0]:", "Say what is called"),
        ("cases:\n  - {name: x, tool: a, expect: alow}\n", ":2:32: cases[0].expect:", "Did you mean `allow`?"),
        ("cases:\n  - {name: x, tol: a, expect: allow}\n", ":2:15: cases[0].tol:", "Did you mean `tool`?"),
        ("cases:\n  - {name: x, operation: file.raed, expect: deny}\n", ":2:26: cases[0].operation:", "`file.read`?"),
        ("cases:\n  - {tool: a, expect: allow}\n", ":2:5: cases[0].name:", "The key `name` is missing"),
        ("cases:\n  - {name: x, code: a, arguments: {b: c}, expect: allow}\n", ":2:5: cases[0]:", "Remove them"),
        ("cases:\n  - {name: x, calls: [], expect: deny}\n", ":2:22: cases[0].calls:", ""),
        (
            "cases:\n  - {name: x, tool: a, calls: [{tool: b, expect: deny}]}\n",
            ":2:5: cases[0]:",
            "With `calls`, move `tool` into the calls.",
        ),
        ("cases:\n  - {name: x, tool: a, times: 0, expect: deny}\n", ":2:31: cases[0].times:", "at least 1"),
    ],
)
def test_a_mistake_in_a_file_of_cases_is_said_with_its_place(run, text, place, words):
    write_cases(text)

    answer = run("test", "policy.yaml")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"policy.cases.yaml{place} ".replace("yaml ", "yaml: "))
    assert words in answer.err


@pytest.mark.parametrize("name", [".", "", "/"])
def test_a_folder_is_no_policy(run, name):
    answer = run("test", name)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"{name}: The file cannot be read: ")


def test_missing_cases_are_no_success(run):
    answer = run("test", "policy.yaml")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("policy.cases.yaml: The file cannot be read")
