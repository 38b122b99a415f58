"""Library calls: BLAS routines by pointer, and operations that run in Python.

What the attributes mean: C = alpha * A @ B + beta * C for gemm(C; A, B),
y = alpha * A @ x + beta * y for gemv(y; A, x), A += alpha * x y' for ger(A; x, y),
out = alpha * x . y + beta * out for dot(out; x, y), C = alpha * A A' for syrk(C; A).  alpha and
beta are numbers (1 and 0 where absent); a node as last input is an alpha known only at run time.
"""

from __future__ import annotations

from ...fxgraph.affine import size_node
from ...fxgraph.constants import const
from ...fxgraph.node import Node
from ...fxgraph.types import OPAQUE, Size
from ...optimize.loopnest.program import GROW, Library, Panel
from ..array_c import ArrayC, array_c, function_name, results_of
from ..array_c import numbers as attr_numbers
from ..library_table import LETTERS, ROUTINES, lapack_op, lapack_type, operand_dtype
from ..scalar_code import code
from .expressions import ATOM
from .header import Part
from .lapack_c import ROUTINES as LAPACK
from .lapack_c import lapack_function, lapack_part
from .libraries_c import library_part
from .memory import print_growth
from .scope import Scope


def print_library(scope: Scope, s: Library) -> None:
    """The call; what goes wrong in it leaves the kernel."""
    scope.comment(s.origin)
    if s.name == "python":
        _python(scope, s)
    elif s.name == GROW:
        print_growth(scope, s)
    elif s.name in ROUTINES:
        _blas(scope, s)
    else:
        raise NotImplementedError(f"no library routine is called {s.name!r}")


def _blas(scope: Scope, s: Library) -> None:
    t = code(operand_dtype(s))
    name = "gemv" if s.name == "dot" and t[0] == "c" else s.name
    scope.module.type_of(t)
    scope.module.libraries[f"{name}_{t}"] = library_part(name, t, LETTERS[t])
    panels = [p for p in s.inputs if isinstance(p, Panel)]
    scale = [p for p in s.inputs if isinstance(p, Node)]
    at = dict(s.attrs)
    dtype = operand_dtype(s)
    alpha = scope.text(scale[0] if scale else const(at.get("alpha", 1), dtype))
    beta = scope.text(const(at.get("beta", 0), dtype))
    args = _ARGUMENTS[s.name](scope, s.outputs[0], panels, alpha, beta)
    if s.name == "dot" and name == "gemv":
        args = _row_product(scope, s.outputs[0], panels, alpha, beta)
    failed = scope.variable("failed", "int32_t")
    threads = f"{scope.context()}.threads"
    scope.put(f"{failed} = an_{name}_{t}({', '.join([threads, *args])})")
    scope.put(f"if {failed} != 0:")
    scope.put(f"    return {failed}")
    scope.fails = True


def _sizes(scope: Scope, *sizes: Size) -> list[str]:
    return [t.text for t in scope.texts(*(size_node(d) for d in sizes))]


def _at(scope: Scope, p: Panel) -> str:
    """The address of a panel's first element."""
    offset = scope.text(p.offset, ATOM)
    pointer = scope.pointer(p.buffer)
    return pointer if offset == "0" else f"{pointer} + {offset}"


def _panel(scope: Scope, p: Panel) -> list[str]:
    return [_at(scope, p), *_sizes(scope, *p.strides)]


def _gemm(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    a, b = panels
    sizes = _sizes(scope, *out.shape, a.shape[1])
    return [*sizes, alpha, *_panel(scope, a), *_panel(scope, b), beta, *_panel(scope, out)]


def _gemv(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    a, x = panels
    return [
        *_sizes(scope, *a.shape),
        alpha,
        *_panel(scope, a),
        *_panel(scope, x),
        beta,
        *_panel(scope, out),
    ]


def _ger(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    x, y = panels
    return [
        *_sizes(scope, *out.shape),
        alpha,
        *_panel(scope, x),
        *_panel(scope, y),
        *_panel(scope, out),
    ]


def _dot(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    x, y = panels
    return [
        *_sizes(scope, *x.shape),
        alpha,
        *_panel(scope, x),
        *_panel(scope, y),
        beta,
        _at(scope, out),
    ]


def _row_product(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    """A dot as the product of a matrix of one row."""
    x, y = panels
    (n,) = _sizes(scope, *x.shape)
    start, step = _panel(scope, x)
    return ["1", n, alpha, start, n, step, *_panel(scope, y), beta, _at(scope, out), "1"]


def _syrk(scope: Scope, out: Panel, panels: list[Panel], alpha: str, beta: str) -> list[str]:
    (a,) = panels
    return [*_sizes(scope, *a.shape), alpha, *_panel(scope, a), *_panel(scope, out)]


_ARGUMENTS = {"gemm": _gemm, "gemv": _gemv, "ger": _ger, "dot": _dot, "syrk": _syrk}


def _python(scope: Scope, s: Library) -> None:
    """The runtime calls `op.reference`: pointers and integers of the inputs, then of the outputs.

    An input gives its dims and strides, an output (contiguous) its dims.  Scalars go through a
    slot; opaque handles are the runtime's own and are left out.
    """
    inputs = [x for x in s.inputs if isinstance(x, Panel) or x.dtype != OPAQUE]
    numbers: list[str] = []
    addresses: list[str] = []
    slots = sum(isinstance(x, Node) for x in inputs)
    values = _array(scope, "values", "int64_t", 2 * slots) if slots else ""
    taken = 0
    for x in inputs:
        if isinstance(x, Node):
            kind = scope.module.type_of(code(x.dtype))
            scope.put(f"(<{kind}*>&{values}[{taken}])[0] = {scope.text(x)}")
            addresses.append(f"&{values}[{taken}]")
            taken += 2
        else:
            addresses.append(_at(scope, x))
            numbers += _sizes(scope, *x.shape, *x.strides)
    for p in s.outputs:
        addresses.append(_at(scope, p))
        numbers += _sizes(scope, *p.shape)
    sites = scope.module.program.sites
    called = sites[s.site].node if 0 <= s.site < len(sites) else None
    native = array_c(called, s)
    if native is not None and called is not None:
        numbers += [str(k) for k in attr_numbers(native, called)]
    pointers = _array(scope, "operands", "void*", len(addresses))
    ints = _array(scope, "numbers", "int64_t", len(numbers))
    for k, a in enumerate(addresses):
        scope.put(f"{pointers}[{k}] = <void*>({a})")
    for k, i in enumerate(numbers):
        scope.put(f"{ints}[{k}] = {i}")
    ctx = scope.context()
    wanted = f"{ctx}.callback({ctx}.owner, {s.site}, {pointers}, {ints}) != 0"
    op = lapack_op(scope.module.program, s)
    if op is not None:
        wanted = f"{_lapack(scope, s, op, pointers, ints)} != 0 and {wanted}"
    if native is not None and called is not None:
        wanted = f"{_array_c(scope, called, native, pointers, ints)} != 0 and {wanted}"
    scope.put(f"if {wanted}:")
    scope.put("    return 3")
    scope.fails = True


def _lapack(scope: Scope, s: Library, op: str, pointers: str, ints: str) -> str:
    """The call of LAPACK that stands before the op's NumPy meaning; nonzero: that one is wanted."""
    n = scope.module.program.sites[s.site].node
    first = s.inputs[0]
    assert n is not None and isinstance(first, Panel)
    t = lapack_type(s)
    scope.module.type_of(t)
    scope.module.libraries[f"lapack_{op}_{t}"] = lapack_part(op, t)
    flags = "".join(f", {int(n.attr(a))}" for a in LAPACK[op].attrs)
    threads = f"{scope.context()}.threads"
    call = f"{lapack_function(op, t)}({threads}, {pointers}, {ints}"
    return f"{call}, {len(first.shape) - 2}{flags})"


def _array_c(scope: Scope, n: Node, found: ArrayC, pointers: str, ints: str) -> str:
    """The call of an op's own C; nonzero: its NumPy meaning is wanted."""
    name = function_name(n)
    arguments = "void** p, const int64_t* d, int32_t threads"
    dtypes = [*(x.dtype for x in n.inputs), *(t.dtype for t in results_of(n))]
    types = dict.fromkeys(code(d) for d in dtypes if d != OPAQUE)
    for t in types:
        scope.module.type_of(t)
    scope.module.libraries[name] = Part(
        found.text(name, n),
        f"int32_t {name}({arguments}) noexcept nogil",
        ("base", *(f"type_{t}" for t in types)),
    )
    return f"{name}({pointers}, {ints}, {scope.context()}.threads)"


def _array(scope: Scope, name: str, kind: str, count: int) -> str:
    """A C array on the stack."""
    found = scope.variable(name, f"{kind}*")
    scope.declared[found] = f"{kind} {found}[{max(count, 1)}]"
    return found
