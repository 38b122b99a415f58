"""Programs of calls, pytrees, constants and mixed statements."""

from __future__ import annotations

import dataclasses
from collections import namedtuple

import numpy as np

from .arrays import M, V
from .cases import Corpus

CASES = Corpus()
case = CASES.case


# ---- calls, pytrees, constants -------------------------------------------------------------------
SCALE = np.array([2.0, 3.0])
TABLE = np.arange(300.0)


def _helper(x, k=2, *rest, offset=0.0):
    y = x * k
    return y + offset + sum(rest)


def _writes(x):
    x[0] = -1.0
    return x[1:]


@case(V())
def calls_helper(a):
    return _helper(a), _helper(a, 3), _helper(a, offset=1.0), _helper(a, 1, 2, 3)


@case(V())
def helper_writes(a):
    b = _writes(a)
    b[0] = -2.0
    return b


@case(V(2))
def global_constant(a):
    return a * SCALE, SCALE


@case(V(3), shares=False)
def global_table(a):
    return TABLE[a.astype(int)], (TABLE * a[0]).sum()


def _closure():
    w = np.array([1.0, 2.0])
    k = 3

    def with_closure(a):
        return a @ w * k

    return with_closure


case(V(2))(_closure())


@dataclasses.dataclass
class State:
    x: np.ndarray
    v: float


Pair = namedtuple("Pair", "first second")


@case(State(V(), 2.0))
def dataclass_state(s):
    s.x[0] = 7
    return State(s.x * s.v, s.v + 1)


@case(Pair(V(), 3))
def namedtuple_pair(p):
    return Pair(p.second, p.first * p.second), p.first[p.second]


@case({"w": V(3), "b": 1.5, "n": None}, [V(3), (V(3), "x")])
def nested_pytrees(params, others):
    y = params["w"] * params["b"]
    return {"y": y, "none": params["n"], "t": (others[0] + others[1][0], others[1][1])}, [y]


@case(V(), "sum")
@case(V(), "max")
def string_argument(a, how):
    return {"sum": a.sum(), "max": a.max()}[how]


@case(V(), None, True)
def none_and_bool(a, x, flag):
    return x, flag, a


@case(V(), slice(1, 4), np.float32)
def slice_and_dtype_arguments(a, s, d):
    return a[s], a.astype(d)


@case(V(), np.sin)
def function_argument(a, f):
    return f(a)


@case(V())
def returns_nothing(a):
    a[0] = 1


@case(V(), 5)
def returns_constants(a, n):
    return 1, 2.5, "text", None, True, n, (), [], {}


@case(V(), V(), 2.0)
def many_statements(x, y, k):
    z = k * x + y
    w = z - z.mean()
    w /= np.sqrt((w**2).sum())
    x[:] = w
    return w, (w @ y) ** 2


@case(V(4), V(4))
def temporaries_of_arguments(a, b):
    t = a
    a = a + b
    t[0] = 100
    return a, t


# ---- mixed ------------------------------------------------------------------------------------
@case(np.array(["a", "b"]), words=0)
def string_array(a):
    return a + 1


@case(V())
def len_and_in(a):
    return len(a), len(a[1:]), 3.0 in a


@case(V(6))
def unpacking(a):
    x, y, *rest = a[:4]
    return x, y, rest[0]


@case(M(3, 3))
def swap_names(A):
    B = A * 2
    A, B = B, A
    B[0] = 0
    return A, B


@case(V(), V())
def chained_expressions(a, b):
    c = a[1:] * b[:-1] + a[:-1] * b[1:]
    c[c > 10] -= 10
    return c.cumsum()[::2], c[-1], c.max() - c.min()


@case(3, V(5))
def python_scalar_first(k, a):
    return k - a, k / a, k // a, k % a, k**a, k < a, divmod(k, a)


@case(V(5), np.float64(2.5))
def numpy_scalar_argument(a, s):
    return a * s, s + 1, s * s, a[0] * s, s // 2


@case(V(5).astype(">f8"))
def swapped_bytes(a):
    a[0] = 9.0
    return a.sum()


@case(np.arange(24, dtype=np.int64).view(np.int8)[1:17].view(np.int64))
def misaligned(a):
    a[0] = 5
    return a + 1
