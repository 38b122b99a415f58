"""Numbers that meet the elements of an array are computed once, not for every element."""

import numpy as np
import pytest

import arignote as ag

FUNCTIONS = {
    "a power": lambda x, a: x * a**1.7,
    "inside a sum": lambda x, a: x + (2.0 + np.arctan(a) * 3.0),
    "in a loop": lambda x, a: sum(x * np.sinh(a + k) for k in range(3)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("number", [1.3, 0.4 + 0.2j])
def test_once(name, number):
    f, x = FUNCTIONS[name], np.linspace(0, 1, 7)
    compiled = ag.compile(f)
    np.testing.assert_allclose(compiled(x, number), f(x, number), rtol=1e-14)
    slow = ("power", "arctan", "sinh", "**")
    for line in str(compiled.program(x, number)).splitlines():
        assert "x[" not in line or not any(word in line for word in slow), line
