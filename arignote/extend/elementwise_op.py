"""Elementwise ops by the user: a NumPy meaning and a C expression, fused like the built-in ones."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.node import Node
from ..fxgraph.ops.family import elementwise
from ..fxgraph.types import DType
from ..trace.converting import converted
from ..trace.proxy import is_proxy, node_of, wrap
from ..trace.session import is_tracing
from .names import claimed

#: How Python numbers take part in promotion.
_WEAK: dict[Any, Any] = {int: 0, float: 0.0, complex: 0j, bool: np.dtype(bool)}


class ElementwiseOp:
    """What `ag.op(scalar_c=...)` makes of a function of up to three numbers or arrays."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, function)
        self.reference = function
        names = list(inspect.signature(function).parameters)
        if not 1 <= len(names) <= 3:
            raise TraceError(f"{function.__name__}: an elementwise op has one to three operands")
        self.name = claimed(function, options.get("name"))
        self.vjp = options.get("vjp")
        self.dtype = options.get("dtype")
        self.op = elementwise(
            self.name,
            c=_named(options["scalar_c"], names),
            reference=function,
            dtypes=self._dtypes,
            arity=len(names),
            vjp=self._pulled if self.vjp is not None else None,
        )
        self.op.extra["user"] = self

    def __call__(self, *operands: Any) -> Any:
        if not is_tracing() and not any(map(is_proxy, operands)):
            return self.reference(*operands)
        return wrap(self.op(*map(node_of, operands)))

    def _dtypes(self, *kinds: Any) -> tuple[DType, ...]:
        """Operands come in one floating dtype, the result in it or in dtype=."""
        found = np.result_type(*(_WEAK.get(k, k) for k in kinds))
        common = found if found.kind in "fc" else np.dtype("f8")
        return (*(common,) * len(kinds), common if self.dtype is None else np.dtype(self.dtype))

    def _pulled(self, g: Node, out: Node, *operands: Node) -> tuple[Node | None, ...]:
        answer = converted(self.vjp)(wrap(g), wrap(out), *map(wrap, operands))
        parts = tuple(answer) if isinstance(answer, tuple | list) else (answer,)
        if len(parts) != len(operands):
            raise TraceError(
                f"{self.name}: vjp gives {len(parts)} cotangents for {len(operands)} operands"
            )
        return tuple(None if p is None else node_of(p) for p in parts)

    def __reduce__(self) -> str:
        return self.reference.__qualname__


def _named(c: Any, names: list[str]) -> Any:
    """The C with the function's own names for its operands."""
    if isinstance(c, dict):
        return {k: _named(v, names) for k, v in c.items()}
    marks = [f"{{<{k}>}}" for k in range(len(names))]
    for name, mark in zip(names, marks, strict=True):
        c = c.replace(f"{{{name}}}", mark)
    for mark, own in zip(marks, "xyz"):
        c = c.replace(mark, f"{{{own}}}")
    return c


__all__ = ["ElementwiseOp"]
