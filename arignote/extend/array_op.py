"""Ops on whole arrays by the user: a NumPy meaning, a rule for shapes, derivatives, C and CUDA.

A node's operands are the arrays, then the sizes of the results, so that its type follows from its
operands alone.  Without a rule for shapes a first op calls the meaning and says the sizes, keeping
the results for the second under a number that it hands over.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import DTypeError, ShapeError, TraceError
from ..fxgraph.affine import dim, size_node
from ..fxgraph.constants import new_input, project
from ..fxgraph.graph import substitute
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.shaping import zeros_like
from ..fxgraph.types import I64, DType, TensorType
from ..trace.converting import converted
from ..trace.numpy_api.arguments import array, size_of
from ..trace.proxy import is_proxy, node_of, wrap
from ..trace.session import is_tracing
from .names import claimed
from .native import array_function, kernel

_INT = TensorType(I64, (), True)
#: Results that were computed to learn their sizes, by number; the oldest go.
_kept: dict[int, tuple[Any, ...]] = {}
_numbers = itertools.count(1)
_MOST_KEPT = 64


class ArrayOp:
    """What `ag.op` makes of a function over arrays; called as the function it was.

    Positional parameters are operands, keyword-only ones are fixed while tracing.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, function)
        self.reference, self.may_keep = function, True
        self.shape, self.dtype, self.ndim = (options.get(k) for k in ("shape", "dtype", "ndim"))
        self.rules = {k: options.get(k) for k in ("vjp", "jvp")}
        positional, keywords = _parameters(function)
        self.defaults = {k: v for k, v in keywords.items() if v is not inspect.Parameter.empty}
        self.keywords = tuple(sorted(keywords))
        if self.shape is None and self.ndim is None:
            raise TraceError(
                f"{function.__name__}: say shape=, a function of the operands' shapes, or ndim=, "
                f"the number of axes of the result (sizes are then found by running the function)"
            )
        self.name = claimed(function, options.get("name"))
        extra: dict[str, Any] = {"user": self}
        if options.get("cuda") is not None:
            if self.shape is None:
                raise TraceError(f"{function.__name__}: an op with CUDA needs shape=")
            extra["array_cuda"] = kernel(
                options["cuda"], options.get("cuda_support") or "", options.get("cuda_dtypes"),
                positional, self.keywords,
            )  # fmt: skip
        if options.get("c") is not None:
            if self.shape is None:
                raise TraceError(f"{function.__name__}: an op with C needs shape=")
            extra["array_c"] = array_function(
                options["c"], options.get("c_support") or "", options.get("c_dtypes"), positional,
                self.keywords,
            )  # fmt: skip
        derivatives = self.rules["vjp"] is not None
        self.op = Op(
            self.name,
            infer=_types,
            reference=functools.partial(_evaluated, self),
            vjp=functools.partial(_pulled, self) if derivatives else None,
            jvp=functools.partial(_pushed, self) if any(self.rules.values()) else None,
            traits=frozenset({"library"}),
            extra=extra,
        )
        self.sizes_op = Op(
            f"{self.name}_sizes",
            infer=lambda *_, sizes, **__: (_INT,) * (sizes + 1),
            reference=functools.partial(_measured, self),
            traits=frozenset({"library"}),
        )

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        static = {**self.defaults, **keywords}
        if set(static) != set(self.keywords):
            missing = sorted(set(self.keywords) ^ set(static))
            raise TypeError(f"{self.__name__}: keyword {missing[0]!r} is missing or unknown")  # type: ignore[attr-defined]
        if not is_tracing() and not any(map(is_proxy, operands)):
            return self.reference(*operands, **static)
        nodes = [array(x) for x in operands]
        n = self._node(nodes, {k: _known(v) for k, v in static.items()})
        if isinstance(n.type, TensorType):
            return wrap(n)
        return tuple(wrap(project(n, k)) for k in range(len(n.type)))

    def run_by(self, function: Callable[..., Any]) -> None:
        """Let kernels call `function`, which keeps no operand; the meaning is what the debug mode
        compares it with."""
        twin = ArrayOp.__new__(ArrayOp)
        vars(twin).update(vars(self), reference=function, may_keep=False)
        self.op.extra["compiled"] = functools.partial(_evaluated, twin)
        self.sizes_op.extra["compiled"] = functools.partial(_measured, twin)

    def _node(self, nodes: Sequence[Node], static: dict[str, Any]) -> Node:
        shapes = self._shapes(nodes, static)
        at: dict[str, Any] = {"static": tuple(sorted(static.items())), "arrays": len(nodes)}
        if shapes is None:
            ranks = self.ndim if isinstance(self.ndim, tuple | list) else (self.ndim,)
            dtypes = self._dtypes(nodes, static, len(ranks))
            total = sum(ranks)
            measured = self.sizes_op(*nodes, sizes=total, **at)
            operands = [project(measured, k) for k in range(total + 1)]
        else:
            ranks = tuple(map(len, shapes))
            dtypes = self._dtypes(nodes, static, len(ranks))
            operands = [size_node(d) for s in shapes for d in s]
        several = len(ranks) > 1 or isinstance(self.dtype, tuple | list)
        numbers = tuple(v for k, v in at["static"] if isinstance(v, int))
        at |= {"ranks": tuple(ranks), "dtypes": tuple(dtypes), "several": several}
        return make(
            self.op, (*nodes, *operands), tuple(sorted((at | {"numbers": numbers}).items()))
        )

    def _shapes(self, nodes: Sequence[Node], static: dict[str, Any]) -> list[Any] | None:
        if self.shape is None:
            return None
        given = [tuple(d if isinstance(d, int) else wrap(d) for d in n.shape) for n in nodes]
        found = self.shape(*given, **static)
        several = bool(found) and isinstance(found[0], tuple | list)
        return [tuple(map(size_of, s)) for s in (found if several else (found,))]

    def _dtypes(self, nodes: Sequence[Node], static: dict[str, Any], count: int) -> list[DType]:
        found = self.dtype
        if callable(found) and not isinstance(found, type):
            found = found(*(n.dtype for n in nodes), **static)
        if found is None:
            found = np.result_type(*(n.dtype for n in nodes))
        listed = list(found) if isinstance(found, tuple | list) else [found] * count
        if len(listed) != count:
            raise DTypeError(f"{self.name}: {len(listed)} dtypes for {count} results")
        return [np.dtype(d) for d in listed]

    def __reduce__(self) -> Any:
        return _named, (self.reference.__module__, self.reference.__qualname__)


def _named(module: str, name: str) -> Any:
    return functools.reduce(getattr, name.split("."), __import__(module, fromlist=["_"]))


def _parameters(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    positional, keywords = [], {}
    for p in inspect.signature(function).parameters.values():
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            positional.append(p.name)
        elif p.kind is p.KEYWORD_ONLY:
            keywords[p.name] = p.default
        else:
            raise TraceError(f"{function.__name__}: an op has no *{p.name}: name its operands")
    return positional, keywords


def _known(value: Any) -> Any:
    """A keyword's value, which must be known while tracing."""
    if is_proxy(value):
        n = node_of(value)
        return float(value) if n.dtype.kind == "f" else int(value)
    hash(value)
    return value


# ---- meaning -------------------------------------------------------------------------------------
def _types(*operands: Node, arrays: int, ranks: Any, dtypes: Any, several: bool, **_: Any) -> Any:
    sizes = iter(operands[arrays:])
    made = tuple(
        TensorType(d, tuple(dim(next(sizes)) for _ in range(r)))
        for d, r in zip(dtypes, ranks, strict=True)
    )
    return made if several else made[0]


def _results(user: ArrayOp, values: Sequence[Any], static: Any) -> tuple[Any, ...]:
    if user.may_keep:
        values = [_owned(v) for v in values]
    answer = user.reference(*values, **dict(static))
    return tuple(answer) if isinstance(answer, tuple | list) else (answer,)


def _owned(value: Any) -> Any:
    """The value in memory of its own: a kernel's is gone when the call ends, while the function may
    keep its operands, views of them, or a generator over them."""
    kernels = isinstance(value, np.ndarray) and not value.flags.owndata
    return value.copy(order="K") if kernels else value


def _measured(user: ArrayOp, *values: Any, static: Any, arrays: int, sizes: int) -> tuple[Any, ...]:
    results = tuple(_owned(np.asarray(r)) for r in _results(user, values, static))
    ranks = user.ndim if isinstance(user.ndim, tuple | list) else (user.ndim,)
    have = tuple(r.ndim for r in results)
    if have != tuple(ranks):
        raise ShapeError(f"{user.name}: results have {have} axes, ndim={user.ndim} was said")
    number = next(_numbers)
    _kept[number] = results
    for old in list(_kept)[:-_MOST_KEPT]:
        _kept.pop(old, None)
    return (*(int(n) for r in results for n in r.shape), number)


def _evaluated(
    user: ArrayOp, *values: Any, static: Any, arrays: int, ranks: Any, dtypes: Any, several: bool,
    numbers: Any,
) -> Any:  # fmt: skip
    sizes = [int(v) for v in values[arrays : arrays + sum(ranks)]]
    results = None
    if user.shape is None:
        results = _kept.pop(int(values[-1]), None)
    if results is None:
        results = _results(user, values[:arrays], static)
    out = []
    for r, rank, d in zip(results, ranks, dtypes, strict=True):
        want, sizes = tuple(sizes[:rank]), sizes[rank:]
        if np.shape(r) != want:
            raise ShapeError(
                f"{user.name}: the function gave shape {np.shape(r)}, its rule said {want}"
            )
        out.append(np.asarray(r, d))
    return tuple(out) if several else out[0]


# ---- derivatives ---------------------------------------------------------------------------------
def _pulled(user: ArrayOp, g: Any, out: Node, *operands: Node, **at: Any) -> tuple[Any, ...]:
    """The user's rule on traced values: vjp(g, out, *operands), one cotangent an operand."""
    given = operands[: at["arrays"]]
    outs, cotangents = _outputs(g, out)
    found = _called(user.rules["vjp"], user, (cotangents, outs, *map(wrap, given)), at)
    if len(found) != len(given):
        raise TraceError(
            f"{user.name}: vjp gives {len(found)} cotangents for {len(given)} operands: return a "
            f"tuple of one an operand, None for zeros"
        )
    parts = [_fitted(user, c, x) for c, x in zip(found, given, strict=True)]
    return (*parts, *(None,) * (len(operands) - len(given)))


def _outputs(g: Any, out: Node) -> tuple[Any, Any]:
    """(results, cotangents) as the user sees them: tuples where there are several results."""
    if isinstance(out.type, TensorType):
        return wrap(out), wrap(g)
    values = [project(out, k) for k in range(len(out.type))]
    filled = [c if c is not None else zeros_like(v) for c, v in zip(g, values, strict=True)]
    return tuple(map(wrap, values)), tuple(map(wrap, filled))


def _called(rule: Any, user: ArrayOp, args: Any, at: dict[str, Any]) -> tuple[Any, ...]:
    answer = converted(rule)(*args, **dict(at["static"]))
    return tuple(answer) if isinstance(answer, tuple | list) else (answer,)


def _fitted(user: ArrayOp, value: Any, like: Node) -> Node | None:
    if value is None or like.dtype.kind not in "fc":
        return None
    n = array(value)
    if n.rank != like.rank:
        raise ShapeError(f"{user.name}: the rule gave {n.type} for an operand of {like.type}")
    return cast_to(n, like.dtype)


def _pushed(user: ArrayOp, tangents: Any, out: Node, *operands: Node, **at: Any) -> Any:
    """By the user's jvp(tangents, out, *operands); else the transpose of the transposed rule."""
    given, moved = operands[: at["arrays"]], tangents[: at["arrays"]]
    single = isinstance(out.type, TensorType)
    outs = [out] if single else [project(out, k) for k in range(len(out.type))]
    if user.rules["jvp"] is not None:
        full = [t if t is not None else zeros_like(x) for t, x in zip(moved, given, strict=True)]
        shown = wrap(out) if single else tuple(map(wrap, outs))
        args = (tuple(map(wrap, full)), shown, *map(wrap, given))
        answer = [array(v) for v in _called(user.rules["jvp"], user, args, at)]
        parts: list[Node | None] = [cast_to(a, o.dtype) for a, o in zip(answer, outs, strict=True)]
    else:
        variables = [new_input("cotangent", o.dtype, o.shape) for o in outs]
        pulled = _pulled(user, variables[0] if single else variables, out, *operands, **at)
        pairs = [(c, t) for c, t in zip(pulled, moved) if c is not None and t is not None]
        back = cotangents_of([c for c, _ in pairs], [t for _, t in pairs], variables)
        zeros = {v: zeros_like(v) for v in variables}
        parts = [None if b is None else substitute([b], zeros)[0] for b in back]
    return parts[0] if single else tuple(parts)


__all__ = ["ArrayOp"]
