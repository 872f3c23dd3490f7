"""Reading YAML: every mistake has its place and a way out, and nothing that is large or deep is read to its end."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smolagents.policy import Policy, PolicyError, document

from .executions import problems


def first_problem(text: str | bytes) -> str:
    return problems(text)[0]


def test_an_empty_file_is_told_how_a_policy_begins():
    assert "begins with the line `version: 1`" in first_problem("")
    assert "begins with the line `version: 1`" in first_problem("# only a comment\n")


def test_a_list_is_not_a_policy():
    assert first_problem("- version: 1").startswith("policy.yaml:1:1: This has to be a mapping")


def test_a_key_that_is_there_twice_is_a_mistake_at_its_second_place():
    assert problems("version: 1\nname: a\nname: b\n") == [
        "policy.yaml:3:1: name: The key is here twice (first in line 2). Keep one."
    ]


def test_a_duplicate_key_deep_inside_is_found_as_well():
    assert first_problem("version: 1\ntools:\n  deny: [a]\n  deny: [b]\n").startswith("policy.yaml:4:3: tools.deny: ")


@pytest.mark.parametrize("word", ["no", "yes", "off", "On", "NO"])
def test_a_word_that_yaml_takes_for_a_boolean_has_to_be_quoted(word):
    problem = first_problem(f"version: 1\ntools: {{deny: [{word}]}}\n")
    assert problem.startswith("policy.yaml:2:16: tools.deny[0]: ") and f'Write "{word}"' in problem


def test_the_quoted_word_is_text():
    assert Policy.loads('version: 1\ntools: {deny: ["no"]}\n').tools.deny == ("no",)


def test_a_date_has_to_be_quoted():
    assert first_problem("version: 1\nname: 2024-01-01\n").startswith("policy.yaml:2:7: name: YAML takes")


@pytest.mark.parametrize(
    "number", ["0x1F", "010", "1_000", "12:30", ".5", ".inf", "0b11", "1e3", "1E+5", "08", "0o17"]
)
def test_a_number_that_people_read_otherwise_than_yaml_is_a_mistake(number):
    assert "for a number" in first_problem(f"version: 1\nlimits: {{tool_calls: {number}}}\n")


def test_a_number_of_many_digits_is_not_converted():
    assert "whole number" in first_problem("version: 1\nlimits: {tool_calls: " + "9" * 100_000 + "}\n")


def test_true_is_not_text():
    assert 'Write "true", in quotes.' in first_problem("version: 1\nname: true\n")


def test_an_alias_bomb_is_refused_without_being_expanded():
    bomb = "version: 1\na0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    found = problems(bomb)
    assert any("Anchors are not allowed" in problem for problem in found)
    assert any("Aliases are not allowed" in problem for problem in found)


def test_a_tag_never_makes_an_object():
    found = first_problem("version: 1\nname: !!python/object/apply:os.getcwd []\n")
    assert found.startswith("policy.yaml:2:7: name: Tags are not allowed")


def test_merge_keys_are_refused():
    assert "merge key" in first_problem("version: 1\n<<: {name: x}\n")


def test_keys_that_are_not_text_are_mistakes():
    found = problems("version: 1\n1: a\n? [b, c]\n: d\nnull: e\n")
    assert [problem.split(": ", 1)[0] for problem in found] == [
        "policy.yaml:2:1",
        "policy.yaml:3:3",
        "policy.yaml:5:1",
    ]


def test_a_second_document_is_refused():
    assert "second document" in first_problem("version: 1\n---\nversion: 1\n")


def test_deep_nesting_stops_where_it_gets_too_deep():
    assert "nested more than" in first_problem("version: 1\ntools: " + "[" * 500_000)
    assert "nested more than" in first_problem("- " * 500_000)


def test_a_file_with_very_many_values_is_not_read_to_its_end():
    assert "more than 50000 values" in first_problem("[" + "a," * 300_000 + "]")


def test_a_huge_file_is_read_no_further_than_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "huge.yaml"
    with open(path, "wb") as file:
        file.truncate(50_000_000)
    wanted = []
    real_decode = document.decode
    monkeypatch.setattr(document, "decode", lambda raw, source: (wanted.append(len(raw)), real_decode(raw, source))[1])
    with pytest.raises(PolicyError, match=r"huge\.yaml: A policy may have 1048576 bytes"):
        Policy.load(path)
    assert wanted == [document.MAX_BYTES + 1]


def test_a_text_is_measured_in_bytes():
    assert "bytes" in first_problem("# " + "é" * (document.MAX_BYTES // 2) + "\nversion: 1\n")


def test_a_tab_in_the_indentation_is_told_as_such():
    assert "not tabs" in first_problem("version: 1\ntools:\n\tdeny: [a]\n")


def test_a_backslash_in_double_quotes_is_told_to_use_single_ones():
    assert "'single quotes'" in first_problem('version: 1\npatterns: [{regex: "drop\\s"}]\n')


def test_a_glob_without_quotes_is_told_to_use_them():
    assert "in quotes" in first_problem("version: 1\npatterns: [*.pem]\n")


def test_a_file_in_another_encoding_is_named_with_the_place_of_the_byte():
    assert first_problem("version: 1\nname: caf\xe9\n".encode("latin-1")).startswith("policy.yaml:2:10: The byte 0xe9")


def test_utf_16_is_recognised():
    assert "UTF-16" in first_problem("version: 1".encode("utf-16"))


def test_a_byte_order_mark_is_no_mistake():
    assert Policy.loads(b"\xef\xbb\xbfversion: 1") == Policy.loads("\ufeffversion: 1") == Policy(version=1)


def test_a_control_character_is_named_with_its_place():
    assert first_problem("version: 1\nname: a\x00b\n").startswith("policy.yaml:2:8: The character U+0000")


def test_half_a_character_is_refused():
    assert "U+D800" in first_problem("version: 1\nname: \ud800\n")
    with pytest.raises(PolicyError, match="half a character"):
        Policy.from_data({"version": 1, "name": "\ud800"})


def test_columns_count_characters_and_not_bytes():
    assert first_problem("version: 1\ntools: {deny: [éé, no]}\n").startswith("policy.yaml:2:20: ")


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\x85\u2028\n\r #:'"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**17), 10**17) | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=20,
    )
)
@example({"\x85": None})
@example(["1e3", "08", "0o17", "-1.E5"])
def test_what_is_written_is_read_back(data):
    read = document.parse(document.write(data), "<test>")
    assert (read.data, read.problems) == (data, [])
