"""The scans of `problems` with `jax.lax.scan`, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .problems import UNITS

jax.config.update("jax_enable_x64", True)


def _ar(x: Any, a: Any) -> Any:
    def step(h: Any, x_t: Any) -> Any:
        h = a * h + jnp.tanh(x_t)
        return h, h

    return jnp.sum(jax.lax.scan(step, jnp.zeros(()), x)[1] ** 2) / len(x)


def _walk(noise: Any, scale: Any) -> Any:
    def step(h: Any, e: Any) -> Any:
        h = jnp.clip(h + scale * e, -2.0, 2.0)
        return h, h

    return jnp.sum(jax.lax.scan(step, jnp.zeros(UNITS), noise)[1] ** 2) / len(noise)


def _hmm(likelihood: Any, transition: Any) -> Any:
    def step(state: Any, b: Any) -> Any:
        p, total = state
        q = (p @ transition) * b
        size = jnp.sum(q)
        return (q / size, total + jnp.log(size)), None

    start = jnp.full(UNITS, 1.0 / UNITS), jnp.zeros(())
    return jax.lax.scan(step, start, likelihood)[0][1] / len(likelihood)


def _lstm(x: Any, w: Any, u: Any) -> Any:
    def step(state: Any, x_t: Any) -> Any:
        h, c = state
        i, f, o, g = jnp.split(x_t @ w + h @ u, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros(UNITS), jnp.zeros(UNITS)
    return jnp.sum(jax.lax.scan(step, start, x)[1] ** 2) / len(x)


_COSTS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "ar": (_ar, (0, 1)), "random walk": (_walk, (1,)), "hmm": (_hmm, (1,)), "lstm": (_lstm, (1, 2)),
}  # fmt: skip


def compiled(name: str, kind: str) -> Callable[..., Any]:
    """The jitted cost, or its value and gradients; the answer is waited for."""
    cost, wanted = _COSTS[name]
    f = jax.jit(cost if kind == "scan" else jax.value_and_grad(cost, argnums=wanted))
    return lambda *args: jax.block_until_ready(f(*args))
