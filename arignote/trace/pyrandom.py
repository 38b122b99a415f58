"""Python's `random`: `random.random()`, `random.randint(a, b)`, `random.Random(seed)`."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedError
from ..fxgraph.node import Node
from ..fxgraph.ops.random import drawn
from ..fxgraph.types import F64, I64, DType
from .heaps import traced
from .proxy import Cell, node_of, wrap
from .pybuiltins import len_
from .registry import HANDLES
from .targets import item

#: Methods and what they give: their own algorithms run, one call a draw.
_FLOATS = (
    "random", "uniform", "triangular", "gauss", "normalvariate", "lognormvariate", "expovariate",
    "betavariate", "gammavariate", "vonmisesvariate", "paretovariate", "weibullvariate",
)  # fmt: skip
_INTEGERS = ("randint", "randrange", "getrandbits")


class RandomProxy:
    """What stands for a `random.Random` while a function is traced."""

    def __init__(self, state: Node) -> None:
        self.cell = Cell(state)

    def _drawn(self, method: str, values: dict[str, Node], dtype: DType) -> Any:
        state, number = drawn(self.cell.version, method, values, {}, None, dtype)
        self.cell.version = state
        return wrap(number)

    def below(self, n: Any) -> Any:
        """An index below n."""
        return self._drawn("_randbelow", {"n": node_of(n)}, I64)

    def choice(self, seq: Any) -> Any:
        return item(seq)[self.below(len_(seq))]

    def shuffle(self, x: Any) -> None:
        _shuffle(self, x)

    def seed(self, a: Any = None) -> None:
        self._drawn("seed", {} if a is None else {"a": node_of(a)}, F64)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnsupportedError(
            f"random.{name} is not supported in compiled code: call it outside and pass its "
            "result, or use a method of np.random.Generator"
        )


def _swapped(rng: Any, x: Any) -> None:
    for i in range(len(x) - 1, 0, -1):
        j = rng.below(i + 1)
        x[i], x[j] = x[j], x[i]


_shuffle = traced(_swapped)


def _method(name: str, dtype: DType) -> Callable[..., Any]:
    signature = inspect.signature(getattr(random.Random(0), name))

    def method(self: RandomProxy, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        values = {k: node_of(v) for k, v in given.items() if v is not None}
        return self._drawn(name, values, dtype)

    method.__name__ = name
    return method


for _names, _dtype in ((_FLOATS, F64), (_INTEGERS, I64)):
    for _name in _names:
        setattr(RandomProxy, _name, _method(_name, _dtype))
HANDLES[random.Random] = RandomProxy
