"""Extremes of elements that lie side by side, and the place of one of them, in AVX-512 registers.

A maximum that keeps a NaN is four instructions of the compiler's a register: two comparisons, their
union and a choice.  Here NaNs are sought by one comparison for two registers, and if there is one
the elements are read again.  A place is sought for only as far as it is.
"""

from __future__ import annotations

from ...fxgraph.affine import from_linear, linear
from ...fxgraph.constants import is_const, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.program import Fold, Loop
from ..scalar_code import code
from .reductions import KINDS, lane_macro, macro_name
from .scope import Scope
from .vectors import GUARD

_LANES = {"f8": 8, "f4": 16}
_LETTER = {"f8": "d", "f4": "s"}


def print_run(scope: Scope, loop: Loop, target: str, bounds: tuple[str, str]) -> bool:
    """Print a loop that folds a run of memory into its greatest or least element."""
    fold = _only_fold(loop)
    if fold is None:
        return False
    kind, t = KINDS.get(fold.op.name), code(fold.local.dtype)
    if kind not in ("max", "min") or t not in _LANES:
        return False
    at = _run(scope, fold.value, loop.index) if fold.value.dtype == fold.local.dtype else None
    if at is None:
        return False
    module, shape = scope.module, ((kind, t),)
    module.type_of(t)
    macro, name = macro_name(shape), f"an_run_{kind}_{t}"
    if macro not in module.folds:
        given = f"int64_t k, int64_t lo, int64_t hi, an_{t} s0, an_{t} e0"
        module.folds[macro] = (lane_macro(shape), f"void {macro}({given}) noexcept nogil")
    module.folds[name] = (_extreme(name, kind, t, macro), _declared(name, t, f"an_{t}", f"an_{t}"))
    scope.put(f"{target} = {name}({at}, {', '.join(bounds)}, {target})")
    return True


def print_search(scope: Scope, loop: Loop) -> bool:
    """Print `for k: p = min(p, where(x[k] == y, k, otherwise))` of a run of memory."""
    fold = _only_fold(loop)
    if fold is None or fold.op.name != "reduce_min":
        return False
    if loop.index.attr("step") != 1 or fold.value.op.name != "where":
        return False
    same, place, otherwise = fold.value.inputs
    if same.op.name != "equal" or place is not loop.index or not is_const(otherwise):
        return False
    element, wanted = same.inputs
    t = code(element.dtype)
    if t not in _LANES or wanted.dtype != element.dtype or loop.index in order_of((wanted,)):
        return False
    at = _run(scope, element, loop.index)
    if at is None:
        return False
    scope.module.type_of(t)
    name = f"an_run_place_{t}"
    scope.module.folds[name] = (_place(name, t), _declared(name, t, "int64_t", f"an_{t}"))
    lo, hi, y = (x.text for x in scope.texts(loop.index.attr("lo"), loop.index.attr("hi"), wanted))
    p, none = scope.assigned(fold.local), value_of(otherwise)
    scope.put(f"{p} = {name}({at}, {lo}, {hi}, {y}, {none}, {p})")
    return True


def _only_fold(loop: Loop) -> Fold | None:
    """The one statement of a loop, if that is a fold."""
    first = loop.body[0] if len(loop.body) == 1 else None
    return first if isinstance(first, Fold) else None


def _run(scope: Scope, value: Node, index: Node) -> str | None:
    """The address that the loop's index counts from, if `value` is read from there on."""
    if value.op.name != "load" or code(value.attr("buffer").dtype) != code(value.dtype):
        return None
    buffer, at = value.attr("buffer"), value.inputs
    varying = [k for k, i in enumerate(at) if index in order_of((i,))]
    if len(varying) != 1:
        return None
    k = varying[0]
    coefs, rest = linear(at[k])
    others = {x: c for x, c in coefs.items() if x is not index}
    together = k == len(at) - 1 if buffer.strides is None else buffer.strides[k] == 1
    if not together or coefs.get(index) != 1 or index in order_of(tuple(others)):
        return None
    start = (*at[:k], from_linear(others, rest), *at[k + 1 :])
    offset = scope.offset(buffer, start, scope.texts(*start))
    return f"&{scope.pointer(buffer)}[{offset}]"


# ---- the C ---------------------------------------------------------------------------------------
def _declared(name: str, t: str, result: str, last: str) -> str:
    given = f"const an_{t}* p, int64_t lo, int64_t hi, {last} s"
    if result == "int64_t":
        given += ", int64_t none, int64_t least"
    return f"{result} {name}({given}) noexcept nogil"


def _types(t: str) -> str:
    """Registers, whose names are the function's own."""
    return f"""\
    typedef an_{t} v __attribute__((vector_size(64)));
    typedef an_{t} loose __attribute__((vector_size(64), aligned({t[1]}), may_alias));"""


def _compared(t: str, a: str, b: str, how: int) -> str:
    return f"(uint16_t)__builtin_ia32_cmpp{_LETTER[t]}512_mask({a}, {b}, {how}, -1, 4)"


def _extreme(name: str, kind: str, t: str, macro: str) -> str:
    """The greatest or least of p[lo:hi] and s, or the first NaN of s and these."""
    lanes, letter = _LANES[t], _LETTER[t]
    most = 2 ** lanes - 1

    def join(a: str, x: str) -> str:  # the second where one is no number
        return f"{a} = __builtin_ia32_{kind}p{letter}512_mask({x}, {a}, {a}, -1, 4);"

    whole = "\n".join(
        f"        const v x{j} = *(const loose *)(p + k + {j * lanes});" for j in range(4)
    )
    joins = "\n".join(f"        {join(f'a{j}', f'x{j}')}" for j in range(4))
    rows, h = [], lanes // 2
    while h:
        at = ", ".join(str(j ^ h) for j in range(lanes))
        rows.append(f"    b = __builtin_shuffle(a0, (lane){{{at}}}); {join('a0', 'b')}")
        h //= 2
    halves = "\n".join(rows)
    return f"""\
#if {GUARD}
static __attribute__((noinline)) an_{t} {name}_nan(
        const an_{t} *p, int64_t lo, int64_t hi, an_{t} s) {{
    for (int64_t k = lo; s == s && k < hi; k++) if (p[k] != p[k]) s = p[k];
    return s;
}}
static inline an_{t} {name}(const an_{t} *p, int64_t lo, int64_t hi, an_{t} s) {{
{_types(t)}
    typedef int{8 * int(t[1])}_t lane __attribute__((vector_size(64)));
    v a0 = (v){{}} + s, b;
    uint16_t bad = s != s;
    int64_t k = lo;
    if (hi - k >= {4 * lanes}) {{
        v a1 = a0, a2 = a0, a3 = a0;
        for (; k + {4 * lanes} <= hi; k += {4 * lanes}) {{
    {whole.replace(chr(10), chr(10) + "    ")}
            bad |= {_compared(t, "x0", "x1", 3)} | {_compared(t, "x2", "x3", 3)};
    {joins.replace(chr(10), chr(10) + "    ")}
        }}
        {join("a0", "a1")} {join("a2", "a3")} {join("a0", "a2")}
    }}
    for (; k + {lanes} <= hi; k += {lanes}) {{
        b = *(const loose *)(p + k);
        bad |= {_compared(t, "b", "b", 3)};
        {join("a0", "b")}
    }}
    if (k < hi) {{
        b = __builtin_ia32_loadup{letter}512_mask(p + k, a0, {most}u >> ({lanes} - (hi - k)));
        bad |= {_compared(t, "b", "b", 3)};
        {join("a0", "b")}
    }}
    if (__builtin_expect(bad, 0)) return {name}_nan(p, lo, hi, s);
{halves}
    return a0[0];
}}
#else
static inline an_{t} {name}(const an_{t} *p, int64_t lo, int64_t hi, an_{t} s) {{
    {macro}(k, lo, hi, s, p[k]);
    return s;
}}
#endif"""


def _place(name: str, t: str) -> str:
    """The least of `least` and the first place in [lo, hi) of an element that equals s; `none`
    stands for the place where there is none."""
    lanes, letter = _LANES[t], _LETTER[t]
    most = 2 ** lanes - 1
    each = [
        _compared(t, f"(v)*(const loose *)(p + k + {j * lanes})", "y", 0) for j in range(4)
    ]
    shifts = " | ".join(
        f"(uint64_t)({e}) << {j * lanes}" if j else f"(uint64_t)({e})" for j, e in enumerate(each)
    )
    return f"""\
#if {GUARD}
static inline int64_t {name}_of(const an_{t} *p, int64_t lo, int64_t hi, an_{t} s, int64_t none) {{
{_types(t)}
    const v y = (v){{}} + s;
    int64_t k = lo;
    for (; k + {4 * lanes} <= hi; k += {4 * lanes}) {{
        const uint64_t found = {shifts};
        if (found) return k + __builtin_ctzll(found);
    }}
    for (; k < hi; k += {lanes}) {{
        const int64_t left = hi - k;
        const uint16_t m = left < {lanes} ? {most}u >> ({lanes} - left) : {most}u;
        const v x = __builtin_ia32_loadup{letter}512_mask(p + k, (v){{}}, m);
        const uint16_t found = {_compared(t, "x", "y", 0)} & m;
        if (found) return k + __builtin_ctz(found);
    }}
    return none;
}}
#else
static inline int64_t {name}_of(const an_{t} *p, int64_t lo, int64_t hi, an_{t} s, int64_t none) {{
    for (int64_t k = lo; k < hi; k++) if (p[k] == s) return k;
    return none;
}}
#endif
static inline int64_t {name}(
        const an_{t} *p, int64_t lo, int64_t hi, an_{t} s, int64_t none, int64_t least) {{
    const int64_t found = lo < hi ? {name}_of(p, lo, hi, s, none) : least;
    return found < least ? found : least;
}}"""
