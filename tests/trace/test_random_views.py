"""Random chains of views, reshapes and writes, plain against compiled: memory is as NumPy's."""

from __future__ import annotations

import random

import numpy as np
import pytest

from arignote.api import compile
from tests.corpus.cases import Case, check_same


def slice_of(rng, n):
    ends = [None, *range(-n - 1, n + 2)]
    return slice(rng.choice(ends), rng.choice(ends), rng.choice([None, 1, 2, -1, -2, 3]))


def key_of(rng, shape):
    key = []
    for n in shape:
        kind = rng.random()
        if kind < 0.2 and n:
            key.append(rng.randrange(-n, n))
        elif kind < 0.75:
            key.append(slice_of(rng, n))
        else:
            key.append(slice(None))
    if rng.random() < 0.2:
        key.insert(rng.randrange(len(key) + 1), None)
    return tuple(key)


def fancy_of(rng, n):
    return [rng.randrange(-n, n) for _ in range(rng.randrange(1, 4))]


def factored(rng, size):
    """A shape with `size` elements."""
    shape = []
    while size > 1 and len(shape) < 2:
        d = rng.choice([d for d in range(1, size + 1) if size % d == 0])
        shape.append(d)
        size //= d
    shape.append(size)
    rng.shuffle(shape)
    return tuple(shape)


def program(seed):
    """Steps (kind, source, detail) found by running them on NumPy arrays."""
    rng = random.Random(seed)
    arrays = [np.arange(24.0).reshape(4, 6), np.arange(12.0)]
    steps = []
    for _ in range(rng.randrange(3, 9)):
        k = rng.randrange(len(arrays))
        x = arrays[k]
        kind = rng.choice(
            [
                "view",
                "view",
                "reshape",
                "T",
                "ravel",
                "write",
                "write",
                "add",
                "fancy",
                "new",
                "sum",
            ]
        )
        detail = None
        if kind in ("view", "write", "add"):
            detail = key_of(rng, x.shape)
        elif kind == "reshape":
            detail = factored(rng, x.size) if x.size else x.shape
        elif kind == "fancy":
            if not x.ndim or not x.shape[0]:
                continue
            detail = fancy_of(rng, x.shape[0])
        steps.append((kind, k, detail))
        made = step(x, kind, detail, len(steps))
        if isinstance(made, np.ndarray):
            arrays.append(made)
    return steps


def step(x, kind, detail, count):
    if kind == "view":
        return x[detail]
    if kind == "reshape":
        return x.reshape(detail)
    if kind == "new":
        return x * 2
    if kind == "sum":
        return x + x[:1] if np.ndim(x) else x
    if kind == "T":
        return x.T
    if kind == "ravel":
        return x.ravel()
    if kind == "write":
        x[detail] = 100.0 + count
    if kind == "add":
        x[detail] += x[detail][..., ::-1] if np.ndim(x[detail]) else 1
    if kind == "fancy":
        x[detail] *= -1
        return x[detail]
    return None


def function_of(steps):
    def run(a, b):
        arrays = [a, b]
        for count, (kind, k, detail) in enumerate(steps):
            made = step(arrays[k], kind, detail, count)
            if hasattr(made, "ndim") and made.ndim:
                arrays.append(made)
        return tuple(arrays[2:]), [(x * 1).sum() for x in arrays]

    return run


CASES = [(seed, "FAST_COMPILE") for seed in range(150)]
CASES += [(seed, "FAST_RUN") for seed in range(0, 150, 8)]


@pytest.mark.parametrize("seed, mode", CASES)
def test_random_program(seed, mode):
    steps = program(seed)
    a = np.arange(24.0).reshape(4, 6)
    arguments = [a, np.asfortranarray(a), np.arange(48.0).reshape(4, 12)[:, ::2]]
    f = function_of(steps)
    with np.errstate(all="ignore"):
        compiled = compile(f, mode=mode)
        for first in arguments[: 1 + seed % 3]:
            check_same(Case(str(steps), f, (first, np.arange(12.0)), words=0), compiled)
