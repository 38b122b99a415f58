"""Expressions with some variables replaced; what does not change is shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .graph import Apply, Variable, apply_order, leaves_of, sides
from .variables import TensorConstant


def rebuilt(
    outputs: Sequence[Variable],
    new: dict[Variable, Variable],
    each: Callable[[Variable], Variable] | None = None,
) -> list[Variable]:
    """The outputs with variables replaced; what does not change is shared.

    each: what stands for a variable whose inputs are replaced already.
    """
    known = dict(new)
    for node in apply_order(outputs, lambda v: v in new, sides):
        inputs = [known.get(v, v) for v in node.inputs]
        if not any(v in known for v in (*node.inputs, *sides(node))):
            if each is not None:
                _replace(known, node, node, each)
            continue
        attrs = dict(node.attrs)
        if node.op.kind == "grad":
            for key in ("targets", "wrt"):
                attrs[key] = [known.get(v, v) for v in attrs[key]]
        if node.op.kind == "ifelse":
            for key in ("then", "other"):
                attrs[key] = tuple(known.get(v, v) for v in attrs[key])
            found = leaves_of([*attrs["then"], *attrs["other"]])
            attrs["captured"] = tuple(v for v in found if not isinstance(v, TensorConstant))
            inputs = [inputs[0], *attrs["captured"]]
        copy = remade(node, inputs, attrs)
        if each is not None:
            _replace(known, node, copy, each)
        for a, b in zip(node.outputs, copy.outputs, strict=True):
            known.setdefault(a, b)
    return [known.get(v, v) for v in outputs]


def _replace(
    known: dict[Variable, Variable], node: Apply, copy: Apply, each: Callable[[Variable], Variable]
) -> None:
    """Note what stands for the outputs of `node`, of which `copy` is the rebuilt one."""
    for a, b in zip(node.outputs, copy.outputs, strict=True):
        made = each(b)
        if made is not a:
            known.setdefault(a, made)


def remade(node: Apply, inputs: Sequence[Variable], attrs: dict[str, Any]) -> Apply:
    """The application of the same op to others, with the same names, tags and origin."""
    made = Apply(node.op, inputs, [v.type for v in node.outputs], attrs)
    made.origin = node.origin
    for a, b in zip(node.outputs, made.outputs, strict=True):
        b.name, b.tag = a.name, type(a.tag)(**vars(a.tag))
    return made
