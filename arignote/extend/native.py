"""C of a user op: its function's body, in which operands and results have their names.

`x`, `x_shape`, `x_strides` (in elements) for an operand x; `out` and `out_shape` for the result, or
`out0`, `out1`, ... for several, in C order; keyword parameters as int64_t; `threads`.  T is the
element type of the first operand.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..emit.array_c import ArrayC, results_of, typed
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


__all__ = ["array_function"]
