"""What hooks see of arguments and what the callee gets: the same content, once frozen and once fresh."""

import math
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents import CodeAgent, Opaque, Tool
from smolagents.hook_arguments import (
    MAX_DEPTH,
    MAX_ITEMS,
    ArgumentCopier,
    ArgumentsRefused,
    bind_arguments,
    freeze,
)
from smolagents.hooks_testing import RecordingHook, ScriptedModel, code


class Taking(Tool):
    """A tool that keeps what it gets."""

    name = "take"
    description = "Takes."
    inputs = {
        "first": {"type": "any", "description": "One."},
        "second": {"type": "any", "description": "Two.", "nullable": True},
    }
    output_type = "any"

    def __init__(self):
        super().__init__()
        self.taken = []

    def forward(self, first, second="default"):
        self.taken.append((first, second))
        return first


class Touchy:
    """Notes every call of a method that a guard might be tempted to call."""

    touched: list[str] = []

    def _note(name):
        return lambda self, *args: Touchy.touched.append(name)

    for _name in ("__str__", "__repr__", "__len__", "__eq__", "__hash__", "__iter__", "__bool__", "__deepcopy__"):
        locals()[_name] = _note(_name)
    for _name in ("__copy__", "__reduce__", "__getstate__", "__getitem__", "__contains__", "__format__", "__index__"):
        locals()[_name] = _note(_name)


def run_program(program, tool, hook):
    agent = CodeAgent(
        tools=[tool], model=ScriptedModel(code(program), code("final_answer('done')")), hooks=[hook], verbosity_level=0
    )
    agent.run("task")
    return agent


plain_keys = st.text() | st.integers() | st.booleans() | st.none() | st.binary() | st.tuples(st.integers(), st.text())
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.lists(children, max_size=4).map(tuple)
        | st.dictionaries(plain_keys, children, max_size=4)
        | st.sets(plain_keys, max_size=4)
        | st.frozensets(plain_keys, max_size=4)
    ),
    max_leaves=20,
)


def thaw(value):
    """A frozen value with lists and tuples alike, to compare with."""
    if isinstance(value, (dict, MappingProxyType)):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return frozenset(value) if isinstance(value, set) else value


def containers_in(value):
    if isinstance(value, (dict, list, set)):
        yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from containers_in(item)


@given(plain)
def test_both_copies_of_plain_data_have_its_content(value):
    frozen, fresh = ArgumentCopier().copy(value)
    assert fresh == value and type(fresh) is type(value)
    assert thaw(frozen) == thaw(value)


@given(plain)
def test_the_fresh_copy_shares_no_container_with_the_original_and_the_frozen_one_has_none(value):
    frozen, fresh = ArgumentCopier().copy(value)
    assert {id(item) for item in containers_in(fresh)}.isdisjoint(id(item) for item in containers_in(value))
    assert list(containers_in(frozen)) == []


def test_what_is_shared_stays_shared_in_the_fresh_copy():
    shared = [1]
    _, fresh = ArgumentCopier().copy([shared, shared])
    assert fresh[0] is fresh[1]


@pytest.mark.parametrize(
    "base, value", [(str, "text"), (int, 7), (float, math.pi), (bytes, b"bytes")], ids=lambda value: str(value)
)
def test_an_instance_of_a_subclass_becomes_its_base_type_for_both(base, value):
    def lie(*args):
        raise AssertionError("called")

    names = (
        "__str__",
        "__repr__",
        "__int__",
        "__index__",
        "__float__",
        "__bytes__",
        "__getitem__",
        "__eq__",
        "__hash__",
    )
    subclass = type("Lying", (base,), dict.fromkeys(names, lie))
    for copy in ArgumentCopier().copy(subclass(value)):
        assert type(copy) is base and copy == value


def test_nothing_of_a_value_of_another_type_is_ever_called():
    Touchy.touched.clear()
    value = Touchy()
    values = [value, {"key": value}, (value, [value])]
    frozen, fresh = ArgumentCopier().copy(values)
    assert fresh[0] is value and frozen[0] == Opaque("Touchy")
    assert Touchy.touched == []


def test_a_container_whose_keys_are_no_plain_data_is_opaque_as_a_whole():
    class Key:
        hashed = 0

        def __hash__(self):
            Key.hashed += 1
            return 1

    mapping, elements = {Key(): 1}, {Key()}
    Key.hashed = 0
    frozen, fresh = ArgumentCopier().copy([mapping, elements])
    assert frozen == (Opaque("dict"), Opaque("set"))
    assert fresh[0] is mapping and fresh[1] is elements
    assert Key.hashed == 0


def test_the_name_of_an_opaque_type_is_not_asked_of_its_metaclass():
    class Meta(type):
        __name__ = property(lambda cls: 1 / 0)

    assert freeze(Meta("Named", (), {})()) == Opaque("Named")


def test_arguments_that_contain_themselves_are_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ArgumentsRefused, match="contains itself"):
        ArgumentCopier().copy(endless)


def test_arguments_nested_too_deep_are_refused():
    value = []
    for _ in range(MAX_DEPTH):
        value = [value]
    with pytest.raises(ArgumentsRefused) as refused:
        ArgumentCopier().copy(value)
    assert refused.value.code == "arguments_too_deep"


def test_a_structure_that_is_shared_thirty_times_over_counts_as_what_a_hook_would_walk():
    value = ["x"]
    for _ in range(30):
        value = [value, value]
    with pytest.raises(ArgumentsRefused) as refused:
        ArgumentCopier().copy(value)
    assert refused.value.code == "arguments_too_large"


def test_all_arguments_of_a_call_count_together():
    copier = ArgumentCopier()
    copier.copy([0] * (MAX_ITEMS // 2))
    with pytest.raises(ArgumentsRefused):
        copier.copy([1] * (MAX_ITEMS // 2))


@pytest.mark.parametrize(
    "args, kwargs, expected",
    [
        ((1, 2), {}, {"first": 1, "second": 2}),
        ((1,), {}, {"first": 1, "second": "default"}),
        ((1,), {"second": 2}, {"first": 1, "second": 2}),
        ((), {"second": 2, "first": 1}, {"first": 1, "second": 2}),
        (({"first": 1, "second": 2},), {}, {"first": 1, "second": 2}),
        (({"other": 1},), {}, {"first": {"other": 1}, "second": "default"}),
    ],
)
def test_arguments_are_bound_to_names_as_the_tool_binds_them(args, kwargs, expected):
    tool = Taking()
    frozen, _, fresh, error = bind_arguments(tool, args, kwargs)
    assert error is None and thaw(frozen) == expected
    tool(*args, **kwargs)
    tool(**fresh)
    assert tool.taken[0] == tool.taken[1]


@pytest.mark.parametrize("args, kwargs", [((1, 2, 3), {}), ((1,), {"first": 1}), ((), {"third": 1})])
def test_arguments_that_do_not_fit_are_an_error_and_still_shown(args, kwargs):
    frozen, _, _, error = bind_arguments(Taking(), args, kwargs)
    assert isinstance(error, TypeError)
    assert frozen.get("args", ()) == args


def test_a_dictionary_that_answers_differently_when_asked_by_the_tool_is_read_as_it_is():
    class Lying(dict):
        def __iter__(self):
            return iter(["first"])

        def keys(self):
            return ["first"]

        def __getitem__(self, key):
            return "evil"

    frozen, _, fresh, _ = bind_arguments(Taking(), (Lying(first="good"),), {})
    assert frozen["first"] == "good" and fresh == {"first": "good"}


def test_a_keyword_that_is_an_instance_of_a_subclass_of_str_becomes_a_plain_name():
    class Name(str):
        __hash__ = lambda self: 0  # noqa: E731
        __eq__ = lambda self, other: False  # noqa: E731

    frozen, _, fresh, error = bind_arguments(Taking(), (), {Name("first"): 1})
    assert error is None and set(map(type, fresh)) == {str}
    assert frozen["first"] == 1


def test_a_tool_with_a_generic_signature_is_bound_by_its_declared_inputs():
    class Generic(Taking):
        skip_forward_signature_validation = True

        def forward(self, *args, **kwargs):
            return self.taken.append((args, kwargs))

    one, other = Generic(), Generic()
    other.inputs = {"path": one.inputs["first"]}
    assert bind_arguments(one, (1, 2), {})[0] == {"first": 1, "second": 2}
    assert bind_arguments(other, (1,), {})[0] == {"path": 1}


def test_a_tool_that_takes_arguments_by_position_only_gets_them_so():
    class ByPosition(Taking):
        def forward(self, first, /, second="default"):
            self.taken.append((first, second))

    tool = ByPosition()
    frozen, fresh_args, fresh, error = bind_arguments(tool, ([1],), {"second": 2, "sanitize_inputs_outputs": True})
    assert error is None and thaw(frozen) == {"first": [1], "second": 2}
    tool(*fresh_args, **fresh)
    assert tool.taken == [([1], 2)]


# The same from generated code


def test_a_string_whose_methods_lie_reaches_hook_and_tool_as_what_it_is():
    tool, hook = Taking(), RecordingHook()
    program = """
class Lying(str):
    def __str__(self):
        return 'harmless'
    def __eq__(self, other):
        return True
take(Lying('evil'))
"""
    run_program(program, tool, hook)
    ((first, _),) = tool.taken
    assert type(first) is str and first == "evil"
    assert hook.asked_about("take").arguments["first"] == "evil"


def test_a_list_that_changes_after_the_check_does_not_change_for_the_tool():
    tool, kept = Taking(), []

    def change(execution):
        if execution.name == "take":
            kept[0].append("rm -rf")

    hook = RecordingHook(change)
    agent = CodeAgent(
        tools=[tool],
        model=ScriptedModel(code("take(items)"), code("final_answer('done')")),
        hooks=[hook],
        verbosity_level=0,
    )
    kept.append(["ls"])
    agent.run("task", additional_args={"items": kept[0]})
    assert kept[0] == ["ls", "rm -rf"]
    assert tool.taken == [(["ls"], "default")]


@pytest.mark.parametrize(
    "method", ["__deepcopy__", "__len__", "__eq__", "__str__", "__repr__", "__hash__", "__iter__"]
)
def test_no_method_of_a_generated_argument_runs(method):
    tool, hook = Taking(), RecordingHook()
    program = f"""
ran = []
class Evil:
    def {method}(self, *args):
        ran.append(1)
        return 'x'
take(Evil())
print('ran', len(ran))
"""
    agent = run_program(program, tool, hook)
    assert "ran 0" in agent.memory.steps[1].observations
    assert hook.asked_about("take").arguments["first"] == Opaque("Evil")


def test_arguments_that_no_hook_could_walk_are_denied_with_a_reason():
    tool, hook = Taking(), RecordingHook()
    agent = run_program("d = ['x']\nfor i in range(30):\n    d = [d, d]\ntake(d)", tool, hook)
    assert tool.taken == []
    assert "arguments_too_large" in agent.memory.steps[1].observations


@pytest.mark.parametrize("value", [[1, {2}], {"a": (1,)}, "text", b"x", None])
def test_a_frozen_view_cannot_be_changed(value):
    frozen = freeze({"value": value})
    with pytest.raises(TypeError):
        frozen["value"] = 1
    assert not isinstance(frozen["value"], (list, dict, set))
