"""Ops of the user in the explicit style: `as_op` from a Python function, `OpFromGraph` from
expressions."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from .. import extend
from .deferred import deferred
from .evaluate import evaluate
from .gradients import DisconnectedType, NullType
from .graph import OPS, Variable
from .rebuilding import rebuilt
from .variables import as_tensor_variable

_numbers = itertools.count()


def as_op(
    itypes: Any, otypes: Any, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that makes a Python function of arrays an op; it has no derivative.

    itypes, otypes: types of operands and results, one or a list each.  infer_shape(node,
    shapes): the shapes of the results; without it they are found by calling the function.
    """
    wanted = list(itypes) if isinstance(itypes, list | tuple) else [itypes]

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        inner = extend.as_op(itypes, otypes, infer_shape)(function)
        name = f"{function.__module__}.{function.__qualname__}"
        OPS.pop(name, None)  # declared again, as in a notebook
        listed = list(otypes) if isinstance(otypes, list | tuple) else [otypes]
        types = tuple(listed) if len(listed) > 1 else listed[0]
        op = deferred(inner, name, lambda *inputs: types, silent=range(len(wanted)), lasting=False)

        def symbolic(*args: Any) -> Any:
            inputs = [as_tensor_variable(x) for x in args]
            if len(inputs) != len(wanted):
                raise ValueError(f"{name} takes {len(wanted)} operands, not {len(inputs)}")
            for x, t in zip(inputs, wanted, strict=True):
                if (x.dtype, x.ndim) != (t.dtype, t.ndim):
                    raise TypeError(f"{name}: {x} is {x.type}, it must be {t}")
            return op(*inputs)

        symbolic.__name__ = function.__name__
        symbolic.__doc__ = function.__doc__
        return symbolic

    return declare


def _called(override: Callable[..., Any], op: OpFromGraph, slopes: Any) -> Any:
    """What an override says: it takes (inputs, slopes), as an L_op (inputs, outputs, slopes)."""
    if len(inspect.signature(override).parameters) > 2:
        return override(op.inputs, op.outputs, slopes)
    return override(op.inputs, slopes)


class OpFromGraph:
    """Expressions as an op: called with other variables, it gives the outputs for these.

    grad_overrides (or lop_overrides): a function (inputs, output gradients) or (inputs, outputs,
    output gradients) that gives one gradient an input, in place of the derivative of the
    expressions; or a list with such a function an input, "default" for the derivative of the
    expressions, None for zeros.  `inline` changes nothing: the expressions always join the function
    around them.
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        inline: bool = False,
        lop_overrides: Any = "default",
        grad_overrides: Any = "default",
        name: str | None = None,
        **_: Any,
    ) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.name = name or "OpFromGraph"
        chosen = grad_overrides if grad_overrides != "default" else lop_overrides
        self._op = None if chosen in ("default", None) else self._overridden(chosen)

    def _overridden(self, chosen: Any) -> Callable[..., Any]:
        slopes = [v.type() for v in self.outputs]
        if callable(chosen):
            overrides: Any = self._backward(_called(chosen, self, slopes), slopes)
        else:
            overrides = [self._override(f, slopes) for f in chosen]

        def value(*values: Any) -> Any:
            made = evaluate(self.outputs, dict(zip(self.inputs, values, strict=True)))
            return tuple(made) if len(made) > 1 else made[0]

        value.__arignote_traced__ = True  # type: ignore[attr-defined]
        types = tuple(v.type for v in self.outputs)
        made = extend.OpFromGraph(value, grad_overrides=overrides, name=self.name)
        return deferred(
            made,
            f"{self.name} {next(_numbers)}",
            lambda *_: types if len(types) > 1 else types[0],
            lasting=False,
        )

    def _override(self, f: Any, slopes: Any) -> Any:
        """One operand's entry: None stands for the derivative of the expressions."""
        if isinstance(f, str) and f == "default":
            return None
        if f is None or isinstance(getattr(f, "type", None), DisconnectedType | NullType):
            return "zero"
        pulled = f if isinstance(f, Variable) else _called(f, self, slopes)
        return self._backward([pulled], slopes, single=True)

    def _backward(self, found: Any, slopes: Any, single: bool = False) -> Callable[..., Any]:
        """Expressions of the inputs, outputs and slopes as a function of values."""
        pulled = [as_tensor_variable(g) for g in found]

        def backward(values: Any, cotangents: Any) -> Any:
            given = dict(zip(self.inputs, values, strict=True))
            many = cotangents if isinstance(cotangents, list | tuple) else [cotangents]
            given.update(zip(slopes, many, strict=True))
            made = evaluate(pulled, given)
            return made[0] if single else made

        backward.__arignote_traced__ = True  # type: ignore[attr-defined]
        return backward

    def __call__(self, *args: Any) -> Any:
        given = [as_tensor_variable(x) for x in args]
        if len(given) != len(self.inputs):
            raise ValueError(f"{self.name} takes {len(self.inputs)} operands, not {len(given)}")
        if self._op is not None:
            return self._op(*given)
        made = rebuilt(self.outputs, dict(zip(self.inputs, given, strict=True)))
        return made if len(made) > 1 else made[0]
