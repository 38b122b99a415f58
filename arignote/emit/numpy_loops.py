"""NumPy's inner loops by pointer: what runs where a program must have NumPy's own bits.

A ufunc keeps a table of C functions `loop(char **args, const intptr_t *dims, const intptr_t *steps,
void *data)`, one for each combination of types, chosen for the processor when NumPy is imported;
they need no GIL.  The table is part of NumPy's C API (numpy/ufuncobject.h).
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from ..fxgraph.node import Node

#: What externs of these loops start with; after it come the ufunc and the types of its operands.
PREFIX = "loop of numpy"

_UFUNCS = {"numpy_power": "power", "numpy_product": "matmul", "numpy_sum": "add"}


class _UFunc(ctypes.Structure):
    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    )


class _Loop(ctypes.Structure):
    """What the C below calls: an_numpy_loop."""

    _fields_ = (("call", ctypes.c_void_p), ("data", ctypes.c_void_p))


def loop_name(n: Node) -> str:
    """The extern of a node's loop, such as "power_d"."""
    return f"{_UFUNCS[n.op.name]}_{n.dtype.char}"


@functools.cache
def _loop(name: str) -> _Loop:
    ufunc_name, _, char = name.partition("_")
    ufunc: Any = getattr(np, ufunc_name)
    wanted = f"{char * ufunc.nin}->{char * ufunc.nout}"
    table = _UFunc.from_address(id(ufunc))
    fits = (table.nin, table.nout, table.ntypes) == (ufunc.nin, ufunc.nout, len(ufunc.types))
    if not fits or wanted not in ufunc.types:
        return _Loop(None, None)
    k = ufunc.types.index(wanted)
    return _Loop(table.functions[k], table.data[k] if table.data else None)


def address(name: str) -> int:
    """The address of the pair (function, its data); of two zeros where NumPy keeps no such table.
    """
    return ctypes.addressof(_loop(name))


# ---- the C ---------------------------------------------------------------------------------------
def loop_text(name: str, n: Node) -> str:
    """The C of a node of one of `_UFUNCS`; see array_c.py.

    It returns 1 where the op's NumPy meaning must be asked.
    """
    loop = f"an_numpy_{loop_name(n)}"
    body = {"numpy_power": _elementwise, "numpy_product": _product, "numpy_sum": _sum}[n.op.name](n)
    return f"""\
#ifndef AN_NUMPY_LOOP
#define AN_NUMPY_LOOP
typedef struct {{
    void (*call)(char **args, const intptr_t *dims, const intptr_t *steps, void *data);
    void *data;
}} an_numpy_loop;
#endif
#ifndef {loop.upper()}
#define {loop.upper()}
static const an_numpy_loop *{loop};
#endif
static int32_t {name}(void **p, const int64_t *d, int32_t threads) {{
    const an_numpy_loop *const f = {loop};
    const intptr_t size = {n.dtype.itemsize};
    (void)threads;
    if (!f || !f->call) return 1;
{body}
    return 0;
}}"""


def _elementwise(n: Node) -> str:
    """One call where all lies in order, else one for each row of the result."""
    rank = n.rank
    starts, at = [], 0
    for x in n.inputs:
        starts.append(at)
        at += 2 * x.rank
    steps = []
    for k, x in enumerate(n.inputs):
        for axis in range(rank):
            own = axis - (rank - x.rank)
            at_own = starts[k] + own
            step = "0" if own < 0 else f"(d[{at_own}] == 1 ? 0 : d[{at_own + x.rank}] * size)"
            steps.append(f"    s[{k}][{axis}] = {step};")
    lines = "\n".join(steps)
    count = len(n.inputs)
    return f"""\
    const int64_t *const dims = d + {at};
    intptr_t s[{count + 1}][{rank}];
{lines}
    intptr_t step = size;
    for (int a = {rank - 1}; a >= 0; a--) {{ s[{count}][a] = step; step *= dims[a]; }}
    if (!step) return 0;
    int inner = {rank - 1};  /* the axes from here on are walked as one */
    intptr_t length = dims[inner];
    while (inner) {{
        int one = 1;
        for (int k = 0; k <= {count}; k++)
            one &= s[k][inner - 1] == s[k][{rank - 1}] * length;
        if (!one) break;
        length *= dims[--inner];
    }}
    intptr_t steps[{count + 1}];
    for (int k = 0; k <= {count}; k++) steps[k] = s[k][{rank - 1}];
    int64_t at[{rank}] = {{0}};
    for (;;) {{
        char *args[{count + 1}];
        for (int k = 0; k <= {count}; k++) {{
            args[k] = p[k];
            for (int a = 0; a < inner; a++) args[k] += at[a] * s[k][a];
        }}
        f->call(args, &length, steps, f->data);
        int a = inner - 1;
        while (a >= 0 && ++at[a] == dims[a]) at[a--] = 0;
        if (a < 0) break;
    }}"""


def _product(n: Node) -> str:
    """Plain matrices: what NumPy itself decides about BLAS is in its loop."""
    a, b = n.inputs
    if a.rank != 2 or b.rank != 2:
        return "    return 1;"
    return """\
    const intptr_t dims[4] = {1, d[0], d[1], d[5]};
    const intptr_t steps[9] = {
        0, 0, 0, d[2] * size, d[3] * size, d[6] * size, d[7] * size, d[5] * size, size
    };
    char *args[3] = {p[0], p[1], p[2]};
    if (!d[1] || !d[0] || !d[5]) return 1;
    f->call(args, dims, steps, f->data);"""


def _sum(n: Node) -> str:
    """All elements of an array that lies in order."""
    (x,) = n.inputs
    if n.rank:
        return "    return 1;"
    checks = "\n".join(
        f"    if (d[{axis}] != 1 && d[{x.rank + axis}] != count) return 1;\n    count *= d[{axis}];"
        for axis in range(x.rank - 1, -1, -1)
    )
    zero = "*(double *)p[1] = 0;" if n.dtype.itemsize == 8 else "*(float *)p[1] = 0;"
    return f"""\
    intptr_t count = 1;
{checks}
    const intptr_t steps[3] = {{0, size, 0}};
    char *args[3] = {{p[1], p[0], p[1]}};
    {zero}
    if (count) f->call(args, &count, steps, f->data);"""


__all__ = ["PREFIX", "address", "loop_name", "loop_text"]
