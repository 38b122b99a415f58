"""Array ops in C: library ops that a C function computes before their NumPy meaning is asked.

A function `int32_t name(void **p, const int64_t *d, int32_t threads)` gets pointers to the operands
and then to the results, and the numbers `d`: dims then strides (in elements) of every operand that
is an array, the dims of every result (which is in C order), then the integers among the op's
attributes.  It returns 0 where it has computed the results; else the NumPy meaning is run.

The package's own stand in `arrays/*.h`, where T is the element type; an op of the user brings its
own as `op.extra["array_c"]`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ..fxgraph.node import Node
from ..fxgraph.types import OPAQUE, TensorType
from ..optimize.loopnest.program import Library, Panel
from .numpy_loops import loop_name, loop_text
from .scalar_code import code


@dataclass(frozen=True)
class ArrayC:
    """dtypes: characters of NumPy's element types it is there for (of the first operand).
    text(name, n): the C of a function of that name, for a node.  attrs: whose integers follow.
    results: characters that the first result's element type may have, where it is another.
    loop: the loop of NumPy's that the C calls, by its name in numpy_loops.py.
    """

    dtypes: str
    text: Callable[[str, Node], str]
    attrs: tuple[str, ...] = ()
    results: str = ""
    loop: Callable[[Node], str] | None = None


@dataclass(frozen=True)
class ArrayCuda:
    """A user's kernel for whole arrays, kept as `op.extra["array_cuda"]`.

    dtypes: characters of NumPy's element types it is there for (of the first operand).
    text(name, n): the kernel of that name for a node, and what comes before it.  It gets, of each
    operand, a pointer, an offset, and dims and strides in elements; of each result a pointer, an
    offset and dims; then the integers among its keywords.  numbers(n): these.
    """

    dtypes: str
    text: Callable[[str, Node], str]
    numbers: Callable[[Node], tuple[int, ...]]


def array_c(n: Node | None, s: Library) -> ArrayC | None:
    """The C of a call that stands for node n, where the op has some for the type of its elements.
    """
    if s.name != "python" or n is None or not s.inputs or not isinstance(s.inputs[0], Panel):
        return None
    found: ArrayC | None = _OWN.get(n.op.name) or n.op.extra.get("array_c")
    if found is None or s.inputs[0].buffer.dtype.char not in found.dtypes:
        return None
    if found.results and s.outputs[0].buffer.dtype.char not in found.results:
        return None
    return found


def function_name(n: Node) -> str:
    """One name for each kind of operands and results, and for each word among the attributes."""
    types = [*(x.type for x in n.inputs if x.shape), *results_of(n)]
    kinds = [f"{code(t.dtype)}x{len(t.shape)}" for t in types if t.dtype != OPAQUE]
    words = [v for _, v in n.attrs if isinstance(v, str)]
    return "_".join(["an_array", n.op.name, *kinds, *words])


def results_of(n: Node) -> tuple[TensorType, ...]:
    """The types of a node's results."""
    return n.type if isinstance(n.type, tuple) else (n.type,)


def numbers(found: ArrayC, n: Node) -> list[int]:
    """The integers among the attributes, in order."""
    out: list[int] = []
    for name in found.attrs:
        value: Any = n.attr(name)
        out += [int(v) for v in value] if isinstance(value, tuple) else [int(value)]
    return out


@functools.cache
def _file(name: str) -> str:
    return resources.files("arignote.emit").joinpath("arrays", name).read_text("utf-8")


def typed(text: str, t: str) -> str:
    """T as a word and at the end of names, as the element type with code `t`."""
    text = re.sub(r"(?<=[A-Za-z])_T\b", f"_{t}", text)
    return re.sub(r"\bT\b", f"an_{t}", text)


def _calling(name: str, t: str, call: str, *files: str) -> str:
    """The C function of that name: what `call` says, of these files' functions for type t."""
    return (
        "\n".join(typed(_file(f), t) for f in files)
        + f"\nstatic int32_t {name}(void **p, const int64_t *d, int32_t threads) {{\n"
        f"    return {call};\n}}"
    )


def _convolution(what: int) -> ArrayC:
    def text(name: str, n: Node) -> str:
        t = code(n.dtype)
        call = f"an_conv_call_{t}({what}, {n.rank - 2}, p, d, threads)"
        return _calling(name, t, call, "convolution.h")

    return ArrayC("fd", text, ("stride", "dilation", "groups"))


def _sparse(what: int) -> ArrayC:
    def text(name: str, n: Node) -> str:
        t = code(n.dtype)
        return _calling(name, t, f"an_sparse_call_{t}({what}, p, d, threads)", "sparse.h")

    return ArrayC("fd" if what < 2 else "lq", text, (), "fd")


def _convolve(name: str, n: Node) -> str:
    t = code(n.dtype)
    return _calling(name, t, f"an_convolve_{t}(p, d)", "convolve.h")


def _sorting(positions: bool) -> ArrayC:
    def text(name: str, n: Node) -> str:
        x = n.inputs[0]
        t, stable = code(x.dtype), n.attr("kind") == "stable"
        call = f"an_sort_rows_{t}({x.rank}, p, d, {int(positions)}, {int(stable)})"
        return _calling(name, t, call, "sort.h")

    return ArrayC("fdlqi", text, ("axis",))


def _unique(function: str, counting: str) -> Callable[[str, Node], str]:
    """What sort.h has for few elements, and counted.h for many whole numbers in a narrow range."""

    def text(name: str, n: Node) -> str:
        t = code(n.inputs[0].dtype)
        call = f"{function}_{t}(p, d)"
        if n.inputs[0].dtype.kind != "i":
            return _calling(name, t, call, "sort.h")
        return _calling(name, t, f"{call} && {counting}_{t}(p, d)", "sort.h", "counted.h")

    return text


def _order_statistics(name: str, n: Node) -> str:
    x = n.inputs[0]
    t = code(x.dtype)
    return _calling(name, t, f"an_ranked_{t}({x.rank}, p, d)", "sort.h")


def _swaps(name: str, n: Node) -> str:
    """The order that swaps of rows lead to, for each vector of a stack."""
    rank = n.rank
    return f"""\
static int32_t {name}(void **p, const int64_t *d, int32_t threads) {{
    const int64_t n = d[{rank - 1}], *steps = d + {rank};
    int64_t count = 1, *to = p[1];
    (void)threads;
    for (int k = 0; k < {rank - 1}; k++) count *= d[k];
    for (int64_t b = 0; b < count; b++, to += n) {{
        int64_t at = 0, rest = b;
        for (int k = {rank - 2}; k >= 0; k--) {{ at += (rest % d[k]) * steps[k]; rest /= d[k]; }}
        for (int64_t i = 0; i < n; i++) to[i] = i;
        for (int64_t i = 0; i < n; i++) {{
            const int32_t row = ((const int32_t *)p[0])[at + i * steps[{rank - 1}]];
            if (row < 0 || row >= n) return 1;
            const int64_t other = to[i];
            to[i] = to[row];
            to[row] = other;
        }}
    }}
    return 0;
}}"""


_OWN = {
    "lu_permutation": ArrayC("i", _swaps, ()),
    "conv": _convolution(0),
    "conv_input": _convolution(1),
    "conv_filters": _convolution(2),
    "convolve": ArrayC("fdbhilqBHILQ", _convolve),
    "sort": _sorting(False),
    "argsort": _sorting(True),
    "unique": ArrayC("fdlqi", _unique("an_unique", "an_counted"), ("equal_nan",)),
    "unique_values": ArrayC(
        "fdlqi", _unique("an_unique_values", "an_counted_values"), ("equal_nan",)
    ),
    "order_statistics": ArrayC("fdlqi", _order_statistics),
    "numpy_power": ArrayC("fd", loop_text, loop=loop_name),
    "numpy_product": ArrayC("fd", loop_text, loop=loop_name),
    "numpy_sum": ArrayC("fd", loop_text, loop=loop_name),
    "sparse_dot": _sparse(0),
    "sparse_dot_t": _sparse(1),
    "sparse_sampled": _sparse(2),
}

__all__ = ["ArrayC", "array_c", "function_name", "numbers", "results_of", "typed"]
