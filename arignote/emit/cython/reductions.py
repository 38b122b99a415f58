"""Reductions in lanes: the C macros that fold a loop's values fast and as accurately as NumPy.

A fold of floats in one variable waits for each addition (0.5 ns an element); independent lanes in
an inner loop let the compiler use vector registers (0.03 ns) without -ffast-math.  Sums are cut
into blocks of 1024 elements whose sums are added pairwise by a binary counter, so the error grows
with log n as in np.sum (N. Higham, The accuracy of floating point summation, SIAM J. Sci. Comput.
14, 1993).  A macro takes the expression as text, because it must be pasted twice into loops.
"""

from __future__ import annotations

import numpy as np

from ...fxgraph.node import Node
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import DType
from ...optimize.loopnest.mentions import locals_of
from ...optimize.loopnest.program import Assign, Fold, Loop, Statement, expressions
from ..scalar_code import code
from .header import Part

#: reduction op -> short name
KINDS = {"reduce_sum": "sum", "reduce_prod": "prod", "reduce_max": "max", "reduce_min": "min"}
#: reduction op -> elementwise op that joins two values
JOINS = {
    "reduce_sum": "add", "reduce_prod": "multiply", "reduce_max": "maximum",
    "reduce_min": "minimum", "reduce_all": "logical_and", "reduce_any": "logical_or",
    "reduce_and": "bitwise_and", "reduce_or": "bitwise_or", "reduce_xor": "bitwise_xor",
}  # fmt: skip
BLOCK = 1024
#: Before a loop that gcc is to vectorise before it takes it apart.
_WHOLE = '_Pragma("GCC unroll 1") '


def accumulator(dtype: DType) -> str:
    """The code of the type a fold is carried in: half precision is carried in single."""
    return "f4" if code(dtype) == "f2" else code(dtype)


def carried(value: Node) -> Node:
    """A value in the type that a fold of its dtype is carried in."""
    return cast_to(value, np.float32) if code(value.dtype) == "f2" else value


def lane_folds(
    loop: Loop, inside: frozenset[Node], integers: bool = False
) -> tuple[Fold, ...] | None:
    """The folds of a loop that may run in lanes; None when it must run as written.

    inside: locals that nothing outside this loop reads.  integers: also where no fold is of floats
    (the compiler vectorises those by itself, but does not share them among threads).
    """
    if loop.index.attr("step") != 1:
        return None
    folds = tuple(s for s in loop.body if isinstance(s, Fold))
    if not folds or any(s.op.name not in KINDS or s.local.dtype.kind not in "fiuc" for s in folds):
        return None
    if not integers and not any(s.local.dtype.kind in "fc" for s in folds):
        return None
    if any(s.local.dtype.kind == "c" and s.op.name != "reduce_sum" for s in folds):
        return None
    if not all(
        isinstance(s, Fold) or (isinstance(s, Assign) and s.local in inside) for s in loop.body
    ):
        return None
    targets = {f.local for f in folds}
    if len(targets) != len(folds) or targets & mentioned(loop.body):
        return None
    return folds


def mentioned(block: tuple[Statement, ...]) -> set[Node]:
    """The locals that a block's expressions read (a fold's own variable does not count)."""
    return locals_of(
        n for s in block for n in ((s.value,) if isinstance(s, Fold) else expressions(s))
    )


def macro_name(folds: tuple[tuple[str, str], ...], fresh: bool = False) -> str:
    return ("AN_FRESH_" if fresh else "AN_FOLD_") + "_".join(f"{kind}_{t}" for kind, t in folds)


def lane_macro(folds: tuple[tuple[str, str], ...], fresh: bool = False) -> str:
    """The macro `AN_FOLD_...(k, lo, hi, s0, e0, s1, e1, ...)` of folds (kind, type code).

    fresh: sums start at 0.  That is added to a lane, not to the sum of all, so that what waits for
    a short sum waits for one addition less; the bits are the same, -0 included.
    """
    count = len(folds)
    lanes = (
        64
        if all(t in ("f4", "i4", "u4") for _, t in folds)
        else 16
        if "c16" in dict(folds).values()
        else 32
    )
    args = ", ".join(f"s{j}, e{j}" for j in range(count))
    each = [(j, kind, f"an_{t}") for j, (kind, t) in enumerate(folds)]
    sums = [(j, t) for j, kind, t in each if kind == "sum"]
    rest = [(j, kind, t) for j, kind, t in each if kind != "sum"]
    lines = ["int64_t k_ = (lo); const int64_t hi_ = (hi);"]
    lines += [f"if (hi_ - k_ < {4 * lanes}) {{", *_short(each, lanes // 4, fresh), "} else {"]
    lines += [_lanes(j, t, kind, lanes) for j, kind, t in rest]
    if sums:
        lines += [f"{t} t{j}_[56];" for j, t in sums]
        lines += ["int d_ = 0;", "for (int64_t c_ = 1; k_ < hi_; c_++) {"]
        lines += [f"const int64_t stop_ = hi_ - k_ > {BLOCK} ? k_ + {BLOCK} : hi_;"]
        lines += [_lanes(j, t, "sum", lanes) for j, t in sums]
        lines += _strips(each, lanes, "stop_")
        lines += [_tree(j, t, "sum", lanes) for j, t in sums]
        more = " ".join(f"v{j}_[0] += t{j}_[d_];" for j, _ in sums)
        lines += [f"for (int64_t m_ = c_; !(m_ & 1); m_ >>= 1) {{ d_--; {more} }}"]
        lines += [f"t{j}_[d_] = v{j}_[0];" for j, _ in sums]
        lines += ["d_++;", "}"]
        # the stack holds sums of ever smaller runs: add from the small end
        last = " ".join(f"r{j}_ += t{j}_[d_];" for j, _ in sums)
        lines += [f"{t} r{j}_ = 0;" for j, t in sums]
        lines += [f"while (d_) {{ d_--; {last} }}"]
        lines += [f"(s{j}) += r{j}_;" for j, _ in sums]
    else:
        lines += _strips(each, lanes, "hi_")
    for j, kind, t in rest:
        lines += [_tree(j, t, kind, lanes), f"(s{j}) = {_join(kind, f'(s{j})', f'v{j}_[0]')};"]
    lines += ["}"]
    head = f"#define {macro_name(folds, fresh)}(k, lo, hi, {args}) do {{ \\\n"
    return head + "".join(f"    {line} \\\n" for line in lines) + "} while (0)"


def _short(each: list[tuple[int, str, str]], lanes: int, fresh: bool) -> list[str]:
    """A few elements: one register of lanes, joined only if it was filled, and the rest in turn.

    A dot product of 16 elements takes 1 ns instead of 9.  gcc takes a loop over so few lanes apart
    before it vectorises, and puts it together again at best in part: the largest of 128 elements
    took 69 ns instead of 12, a dot product of 16 singles twice as long.
    """
    whole = _WHOLE if any(_kept_whole(k, t) for _, k, t in each) else ""
    first = "const int64_t k = k_ + j_; " + " ".join(f"v{j}_[j_] = (e{j});" for j, _, _ in each)
    last = "const int64_t k = k_; " + " ".join(
        f"{t} x{j}_ = (e{j}); (s{j}) = {_in_turn(kind, f'(s{j})', f'x{j}_')};"
        for j, kind, t in each
    )
    return [
        f"if (k_ + {lanes} <= hi_) {{",
        *(f"{t} v{j}_[{lanes}];" for j, _, t in each),
        f"{whole}for (int j_ = 0; j_ < {lanes}; j_++) {{ {first} }}",
        f"for (k_ += {lanes}; k_ + {lanes} <= hi_; k_ += {lanes})",
        f"    {whole}for (int j_ = 0; j_ < {lanes}; j_++) {{ {_joined(each)} }}",
        *(_settled(j, t, kind, lanes, fresh) for j, kind, t in each),
        "}",
        f"for (; k_ < hi_; k_++) {{ {last} }}",
    ]


def _joined(each: list[tuple[int, str, str]]) -> str:
    """An element of a strip joined to its lane."""
    return "const int64_t k = k_ + j_; " + " ".join(
        f"{t} x{j}_ = (e{j}); v{j}_[j_] = {_join(kind, f'v{j}_[j_]', f'x{j}_')};"
        for j, kind, t in each
    )


def _lanes(j: int, t: str, kind: str, lanes: int) -> str:
    start = {"sum": "0", "prod": "1"}.get(kind, f"(s{j})")
    return f"{t} v{j}_[{lanes}]; for (int j_ = 0; j_ < {lanes}; j_++) v{j}_[j_] = {start};"


def _strips(each: list[tuple[int, str, str]], lanes: int, stop: str) -> list[str]:
    """Whole strips of lanes, then what is left: one element a lane."""
    value = _joined(each)
    return [
        f"for (; k_ + {lanes} <= {stop}; k_ += {lanes})",
        f"    for (int j_ = 0; j_ < {lanes}; j_++) {{ {value} }}",
        f"for (int j_ = 0, n_ = {stop} - k_; j_ < n_; j_++) {{ {value} }}",
        f"k_ = {stop};",
    ]


def _settled(j: int, t: str, kind: str, lanes: int, fresh: bool) -> str:
    """The lanes joined by halves, and with what was folded before."""
    if fresh and kind == "sum":
        four = _tree(j, t, kind, lanes, 4)
        return f"{four} (s{j}) = (((s{j}) + v{j}_[0]) + v{j}_[2]) + (v{j}_[1] + v{j}_[3]);"
    return f"{_tree(j, t, kind, lanes)} (s{j}) = {_join(kind, f'(s{j})', f'v{j}_[0]')};"


def _tree(j: int, t: str, kind: str, lanes: int, into: int = 1) -> str:
    """The lanes joined by halves into the first ones, or the first.  Written out: in a loop over h
    the halves go through memory (35 ns a reduction instead of 9)."""
    out = ""
    h = lanes // 2
    while h >= into:
        step = _join(kind, f"v{j}_[j_]", f"v{j}_[j_ + {h}]")
        out += _WHOLE if _kept_whole(kind, t) and h > 2 else ""
        out += f"for (int j_ = 0; j_ < {h}; j_++) v{j}_[j_] = {step}; "
        h //= 2
    return out.rstrip()


def _kept_whole(kind: str, t: str) -> bool:
    """Are its loops over lanes kept from gcc until it vectorises?"""
    return kind in ("max", "min") or (kind == "sum" and t in ("an_f8", "an_f4"))


def _join(kind: str, a: str, x: str) -> str:
    """a joined with x; max and min keep a NaN from either side."""
    if kind in ("sum", "prod"):
        return f"{a} {'+' if kind == 'sum' else '*'} {x}"
    sign = ">" if kind == "max" else "<"
    return f"(({x} {sign} {a}) | ({x} != {x})) ? {x} : {a}"


def _in_turn(kind: str, a: str, x: str) -> str:
    """a joined with x where joins wait for each other: a branch that is mostly foretold does not"""
    if kind in ("sum", "prod"):
        return _join(kind, a, x)
    sign = ">=" if kind == "max" else "<="
    return f"({a} {sign} {x} || {a} != {a}) ? {a} : {x}"


def join_function(kind: str, t: str) -> tuple[str, str]:
    """The C and the declaration of what joins the values of chunks, in pairs: a plain loop, which
    the C compiler is done with in a fifth of the time of the macro."""
    name, element = f"an_join_{kind}_{t}", f"an_{t}"
    pair = _join(kind, "v[i]", "v[i + h]")
    c = f"""\
static __attribute__((noinline)) {element} {name}({element} s, {element} *v, int64_t n) {{
    for (int64_t h = 1; h < n; h *= 2)
        for (int64_t i = 0; i + h < n; i += 2 * h) v[i] = {pair};
    return {_join(kind, "s", "v[0]")};
}}"""
    return c, f"{element} {name}({element} s, {element}* v, int64_t n) noexcept nogil"


def early_part(name: str) -> Part:
    """AN_ALL and AN_ANY: blocks of 256 values are joined without a test, and the answer is looked
    at between blocks, so that the loop both vectorises and ends early."""
    going, join, ends = (
        ("(s)", "bad_ |= !(e);", "0") if name == "ALL" else ("!(s)", "bad_ |= !!(e);", "1")
    )
    c = f"""\
#define AN_{name}(k, lo, hi, s, e) do {{ \\
    int64_t k_ = (lo), hi_ = (hi); \\
    while ({going} && k_ < hi_) {{ \\
        const int64_t stop_ = hi_ - k_ > 256 ? k_ + 256 : hi_; \\
        uint8_t bad_ = 0; \\
        for (; k_ < stop_; k_++) {{ const int64_t k = k_; {join} }} \\
        if (bad_) (s) = {ends}; \\
    }} \\
}} while (0)"""
    cython = f"void AN_{name}(int64_t k, int64_t lo, int64_t hi, an_b1 s, an_b1 e) noexcept nogil"
    return Part(c, cython, ("base", "type_b1"))


__all__ = [
    "JOINS",
    "KINDS",
    "accumulator",
    "carried",
    "early_part",
    "join_function",
    "lane_folds",
    "lane_macro",
    "macro_name",
    "mentioned",
]
