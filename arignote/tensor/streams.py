"""`RandomStreams`: draws from NumPy's bit generators, each with a generator of its own.

The generators are seeded as Theano's were and run MT19937, so uniform and binomial draws are those
of `RandomState`; the others are those of `np.random.Generator` on the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .deferred import apply_op
from .evaluate import call, strong
from .graph import Apply, Op, Variable
from .shaping import as_sizes, sizes_of, static_size
from .sharing import SharedVariable, shared
from .types import TensorType, random_state_type
from .variables import as_tensor_variable


def _draw_run(node: Apply, values: Any) -> Any:
    """inputs: the generator, the parameters, the parts of the size."""
    a = node.attrs
    generator = values[0]
    given = [strong(v) for v in values[1 : 1 + a["count"]]]
    parts = [values[k] if isinstance(k, int) else k[0] for k in a["parts"]]
    size = as_sizes(parts, a["rank"]) if a["rank"] is not None else None
    made = strong(_METHODS[a["method"]](generator, size, *given, **a["options"]))
    return generator, made.astype(a["dtype"])


_draw = Op("RandomFunction", _draw_run)


def _uniform(g: Any, size: Any, low: Any, high: Any) -> Any:
    return low + (high - low) * g.random(size)


def _integers(g: Any, size: Any, low: Any, high: Any) -> Any:
    return g.integers(low, high, size=size, endpoint=True)


def _choice(g: Any, size: Any, a: Any, p: Any = None, replace: bool = True) -> Any:
    return g.choice(a, size=size, replace=replace, p=p)


def _permutation(g: Any, size: Any, n: Any) -> Any:
    """`size` rows, each an order of n numbers."""
    keys = g.random((*size, n))
    return np.argsort(keys, axis=-1)


def _multinomial(g: Any, size: Any, p: Any, n: int = 1) -> Any:
    """Counts of n draws for each row of probabilities."""
    shape = p.shape if p.ndim > 1 else (*size, *p.shape)
    edges = np.cumsum(p, axis=-1)
    total: Any = 0
    for _ in range(n):
        u = g.random(shape[:-1])
        below = (edges <= np.expand_dims(u, -1)).sum(axis=-1)
        total = total + (call(np.arange, shape[-1]) == np.expand_dims(below, -1))
    return total


def _shuffled(g: Any, size: Any, x: Any) -> Any:
    return np.take_along_axis(x, np.argsort(g.random(x.shape), axis=-1), axis=-1)


_METHODS: dict[str, Any] = {
    "uniform": _uniform,
    "normal": lambda g, size, avg, std: avg + std * g.standard_normal(size),
    "binomial": lambda g, size, n, p: g.binomial(n, p, size),
    "poisson": lambda g, size, lam: g.poisson(lam, size),
    "random_integers": _integers, "choice": _choice, "permutation": _permutation,
    "multinomial": _multinomial, "shuffle_row_elements": _shuffled,
}  # fmt: skip


def draw(
    generator: Any, method: str, size: Any, parameters: Any, rank: int | None, dtype: str,
    **options: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """(the generator afterwards, the values)"""
    given = [as_tensor_variable(x) for x in parameters]
    parts: list[Any] = []
    extra: list[Variable] = []
    count = None
    if size is not None:
        found, count = sizes_of(size)
        for p in map(static_size, found):
            if isinstance(p, Variable):
                extra.append(p)
                parts.append(len(given) + len(extra))
            else:
                parts.append((p,))
    if rank is None:
        rank = count if count is not None else max([0, *[x.ndim for x in given]])
    attrs = {"method": method, "count": len(given), "parts": parts, "rank": count, "dtype": dtype,
             "options": options}  # fmt: skip
    kind = TensorType(dtype, (False,) * rank)
    inputs = [generator, *given, *extra]
    new, values = apply_op(_draw, inputs, (random_state_type, kind), attrs)
    return new, values


class RandomStreams:
    """Random variables, each with a shared generator that functions move on.

    seed: of the seeds of the generators.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.state_updates: list[tuple[Any, Any]] = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self) -> list[tuple[Any, Any]]:
        """The updates of all generators."""
        return list(self.state_updates)

    def seed(self, seed: int | None = None) -> None:
        """Seed all generators again."""
        seeds = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(generator_of(int(seeds.randint(2**30))), borrow=True)

    def __getitem__(self, item: Any) -> Any:
        """The value of one of its generators, as a RandomState on its bits."""
        return item.get_value(borrow=True)

    def __setitem__(self, item: Any, value: Any) -> None:
        item.set_value(value, borrow=True)

    def _new(
        self, method: str, size: Any, parameters: Any, rank: int | None, dtype: str, **options: Any
    ) -> Any:
        seed = int(self.gen_seedgen.randint(2**30))
        state: SharedVariable = shared(generator_of(seed), borrow=True)
        new, values = draw(state, method, size, parameters, rank, dtype, **options)
        state.default_update = new
        values.rng, values.update = state, (state, new)
        self.state_updates.append((state, new))
        return values

    def uniform(self, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: Any = None,
                dtype: Any = None) -> Any:  # fmt: skip
        """Numbers of [low, high)."""
        return self._new("uniform", size, (low, high), ndim, _dtype(dtype))

    def normal(self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None,
               dtype: Any = None) -> Any:  # fmt: skip
        """Normal numbers."""
        return self._new("normal", size, (avg, std), ndim, _dtype(dtype))

    def binomial(self, size: Any = None, n: Any = 1, p: Any = 0.5, ndim: Any = None,
                 dtype: Any = "int64", prob: Any = None) -> Any:  # fmt: skip
        """How many of n draws succeed, each with probability p."""
        return self._new("binomial", size, (n, p if prob is None else prob), ndim, _dtype(dtype))

    def poisson(self, size: Any = None, lam: Any = 1.0, ndim: Any = None,
                dtype: Any = "int64") -> Any:  # fmt: skip
        """Poisson numbers."""
        return self._new("poisson", size, (lam,), ndim, _dtype(dtype))

    def random_integers(self, size: Any = None, low: Any = 0, high: Any = 1, ndim: Any = None,
                        dtype: Any = "int64") -> Any:  # fmt: skip
        """Integers from low to high, both included."""
        return self._new("random_integers", size, (low, high), ndim, _dtype(dtype))

    def choice(self, size: Any = None, a: Any = 2, replace: bool = True, p: Any = None,
               ndim: Any = None, dtype: Any = "int64") -> Any:  # fmt: skip
        """Elements of a, or of arange(a)."""
        parameters = (a,) if p is None else (a, p)
        return self._new("choice", size, parameters, ndim, _dtype(dtype), replace=replace)

    def permutation(self, size: Any = None, n: Any = 1, ndim: Any = None,
                    dtype: Any = "int64") -> Any:  # fmt: skip
        """Orders of n numbers, one a row."""
        size = () if size is None else size
        rank = sizes_of(size)[1] + 1 if ndim is None else ndim
        return self._new("permutation", size, (n,), rank, _dtype(dtype))

    def multinomial(self, size: Any = None, n: int = 1, pvals: Any = (0.5, 0.5), ndim: Any = None,
                    dtype: Any = "int64") -> Any:  # fmt: skip
        """Counts of n draws with probabilities pvals (one row, or one a row)."""
        p = as_tensor_variable(pvals)
        size = () if size is None else size
        rank = p.ndim if p.ndim > 1 else sizes_of(size)[1] + 1
        return self._new("multinomial", size, (p,), rank, _dtype(dtype), n=int(n))

    def shuffle_row_elements(self, input: Any) -> Any:
        """The elements of each row in random order."""
        x = as_tensor_variable(input)
        return self._new("shuffle_row_elements", None, (x,), x.ndim, x.dtype)


def generator_of(seed: int) -> np.random.Generator:
    """A generator on the bits of `RandomState(seed)`."""
    legacy: Any = np.random.RandomState(seed)
    return np.random.Generator(legacy._bit_generator)


def _dtype(dtype: Any) -> str:
    return TensorType("floatX" if dtype is None else dtype, ()).dtype
