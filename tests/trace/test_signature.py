"""Signatures: dtypes, shared sizes, memory layouts."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.errors import DTypeError
from arignote.trace.pytree import flatten
from arignote.trace.signature import (
    ArraySpec,
    ObjectSpec,
    ScalarSpec,
    StaticSpec,
    layout_of,
    signature_of,
)  # fmt: skip


def signature(*args, static=()):
    leaves, tree = flatten((args, {}))
    return signature_of(tree, leaves, frozenset(static))


def test_equal_sizes_share_a_slot():
    a, b = np.zeros((3, 5)), np.zeros((5, 1, 0))
    s, slots = signature(a, b, 5, 7)
    assert [x.sizes for x in s.leaves[:2]] == [(-1, -2), (-2, 1, 0)]
    assert [x.slot for x in s.leaves[2:]] == [1, 2]
    assert slots == (3, 5, 7)


def test_values_do_not_matter_but_kinds_do():
    same = [signature(np.zeros(n), n + 1, 2.5 * n)[0] for n in (3, 4, 9)]
    assert len(set(same)) == 1
    kinds = [signature(x)[0] for x in (1, 1.0, 1j, True, np.int64(1), np.float32(1), None, "x")]
    assert len(set(kinds)) == len(kinds)


def test_static_values_compare_by_type_and_value():
    assert StaticSpec(1) == StaticSpec(1) != StaticSpec(True)
    assert signature(True)[0] != signature(False)[0]
    assert signature(2.5, static=[0])[0] != signature(3.5, static=[0])[0]
    assert isinstance(signature(2**70)[0].leaves[0], StaticSpec)


def test_opaque_objects():
    s, _ = signature(np.random.default_rng(0))
    assert s.leaves == (ObjectSpec(np.random.Generator),)


def test_kinds_of_numbers():
    s, _ = signature(2.5, np.float32(1), np.zeros((), int))
    assert s.leaves[0] == ScalarSpec("python", np.dtype(float))
    assert s.leaves[1] == ScalarSpec("numpy", np.dtype(np.float32))
    assert s.leaves[2] == ArraySpec(np.dtype(int), (), "C")


def test_layouts():
    a = np.zeros((4, 6))
    assert layout_of(a) == "C"
    assert layout_of(a.T) == "F"
    assert layout_of(a[:, 1:]) == "rows"
    assert layout_of(a[::2]) == "rows"
    assert layout_of(a[::-1]) == "strided"
    assert layout_of(a[:, ::2]) == "strided"
    assert layout_of(np.broadcast_to(a[0], (3, 6))) == "strided"
    assert layout_of(a[0, ::2]) == "strided"
    assert layout_of(a.astype(">f8")) == "C"  # kernels get a copy
    assert layout_of(np.zeros(20, np.uint8)[1:17].view(float)) == "C"


@pytest.mark.parametrize("dtype", ["O", "U3", "S2", "M8[s]", "V4", np.longdouble])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(DTypeError, match="is not supported"):
        signature(np.zeros(3, dtype))
