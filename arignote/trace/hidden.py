"""Random generators that are no arguments: NumPy's and Python's global ones, those of closures and
objects, and those that the function makes.

A generator's state must be there before the first loop, so that loops carry it: the first draw from
one that is not known yet starts the trace again, with a handle for it (`NeedSource`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.constants import new_handle
from .convert.site import Site
from .plan import Held, Hidden, Leaf, Made
from .proxy import Proxy, Scalar
from .regions import depth
from .registry import HANDLES
from .session import NeedSource, session
from .truth import known

#: What makes a generator from a seed.
MAKERS: tuple[Any, ...] = (np.random.default_rng, np.random.RandomState, random.Random)
#: Functions of the global generators that are not bound to them.
_UNBOUND: dict[Any, str] = {
    np.random.ranf: "random_sample",
    np.random.sample: "random_sample",
    np.random.seed: "seed",
}
_GLOBAL = np.random.rand.__self__  # type: ignore[attr-defined]


def method_of(f: Any, site: Site) -> Callable[..., Any] | None:
    """What stands for a method of a generator that is no argument; None for other functions."""
    owner, name = getattr(f, "__self__", None), getattr(f, "__name__", "")
    try:
        if f in _UNBOUND:
            owner, name = _GLOBAL, _UNBOUND[f]
    except TypeError:  # unhashable callables
        return None
    if type(owner) not in HANDLES:
        return None
    return getattr(_proxy_of(Held(owner)), name)  # type: ignore[no-any-return]


def made(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site) -> Any:
    """`np.random.default_rng(seed)` and its kind, in the function: made anew by every call."""
    if depth():
        raise UnsupportedError(
            f"{site}\na random generator is made in a loop or branch: make it before, or pass it "
            "as an argument"
        )
    if kwargs or len(args) > 1:
        args = (*args, *kwargs.values())
    return _proxy_of(Made(f, tuple(_seed(a, site) for a in args), session().generators))


def _seed(x: Any, site: Site) -> Any:
    """An argument's number is read by each call; what else is known now is taken as it is."""
    if isinstance(x, Scalar) and x.node in session().leaf_of:
        return Leaf(session().leaf_of[x.node])
    value = known(x.node) if isinstance(x, Scalar) else None if isinstance(x, Proxy) else x
    if value is None and x is not None:
        raise UnsupportedError(
            f"{site}\na random generator's seed is computed when the compiled function runs: make "
            "the generator outside and pass it as an argument"
        )
    return value


def _proxy_of(source: Hidden) -> Any:
    here = session()
    if isinstance(source, Made):
        here.generators += 1
    if source not in here.sources:
        raise NeedSource(source)
    return here.sources[source]


def handles_for(sources: tuple[Hidden, ...]) -> dict[Any, Any]:
    """A node and its stand-in for each."""
    nodes = [new_handle(f"generator{k}") for k in range(len(sources))]
    return {s: (n, HANDLES[s.type](n)) for s, n in zip(sources, nodes, strict=True)}
