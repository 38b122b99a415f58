"""C and CUDA of a user op: its function's body, in which operands and results have their names.

`x`, `x_shape`, `x_strides` (in elements) for an operand x; `out` and `out_shape` for the result, or
`out0`, `out1`, ... for several, in C order; keyword parameters as int64_t; `threads`.  T is the
element type of the first operand.  A kernel's body is run by every thread: `thread` is its number,
`threads` how many there are, at least one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emit.array_c import ArrayC, ArrayCuda, results_of, typed
from ..emit.scalar_code import code
from ..fxgraph.node import Node


def array_function(
    body: str, support: str, dtypes: str | None, operands: Sequence[str], keywords: Sequence[str]
) -> ArrayC:
    """dtypes: the element types it is for, "d" by default, "fd" where T stands for them.
    support: what comes before the function.
    """

    def text(name: str, n: Node) -> str:
        t = code(n.inputs[0].dtype)
        lines = _prologue(n, operands, keywords)
        return typed(
            f"{support}\n"
            f"static int32_t {name}(void **p, const int64_t *d, int32_t threads) {{\n"
            f"    (void)d; (void)threads;\n{lines}\n{body}\n    return 0;\n}}",
            t,
        )

    wanted = dtypes or ("fd" if typed(body, "") != body else "d")
    return ArrayC(wanted, text, ("numbers",))


def _prologue(n: Node, operands: Sequence[str], keywords: Sequence[str]) -> str:
    lines = []
    at = 0

    def put(kind: str, name: str, value: str) -> None:
        lines.append(f"    {kind}{name} = {value}; (void){name};")

    for k, name in enumerate(operands):
        x = n.inputs[k]
        put(f"const an_{code(x.dtype)} *", name, f"p[{k}]")
        if x.rank:
            put("const int64_t *", f"{name}_shape", f"d + {at}")
            put("const int64_t *", f"{name}_strides", f"d + {at + x.rank}")
            at += 2 * x.rank
    results = results_of(n)
    for k, t in enumerate(results):
        name = "out" if len(results) == 1 else f"out{k}"
        put(f"an_{code(t.dtype)} *", name, f"p[{len(n.inputs) + k}]")
        put("const int64_t *", f"{name}_shape", f"d + {at}")
        at += len(t.shape)
    for name in keywords:
        put("const int64_t ", name, f"d[{at}]")
        at += 1
    return "\n".join(lines)


def kernel(
    body: str, support: str, dtypes: str | None, operands: Sequence[str], keywords: Sequence[str]
) -> ArrayCuda:
    """As `array_function`, of a kernel.  support: what comes before it, such as functions of the
    device."""

    def text(name: str, n: Node) -> str:
        params, lines = _parameters(n, operands, keywords)
        gap = ",\n    "
        head = f'extern "C" __global__ void __launch_bounds__(256) {name}('
        whole = (
            f"{support}\n{head}\n    {gap.join(params)}) {{\n{lines}\n"
            f"    const an_i8 thread = (an_i8)blockIdx.x * blockDim.x + threadIdx.x;\n"
            f"    const an_i8 threads = (an_i8)gridDim.x * blockDim.x;\n"
            f"    (void)thread, (void)threads;\n{body}\n}}"
        )
        return typed(whole, code(n.inputs[0].dtype))

    wanted = dtypes or ("fd" if typed(body, "") != body else "d")
    return ArrayCuda(wanted, text, lambda n: tuple(int(v) for v in n.attr("numbers")))


def _parameters(
    n: Node, operands: Sequence[str], keywords: Sequence[str]
) -> tuple[list[str], str]:
    """What a kernel is given, and the lines that give operands and results their names."""
    results = results_of(n)
    names = ["out"] if len(results) == 1 else [f"out{k}" for k in range(len(results))]
    arrays = [(f"const an_{code(x.dtype)}*", name, x.rank, True)
              for name, x in zip(operands, n.inputs)]  # fmt: skip
    arrays += [(f"an_{code(t.dtype)}*", name, len(t.shape), False)
               for name, t in zip(names, results, strict=True)]  # fmt: skip
    params, lines = [], []
    for kind, name, rank, strided in arrays:
        params += [f"{kind} {name}_base", f"const an_i8 {name}_at"]
        lines.append(f"    {kind} {name} = {name}_base + {name}_at; (void){name};")
        for what in ("shape", "strides") if strided else ("shape",):
            each = [f"{name}_{what}_{k}" for k in range(rank)]
            params += [f"const an_i8 {x}" for x in each]
            if rank:
                lines.append(f"    const an_i8 {name}_{what}[{rank}] = {{{', '.join(each)}}};")
                lines.append(f"    (void){name}_{what};")
    params += [f"const an_i8 {name}" for name in keywords]
    return params, "\n".join(lines)


__all__ = ["array_function", "kernel"]
