"""Python's builtins and `math` on traced values, with Python's meaning.

Each implementation is called only when a traced value is among the arguments (lists and tuples are
looked into).
"""

from __future__ import annotations

import collections
import itertools
import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np

from ..errors import TraceError, UnsupportedError
from ..fxgraph.affine import size_node
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import C128, F64, I64
from ..scanloop.scan import steps_known
from . import arithmetic, iteration, journal, queues
from .assign import converted
from .effects import print_
from .folds import fold
from .generators import LISTED
from .growing import growing
from .iteration import Counter, Lazy, SymbolicRange, counter_of
from .loops import SHORT
from .marks import marked
from .optional import Maybe, is_none
from .proxy import Array, Proxy, Scalar, node_of, python_name, wrap
from .queues import Deque
from .shortcut import and_, or_
from .sums import sum_of, sum_over
from .texts import Text
from .truthiness import truth
from .values import ONLY_NUMBERS

#: builtin -> implementation
BUILTINS: dict[Any, Callable[..., Any]] = {}


def answers(*functions: Any) -> Callable[[Any], Any]:
    """Declare that the decorated function stands for these."""

    def register(f: Any) -> Any:
        for function in functions:
            BUILTINS[function] = f
        return f

    return register


#: Functions that are answered without a traced argument too: they change or make containers.
ALWAYS: set[Any] = set()


def always(function: Any) -> Callable[[Any], Any]:
    """As `answers`, whatever the arguments are."""
    ALWAYS.add(function)
    return answers(function)


# ---- loops ---------------------------------------------------------------------------------------
@answers(range)
def range_(*args: Any) -> Any:
    if len(args) == 1:
        return SymbolicRange(0, args[0])
    return SymbolicRange(*args)


@answers(enumerate)
def enumerate_(iterable: Any, start: Any = 0) -> Any:
    return iteration.enumerated(iterable, start)


@answers(zip)
def zip_(*parts: Any, strict: bool = False) -> Any:
    if strict:
        raise UnsupportedError(
            "zip(..., strict=True) over traced values: compare the lengths instead"
        )
    return Lazy(parts, lambda *items: items)


@answers(reversed)
def reversed_(x: Any) -> Any:
    return iteration.backwards(x)


@answers(np.ndindex)
def ndindex(*shape: Any) -> Any:
    return iteration.positions(*shape)


@answers(np.ndenumerate)
def ndenumerate(a: Any) -> Any:
    return iteration.enumerated_elements(a)


@answers(np.nditer)
def nditer(a: Any, flags: Any = (), op_flags: Any = (), *, order: str = "K") -> Any:
    return iteration.elements(a, flags or (), op_flags or (), order)


@answers(itertools.product)
def product(*parts: Any, repeat: int = 1) -> Any:
    return iteration.product_of(*parts, repeat=repeat)


@answers(len)
def len_(x: Any) -> Any:
    if isinstance(x, Array):
        if not x.sizes:
            raise TypeError("len() of unsized object")
        return wrap(size_node(x.sizes[0]))
    if isinstance(x, SymbolicRange | Counter | Lazy):
        return iteration.length_of(x)
    if isinstance(x, Scalar):
        raise TypeError(f"object of type '{python_name(x)}' has no len()")
    g = growing(x)
    if g is not None:
        return g.length
    return queues.length(x) if isinstance(x, Deque) else len(x)


@always(collections.deque)
def deque(iterable: Any = (), maxlen: int | None = None) -> Any:
    queue = journal.made(Deque(journal.made([]), maxlen))
    items = list(iteration.listed(iterable))
    queue.items.extend(items if maxlen is None else items[max(len(items) - maxlen, 0) :])
    return queue


# ---- numbers -------------------------------------------------------------------------------------
@answers(int)
def int_(x: Any = 0, *rest: Any) -> Any:
    if isinstance(x, str) or rest:
        return int(x, *rest)
    n = single(x)
    if n.dtype.kind == "c":
        raise TypeError(
            "int() argument must be a string, a bytes-like object or a real number, not 'complex'"
        )
    if n.dtype.kind == "f":
        return wrap(truncated(n, OPS["trunc"](n)))
    if n.dtype == np.dtype("u8"):
        small = OPS["less_equal"](n, np.uint64(2**63 - 1))
        required(small, "OverflowError", "Python integer out of bounds for int64")
    return wrap(cast_to(n, I64, True))


def truncated(n: Node, whole: Node) -> Node:
    """A whole float as a Python int."""
    wide = cast_to(n, F64, True)
    required(OPS["equal"](wide, wide), "ValueError", "cannot convert float NaN to integer")
    small = OPS["less"](OPS["absolute"](wide), 2.0**63)
    required(
        small, "OverflowError", "cannot convert float infinity, or one beyond 64 bits, to integer"
    )
    return cast_to(whole, I64, True)


@answers(float)
def float_(x: Any = 0.0) -> Any:
    n = single(x)
    if n.dtype.kind == "c":
        raise TypeError("float() argument must be a string or a real number, not 'complex'")
    return wrap(cast_to(n, F64, True))


@answers(complex)
def complex_(real: Any = 0, imag: Any = 0) -> Any:
    z = wrap(cast_to(single(real), C128, True))
    return z if not isinstance(imag, Proxy) and imag == 0 else z + imag * 1j


@answers(bool)
def bool_(x: Any = False) -> Any:
    return truth(x)


def single(x: Any) -> Node:
    """The node of a number, or of an array's only element."""
    n = node_of(x)
    if n.rank:
        if ONLY_NUMBERS or any(d != 1 for d in n.shape):
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        n = node_of(x[(0,) * n.rank])
    return n


@answers(round)
def round_(x: Any, digits: Any = None) -> Any:
    return round(x, digits) if digits is not None else round(x)


@answers(abs)
def abs_(x: Any) -> Any:
    return abs(x)


@answers(divmod)
def divmod_(x: Any, y: Any) -> Any:
    return divmod(x, y)


@answers(pow)
def pow_(x: Any, y: Any, mod: Any = None) -> Any:
    return pow(x, y) if mod is None else arithmetic.power(x, y, mod)


# ---- over several values -------------------------------------------------------------------------
def counted(x: Any) -> Counter | list[Any]:
    """The items: a counter where there are many or their number is not known."""
    found = counter_of(x)
    if isinstance(found, Counter):
        steps = steps_known(found.lo, found.hi, found.step)
        return found if steps is None or steps > SHORT else list(found.literal())
    return list(found)  # type: ignore[arg-type]


@answers(sum)
def sum_(x: Any, /, start: Any = 0) -> Any:
    found = counted(x)
    return sum_over(found, start) if isinstance(found, Counter) else sum_of(found, start)


@answers(any)
def any_(x: Any) -> Any:
    found = counted(x)
    if isinstance(found, Counter):
        return fold(found, lambda seen, item: or_(seen, lambda: truth(item)), False, "any")
    out: Any = False
    for item in found:
        out = or_(out, partial(truth, item))
    return truth(out)


@answers(all)
def all_(x: Any) -> Any:
    found = counted(x)
    if isinstance(found, Counter):
        return fold(found, lambda seen, item: and_(seen, lambda: truth(item)), True, "all")
    out: Any = True
    for item in found:
        out = and_(out, partial(truth, item))
    return truth(out)


@answers(tuple)
def tuple_(x: Any = ()) -> Any:
    return x if isinstance(x, tuple) else tuple(iteration.listed(x))


@answers(list)
def list_(x: Any = ()) -> Any:
    known = iteration.listed_if_known(x)
    return LISTED[0](x) if known is None else list(known)


@answers(map)
def map_(f: Any, *parts: Any) -> Any:
    return Lazy(parts, f)


@answers(reduce)
def reduce_(f: Any, items: Any, *initial: Any) -> Any:
    return reduce(f, iteration.listed(items), *initial)


@answers(print)
def print_traced(*args: Any, **options: Any) -> None:
    print_(*args, **options)


@answers(str)
def str_(x: Any = "", *rest: Any) -> Any:
    return marked(str(x, *rest))


@answers(repr)
def repr_text(x: Any) -> Any:
    return marked(repr(x))


@answers(format)
def format_(x: Any, spec: str = "") -> Any:
    return marked(format(x, spec))


# ---- types ---------------------------------------------------------------------------------------
_KINDS: dict[str, type] = {"b": bool, "i": int, "f": float, "c": complex}


def type_of(x: Any) -> Any:
    """The type that the value will have when the compiled function runs."""
    if isinstance(x, Array):
        return np.ndarray
    if type(x) is Maybe:
        raise TraceError("the type of a value that is None or not, which is known at run time only")
    if isinstance(x, Scalar):
        n = x.node
        return _KINDS[n.dtype.kind] if n.type.weak else n.dtype.type
    return str if isinstance(x, Text) else type(x)


@answers(isinstance)
def isinstance_(x: Any, kinds: Any) -> Any:
    if type(x) is Maybe:
        value, none = isinstance_(x.value, kinds), issubclass(type(None), kinds)
        return value if value is none else (x.some if value else is_none(x))
    return issubclass(type_of(x), kinds)


@answers(type)
def type_(x: Any, *rest: Any) -> Any:
    return type(x, *rest) if rest else type_of(x)


@answers(iter)
def _once(x: Any, *rest: Any) -> Any:
    raise TraceError("iter() of traced values: loop over them")


def scalar_type(kind: type[np.generic], x: Any = 0) -> Any:
    """np.float32(x) and its kind: a NumPy scalar, or an array for an array."""
    if isinstance(x, Array) and x.sizes:
        return wrap(cast_to(x.node, np.dtype(kind)))
    n = node_of(x)
    if not np.issubdtype(kind, np.complexfloating) and n.dtype.kind == "c":
        raise TypeError(f"int() argument must be a real number, not {n.dtype}")
    return wrap(converted(n, np.dtype(kind)))


IN_PLACE = {
    name: getattr(operator, name)
    for name in (
        "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul",
        "ilshift", "irshift", "iand", "ior", "ixor",
    )
}  # fmt: skip
