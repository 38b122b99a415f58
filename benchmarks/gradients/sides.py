"""The libraries: value and gradient of a problem's objective, ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import functional
import numpy as np
import plain
from problems import Problem

#: () -> (value, gradients as NumPy arrays)
Call = Callable[[], tuple[float, list[Any]]]


def arignote(problem: Problem, arguments: Sequence[Any], threads: int) -> Call:
    import arignote as ag

    ag.config.threads = threads
    both = ag.value_and_grad(getattr(plain, problem.name), argnums=tuple(range(problem.wrt)))
    return lambda: both(*arguments)


def autograd(problem: Problem, arguments: Sequence[Any], threads: int) -> Call:
    import autograd.numpy as anp
    from autograd import value_and_grad

    o = _Eager(anp, anp.array, anp.linalg)
    f = getattr(functional, problem.name)
    both = value_and_grad(lambda wrt: f(o, *wrt, *arguments[problem.wrt :]))
    return lambda: both(tuple(arguments[: problem.wrt]))


def torch(problem: Problem, arguments: Sequence[Any], threads: int) -> Call:
    import torch as t

    t.set_num_threads(threads)

    def array(x: Any) -> Any:
        return t.as_tensor(x, dtype=t.float64)

    o = _Eager(t, array, t.linalg)
    o.max = t.amax
    f = getattr(functional, problem.name)
    rest = [t.as_tensor(x) if isinstance(x, np.ndarray) else x for x in arguments[problem.wrt :]]
    wrt = [t.as_tensor(x).requires_grad_() for x in arguments[: problem.wrt]]

    def call() -> tuple[float, list[Any]]:
        value = f(o, *wrt, *rest)
        return value.item(), [g.numpy() for g in t.autograd.grad(value, wrt)]

    return call


def jax(problem: Problem, arguments: Sequence[Any], threads: int) -> Call:
    import jax as j
    import jax.numpy as jnp

    j.config.update("jax_enable_x64", True)
    o = _Jax(j, jnp)
    f = getattr(functional, problem.name)
    fixed = [k for k, x in enumerate(arguments) if not isinstance(x, np.ndarray)]
    both = j.jit(
        j.value_and_grad(lambda *a: f(o, *a), argnums=tuple(range(problem.wrt))),
        static_argnums=fixed,
    )
    given = [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in arguments]
    return lambda: j.block_until_ready(both(*given))


class _Eager:
    """Loops of Python over a library that records what runs."""

    def __init__(self, module: Any, array: Callable[[Any], Any], linalg: Any) -> None:
        self.module, self.array = module, array
        self.solve, self.slogdet = linalg.solve, linalg.slogdet
        self.concatenate = getattr(module, "concatenate", None) or module.cat

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def scan(self, step: Any, state: Any, rows: Any) -> Any:
        for k in range(len(rows[0])):
            state = step(state, [r[k] for r in rows])
        return state

    def repeat(self, step: Any, state: Any, times: int) -> Any:
        for _ in range(times):
            state = step(state)
        return state

    def until(self, holds: Any, step: Any, state: Any, bound: int) -> Any:
        while holds(state):
            state = step(state)
        return state


class _Jax(_Eager):
    """Loops that are compiled; `until` runs all steps of its bound, reverse mode needs one."""

    def __init__(self, jax_module: Any, jnp: Any) -> None:
        super().__init__(jnp, jnp.asarray, jnp.linalg)
        self.lax = jax_module.lax

    def scan(self, step: Any, state: Any, rows: Any) -> Any:
        return self.lax.scan(lambda s, row: (step(s, row), None), state, rows)[0]

    def repeat(self, step: Any, state: Any, times: int) -> Any:
        return self.lax.scan(lambda s, _: (step(s), None), state, None, length=times)[0]

    def until(self, holds: Any, step: Any, state: Any, bound: int) -> Any:
        def masked(s: Any, _: Any) -> Any:
            return self.lax.cond(holds(s), step, lambda s: s, s), None

        return self.lax.scan(masked, state, None, length=bound)[0]


SIDES = {"arignote": arignote, "jax": jax, "torch": torch, "autograd": autograd}
