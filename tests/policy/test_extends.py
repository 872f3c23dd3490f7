"""A policy that extends others: they decide together, and nothing that one of them denies can be undone."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy import Policy, PolicyError, PolicyHook, document
from smolagents.policy.decision import SEVERITY
from smolagents.policy.judge import Judge

from .executions import execution, refused
from .strategies import executions, policy_data


def write(folder: Path, **files: str) -> Path:
    """Files by their names without `.yaml`; the last one's path."""
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(f"version: 1\n{text}\n", "utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        Policy.load(path)
    return [str(problem).replace(f"{path.parent}{os.sep}", "") for problem in caught.value.problems]


def hook(folder: Path, **files: str) -> PolicyHook:
    return PolicyHook(Policy.load(write(folder, **files)))


def test_a_denial_of_the_parent_holds_whatever_the_child_allows(tmp_path):
    child = hook(
        tmp_path,
        base="default: allow\ntools: {deny: [shell]}",
        child="extends: [base.yaml]\ndefault: allow\ntools: {allow: [shell, read_file]}",
    )
    assert refused(child, execution("shell"))
    assert not refused(child, execution("read_file"))


def test_two_disjoint_allow_lists_allow_nothing(tmp_path):
    child = hook(
        tmp_path, base="tools: {allow: [read_file]}", child="extends: [base.yaml]\ntools: {allow: [send_mail]}"
    )
    assert all(refused(child, execution(name)) for name in ("read_file", "send_mail", "shell"))


def test_two_parents_with_disjoint_allow_lists_allow_nothing(tmp_path):
    child = hook(
        tmp_path, a="tools: {allow: [read_file]}", b="tools: {allow: [send_mail]}", child="extends: [a.yaml, b.yaml]"
    )
    assert all(refused(child, execution(name)) for name in ("read_file", "send_mail", "shell"))


def test_a_child_that_allows_nothing_by_name_leaves_it_to_its_parent(tmp_path):
    child = hook(
        tmp_path,
        base="tools: {allow: [read_file, shell]}",
        child="extends: [base.yaml]\ntools: {deny: [shell]}",
    )
    assert not refused(child, execution("read_file"))
    assert refused(child, execution("shell")) and refused(child, execution("send_mail"))


def test_a_child_that_writes_deny_means_it(tmp_path):
    path = write(tmp_path, base="tools: {allow: [read_file]}", child="extends: [base.yaml]\ndefault: deny")
    assert refused(PolicyHook(Policy.load(path)), execution("read_file"))
    assert Policy.loads(Policy.load(path).dump(), directory=tmp_path).default == "deny"


def test_a_child_in_shadow_does_not_shadow_its_parents(tmp_path):
    child = hook(
        tmp_path,
        base="default: allow\ntools: {deny: [shell]}",
        child="extends: [base.yaml]\nmode: shadow\ntools: {deny: [read_file]}",
    )
    assert refused(child, execution("shell"))
    assert not refused(child, execution("read_file"))


def test_a_parent_in_shadow_does_not_shadow_its_child(tmp_path):
    child = hook(tmp_path, base="mode: shadow", child="extends: [base.yaml]\ntools: {deny: [shell]}")
    assert refused(child, execution("shell"))
    assert not refused(child, execution("read_file"))


def test_patterns_of_all_layers_are_looked_for(tmp_path):
    child = hook(
        tmp_path, base="default: allow\npatterns: [rm -rf]", child="extends: [base.yaml]\npatterns: [drop table]"
    )
    assert refused(child, execution(command="rm -rf /")) and refused(child, execution(command="drop table a"))
    assert not refused(child, execution(command="ls"))


def test_a_reason_says_which_file_its_entry_is_in(tmp_path):
    (tmp_path / "org").mkdir()
    write(tmp_path / "org", common="default: allow\npatterns: [rm -rf]")
    write(tmp_path / "org", base="name: org\nextends: common.yaml\ntools: {deny: [shell]}")
    child = hook(tmp_path, child="extends: [org/base.yaml]\ntools: {deny: [shell]}")
    decision = child.explain(execution("shell", command="rm -rf /"))
    entries = [reason.entry for reason in decision.reasons]
    assert entries == ["org/base.yaml: tools.deny[0]", "tools.deny[0]", "org/common.yaml: patterns[0]"]
    messages = [reason.message for reason in decision.reasons]
    assert messages[0].startswith('the policy "org" (org/base.yaml) denies it by name')
    assert messages[1].startswith("the policy denies it by name")
    assert "what the policy org/common.yaml forbids" in messages[2]


def test_layers_are_parents_first_and_each_once(tmp_path):
    path = write(
        tmp_path,
        common="name: common",
        a="name: a\nextends: common.yaml",
        b="name: b\nextends: [common.yaml, ./common.yaml]",
        child="name: child\nextends: [b.yaml, a.yaml]",
    )
    policy = Policy.load(path)
    assert [layer.name for layer in policy.layers] == ["common", "b", "a", "child"]
    assert [layer.source for layer in policy.layers] == ["common.yaml", "b.yaml", "a.yaml", ""]
    assert policy.layers[-1] is policy
    assert policy.layers[0] == Policy.load(tmp_path / "common.yaml")


def test_very_many_ways_to_the_same_file_are_followed_once(tmp_path):
    for depth in range(9):
        names = ", ".join(f"f{depth + 1}-{width}.yaml" for width in range(5))
        for width in range(5):
            text = f"name: {depth}-{width}\n" + (f"extends: [{names}]" if depth < 8 else "")
            write(tmp_path, **{f"f{depth}-{width}": text})
    policy = Policy.load(tmp_path / "f0-0.yaml")
    assert len(policy.layers) == 41
    assert policy == Policy.load(tmp_path / "f0-0.yaml") != Policy.load(tmp_path / "f0-1.yaml")


def test_what_the_parents_say_is_part_of_the_value(tmp_path):
    path = write(tmp_path, base="tools: {allow: [a]}", child="extends: base.yaml")
    before = Policy.load(path)
    assert before == Policy.load(path) and hash(before) == hash(Policy.load(path))
    for same in (pickle.loads(pickle.dumps(before)), copy.copy(before), copy.deepcopy(before)):
        assert (same, same.digest, same.layers) == (before, before.digest, before.layers)
    write(tmp_path, base="tools: {allow: [b]}")
    after = Policy.load(path)
    assert after != before and after.digest != before.digest
    assert before.layers[0].tools.allow == ("a",)


def test_a_policy_that_extends_others_is_written_as_it_was(tmp_path):
    (tmp_path / "org").mkdir()
    write(tmp_path / "org", base="tools: {allow: [a]}")
    policy = Policy.load(write(tmp_path, child="extends: org/../org/base.yaml\nname: child"))
    assert policy.to_data()["extends"] == ["org/../org/base.yaml"]
    assert Policy.loads(policy.dump(), directory=tmp_path) == policy
    assert Policy.from_data(policy.to_data(), directory=tmp_path) == policy
    policy.save(tmp_path / "copy.yaml")
    assert Policy.load(tmp_path / "copy.yaml") == policy


def test_a_policy_is_not_saved_where_it_would_mean_something_else(tmp_path):
    policy = Policy.load(write(tmp_path, base="tools: {allow: [a]}", child="extends: base.yaml"))
    other = tmp_path / "other"
    other.mkdir()
    for text in (None, "tools: {allow: [b]}"):
        if text:
            write(other, base=text)
        with pytest.raises(PolicyError, match="extends: Here `extends` leads to other policies than"):
            policy.save(other / "child.yaml")
        assert not (other / "child.yaml").exists()
    write(other, base="tools: {allow: [a]}")
    policy.save(other / "child.yaml")
    assert Policy.load(other / "child.yaml") == policy


def test_a_text_without_a_folder_extends_nothing(tmp_path):
    with pytest.raises(PolicyError, match="2:10: extends: This policy has no folder .* give `directory=`"):
        Policy.loads("version: 1\nextends: base.yaml")
    with pytest.raises(PolicyError, match="give `directory=`"):
        Policy.from_data({"version": 1, "extends": ["base.yaml"]})
    with pytest.raises(ValueError, match="give `directory=`"):
        Policy(version=1, extends=("base.yaml",))


def test_a_circle_is_refused(tmp_path):
    assert problems(write(tmp_path, child="extends: child.yaml"))[0] == (
        "child.yaml:2:10: extends: Here a policy extends itself: child.yaml -> child.yaml. Remove one of these."
    )
    found = problems(write(tmp_path, a="extends: [b.yaml]", b="extends: [a.yaml]"))
    assert "b.yaml:2:11: extends[0]: The policy" in found[0] and "has mistakes" in found[0]
    assert found[1] == (
        "a.yaml:2:11: extends[0]: Here a policy extends itself: b.yaml -> a.yaml -> b.yaml. Remove one of these."
    )


def test_a_link_does_not_hide_a_circle(tmp_path):
    (tmp_path / "other.yaml").symlink_to(tmp_path / "child.yaml")
    assert "extends itself" in problems(write(tmp_path, child="extends: other.yaml"))[0]


def test_a_file_that_is_not_there_is_told_with_the_nearest_one(tmp_path):
    (problem,) = problems(write(tmp_path, base="", child="extends: [bsae.yaml]"))
    assert problem == 'child.yaml:2:11: extends[0]: There is no file "bsae.yaml". Did you mean base.yaml?'
    (problem,) = problems(write(tmp_path, child="extends: [.]"))
    assert "There is no file" in problem
    (problem,) = problems(write(tmp_path, child=r'extends: ["\0"]'))
    assert "There is no file" in problem


def test_mistakes_in_a_parent_have_their_own_place_and_the_place_that_led_there(tmp_path):
    found = problems(
        write(tmp_path, base="tols: {}\ndefault: alow", child="extends: [base.yaml]\ndefault: alow\nlimits: 5")
    )
    assert [problem.split(": ")[0] for problem in found] == [
        "child.yaml:2:11",
        "child.yaml:3:10",
        "child.yaml:4:9",
        "base.yaml:2:1",
        "base.yaml:3:10",
    ]


def test_mistakes_in_a_shared_parent_are_told_once(tmp_path):
    found = problems(
        write(
            tmp_path,
            base="tols: {}",
            a="extends: base.yaml",
            b="extends: base.yaml",
            child="extends: [a.yaml, b.yaml]",
        )
    )
    assert [problem.split(":")[0] for problem in found] == [
        "child.yaml", "child.yaml", "a.yaml", "base.yaml", "b.yaml"
    ]  # fmt: skip


def test_a_parent_that_is_no_yaml_is_a_problem_with_its_place(tmp_path):
    found = problems(write(tmp_path, base="tools: [", child="extends: base.yaml"))
    assert found[0].startswith("child.yaml:2:10: extends: ") and found[1].startswith("base.yaml:3:")


@pytest.mark.parametrize("entry", ["[]", "[5]", "[[base.yaml]]", '""', "{a: b}", "~", "[~]", "5"])
def test_what_is_no_list_of_files_is_refused(tmp_path, entry):
    found = problems(write(tmp_path, base="", child=f"extends: {entry}"))
    assert found and all(problem.startswith("child.yaml:2:1") for problem in found)


def test_no_more_than_fifty_files_are_read(tmp_path):
    names = [f"f{number}" for number in range(51)]
    write(tmp_path, **{name: f"name: {name}" for name in names})
    listed = ", ".join(f"{name}.yaml" for name in names[:50])
    assert len(Policy.load(write(tmp_path, child=f"extends: [{listed}]")).layers) == 51
    write(tmp_path, f0="extends: f50.yaml")
    assert "50 files at most" in problems(tmp_path / "child.yaml")[0]


def test_no_more_than_ten_files_deep_are_read(tmp_path):
    write(tmp_path, **{f"f{depth}": f"name: a{depth}\nextends: f{depth + 1}.yaml" for depth in range(10)}, f10="")
    assert len(Policy.load(tmp_path / "f1.yaml").layers) == 10
    assert any("10 deep at most" in problem for problem in problems(tmp_path / "f0.yaml"))


def test_all_files_together_are_no_larger_than_one_may_be(tmp_path):
    filler = "# " + "x" * (document.MAX_BYTES // 2)
    write(tmp_path, a=filler, b=filler, c="name: c")
    found = problems(write(tmp_path, child="extends: [a.yaml, b.yaml, c.yaml]"))
    assert len(found) == 1 and found[0].startswith("child.yaml:2:27: extends[2]: ") and "bytes" in found[0]


def test_patterns_of_all_layers_have_to_fit_together(tmp_path):
    write(tmp_path, a="patterns: [" + "a, " * 6000 + "]", b="patterns: [" + "b, " * 6000 + "]")
    (problem,) = problems(write(tmp_path, child="extends: [a.yaml, b.yaml]"))
    assert "may have 10000 patterns together" in problem


@st.composite
def families(draw):
    """The data of some policies; each may extend those before it."""
    data = draw(st.lists(policy_data, min_size=2, max_size=4))
    for index, policy in enumerate(data[1:], start=1):
        is_last = index == len(data) - 1
        parents = draw(st.lists(st.integers(0, index - 1), min_size=1 if is_last else 0, max_size=2))
        if parents:
            policy["extends"] = [f"{parent}.yaml" for parent in parents]
    return data


@given(families(), st.lists(executions, min_size=1, max_size=5))
def test_whatever_a_policy_allows_each_policy_that_it_extends_allows(tmp_path_factory, data, about):
    folder = tmp_path_factory.mktemp("family")
    for index, policy in enumerate(data):
        (folder / f"{index}.yaml").write_text(document.write(policy), "utf-8")
    child = Policy.load(folder / f"{len(data) - 1}.yaml")
    assert Policy.loads(child.dump(), directory=folder) == child
    kinds = frozenset(("tool", "agent", "code", "operation"))
    for layer in child.layers[:-1]:
        for each in about:
            of_child, of_layer = (severity(policy, kinds, each) for policy in (child, layer))
            assert of_child >= of_layer


def severity(policy, kinds, about):
    reasons = Judge(policy, kinds).decide(about).reasons
    return max((SEVERITY.index(reason.action) for reason in reasons if reason.counts), default=0)


def test_expressions_of_all_files_together_may_cost_as_much_as_those_of_one(tmp_path):
    regexes = "patterns: [" + r"{regex: '\pL{200}'}, " * 2 + "]"
    names = [f"f{number}" for number in range(20)]
    write(tmp_path, **{name: f"name: {name}\n{regexes}" for name in names})
    found = problems(write(tmp_path, child="extends: [" + ", ".join(f"{name}.yaml" for name in names) + "]"))
    assert any("too much together" in problem for problem in found)


def test_a_family_in_which_everyone_extends_everyone_before_is_read_in_bounded_time(tmp_path, monkeypatch):
    made = []
    real_canonical = Policy.canonical
    monkeypatch.setattr(Policy, "canonical", lambda self: (made.append(self), real_canonical(self))[1])
    write(tmp_path, f0="patterns: [a]")
    for number in range(1, 10):
        parents = ", ".join(f"f{parent}.yaml" for parent in range(number))
        write(tmp_path, **{f"f{number}": f"name: n{number}\nextends: [{parents}]"})
    assert len(Policy.load(tmp_path / "f9.yaml").layers) == 10
    assert len(made) == 9  # one digest for each file that is extended, however often


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_link_in_two_folders_extends_what_is_beside_each(tmp_path):
    for name in ("common", "a", "b"):
        (tmp_path / name).mkdir()
    write(tmp_path / "common", base="extends: [own.yaml]")
    for name in ("a", "b"):
        os.symlink("../common/base.yaml", tmp_path / name / "base.yaml")
        write(tmp_path / name, own=f"default: allow\ntools: {{deny: [tool_of_{name}]}}")
    child = hook(tmp_path, child="extends: [a/base.yaml, b/base.yaml]")
    assert refused(child, execution("tool_of_a"))
    assert refused(child, execution("tool_of_b"))
    assert not refused(child, execution("read_file"))


def test_a_time_for_approvals_that_is_written_counts_although_it_is_the_default_and_survives_a_round_trip(tmp_path):
    path = write(
        tmp_path,
        base="default: allow\napprovals: {wait_seconds: 900, valid_seconds: 1000}\n"
        "rules: [{id: shell, when: {name: shell}, action: ask}]",
        child="extends: [base.yaml]\napprovals: {wait_seconds: 300, valid_seconds: 900}",
    )
    policy = Policy.load(path)
    for same in (policy, Policy.loads(policy.dump(), directory=tmp_path)):
        asked = []
        asking = PolicyHook(same, clock=lambda: 0.0)
        asking.on("approval_requested", lambda event: asked.append(event.request), synchronous=True)
        assert refused(asking, execution("shell"))
        assert (asked[0].expires, asked[0].approve().expires) == (300, 900)
    assert policy != Policy.loads("version: 1\nextends: base.yaml", directory=tmp_path)


def test_an_empty_allow_list_of_a_child_allows_nothing(tmp_path):
    child = hook(tmp_path, base="default: allow", child="extends: [base.yaml]\ntools: {allow: []}")
    assert refused(child, execution("shell"))
    assert Policy.loads(child.policy.dump(), directory=tmp_path) == child.policy
    assert child.policy == Policy.loads("version: 1\nextends: [base.yaml]\ndefault: deny", directory=tmp_path)
