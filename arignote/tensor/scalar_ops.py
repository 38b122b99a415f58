"""Theano's scalar ops: what one number becomes, and `Elemwise`, which applies that to arrays.

`impl` is the meaning.  An op with `c_code` for its types joins loops with the operations around it;
one without is a library call.  `grad` builds expressions of scalars, traced like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..emit.scalar_code import code
from ..errors import UnsupportedError
from ..extend.names import claimed
from ..fxgraph.node import Node
from ..fxgraph.ops.family import elementwise
from ..trace.proxy import node_of, wrap
from .c_code import MethodNotDefined
from .elementwise import Elementwise
from .evaluate import evaluate, is_traced, strong
from .gradients import DisconnectedType, NullType
from .graph import Apply, Variable
from .types import TensorType
from .user_ops import Op
from .variables import as_tensor_variable

_OPERANDS = "xyz"
#: names of C types that old programs use
_NAMES_OF_C = "\n".join(
    f"#define npy_{name} {c}"
    for name, c in {
        "bool": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int",
        "int64": "long long", "uint8": "unsigned char", "uint16": "unsigned short",
        "uint32": "unsigned int", "uint64": "unsigned long long", "float32": "float",
        "float64": "double",
    }.items()
)  # fmt: skip
#: (scalar op, types of operands) -> the op of the graph, or None where it has no C for them
_made: dict[Any, Any] = {}


# ---- which types results have --------------------------------------------------------------------
def upcast_out(*types: TensorType) -> list[TensorType]:
    """One result of NumPy's common type."""
    return [TensorType(np.result_type(*[np.dtype(t.dtype) for t in types]), ())]


def upgrade_to_float(*types: TensorType) -> list[TensorType]:
    """One result of the common type, a floating one for integers."""
    (common,) = upcast_out(*types)
    kind = np.dtype(common.dtype)
    if kind.kind in "fc":
        return [common]
    return [TensorType("float32" if kind.itemsize <= 2 else "float64", ())]


def same_out(kind: TensorType) -> list[TensorType]:
    """One result of the operand's type."""
    return [kind]


# ---- scalar ops ----------------------------------------------------------------------------------
class ScalarOp:
    """What one number, or several, become.  Give a subclass `impl`, and perhaps `c_code`, `grad`.

    impl(*numbers): the result.  grad(inputs, output_gradients) or L_op(inputs, outputs,
    output_gradients): one expression an input.  c_code(node, name, inputs, outputs, sub): C
    statements that assign outputs[0]; c_support_code() and c_headers() come before.
    output_types_preference(*types): the types of the results.
    """

    nin = -1
    nout = 1
    output_types_preference: Any = staticmethod(upcast_out)

    def __init__(self, output_types_preference: Any = None, name: str | None = None) -> None:
        if output_types_preference is not None:
            self.output_types_preference = output_types_preference
        self.name = name

    def impl(self, *values: Any) -> Any:
        """The meaning."""
        raise MethodNotDefined(f"{type(self).__name__} has no impl")

    def c_code(
        self, node: Any, name: str, inputs: Sequence[str], outputs: Sequence[str], sub: Any
    ) -> str:
        """C statements."""
        raise MethodNotDefined(f"{type(self).__name__} has no c_code")

    def c_support_code(self) -> str:
        """C in front of it."""
        return ""

    def c_headers(self) -> list[str]:
        """What is included: names with their brackets or quotes."""
        return []

    def output_types(self, types: Sequence[TensorType]) -> list[TensorType]:
        """The types of the results for operands of these types."""
        return list(self.output_types_preference(*types))

    def __call__(self, *inputs: Any, **_: Any) -> Any:
        return Elemwise(self)(*inputs)

    def _key(self) -> Any:
        return type(self), self.output_types_preference

    def __eq__(self, other: object) -> bool:
        if type(self).__init__ is not ScalarOp.__init__:
            return self is other
        return isinstance(other, ScalarOp) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return self.name or type(self).__name__


class UnaryScalarOp(ScalarOp):
    """Of one number."""

    nin = 1


class BinaryScalarOp(ScalarOp):
    """Of two numbers."""

    nin = 2


class Composite(ScalarOp):
    """An expression of scalars as one op: Composite([x, y], [x * y + 1])."""

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        super().__init__(name="Composite")
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.nin, self.nout = len(inputs), len(outputs)

    def impl(self, *values: Any) -> Any:
        found = evaluate(self.outputs, dict(zip(self.inputs, values, strict=True)))
        return found[0] if self.nout == 1 else tuple(found)

    def output_types(self, types: Sequence[TensorType]) -> list[TensorType]:
        return [v.type for v in self.outputs]


# ---- on arrays -----------------------------------------------------------------------------------
class Elemwise(Op, Elementwise):
    """A scalar op on arrays that broadcast: Elemwise(MyOp(upgrade_to_float))(x).

    The ops of all elementwise functions are instances: `isinstance(node.op, T.Elemwise)`.
    """

    __props__ = ("scalar_op",)

    def __init__(
        self, scalar_op: ScalarOp, inplace_pattern: Any = None, name: str | None = None,
        nfunc_spec: Any = None, openmp: Any = None,
    ) -> None:  # fmt: skip
        self.scalar_op, self.title = scalar_op, name

    def __str__(self) -> str:
        return self.title or f"Elemwise{{{self.scalar_op}}}"

    def make_node(self, *inputs: Any) -> Apply:
        op = self.scalar_op
        given = [as_tensor_variable(x) for x in inputs]
        if op.nin >= 0 and len(given) != op.nin:
            raise TypeError(f"{op} takes {op.nin} operands, not {len(given)}")
        flags = [True] * max(x.ndim for x in given)
        for x in given:
            for k, flag in enumerate(reversed(x.broadcastable)):
                flags[-1 - k] = flags[-1 - k] and flag
        kinds = op.output_types([TensorType(x.dtype, ()) for x in given])
        return Apply(self, given, [TensorType(t.dtype, flags) for t in kinds], {})

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        arrays = np.broadcast_arrays(*inputs)
        rows = [self.scalar_op.impl(*row) for row in zip(*[a.flat for a in arrays], strict=True)]
        columns = [rows] if self.scalar_op.nout == 1 else list(zip(*rows, strict=True))
        for k, (storage, v) in enumerate(zip(output_storage, node.outputs, strict=True)):
            values = columns[k] if rows else []
            storage[0] = np.array(values, dtype=v.type.dtype).reshape(arrays[0].shape)

    def run(self, node: Apply, values: Sequence[Any]) -> Sequence[Any]:
        values = [strong(v) for v in values]
        if isinstance(self.scalar_op, Composite):
            return evaluate(
                self.scalar_op.outputs, dict(zip(self.scalar_op.inputs, values, strict=True))
            )
        fused = _fused(self, node) if is_traced(values) else None
        if fused is None:
            return super().run(node, values)
        return [wrap(fused(*map(node_of, values)))]

    def undefined(self, node: Apply) -> dict[Variable, str]:
        return {} if isinstance(self.scalar_op, Composite) else super().undefined(node)

    def pulled(
        self, node: Apply, inputs: Sequence[Any], outputs: Sequence[Any], slopes: Sequence[Any]
    ) -> list[Any]:
        """What the scalar op's `L_op` or `grad` says, for scalars."""
        op: Any = self.scalar_op
        zeros = [TensorType(v.type.dtype, ())() for v in (*inputs, *outputs, *slopes)]
        ins, outs = zeros[: len(inputs)], zeros[len(inputs) : len(inputs) + len(outputs)]
        gs = zeros[len(inputs) + len(outputs) :]
        if hasattr(op, "L_op"):
            found = op.L_op(ins, outs, gs)
        elif hasattr(op, "grad"):
            found = op.grad(ins, gs)
        else:
            return [NullType(f"{op} has no grad")() for _ in inputs]
        if len(found) != len(inputs):
            raise ValueError(f"{op}: grad gives {len(found)} terms for {len(inputs)} inputs")
        given = dict(zip(zeros, (*inputs, *outputs, *slopes), strict=True))
        return [_spread(g, given) for g in found]

    grad = None  # `pulled` answers


def _spread(g: Any, given: dict[Variable, Any]) -> Any:
    """An expression of scalars as one of arrays."""
    if g is None:
        return DisconnectedType()()
    if isinstance(getattr(g, "type", None), DisconnectedType | NullType):
        return g
    return Elemwise(Composite(list(given), [as_tensor_variable(g)]))(*given.values())


# ---- the op of the graph -------------------------------------------------------------------------
def _fused(op: Elemwise, node: Apply) -> Any:
    """The elementwise op that the C makes; None where there is none for these types."""
    scalar = op.scalar_op
    key = (scalar, *[v.type.dtype for v in node.inputs])
    if key not in _made:
        text = _statements(scalar, node)
        _made[key] = None if text is None else _declared(op, node, text)
    return _made[key]


def _statements(scalar: ScalarOp, node: Apply) -> str | None:
    """Its C as one expression of x, y and z, braces doubled."""
    if scalar.nout != 1 or len(node.inputs) > len(_OPERANDS):
        return None
    plain = Apply(
        scalar,
        [TensorType(v.type.dtype, ())() for v in node.inputs],
        [TensorType(node.outputs[0].type.dtype, ())],
    )
    sub = {"fail": "abort();"}
    try:
        body = scalar.c_code(plain, "scalar", list(_OPERANDS[: len(node.inputs)]), ["an_out"], sub)
    except (MethodNotDefined, NotImplementedError):
        return None
    kind = code(np.dtype(node.outputs[0].type.dtype))
    text = f"__extension__ ({{ an_{kind} an_out; {body} an_out; }})"
    return text.replace("{", "{{").replace("}", "}}")


def _declared(op: Elemwise, node: Apply, text: str) -> Any:
    scalar = op.scalar_op
    single = [TensorType(v.type.dtype, ())() for v in node.inputs]
    dtypes = tuple(np.dtype(v.type.dtype) for v in (*node.inputs, *node.outputs))
    made = elementwise(
        claimed(type(scalar), f"{type(scalar).__name__}_{len(_made)}"),
        c=text,
        reference=_meaning(op, node),
        dtypes=lambda *_: dtypes,
        arity=len(single),
        vjp=_backward(op, node),
    )
    headers = "".join(f"#include {h}\n" for h in scalar.c_headers())
    made.extra["support"] = f"{headers}{_NAMES_OF_C}\n{scalar.c_support_code()}"
    made.extra["user"] = scalar
    return made


def _meaning(op: Elemwise, node: Apply) -> Callable[..., Any]:
    def meaning(*values: Any) -> Any:
        if type(op.scalar_op).impl is ScalarOp.impl:
            raise UnsupportedError(f"{op.scalar_op} has no impl, so it runs as C only")
        storage: list[list[Any]] = [[None]]
        op.perform(node, values, storage)
        return storage[0][0]

    return meaning


def _backward(op: Elemwise, node: Apply) -> Any:
    inputs = [v.type() for v in node.inputs]
    outputs = [v.type() for v in node.outputs]
    slopes = [v.type() for v in node.outputs]
    copied = Apply(op, inputs, outputs, {})
    terms: list[Any] = []

    def backward(g: Node, out: Node, *operands: Node) -> tuple[Node | None, ...]:
        if not terms:
            with config(compute_test_value="off"):
                terms.extend(op.pulled(copied, inputs, outputs, slopes))
        given = dict(zip(inputs, map(wrap, operands), strict=True))
        given.update({outputs[0]: wrap(out), slopes[0]: wrap(g)})
        silent = [isinstance(t.type, DisconnectedType | NullType) for t in terms]
        found = iter(evaluate([t for t, s in zip(terms, silent, strict=True) if not s], given))
        return tuple(None if s else node_of(strong(next(found))) for s in silent)

    return backward
