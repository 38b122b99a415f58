"""Theano's `Op` class: operations of the user with `make_node`, `perform`, `grad`.

`perform` is the meaning, and what runs where the op has no `c_code`.  Inside a compiled function it
is one library call; `infer_shape` gives the sizes of its results, and where it is missing they are
those that `perform` returned.  `grad` (or `L_op`) builds expressions, which are traced like all
others, so forward mode and second derivatives follow from it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import extend
from ..config import config
from ..errors import UnsupportedError
from .c_code import c_function
from .deferred import give_test_values
from .evaluate import evaluate, is_traced, strong
from .gradients import DisconnectedType, NullType
from .graph import Apply, Variable
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable

#: (op, types of operands, types of results) -> the op of the graph
_made: dict[Any, Any] = {}


class ShapeError(Exception):
    """Raised by `infer_shape` where the sizes cannot be told without running the op."""


class Op:
    """An operation.  Give a subclass `make_node` (or `itypes` and `otypes`) and `perform`.

    __props__: the attributes that tell applications of one class apart.  perform(node, inputs,
    output_storage) puts each result in output_storage[k][0].  grad(inputs, output_gradients) and
    L_op(inputs, outputs, output_gradients) give one expression an input.
    infer_shape(node, shapes) gives the shapes of the results.  connection_pattern(node): for each
    input, for each output, whether a derivative passes.  c_code(node, name, inputs, outputs, sub)
    and its relatives: see `c_code`; an op may have C code only.

    Raises NotImplementedError where a derivative is asked of an op without `grad`.
    """

    __props__: Any = None
    itypes: Any = None
    otypes: Any = None
    default_output: int | None = None
    params_type: Any = None
    view_map: dict[int, list[int]] = {}  # noqa: RUF012 (as Theano's)
    destroy_map: dict[int, list[int]] = {}  # noqa: RUF012
    #: what expressions ask of every op
    kind = "user"
    lasting = False
    silent: frozenset[int] = frozenset()

    def make_node(self, *inputs: Any) -> Apply:
        """The application to these inputs, from `itypes` and `otypes`."""
        if self.itypes is None or self.otypes is None:
            raise NotImplementedError(f"{self} needs make_node, or itypes and otypes")
        if len(inputs) != len(self.itypes):
            raise ValueError(f"{self} takes {len(self.itypes)} inputs, not {len(inputs)}")
        pairs = zip(inputs, self.itypes, strict=True)
        given = [as_tensor_variable(x) if isinstance(t, TensorType) else x for x, t in pairs]
        for x, t in zip(given, self.itypes, strict=True):
            if not isinstance(t, TensorType):
                if x.type != t:
                    raise TypeError(f"{self}: {x} is {x.type}, it must be {t}")
            elif (x.dtype, x.ndim) != (t.dtype, t.ndim):
                raise TypeError(f"{self}: {x} is {x.type}, it must be {t}")
        return Apply(self, given, [t() for t in self.otypes], {})

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Compute the results."""
        raise NotImplementedError(f"{type(self).__name__} has no perform")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        as_list = kwargs.pop("return_list", False)
        name = kwargs.pop("name", None)
        node = self.make_node(*inputs, **kwargs)
        node.attrs["silent"] = _silent(self, node)
        if config.compute_test_value != "off":
            give_test_values(node)
        if name is not None:
            node.outputs[0].name = name
        if self.default_output is not None:
            chosen = node.outputs[self.default_output]
            return [chosen] if as_list else chosen
        return node.outputs[0] if len(node.outputs) == 1 and not as_list else list(node.outputs)

    @property
    def name(self) -> str:
        """What it is called in prints."""
        return str(self)

    def _properties(self) -> tuple[Any, ...]:
        return tuple(getattr(self, k) for k in self.__props__ or ())

    def __eq__(self, other: object) -> bool:
        if self.__props__ is None:
            return self is other
        return type(self) is type(other) and self._properties() == other._properties()

    def __hash__(self) -> int:
        return id(self) if self.__props__ is None else hash((type(self), self._properties()))

    def __str__(self) -> str:
        if not self.__props__:
            return type(self).__name__
        shown = ", ".join(f"{k}={getattr(self, k)!r}" for k in self.__props__)
        return f"{type(self).__name__}{{{shown}}}"

    # -- what evaluation and gradients ask
    def run(self, node: Apply, values: Sequence[Any]) -> Sequence[Any]:
        """The values of the outputs, for arrays and for traced values."""
        values = [
            strong(v) if isinstance(x.type, TensorType) else v
            for v, x in zip(values, node.inputs, strict=True)
        ]
        if not is_traced(values):
            return performed(self, node, values, _meaning_of(self, node))
        found = _array_op(self, node)(*values)
        return found if isinstance(found, tuple | list) else (found,)

    def pulled(
        self, node: Apply, inputs: Sequence[Any], outputs: Sequence[Any], slopes: Sequence[Any]
    ) -> list[Any]:
        """What `grad` or `L_op` says for these expressions."""
        lop, grad = getattr(self, "L_op", None), getattr(self, "grad", None)
        if lop is not None:
            found = lop(list(inputs), list(outputs), list(slopes))
        elif grad is not None:
            found = grad(list(inputs), list(slopes))
        else:
            return [NullType(f"{self} has no grad")() for _ in inputs]
        if len(found) != len(inputs):
            raise ValueError(f"{self}: grad gives {len(found)} terms for {len(inputs)} inputs")
        return list(found)

    def undefined(self, node: Apply) -> dict[Variable, str]:
        """The inputs without a gradient, and why."""
        slopes = [v.type() for v in node.outputs]
        found = self.pulled(node, node.inputs, node.outputs, slopes)
        pairs = zip(node.inputs, found, strict=True)
        return {x: g.type.why for x, g in pairs if isinstance(_type(g), NullType)}


def _type(g: Any) -> Any:
    return getattr(g, "type", None)


def _silent(op: Op, node: Apply) -> frozenset[int]:
    pattern = getattr(op, "connection_pattern", None)
    if pattern is None:
        return frozenset()
    return frozenset(k for k, row in enumerate(pattern(node)) if not any(row))


# ---- running -------------------------------------------------------------------------------------
def performed(
    op: Op, node: Apply, values: Sequence[Any], run: Callable[[Sequence[Any]], Sequence[Any]]
) -> list[Any]:
    """What `run` gives for the values, in the types that the node declares."""
    written = {k for ks in op.destroy_map.values() for k in ks}
    values = [np.array(x) if k in written else x for k, x in enumerate(values)]
    return [v.type.filter(x, False, True) for v, x in zip(node.outputs, run(values), strict=True)]


def _meaning_of(op: Op, node: Apply) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """`perform`, or the C code of an op that has nothing else."""
    if type(op).perform is not Op.perform:
        return functools.partial(_by_perform, op, node)
    found = c_function(op, node)
    if found is None:
        raise NotImplementedError(f"{op} has no perform, and no C code that can be compiled here")
    return found


def _by_perform(op: Op, node: Apply, values: Sequence[Any]) -> list[Any]:
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    if op.params_type is None:
        op.perform(node, values, storage)
    else:
        op.perform(node, values, storage, op)  # type: ignore[call-arg]  # parameters are its attributes
    for k, (x,) in enumerate(storage):
        if x is None:
            raise ValueError(f"{op}: perform put nothing in output_storage[{k}][0]")
    return [x for (x,) in storage]


def _array_op(op: Op, node: Apply) -> Any:
    """The op of the graph for operands and results of these types."""
    if not all(isinstance(v.type, TensorType) for v in (*node.inputs, *node.outputs)):
        raise UnsupportedError(
            f"{op}: operands and results of an Op are arrays, or of types that derive from gof.Type"
        )
    key = (op, *[v.type for v in node.inputs], "->", *[v.type for v in node.outputs])
    found = _made.get(key)
    if found is None:
        found = _made[key] = _declared(op, node)
    return found


def _declared(op: Op, node: Apply) -> Any:
    def calling(run: Any) -> Callable[..., Any]:
        def called(*values: Any) -> Any:
            found = performed(op, node, values, run)
            return tuple(found) if len(found) > 1 else found[0]

        return called

    by_meaning = _meaning_of(op, node)
    meaning = calling(by_meaning)
    names = [inspect.Parameter(f"x{k}", inspect.Parameter.POSITIONAL_ONLY)
             for k in range(len(node.inputs))]  # fmt: skip
    meaning.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    meaning.__name__ = meaning.__qualname__ = f"{type(op).__name__}_{len(_made)}"
    single = len(node.outputs) == 1
    ranks = tuple(v.type.ndim for v in node.outputs)
    dtypes = tuple(np.dtype(v.type.dtype) for v in node.outputs)
    shape = _shape_rule(op, node)
    made = extend.op(
        meaning,
        shape=shape,
        ndim=None if shape is not None else (ranks[0] if single else ranks),
        dtype=dtypes[0] if single else dtypes,
        vjp=_backward(op, node) if _differentiable(node) else None,
    )
    by_c = c_function(op, node) if type(op).perform is not Op.perform else None
    if by_c is not None:
        made.run_by(calling(by_c))
    return made


def _differentiable(node: Apply) -> bool:
    return any(np.dtype(v.type.dtype).kind in "fc" for v in node.inputs)


def _shape_rule(op: Op, node: Apply) -> Callable[..., Any] | None:
    """`infer_shape` as a rule on sizes; None where the op has none."""
    rule = getattr(op, "infer_shape", None)
    if rule is None:
        return None
    sizes = [tuple(TensorType("int64", ())() for _ in range(v.type.ndim)) for v in node.inputs]
    several = len(inspect.signature(rule).parameters) > 2
    try:
        with config(compute_test_value="off"):
            found = rule(None, node, sizes) if several else rule(node, sizes)
    except (ShapeError, NotImplementedError):
        return None
    wanted = [[as_tensor_variable(d) for d in s] for s in found]
    flat = [v for s in sizes for v in s]

    def shape(*shapes: Any) -> list[Any]:
        given = dict(zip(flat, [d for s in shapes for d in s], strict=True))
        return [tuple(_size(v, given) for v in s) for s in wanted]

    return shape


def _size(v: Any, given: dict[Any, Any]) -> Any:
    if isinstance(v, TensorConstant):
        return int(v.data)
    return evaluate([v], given)[0]


def _backward(op: Op, node: Apply) -> Callable[..., Any]:
    """`grad` on traced values: its expressions, built once, evaluated."""
    inputs = [v.type() for v in node.inputs]
    outputs = [v.type() for v in node.outputs]
    slopes = [v.type() for v in node.outputs]
    copied = Apply(op, inputs, outputs, dict(node.attrs))
    built: list[Any] = []

    def backward(g: Any, out: Any, *values: Any) -> Any:
        if not built:
            with config(compute_test_value="off"):
                built.extend(op.pulled(copied, inputs, outputs, slopes))
        pulled = built
        given = dict(zip(inputs, values, strict=True))
        given.update(zip(outputs, _listed(out), strict=True))
        given.update(zip(slopes, _listed(g), strict=True))
        silent = [isinstance(_type(e), DisconnectedType | NullType) for e in pulled]
        wanted = [as_tensor_variable(e) for e, s in zip(pulled, silent, strict=True) if not s]
        found = iter(evaluate(wanted, given))
        return tuple(None if s else strong(next(found)) for s in silent)

    backward.__arignote_traced__ = True  # type: ignore[attr-defined]
    return backward


def _listed(x: Any) -> list[Any]:
    return list(x) if isinstance(x, tuple | list) else [x]
