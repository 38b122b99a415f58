"""A corpus of programs: each runs plainly and compiled, and must be the same in every way.

`@case(args...)` adds a function to the corpus; arguments that are callables make fresh ones.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arignote.trace.pytree import flatten


@dataclass(frozen=True)
class Case:
    """words: how many characters of an error's message must agree (0: the class is enough)."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    words: int = 24
    rtol: float = 1e-12
    shares: bool = True

    def fresh(self) -> tuple[Any, ...]:
        return copied(self.args)

    def __repr__(self) -> str:
        return self.name


class Corpus(list):
    """A list of cases with a decorator that adds to it."""

    def case(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        def add(function: Any) -> Any:
            name = function.__name__
            same = sum(c.function is function for c in self)
            self.append(Case(f"{name}-{same}" if same else name, function, args, **options))
            return function

        return add


def copied(args: Any) -> Any:
    """A deep copy that keeps memory layouts and which arrays share memory."""
    memo: dict[int, Any] = {}

    def one(a: Any) -> Any:
        if isinstance(a, np.ndarray):
            base = a
            while isinstance(base.base, np.ndarray):
                base = base.base
            if base is a:
                if id(a) not in memo:
                    memo[id(a)] = a.copy(order="K")
                    memo[id(a)].flags.writeable = a.flags.writeable
                return memo[id(a)]
            if not a.size:
                return a.copy(order="K")
            own = one(base)
            if own.strides != base.strides or (a.flags.writeable and not own.flags.writeable):
                return a.copy(order="K")  # a writable view may be older than its base is closed
            return _moved(own, a, a.ctypes.data - base.ctypes.data)
        if isinstance(a, tuple):
            return type(a)(*map(one, a)) if hasattr(a, "_fields") else tuple(map(one, a))
        if isinstance(a, list):
            return [one(x) for x in a]
        if isinstance(a, dict):
            return {k: one(v) for k, v in a.items()}
        return copy.deepcopy(a)

    return one(args)


def _moved(own: Any, a: Any, offset: int) -> Any:
    """The view of `own` that `a` is of its base, whatever the dtypes."""
    along = sorted(range(own.ndim), key=lambda axis: -own.strides[axis])
    dense = own.transpose(along)
    if not dense.flags.c_contiguous:
        return a.copy(order="K")
    new: Any = np.ndarray(a.shape, a.dtype, buffer=dense, offset=offset, strides=a.strides)
    new.flags.writeable = a.flags.writeable
    return new


@dataclass
class Outcome:
    """What a call did: the answer or the error, and its arguments afterwards."""

    answer: Any
    error: BaseException | None
    args: tuple[Any, ...]


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    with np.errstate(all="ignore"):
        try:
            return Outcome(function(*args), None, args)
        except Exception as error:
            return Outcome(None, error, args)


def check_same(
    case: Case, compiled: Callable[..., Any], args: tuple[Any, ...] | None = None
) -> None:
    """Run plainly and compiled; raise AssertionError at the first difference."""
    given = args if args is not None else case.args
    plain = outcome(case.function, copied(given))
    got = outcome(compiled, copied(given))
    if plain.error is None and got.error is not None:
        raise AssertionError(f"raised {type(got.error).__name__}: {got.error}") from got.error
    if plain.error is not None:
        same_error(plain.error, got.error, case.words)
    else:
        same_value(plain.answer, got.answer, "answer", case.rtol)
        if case.shares:
            same_sharing(plain, got)
    same_value(plain.args, got.args, "arguments afterwards", case.rtol)


def same_error(want: BaseException, got: BaseException | None, words: int) -> None:
    if got is None:
        raise AssertionError(f"did not raise {type(want).__name__}: {want}")
    a, b = type(want), type(got)
    public = next(c for c in a.__mro__ if c.__module__ in ("builtins", "numpy.exceptions"))
    if not issubclass(b, public):
        raise AssertionError(f"{a.__name__}: {want} became {b.__name__}: {got}") from got
    if str(want)[:words] != str(got)[:words]:
        raise AssertionError(f"the words {want!r} became {got!r}") from got


def same_value(want: Any, got: Any, where: str, rtol: float) -> None:
    a, tree = flatten(want)
    b, other = flatten(got)
    assert tree == other, f"{where}: structure {tree} became {other}"
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        assert type(x) is type(y), f"{where}, leaf {k}: {type(x)} {x!r} became {type(y)} {y!r}"
        if isinstance(x, np.ndarray | np.generic):
            assert x.dtype == y.dtype, f"{where}, leaf {k}: {x.dtype} became {y.dtype}"
            assert x.shape == y.shape, f"{where}, leaf {k}: shape {x.shape} became {y.shape}"
            exact = x.dtype.kind in "biu"
            if x.dtype.kind not in "biufc":
                assert (x == y).all()
                continue
            np.testing.assert_allclose(
                y, x, rtol=0 if exact else rtol, atol=0 if exact else rtol * 1e-3, err_msg=where
            )
        elif isinstance(x, float | complex):
            np.testing.assert_allclose(y, x, rtol=rtol, err_msg=where)
        elif callable(x) or isinstance(x, np.random.Generator):
            assert type(x) is type(y)
        else:
            assert x == y, f"{where}, leaf {k}: {x!r} became {y!r}"


def same_sharing(plain: Outcome, got: Outcome) -> None:
    """Which arrays of the answer share memory with each other and with the arguments."""
    p, g = _arrays(plain), _arrays(got)
    for i, x in enumerate(p):
        for j in range(i):
            want, have = np.shares_memory(x, p[j]), np.shares_memory(g[i], g[j])
            assert want == have, f"arrays {j} and {i}: sharing {want} became {have}"
            assert (x is p[j]) == (g[i] is g[j]), f"arrays {j} and {i}: identity differs"


def _arrays(o: Outcome) -> list[Any]:
    leaves = flatten(o.args)[0] + flatten(o.answer)[0]
    return [x for x in leaves if isinstance(x, np.ndarray)]
