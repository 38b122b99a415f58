"""Pytrees: what is flattened comes back, and structures compare by value."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import pytest

from arignote.trace.pytree import LEAF, flatten, register_pytree

Point = namedtuple("Point", "x y")


@dataclasses.dataclass(frozen=True)
class Box:
    inside: object
    label: str


class Own:
    def __repr__(self):
        return "Own()"

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)


register_pytree(Own, lambda o: ((o.a,), o.b), lambda b, parts: Own(parts[0], b))

VALUES = [
    1, None, (), [], {}, (1, [2, {"k": 3}]), Point(1, (2, None)), Box([1, 2], "text"),
    {"b": 1, "a": (2,)}, Own([5, 6], "meta"), (Own(1, "x"), Own(1, "y")),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_round_trip(value):
    leaves, tree = flatten(value)
    assert tree.unflatten(leaves) == value
    assert type(tree.unflatten(leaves)) is type(value)
    assert tree.count == len(leaves) == len(tree.names("v"))
    assert hash(tree) == hash(flatten(value)[1])


def test_structures_differ():
    trees = [flatten(v)[1] for v in VALUES]
    for k, t in enumerate(trees):
        assert [j for j, u in enumerate(trees) if t == u] == [k]


def test_leaves_of_dicts_keep_their_order():
    assert flatten({"b": 1, "a": 2})[0] == [1, 2]
    assert flatten({"b": 1, "a": 2})[1] != flatten({"a": 2, "b": 1})[1]


def test_names_lead_to_the_leaf():
    _, tree = flatten({"w": [1, Point(2, 3)], "s": Box(4, 5)})
    assert tree.names("p") == ["p.w.0", "p.w.1.x", "p.w.1.y", "p.s.inside", "p.s.label"]


def test_other_objects_are_leaves():
    leaves, tree = flatten(object())
    assert tree is LEAF and len(leaves) == 1
