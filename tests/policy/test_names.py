"""Which entries of a list name a tool."""

from __future__ import annotations

import pytest

from smolagents.policy.names import NameList


def test_a_name_is_named_by_itself_and_by_globs_in_the_order_of_the_list():
    names = NameList(["read_*", "read_file", "write_file", "*_file"])
    assert names.naming("read_file") == [(0, "read_*"), (1, "read_file"), (3, "*_file")]
    assert names.naming("shell") == []


def test_names_are_matched_whole_and_case_counts():
    names = NameList(["read_*", "shell"])
    assert not names.naming("thread_pool") and not names.naming("shell2") and not names.naming("Shell")


def test_a_name_with_a_line_break_is_still_matched_whole():
    assert not NameList(["read_?"]).naming("read_a\nshell")
    assert NameList(["*"]).naming("a\nb")


def test_a_name_with_half_a_character_is_matched_like_any_other():
    names = NameList(["shell*", "*"])
    assert names.naming("shell\ud800") == [(0, "shell*"), (1, "*")]
    assert names.naming("\udcff") == [(1, "*")]


def test_an_entry_of_wildcards_alone_says_nothing_about_a_name():
    names = NameList(["*", "?*", "final_*"])
    assert names.naming("final_answer", by_wildcards_alone=False) == [(2, "final_*")]


@pytest.mark.parametrize(
    "entry, name",
    [("remote-rm", "remote_rm"), ("files.read", "files_read"), ("remote-*", "remote_rm"), ("a[b-d]", "ac")],
)
def test_a_name_as_an_mcp_server_writes_it_names_the_tool_as_agents_call_it(entry, name):
    assert NameList([entry]).naming(name) == [(0, entry if "*" in entry or "[" in entry else name)]
