"""NumPy's ufuncs on traced values: which op answers, casting rules, `out=`, `where=`, `dtype=`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.affine import minus
from ..fxgraph.constants import array_of, is_const, lit
from ..fxgraph.node import OPS, Node, Op
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.elementwise import TWO_RESULTS
from ..fxgraph.ops.family import cast_to, kind_of, resolve_ufunc
from ..fxgraph.prove import ge0, knowledge
from .assign import converted, fitted, store
from .layout import wrap_like
from .registry import IMPLEMENTED, UFUNC_METHODS, implementation
from .unknown import unknown
from .values import Array, Proxy, Scalar, node_of, wrap

_ANSWERS: dict[Any, Op] = {}


def op_of(ufunc: Any) -> Op | None:
    """The elementwise op that stands for a ufunc."""
    if ufunc not in _ANSWERS:
        _ANSWERS.update((f, op) for op in OPS.values() for f in op.numpy)
    found = _ANSWERS.get(ufunc)
    return found if found is not None else _ANSWERS.get(f"scipy.special.{ufunc.__name__}")


def value_node(x: Any) -> Node:
    """The node of an operand; lists and tuples become arrays, as NumPy makes them."""
    if isinstance(x, list | tuple):
        made = IMPLEMENTED[np.array](x) if np.array in IMPLEMENTED else np.array(x)
        return node_of(made)
    return node_of(x)


def apply(ufunc: Any, inputs: Sequence[Any], **options: Any) -> Any:
    """ufunc(*inputs, **options) with NumPy's keywords; the result is a value of its own."""
    out = options.pop("out", None)
    where = options.pop("where", True)
    if ufunc in IMPLEMENTED or (op_of(ufunc) is None and implementation(ufunc) is not None):
        if out is not None:
            options["out"] = out[0] if isinstance(out, tuple) else out
        return IMPLEMENTED[ufunc](*inputs, **options)
    if out is not None and not isinstance(out, tuple):
        if ufunc.nout > 1:
            raise TypeError("'out' must be a tuple of arrays")
        out = (out,)
    if out is not None:
        _castable(ufunc, inputs, out, **options)
    if ufunc is np.power and where is not True:
        inputs = (inputs[0], _where_asked(inputs[1], where))
    results = computed(ufunc, inputs, **options)
    if out is None and where is True:
        made = tuple(wrap_like(r, inputs) for r in results)
        return made[0] if len(made) == 1 else made
    targets = out if out is not None else (None,) * len(results)
    casting = options.get("casting", "same_kind")
    stored = [
        stored_into(ufunc, r, t, where, casting) for r, t in zip(results, targets, strict=True)
    ]
    return stored[0] if len(stored) == 1 else tuple(stored)


def _where_asked(y: Any, where: Any) -> Any:
    """Exponents that a mask leaves out may be negative."""
    n = value_node(y)
    if n.dtype.kind != "i" or is_const(n):
        return y
    return cast_to(OPS["where"](node_of(where), n, cast_to(node_of(0), n.dtype)), n.dtype)


def _castable(
    ufunc: Any, inputs: Sequence[Any], out: Sequence[Any], *, casting: str = "same_kind",
    dtype: Any = None, signature: Any = None, sig: Any = None, **_: Any,
) -> None:  # fmt: skip
    """NumPy asks whether results may be cast to `out=` before it looks at any shape or value."""
    if not isinstance(ufunc, np.ufunc) or (signature is None) != (sig is None):
        return
    nodes = [value_node(x) for x in inputs]
    if dtype is None:
        loop = resolve_ufunc(ufunc, tuple(map(kind_of, nodes)))
    else:
        loop = _loop_for(ufunc, nodes, (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout)
    _numbers_fit(nodes, loop, casting)
    for t, d in zip(out, loop[ufunc.nin :], strict=True):
        if isinstance(t, Array):
            _may_be_cast(ufunc.__name__, d, t, casting)


def _may_be_cast(name: str, dtype: Any, target: Array, casting: str) -> None:
    """Raise TypeError where results of a dtype do not fit into `out=`."""
    if not np.can_cast(dtype, target.node.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            f"Cannot cast ufunc '{name}' output from {dtype!r} to "
            f"{target.node.dtype!r} with casting rule '{casting}'"
        )


def apply_into(ufunc: Any, inputs: Sequence[Any], target: Array) -> Array:
    """`target <op>= ...`: what in-place operators do."""
    if ufunc in IMPLEMENTED:
        result = node_of(IMPLEMENTED[ufunc](*inputs))
    else:
        _castable(ufunc, inputs, (target,))
        result = computed(ufunc, inputs)[0]
    stored_into(ufunc, result, target, True, "same_kind")
    return target


def computed(
    ufunc: Any,
    inputs: Sequence[Any],
    *,
    dtype: Any = None,
    casting: str = "same_kind",
    signature: Any = None,
    sig: Any = None,
    order: str = "K",
    subok: bool = True,
) -> tuple[Node, ...]:
    """The results of a ufunc call as nodes.  Raises UnsupportedError for unknown ufuncs."""
    nodes = [value_node(x) for x in inputs]
    if dtype is not None or signature is not None or sig is not None:
        nodes = for_loop(ufunc, nodes, dtype, signature if signature is not None else sig, casting)
    elif casting != "same_kind":
        loop = resolve_ufunc(ufunc, tuple(kind_of(n) for n in nodes))
        nodes = [
            _checked_cast(ufunc, n, d, casting, k) for k, (n, d) in enumerate(zip(nodes, loop))
        ]
    else:
        nodes = _held_by_narrow_ones(ufunc, nodes)
    if ufunc in TWO_RESULTS:
        return TWO_RESULTS[ufunc](*nodes)
    if ufunc is np.power:
        _no_negative_powers(*nodes)
    op = op_of(ufunc)
    if op is None:
        raise unknown(ufunc)
    result = op(*nodes)
    if isinstance(result, tuple):
        return result
    return (result,)


_COMPARISONS = frozenset(
    {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}
)


def _held_by_narrow_ones(ufunc: Any, nodes: list[Node]) -> list[Node]:
    """The operands with Python integers that meet integers of other dtypes checked to fit.

    In loops only where those have 8 or 16 bits, else the check would be in each that adds its
    counter to an int32: there such an integer wraps (docs/differences.md).  Comparisons take any.
    """
    most = 2 if knowledge().regions else 8
    kinds = [(n.type.weak, n.dtype.kind, n.dtype.itemsize) for n in nodes]
    narrow = any(not weak and kind in "iu" and size <= most for weak, kind, size in kinds)
    free = [k for k, (weak, kind, _) in enumerate(kinds) if weak and kind == "i"]
    if not narrow or not free or ufunc in _COMPARISONS:
        return nodes
    loop = resolve_ufunc(ufunc, tuple(kind_of(n) for n in nodes))
    return [
        converted(n, d) if k in free and d.kind in "iu" and d.itemsize <= most else n
        for k, (n, d) in enumerate(zip(nodes, loop, strict=False))
    ]


def _no_negative_powers(x: Node, y: Node) -> None:
    """NumPy refuses integers to negative integer powers, whatever the integers."""
    if x.dtype.kind not in "iub" or y.dtype.kind != "i":
        return
    if resolve_ufunc(np.power, (kind_of(x), kind_of(y)))[2].kind not in "iu":
        return
    message = "Integers to negative integer powers are not allowed."
    if is_const(y):
        if y.type.weak and x.dtype.kind == "u" and array_of(y) < 0:
            raise OverflowError(f"Python integer {array_of(y)} out of bounds for {x.dtype}")
        if 0 in x.shape:
            return
        if (array_of(y) < 0).any():
            raise ValueError(message)
        return
    if (y.type.weak and ge0(y)) or 0 in x.shape:
        return
    fine = OPS["greater_equal"](y, 0)
    if fine.rank:
        fine = OPS["reduce_all"](fine, axes=tuple(range(fine.rank)))
    for d in x.shape:  # of no elements there are no powers
        if isinstance(d, Node) and not ge0(minus(d, lit(1))):
            fine = OPS["logical_or"](fine, OPS["equal"](d, 0))
    required(fine, "ValueError", message)


def for_loop(
    ufunc: Any, nodes: list[Node], dtype: Any, signature: Any, casting: str
) -> list[Node]:
    """The operands cast for the loop that `dtype=` or `signature=` asks for."""
    if signature is None:
        signature = (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    elif isinstance(signature, str):
        left, _, right = signature.partition("->")
        signature = tuple(np.dtype(c) for c in left + right)
    elif not isinstance(signature, tuple):
        signature = (None,) * ufunc.nin + (np.dtype(signature),) * ufunc.nout
    loop = _loop_for(ufunc, nodes, signature)
    _numbers_fit(nodes, loop, casting)
    return [_checked_cast(ufunc, n, d, casting, k) for k, (n, d) in enumerate(zip(nodes, loop))]


def _loop_for(ufunc: Any, nodes: Sequence[Node], signature: Any) -> Any:
    kinds = tuple(kind_of(n) for n in nodes) + (None,) * ufunc.nout
    # NumPy's own check of the casts is left out: it crashes for casting="equiv" and a number
    return ufunc.resolve_dtypes(kinds, signature=signature, casting="unsafe")


def _numbers_fit(nodes: Sequence[Node], loop: Sequence[Any], casting: str) -> None:
    """NumPy makes arrays of Python numbers before it asks about casts, but for one of the rules.

    Raises OverflowError.
    """
    if casting == "equiv":
        return
    for n, d in zip(nodes, loop, strict=False):
        if n.type.weak and n.dtype.kind == "i" and d.kind in "iu" and is_const(n):
            cast_to(n, d)


#: Python numbers take any dtype of a kind that has room for theirs.
_RANK = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
#: Whatever is cast to bool here, NumPy does not ask whether it may be.
_TRUTHS = frozenset({np.logical_and, np.logical_or, np.logical_xor, np.logical_not})


def _checked_cast(ufunc: Any, n: Node, dtype: Any, casting: str, position: int) -> Node:
    if ufunc in _TRUTHS:
        return cast_to(n, dtype)
    if n.type.weak and casting == "equiv" and n.dtype != dtype and n.dtype.kind != "b":
        number = {"i": "int", "f": "float", "c": "complex"}[n.dtype.kind]
        raise TypeError(
            f"cannot cast Python {number} to {np.dtype(dtype)} under the casting rule 'equiv'"
        )
    kind = n.dtype.kind  # True has a dtype of its own
    free = n.type.weak and kind != "b" and _RANK[kind] <= _RANK[np.dtype(dtype).kind] != 0
    if not free and not np.can_cast(n.dtype, dtype, casting):  # type: ignore[arg-type]
        raise TypeError(
            f"Cannot cast ufunc '{ufunc.__name__}' input {position} from {n.dtype!r} to "
            f"{np.dtype(dtype)!r} with casting rule '{casting}'"
        )
    return cast_to(n, dtype)


def stored_into(ufunc: Any, result: Node, target: Any, where: Any, casting: str) -> Any:
    """Store a result in `out=`, where a mask says so; `ufunc`: it, or its name for messages."""
    name = ufunc if isinstance(ufunc, str) else ufunc.__name__
    if target is None:
        mask = node_of(where)
        blank = cast_to(OPS["where"](mask, result, cast_to(node_of(0), result.dtype)), result.dtype)
        return wrap(blank)
    if isinstance(target, Scalar) or not isinstance(target, Array):
        if isinstance(target, np.ndarray):
            raise UnsupportedError(
                f"out= of {name} is an array that is no argument of the traced function: "
                f"pass it as an argument"
            )
        raise TypeError("return arrays must be of ArrayType")
    _may_be_cast(name, result.dtype, target, casting)
    if not target.writeable:
        raise ValueError("output array is read-only")
    value = fitted(cast_to(result, target.node.dtype), target.sizes, out=True)
    if where is not True:
        mask = node_of(where)
        value = OPS["where"](mask, value, target.node)
    store(target, value)
    return target


def array_ufunc(self: Proxy, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """The body of `__array_ufunc__`."""
    if method == "__call__":
        return apply(ufunc, inputs, **options)
    implementation = UFUNC_METHODS.get((ufunc.__name__, method)) or UFUNC_METHODS.get(("*", method))
    if implementation is None:
        raise unknown(ufunc, f".{method}")
    out = options.get("out")
    if isinstance(out, tuple):
        options["out"] = out[0]
    if ("*", method) in UFUNC_METHODS and (ufunc.__name__, method) not in UFUNC_METHODS:
        return implementation(ufunc, *inputs, **options)
    return implementation(*inputs, **options)
