"""The work of lowering grows with the length of a function, not with its square.

What is counted is calls of functions, so that a slow machine changes nothing.
"""

import importlib.util
import sys

import numpy as np
import pytest

import arignote as ag

OPERATIONS = ("np.sin", "np.cos", "np.tanh", "np.sqrt")


def chained(count: int) -> str:
    """Each value is used twice, so that each has memory until loops are fused."""
    lines = [f"    v{k} = {OPERATIONS[k % 4]}(v{k - 1}) * v{k - 2} + v{k - 1}"
             for k in range(2, count)]  # fmt: skip
    return "\n".join(["def f(x, y):", "    v0, v1 = x, y", *lines, f"    return v{count - 1}"])


def separate(count: int) -> str:
    lines = [f"    v{k} = {OPERATIONS[k % 4]}(x) * {k + 0.5} + y" for k in range(count)]
    return "\n".join(
        ["def f(x, y):", *lines, f"    return {', '.join(f'v{k}' for k in range(count))}"]
    )


def by_rows(count: int) -> str:
    lines = [f"    m = m - np.sum(m, axis=1)[:, None] * {k + 0.25}" for k in range(count)]
    return "\n".join(["def f(x, y):", "    m = x[:, None] * y", *lines, "    return m"])


def products(count: int) -> str:
    lines = [f"    m = m @ n + {k + 0.5}" for k in range(count)]
    return "\n".join(["def f(x, y):", "    m, n = x[:, None] * y, y[:, None] - x", *lines,
                      "    return m"])  # fmt: skip


def shifted(count: int) -> str:
    lines = [f"    x[1:] = y[1:] * {k + 0.5}\n    y[:-1] = x[1:] + y[:-1]" for k in range(count)]
    return "\n".join(["def f(x, y):", *lines, "    return x"])


def compiled(folder, source):
    """The function f of a source, in a file, because tracing reads it there."""
    name = f"program_{len(list(folder.iterdir()))}"
    (folder / f"{name}.py").write_text(f"import numpy as np\n\n\n{source}\n")
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return ag.compile(module.f)


def calls(function) -> int:
    """How many Python functions a call of this one runs."""
    made = 0

    def count(frame, event, argument):
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("make", [chained, separate, by_rows, products, shifted])
def test_four_times_the_statements_take_four_times_the_work(make, tmp_path):
    arguments = np.linspace(0.1, 0.9, 6), np.linspace(0.2, 0.8, 6)
    small, large = (compiled(tmp_path, make(n)) for n in (20, 80))
    compiled(tmp_path, make(5)).compiled_for(*arguments)  # what is done once is done
    work = [calls(lambda f=f: f.compiled_for(*arguments)) for f in (small, large)]
    assert work[1] < 6 * work[0]  # pairs of statements would make it 16


def test_hundreds_of_nests_are_no_deep_recursion(tmp_path):
    x = np.linspace(0.1, 0.9, 5)
    made = compiled(tmp_path, products(300)).compiled_for(x, x)
    assert made.source.count("gemm") > 100


def test_hundreds_of_writes_into_one_array(tmp_path):
    lines = [f"    m[{k % 5}] = m[{k % 5}] * y[{k % 3}] + 1.0" for k in range(150)]
    f = compiled(tmp_path, "\n".join(["def f(m, y):", *lines]))
    y = np.linspace(0.2, 0.8, 5)
    m = np.add.outer(y, y)
    got = m.copy()
    f(got, y)
    for k in range(150):
        m[k % 5] = m[k % 5] * y[k % 3] + 1.0
    np.testing.assert_allclose(got, m, rtol=1e-13)
