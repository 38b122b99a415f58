"""`MRG_RandomStreams`: the combined multiple recursive generator MRG31k3p, in plain arithmetic.

State and numbers are those of Theano's `sandbox.rng_mrg` for uniform draws: element i of a draw
comes from stream i modulo the number of streams.  Source: P. L'Ecuyer and R. Touzin, "Fast combined
multiple recursive generators with multipliers of the form a = +-2^q +-2^r", WSC 2000.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..scanloop.functional import traced_into
from ..trace import converting
from ..trace.session import is_tracing
from .barriers import disconnected_grad
from .checking import Assert
from .creation import arange, zeros_like
from .deferred import apply_op
from .elementwise import FUNCTIONS as F
from .elementwise import cast, switch
from .graph import Apply, Op, Variable
from .joining import concatenate
from .shaping import as_sizes, reshape, sizes_of, static_size
from .sharing import shared
from .types import TensorType
from .variables import as_tensor_variable

M1, M2 = 2147483647, 2147462579
_A1 = np.array([[0, 2**22, 2**7 + 1], [1, 0, 0], [0, 1, 0]], dtype=object)
_A2 = np.array([[2**15, 0, 2**15 + 1], [1, 0, 0], [0, 1, 0]], dtype=object)
_MOST_STREAMS = 60 * 256
#: How much of the normal curve lies between 0 and two standard deviations.
_TWO_SIGMA = 0.4772498680518208


def _power(a: Any, exponent: int, m: int) -> Any:
    """a to the power 2**exponent modulo m."""
    for _ in range(exponent):
        a = a.dot(a) % m
    return a


_JUMPS = {e: (_power(_A1, e, M1), _power(_A2, e, M2)) for e in (72, 134)}


def jumped(state: Any, exponent: int) -> Any:
    """A state 2**exponent steps later."""
    a, b = _JUMPS[exponent]
    first = a.dot(np.array([int(v) for v in state[:3]], dtype=object)) % M1
    second = b.dot(np.array([int(v) for v in state[3:]], dtype=object)) % M2
    return np.array([*first, *second], dtype=np.int64)


def substreams(state: Any, count: int) -> Any:
    """`count` states, each 2**72 steps after the one before."""
    rows = np.asarray(state, dtype=np.int64)[None, :]
    a, b = _JUMPS[72]
    while len(rows) < count:
        later = np.concatenate([_times(a, rows[:, :3], M1), _times(b, rows[:, 3:], M2)], axis=1)
        rows = np.concatenate([rows, later])
        a, b = a.dot(a) % M1, b.dot(b) % M2
    return np.ascontiguousarray(rows[:count])


def _times(a: Any, rows: Any, m: int) -> Any:
    """a @ row modulo m for each row; the products fit in 62 bits."""
    columns = []
    for k in range(3):
        total = np.zeros(len(rows), dtype=np.int64)
        for j in range(3):
            total = (total + rows[:, j] * int(a[k, j]) % m) % m
        columns.append(total)
    return np.stack(columns, axis=1)


# ---- drawing -------------------------------------------------------------------------------------
def _below(x: Any, m: int) -> Any:
    return np.where(x >= m, x - m, x)


@traced_into
def following(s: Any) -> Any:
    """The states one step later, the six numbers along axis 0."""
    y = ((s[1] & 511) << 22) + (s[1] >> 9) + ((s[2] & 16777215) << 7) + (s[2] >> 24)
    y = _below(_below(y, 2147483647) + s[2], 2147483647)
    a = _below(((s[3] & 65535) << 15) + 21069 * (s[3] >> 16), 2147462579)
    b = _below(((s[5] & 65535) << 15) + 21069 * (s[5] >> 16), 2147462579)
    b = _below(b + s[5], 2147462579)
    b = _below(b + a, 2147462579)
    return np.stack((y, s[0], s[1], b, s[3], s[4]))


@traced_into
def drawn(states: Any, n: Any) -> Any:
    """(states afterwards, n integers of 1 ... M1)"""
    streams = states.shape[0]
    now = states.T
    rounds = n // streams
    rest = n - rounds * streams
    made = np.empty((rounds + 1, streams), dtype=np.int64)
    for k in range(rounds):
        now = following(now)
        made[k] = np.where(now[0] <= now[3], now[0] - now[3] + 2147483647, now[0] - now[3])
    last = following(now)
    made[rounds] = np.where(last[0] <= last[3], last[0] - last[3] + 2147483647, last[0] - last[3])
    used = np.arange(streams) < rest
    now = np.where(used, last, now)
    return now.T, made.reshape(-1)[:n]


def _run(node: Apply, values: Any) -> Any:
    a = node.attrs
    parts = [values[k] if isinstance(k, int) else k[0] for k in a["parts"]]
    size = as_sizes(parts, a["rank"])
    n: Any = 1
    for d in size:
        n = n * d
    function = converting.converted(drawn) if is_tracing() else drawn
    states, numbers = function(values[0], n)
    norm = np.dtype(a["dtype"]).type(4.656612873077392578125e-10)
    return states.astype(np.int64), np.reshape(numbers.astype(a["dtype"]) * norm, size)


_uniform = Op("mrg_uniform", _run, silent=frozenset({0}))


class MRG_RandomStreams:
    """Random variables, each with a shared state of `nstreams` streams.

    seed: an int, or six of them.
    """

    def __init__(self, seed: Any = 12345, use_cuda: Any = None) -> None:
        self.state_updates: list[tuple[Any, Any]] = []
        self.default_instance_seed = seed
        self.set_rstate(seed)

    def set_rstate(self, seed: Any) -> None:
        """Start from this seed.  Raises ValueError for 0 and for numbers too large."""
        values = [int(seed)] * 6 if np.ndim(seed) == 0 else [int(s) for s in seed]
        if len(values) != 6:
            raise ValueError(f"a seed is one int or six, not {len(values)}")
        if not any(values[:3]) or not any(values[3:]):
            raise ValueError("a seed must not be 0")
        if max(values[:3]) >= M1 or max(values[3:]) >= M2:
            raise ValueError(f"a seed must be less than {M2}")
        self.rstate = np.array(values, dtype=np.int64)

    def seed(self, seed: Any = None) -> None:
        """Seed all states again, in the order in which they were made."""
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            count = state.get_value(borrow=True).shape[0]
            state.set_value(self.get_substream_rstates(count), borrow=True)

    def inc_rstate(self) -> None:
        """Go on to the next 2**134 numbers."""
        self.rstate = jumped(self.rstate, 134)

    def get_substream_rstates(
        self, n_streams: int, dtype: Any = None, inc_rstate: bool = True
    ) -> Any:
        """The states of that many streams."""
        rows = substreams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return rows

    def n_streams(self, size: Any) -> int:
        """How many streams a draw of this size has."""
        if any(isinstance(d, Variable) for d in size):
            return _MOST_STREAMS
        r = int(np.prod([int(d) for d in size], dtype=np.int64)) if size else 1
        return max(min(r // 6 if r > 6 else r, _MOST_STREAMS), 1)

    def updates(self) -> list[tuple[Any, Any]]:
        """The updates of all states."""
        return list(self.state_updates)

    def uniform(self, size: Any, low: Any = 0.0, high: Any = 1.0, ndim: Any = None,
                dtype: Any = None, nstreams: int | None = None) -> Any:  # fmt: skip
        """Numbers of (low, high)."""
        kind = TensorType("floatX" if dtype is None else dtype, ()).dtype
        found, count = sizes_of(size, ndim)
        sizes = [static_size(p) for p in found]
        state = shared(
            self.get_substream_rstates(self.n_streams(sizes) if nstreams is None else nstreams)
        )
        variables = [p for p in sizes if isinstance(p, Variable)]
        parts = [variables.index(p) + 1 if isinstance(p, Variable) else (p,) for p in sizes]
        attrs = {"parts": parts, "rank": count, "dtype": kind}
        types = (state.type, TensorType(kind, [p == 1 for p in sizes] if len(sizes) == count
                                        else [False] * count))  # fmt: skip
        new, u = apply_op(_uniform, [state, *variables], types, attrs)
        state.default_update = new
        self.state_updates.append((state, new))
        u.rng, u.update = state, (state, new)
        if isinstance(low, float | int) and isinstance(high, float | int) and (low, high) == (0, 1):
            return u
        made = cast(u * (as_tensor_variable(high) - low) + low, kind)
        made.rng, made.update = state, (state, new)
        return made

    def binomial(self, size: Any = None, n: int = 1, p: Any = 0.5, ndim: Any = None,
                 dtype: Any = "int64", nstreams: int | None = None, prob: Any = None
                 ) -> Any:  # fmt: skip
        """How many of n draws succeed, each with probability p."""
        p = as_tensor_variable(p if prob is None else prob)
        size = p.shape if size is None else size
        if n == 1:
            u = self.uniform(size, nstreams=nstreams)
            return cast(F["lt"](u, p), dtype)
        u = self.uniform([n, *_each(size, ndim)], nstreams=nstreams)
        return cast(cast(F["lt"](u, p), "int64").sum(axis=0), dtype)

    def normal(self, size: Any, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None,
               dtype: Any = None, nstreams: int | None = None, truncate: bool = False
               ) -> Any:  # fmt: skip
        """Normal numbers, by the method of Box and Muller; `truncate`: none beyond two `std`."""
        kind = TensorType("floatX" if dtype is None else dtype, ()).dtype
        sizes = _each(size, ndim)
        total: Any = 1
        for d in sizes:
            total = total * d
        half = (total + 1) // 2
        u = self.uniform([2 * half], dtype=kind, nstreams=nstreams)
        radius = F["sqrt"](-2.0 * F["log"](u[:half]))
        turn = cast(as_tensor_variable(np.array(2 * np.pi)), kind) * u[half:]
        both = concatenate([radius * F["cos"](turn), radius * F["sin"](turn)])
        if truncate:
            both = _between(both, self.uniform([2 * half], dtype=kind, nstreams=nstreams))
        out = reshape(both[:total], sizes)
        return cast(out * std + avg, kind)

    def truncated_normal(self, size: Any, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None,
                         dtype: Any = None, nstreams: int | None = None) -> Any:  # fmt: skip
        """Normal numbers less than two `std` from `avg`."""
        return self.normal(size, avg, std, ndim, dtype, nstreams, truncate=True)

    def multinomial(self, size: Any = None, n: int = 1, pvals: Any = None, ndim: Any = None,
                    dtype: Any = "int64", nstreams: int | None = None) -> Any:  # fmt: skip
        """Counts of n draws for each row of pvals."""
        p = as_tensor_variable(pvals)
        edges = p.cumsum(axis=1)
        total: Any = zeros_like(p, dtype)
        for _ in range(n):
            u = self.uniform([p.shape[0]], dtype=config.floatX, nstreams=nstreams)
            above = cast(F["gt"](edges, u.dimshuffle(0, "x")), "int64")
            first = concatenate([above[:, :1], above[:, 1:] - above[:, :-1]], axis=1)
            total = total + cast(first, dtype)
        return total

    def choice(self, size: int = 1, a: Any = None, replace: bool = True, p: Any = None,
               ndim: Any = None, dtype: Any = "int64", nstreams: int | None = None
               ) -> Any:  # fmt: skip
        """`size` places for each row of the matrix p, by its probabilities: [rows of p, size].

        Raises TypeError for `a`, or without p; ValueError for more draws than there are places
        where each is drawn once only.
        """
        if a is not None or p is None:
            raise TypeError("MRG_RandomStreams.choice draws from 0 to p.shape[1]: give p, not a")
        p = as_tensor_variable(p)
        if p.ndim != 2:
            raise NotImplementedError(f"MRG_RandomStreams.choice: p must be a matrix, not {p.type}")
        u = self.uniform([p.shape[0] * size], dtype=config.floatX, nstreams=nstreams)
        if not replace:
            p = Assert("choice without replacement: more draws than there are places")(
                p, F["ge"](p.shape[1], size)
            )
        u = reshape(u, [size, p.shape[0]])
        return _chosen(p, u, size, replace, dtype)

    def multinomial_wo_replacement(self, size: Any = None, n: int = 1, pvals: Any = None,
                                   ndim: Any = None, dtype: Any = "int64",
                                   nstreams: int | None = None) -> Any:  # fmt: skip
        """n different places for each row of pvals: `choice` without replacement."""
        return self.choice(n, None, False, pvals, ndim, dtype, nstreams)


def _between(x: Any, u: Any) -> Any:
    """x, but where it is beyond 2 a number of the same side of the normal curve's middle part."""
    inside = 2 * _TWO_SIGMA * u + (0.5 - _TWO_SIGMA)
    other = cast(np.sqrt(2.0) * F["erfinv"](2.0 * inside - 1.0), x.dtype)
    return switch(F["gt"](abs(x), 2.0), other, x)


def _chosen(p: Any, u: Any, count: int, replace: bool, dtype: Any) -> Any:
    """For each row of u and of p: the first place where the sum of p so far is above u."""
    p, last = disconnected_grad(p), p.shape[1] - 1
    made = []
    for k in range(count):
        passed = cast(F["le"](p.cumsum(axis=1), u[k].dimshuffle(0, "x")), "int64")
        at = F["minimum"](passed.sum(axis=1), last)
        made.append(at.dimshuffle(0, "x"))
        if not replace:
            taken = F["eq"](arange(p.shape[1]).dimshuffle("x", 0), made[-1])
            p = switch(taken, 0.0, p)
            p = p / p.sum(axis=1).dimshuffle(0, "x")
    return cast(concatenate(made, axis=1), dtype)


def _each(size: Any, ndim: Any) -> list[Any]:
    """A size as scalars, where it is one vector, too."""
    sizes, count = sizes_of(size, ndim)
    is_vector = len(sizes) == 1 and getattr(sizes[0], "ndim", 0) == 1
    return [sizes[0][k] for k in range(count)] if is_vector else sizes
