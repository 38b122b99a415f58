"""Ops of the user in the explicit style: `as_op` from a Python function, `OpFromGraph` from
expressions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from .. import extend
from .cloning import rebuilt
from .deferred import deferred
from .evaluate import evaluate
from .graph import OPS
from .variables import as_tensor_variable

_numbers = itertools.count()


def as_op(
    itypes: Any, otypes: Any, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that makes a Python function of arrays an op; it has no derivative.

    itypes, otypes: types of operands and results, one or a list each.  infer_shape(fgraph, node,
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


class OpFromGraph:
    """Expressions as an op: called with other variables, it gives the outputs for these.

    grad_overrides (or lop_overrides): a function (inputs, output gradients) that gives one gradient
    an input, in place of the derivative of the expressions.  `inline` changes nothing: the
    expressions always join the function around them.
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

    def _overridden(self, override: Any) -> Callable[..., Any]:
        slopes = [v.type() for v in self.outputs]
        if callable(override):
            try:
                found = override(self.inputs, slopes)
            except TypeError:  # an L_op: (inputs, outputs, output gradients)
                found = override(self.inputs, self.outputs, slopes)
        else:
            found = [f(self.inputs, slopes) for f in override]
        pulled = [as_tensor_variable(g) for g in found]

        def value(*values: Any) -> Any:
            made = evaluate(self.outputs, dict(zip(self.inputs, values, strict=True)))
            return tuple(made) if len(made) > 1 else made[0]

        def backward(values: Any, cotangents: Any) -> Any:
            given = dict(zip(self.inputs, values, strict=True))
            many = cotangents if isinstance(cotangents, list | tuple) else [cotangents]
            given.update(zip(slopes, many, strict=True))
            return evaluate(pulled, given)

        value.__arignote_traced__ = True  # type: ignore[attr-defined]
        backward.__arignote_traced__ = True  # type: ignore[attr-defined]
        types = tuple(v.type for v in self.outputs)
        made = extend.OpFromGraph(value, grad_overrides=backward, name=self.name)
        return deferred(
            made,
            f"{self.name} {next(_numbers)}",
            lambda *_: types if len(types) > 1 else types[0],
            lasting=False,
        )

    def __call__(self, *args: Any) -> Any:
        given = [as_tensor_variable(x) for x in args]
        if len(given) != len(self.inputs):
            raise ValueError(f"{self.name} takes {len(self.inputs)} operands, not {len(given)}")
        if self._op is not None:
            return self._op(*given)
        made = rebuilt(self.outputs, dict(zip(self.inputs, given, strict=True)))
        return made if len(made) > 1 else made[0]
