"""Which values of a call's arguments are looked at, and that nothing else is touched."""

from __future__ import annotations

from types import MappingProxyType

from smolagents.hooks import Opaque
from smolagents.policy.leaves import Arguments

from .executions import frozen


def texts(arguments) -> dict[str, str]:
    leaves = Arguments(arguments).values("*")
    return {leaf.where: leaf.forms[0] for leaf in leaves if type(leaf.forms[0]) is str}


def found(**arguments) -> dict[str, str]:
    return texts(frozen(arguments))


def test_every_string_is_a_text_of_its_own():
    assert found(command="ls", path="/") == {"arguments.command": "ls", "arguments.path": "/"}


def test_nested_strings_have_a_path():
    assert found(job={"steps": [{"run": "ls"}]}) == {
        'arguments.job["steps"] (key)': "steps",
        'arguments.job["steps"][0]["run"] (key)': "run",
        'arguments.job["steps"][0]["run"]': "ls",
    }


def test_a_list_of_strings_is_also_a_command_line():
    assert found(argv=["rm", "-rf", "/"])["arguments.argv (joined)"] == "rm -rf /"
    assert found(argv=["rm", 5, "-rf"])["arguments.argv (joined)"] == "rm -rf"
    assert "arguments.argv (joined)" not in found(argv=["rm"])


def test_keys_are_texts_but_the_names_of_arguments_are_not():
    assert found(headers={"X-Key": 1}) == {'arguments.headers["X-Key"] (key)': "X-Key"}


def test_bytes_sets_and_tuples_as_keys_are_looked_into():
    assert found(data=b"rm \xff") == {"arguments.data": "rm \ufffd"}
    assert sorted(found(names={"a", "b"}).values()) == ["a", "b"]
    assert "rm" in found(table={("rm", 1): 2}).values()


def test_numbers_and_nothing_are_no_texts():
    assert found(a=1, b=2.5, c=None, d=True) == {}


def test_a_value_of_unknown_type_is_never_touched():
    class Trap:
        def touched(self, *args):
            raise AssertionError("a guard must not call into a value")

        __str__ = __repr__ = __len__ = __eq__ = __hash__ = __iter__ = __getattr__ = __class_getitem__ = touched

    arguments = MappingProxyType({"trap": Trap(), "list": (Trap(), "x"), "opaque": Opaque("Trap")})
    assert list(texts(arguments).values()) == ["x"]


def test_depth_does_not_matter():
    value: object = "rm"
    for _ in range(20_000):
        value = (value,)
    assert list(texts({"deep": value}).values()) == ["rm"]


def test_a_long_or_hostile_key_does_not_spoil_the_path():
    (place,) = texts(frozen({"h": {"a\n" * 500: 1}}))
    assert "\n" not in place and len(place) < 100
