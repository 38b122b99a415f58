"""Descriptions of expressions that tell them apart: `min_informative_str`, `var_descriptor`.

A variable is described once and has a tag (A, B, ...); where it is met again, its tag stands.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import Variable
from .trees import letters


def min_informative_str(obj: Any) -> str:
    """The expression down to named variables and constants, one application a line."""
    tags: dict[int, str] = {}
    lines: list[str] = []
    stack = [(obj, 0)]
    while stack:
        x, depth = stack.pop()
        tag = tags.get(id(x))
        if tag is not None:
            lines.append(f"{' ' * depth}<{tag}>")
            continue
        tag = tags[id(x)] = letters(len(tags))
        node = getattr(x, "owner", None)
        name = getattr(x, "name", None)
        if isinstance(x, np.ndarray):
            text = "<ndarray>"
        elif name is None and node is not None:
            text = str(node.op)
            stack += [(v, depth + 1) for v in reversed(node.inputs)]
        else:
            text = str(x) if name is None else name
        lines.append(f"{' ' * depth}{tag}. {text}")
    return "\n".join(lines)


def var_descriptor(obj: Any) -> str:
    """The whole expression on one line; it is the same in every process."""
    tags: dict[int, str] = {}
    out: list[str] = []
    stack: list[tuple[Any, bool]] = [(obj, False)]
    while stack:
        x, is_text = stack.pop()
        if is_text:
            out.append(x)
            continue
        tag = tags.get(id(x))
        if tag is not None:
            out.append(f"<{tag}>")
            continue
        tag = tags[id(x)] = letters(len(tags))
        node = getattr(x, "owner", None)
        if node is None:
            out.append(f"{tag}={_leaf(x)}")
            continue
        out.append(f"{tag}={node.op}(")
        stack.append((")", True))
        for k, v in reversed(list(enumerate(node.inputs))):
            stack += [(v, False)] if k == 0 else [(v, False), (",", True)]
    return "".join(out)


def _leaf(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"<ndarray:strides=[{_joined(x.strides)}],digest={hex_digest(x)}>"
    name = getattr(x, "name", None)
    if name is not None:
        return str(name)
    text = str(x)
    return position_independent_str(x) if " at 0x" in text else text


def position_independent_str(obj: Any) -> str:
    """The description of a variable without a name.  Raises NotImplementedError for others."""
    if not isinstance(obj, Variable):
        raise NotImplementedError(f"position_independent_str: {type(obj).__name__} is no variable")
    return f"theano_var{{type={obj.type}}}"


def hex_digest(x: npt.NDArray[Any]) -> str:
    """A hash of an array's numbers, with its strides and shape."""
    digest = hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()
    return f"{digest}|strides=[{_joined(x.strides)}]|shape=[{_joined(x.shape)}]"


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
