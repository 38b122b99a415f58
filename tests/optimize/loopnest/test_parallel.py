"""The work of a step, by which a kernel decides whether threads share a loop."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import arignote as ag


def _swept(a: Any) -> Any:
    return (a @ a[0]) @ a


def _triangle(a: Any) -> Any:
    out = np.zeros(len(a))
    for i in range(len(a)):
        s = 0.0
        for j in range(i):
            s += a[i, j]
        out[i] = s
    return out


@pytest.mark.parametrize("function", [_swept, _triangle])
def test_steps_of_inner_loops_that_depend_on_outer_ones_are_counted(
    function: Any,
) -> None:
    a = np.arange(12_000.0).reshape(120, 100) if function is _swept else np.ones((400, 400))
    source = ag.compile(function).source(a)
    works = re.findall(r"an_parts\(ctx\.threads, \w+, (.*), [\d.]+\)", source)
    assert any(re.search(r"\ba_[0n]\b", work) for work in works), works
    np.testing.assert_allclose(ag.compile(function)(a), function(a), rtol=1e-12)
