"""What the ops of one kind share: promotion, casts, alignment of sizes, folding of constants.

An elementwise node's operands already have the dtypes of the loop that computes it: `build` puts
`cast` nodes where NumPy would convert.  NumPy itself answers which loop that is
(`ufunc.resolve_dtypes`, NEP 50), so promotion cannot differ from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ..affine import dim, size_node
from ..constants import const, is_const, lit, number, value_of
from ..node import Node, Op, make, op_named
from ..prove import hinted
from ..types import BOOL, C128, F64, I64, DType, Shape, Size, TensorType
from ..window import Window, broadcast
from .checks import same
from .structure import view

Resolve = Callable[..., "tuple[DType, ...]"]
_PYTHON = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def as_node(x: Any) -> Node:
    """A node, or a Python or NumPy number as a constant."""
    return x if isinstance(x, Node) else number(x)


def kind_of(n: Node) -> Any:
    """What promotion looks at: the dtype, or `int`/`float`/`complex` for a Python number."""
    t: TensorType = n.type
    if t.weak and t.dtype.kind in "iufc":
        return _PYTHON[t.dtype.kind]
    return t.dtype


def cast_to(n: Node, dtype: Any, weak: bool = False) -> Node:
    """n as `dtype` (weak: as a Python number); constants are folded.

    Raises OverflowError for a Python integer constant that `dtype` cannot hold, as NumPy does.
    """
    dtype = np.dtype(dtype)
    weak = weak and not n.shape
    if n.type.dtype == dtype and n.type.weak == weak:
        return n
    if is_const(n):
        value = value_of(n)
        if n.type.weak and n.type.dtype.kind in "iu" and dtype.kind in "iu":
            info = np.iinfo(dtype)
            if not info.min <= value <= info.max:
                raise OverflowError(f"Python integer {value} out of bounds for {dtype}")
        return const(_converted(np.asarray(value), dtype), dtype, weak)
    return make(cast, (n,), (("dtype", dtype), ("weak", weak)))


def _cast_meaning(x: Any, *, dtype: DType, weak: bool) -> Any:
    return _converted(np.asarray(x), dtype)[()]


def _converted(a: np.ndarray[Any, Any], dtype: DType) -> np.ndarray[Any, Any]:
    """NumPy's conversion, silent: the imaginary part is dropped, what does not fit wraps."""
    if a.dtype.kind == "c" and dtype.kind not in "cb":
        a = a.real
    with np.errstate(all="ignore"):
        return a.astype(dtype)


cast = Op(
    "cast",
    infer=lambda x, *, dtype, weak: TensorType(dtype, x.shape, weak),
    reference=_cast_meaning,
    build=lambda x, dtype, weak=False: cast_to(as_node(x), dtype, weak),
    vjp=lambda g, out, x, *, dtype, weak: (
        cast_to(g, x.dtype) if x.dtype.kind in "fc" and dtype.kind in "fc" else None,
    ),
    jvp=lambda tangents, out, x, *, dtype, weak: (
        None if tangents[0] is None or dtype.kind not in "fc" else cast_to(tangents[0], dtype)
    ),
    traits=frozenset({"elementwise"}),
    scalar_c="cast",
    extra={"arity": 1},
)


def broadcast_shape(name: str, operands: Sequence[Node]) -> Shape:
    """The shape of an elementwise result whose operands are aligned."""
    rank = max((n.rank for n in operands), default=0)
    out: list[Size] = []
    for axis in range(-rank, 0):
        sizes = [n.shape[axis] for n in operands if n.rank >= -axis and n.shape[axis] != 1]
        out.append(sizes[0] if sizes else 1)
        for d in sizes[1:]:
            if size_node(d) is not size_node(sizes[0]):
                raise misfit(name, operands, axis, sizes[0], d)
    return tuple(out)


def misfit(name: str, operands: Sequence[Node], axis: int, a: Size, b: Size) -> ShapeError:
    types = " and ".join(str(n.type) for n in operands)
    return ShapeError(
        f"{name}: operands could not be broadcast together: {types}: axis {axis} is "
        f"{_size_words(a)} against {_size_words(b)}. "
        f"Insert a length-1 axis (x[:, None]) or slice one operand."
    )


def _size_words(d: Size) -> str:
    if isinstance(d, int):
        return str(d)
    value = hinted(d)
    return str(TensorType(I64, (d,)))[6:-1] + (f" (= {value})" if value is not None else "")


def align(name: str, operands: Sequence[Node]) -> list[Node]:
    """Equal sizes become one node; sizes not known to be equal get a check.

    Raises ShapeError for sizes that are known to differ.
    """
    rank = max((n.rank for n in operands), default=0)
    target: dict[int, Size] = {}
    for axis in range(-rank, 0):
        sizes = [n.shape[axis] for n in operands if n.rank >= -axis and n.shape[axis] != 1]
        if len({size_node(d) for d in sizes}) < 2:
            continue
        one = size_node(sizes[0])
        for d in sizes[1:]:
            if _differ(one, size_node(d)):
                raise misfit(name, operands, axis, sizes[0], d)
            one = same(one, size_node(d))
        target[axis] = dim(one)
    return [resized(n, target) for n in operands] if target else list(operands)


def _differ(a: Node, b: Node) -> bool:
    """Known to be different sizes in this call?"""
    x, y = hinted(a), hinted(b)
    return x is not None and y is not None and x != y


def resized(n: Node, target: dict[int, Size]) -> Node:
    """n with the sizes of axes (counted from the end) named otherwise; the values are equal."""
    shape = n.shape
    rank = len(shape)
    new = tuple(
        target.get(a, shape[a]) if shape[a] != 1 else shape[a] for a in range(-rank, 0)
    )
    if new == shape:
        return n
    return view(n, Window((lit(0),) * rank, (1,) * rank, tuple(range(rank)), new))


@lru_cache(4096)
def resolve_ufunc(ufunc: Any, kinds: tuple[Any, ...]) -> tuple[DType, ...]:
    """The loop dtypes of a NumPy ufunc for operand dtypes or Python number types, results last."""
    try:
        return tuple(np.dtype(d) for d in ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout)))
    except TypeError as error:
        names = ", ".join(k.__name__ if isinstance(k, type) else str(k) for k in kinds)
        raise DTypeError(f"{ufunc.__name__}: no loop for operands ({names}): {error}") from None


def elementwise(
    name: str,
    *,
    c: Any,
    ufunc: Any = None,
    reference: Callable[..., Any] | None = None,
    dtypes: Resolve | None = None,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    arity: int | None = None,
    numpy: tuple[Any, ...] = (),
    domain: tuple[float, float] = (-3.0, 3.0),
    ulp: float = 0.0,
    traits: tuple[str, ...] = (),
    kinds: Callable[[Sequence[Node]], list[Any]] | None = None,
) -> Op:
    """Declare an elementwise op: two to five lines.

    ufunc: NumPy's own, which then is the reference and answers for dtypes; else `reference` and
    `dtypes(*kinds) -> (operand dtypes..., result dtype)`.
    kinds: what `dtypes` is asked about, where an operand's own kind is not it.
    c: the scalar C expression, or a dict from the loop's dtype kind ("b", "i", "u", "f", "c", "*")
       to one; {x} {y} {z} operands, {f} libm suffix, {t} type code (all of them: emit/scalar_code).
    vjp(g, out, *operands): the cotangents in terms of other ops, for inexact dtypes only.  Products
       with complex derivatives are not conjugated: the convention is JAX's, so for holomorphic ops
       the cotangent of z is g * f'(z), and the tangent rule follows from the same formula.
    jvp(tangents, out, *operands): needed only where the op is not holomorphic.
    ulp: how far the emitted code may be from NumPy, in units in the last place (0: same bits).
    domain: where sample operands are drawn for the generated tests.
    """
    resolve: Resolve = dtypes or (lambda *kinds: resolve_ufunc(ufunc, kinds))
    meaning = reference if reference is not None else ufunc
    count = arity if arity is not None else ufunc.nin

    def infer(*operands: Node, weak: bool = False) -> TensorType:
        dtype = resolve(*(n.type.dtype for n in operands))[-1]
        return TensorType(dtype, broadcast_shape(name, operands), weak)

    def evaluate(*values: Any, weak: bool = False) -> Any:
        with np.errstate(all="ignore"):
            return meaning(*values)

    def build(*args: Any, weak: bool = False) -> Node:
        operands = [as_node(a) for a in args]
        *want, _ = resolve(*(kinds(operands) if kinds else map(kind_of, operands)))
        operands = [
            cast_to(n, d, weak and n.type.weak) for n, d in zip(operands, want, strict=True)
        ]
        operands = align(name, operands)
        weak = weak and not any(n.shape for n in operands)
        attrs = (("weak", True),) if weak else ()
        if all(is_const(n) and not n.shape for n in operands):
            with np.errstate(all="ignore"):
                return const(meaning(*(value_of(n) for n in operands)), None, weak)
        return make(op, operands, attrs)

    op = Op(
        name,
        infer=infer,
        reference=evaluate,
        build=build,
        numpy=(*((ufunc,) if ufunc is not None else ()), *numpy),
        vjp=_reverse_rule(vjp) if vjp is not None else None,
        jvp=_forward_rule(jvp, vjp) if vjp is not None else None,
        scalar_c=c,
        traits=frozenset({"elementwise", *traits}),
        extra={"arity": count, "domain": domain, "ulp": ulp, "resolve": resolve},
    )
    return op


def zero_gradient(g: Node, out: Node, *operands: Node) -> tuple[None, ...]:
    """The vjp of what is constant almost everywhere (floor, sign, comparisons)."""
    return (None,) * len(operands)


def _reverse_rule(vjp: Callable[..., Any]) -> Callable[..., tuple[Node | None, ...]]:
    """vjp with cotangents in the operands' dtypes; None for operands that are no real numbers."""

    def rule(g: Node, out: Node, *operands: Node, weak: bool = False) -> tuple[Node | None, ...]:
        if out.dtype.kind not in "fc":
            return (None,) * len(operands)
        return tuple(
            cast_to(part, x.dtype) if part is not None and x.dtype.kind in "fc" else None
            for part, x in zip(vjp(g, out, *operands), operands, strict=True)
        )

    return rule


def _forward_rule(
    jvp: Callable[..., Any] | None, vjp: Callable[..., Any]
) -> Callable[..., Node | None]:
    """jvp, or the sum of what vjp gives each tangent: elementwise Jacobians are diagonal."""

    def rule(
        tangents: Sequence[Node | None], out: Node, *operands: Node, weak: bool = False
    ) -> Node | None:
        if out.dtype.kind not in "fc" or all(t is None for t in tangents):
            return None
        if jvp is not None:
            parts = [jvp(tangents, out, *operands)]
        else:
            parts = [
                vjp(cast_to(t, out.dtype), out, *operands)[i]
                for i, t in enumerate(tangents)
                if t is not None
            ]
        total: Node | None = None
        for part in parts:
            if part is not None:
                total = part if total is None else op_named("add")(total, part)
        return None if total is None else spread(cast_to(total, out.dtype), out.shape)

    return rule


def spread(n: Node, shape: Shape) -> Node:
    """n repeated to a shape it broadcasts to."""
    if len(n.shape) == len(shape) and all(
        size_node(a) is size_node(b) for a, b in zip(n.shape, shape, strict=True)
    ):
        return n
    return view(n, broadcast(n.shape, shape))


__all__ = [
    "BOOL",
    "C128",
    "F64",
    "I64",
    "align",
    "as_node",
    "broadcast_shape",
    "cast",
    "cast_to",
    "elementwise",
    "kind_of",
    "misfit",
    "resized",
    "resolve_ufunc",
    "spread",
    "zero_gradient",
]
