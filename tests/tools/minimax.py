"""The coefficients of arignote/emit/preamble/{exponential,logarithm}.h, computed anew and printed.

Remez's exchange algorithm in 60 digits: an error that takes its largest size, with changing signs,
at one point more than there are coefficients is the smallest possible (E. W. Cheney, "Introduction
to Approximation Theory", 1966).  Quotients are found by iterating the linear problem with the last
denominator.  Needs mpmath, which nothing else here does: python tests/tools/minimax.py
"""

from collections.abc import Callable
from dataclasses import dataclass

import mpmath as mp

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


@dataclass(frozen=True)
class Fit:
    """(n_0 + n_1 x + ...) / (1 + d_1 x + ...) and the largest weighted error, as a power of two."""

    name: str
    top: list[mp.mpf]
    bottom: list[mp.mpf]
    bits: mp.mpf

    def at(self, x: mp.mpf) -> mp.mpf:
        below = 1 + sum(c * x ** (k + 1) for k, c in enumerate(self.bottom))
        return sum(c * x**k for k, c in enumerate(self.top)) / below


def minimax(
    name: str, f: Function, weight: Function, low: mp.mpf, high: mp.mpf, top: int, bottom: int = 0,
    first: mp.mpf | None = None,
) -> Fit:  # fmt: skip
    """The best quotient of degrees `top` and `bottom`; first: the value of n_0, if given."""
    free = top + 1 + bottom - (first is not None)
    points = spread(low, high, free + 1)
    fit = Fit(name, [mp.mpf(0)] * (top + 1), [mp.mpf(0)] * bottom, mp.mpf(0))
    for _ in range(30):
        for _ in range(6 if bottom else 1):
            fit, level = solved(fit, f, weight, points, first)
        grid = spread(low, high, 60 * free)
        errors = [(f(x) - fit.at(x)) * weight(x) for x in grid]
        largest = max(abs(e) for e in errors)
        fit = Fit(name, fit.top, fit.bottom, mp.log(largest, 2))
        peaks = extremes(errors)
        if len(peaks) < len(points) or largest < abs(level) * mp.mpf("1.001"):
            break
        while len(peaks) > len(points):
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        points = [grid[k] for k in peaks]
    return fit


def spread(low: mp.mpf, high: mp.mpf, n: int) -> list[mp.mpf]:
    """Chebyshev's points, which are denser at the ends."""
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle - half * mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]


def extremes(errors: list[mp.mpf]) -> list[int]:
    """The position of the largest error between two changes of sign."""
    peaks = [0]
    for k, e in enumerate(errors):
        if e * errors[peaks[-1]] < 0:
            peaks.append(k)
        elif abs(e) > abs(errors[peaks[-1]]):
            peaks[-1] = k
    return peaks


def solved(
    old: Fit, f: Function, weight: Function, points: list[mp.mpf], first: mp.mpf | None
) -> tuple[Fit, mp.mpf]:
    """Coefficients whose weighted errors at the points are level, -level, level ..."""
    rows, right = [], []
    skip = 0 if first is None else 1
    for k, x in enumerate(points):
        below = 1 + sum(c * x ** (j + 1) for j, c in enumerate(old.bottom))
        powers = [x**j for j in range(skip, len(old.top))]
        under = [-f(x) * x ** (j + 1) for j in range(len(old.bottom))]
        rows.append([*powers, *under, (-1) ** k * below / weight(x)])
        right.append(f(x) - (first or 0))
    found = list(mp.lu_solve(mp.matrix(rows), mp.matrix(right)))
    top = ([] if first is None else [first]) + found[: len(old.top) - skip]
    return Fit(old.name, top, found[len(old.top) - skip : -1], old.bits), found[-1]


# ---- what the preambles need ----------------------------------------------------------------
HALF = mp.log(2) / 2 * mp.mpf("1.0005")  # a little more than the rest of a reduction by ln 2
LOGARITHM = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.0005")
TINY = mp.mpf("1e-30")


def half_tanh(u: mp.mpf) -> mp.mpf:
    """tanh(r / 2) / r of u = r * r."""
    r = mp.sqrt(u)
    return mp.tanh(r / 2) / r if u > TINY else mp.mpf(1) / 2


def atanh_rest(w: mp.mpf) -> mp.mpf:
    """(2 atanh(s) / s - 2) / w of w = s * s."""
    s = mp.sqrt(w)
    return (2 * mp.atanh(s) / s - 2) / w if w > TINY else mp.mpf(2) / 3


def exp_tail(r: mp.mpf) -> mp.mpf:
    """(exp(r) - 1 - r) / r^2."""
    return (mp.exp(r) - 1 - r) / r**2 if abs(r) > mp.mpf("1e-12") else mp.mpf(1) / 2 + r / 6


def fits() -> list[Fit]:
    square, half = HALF**2, mp.mpf(1) / 2
    tanh_weight = lambda u: 1 / half_tanh(u)  # noqa: E731
    log_weight = lambda w: w / (2 + w * atanh_rest(w)) + TINY  # noqa: E731
    tail_weight = lambda r: r * r * mp.exp(-r) + TINY  # noqa: E731
    zero, third = mp.mpf(0), mp.mpf(1) / 9 * mp.mpf("1.0005")
    return [
        minimax("P / (Q r), f8", half_tanh, tanh_weight, zero, square, 2, 2, half),
        minimax("P / (Q r), f4", half_tanh, tanh_weight, zero, square, 1, 1, half),
        minimax("atanh_rest, f8", atanh_rest, log_weight, zero, LOGARITHM, 6),
        minimax("atanh_rest, f4", atanh_rest, log_weight, zero, LOGARITHM, 2),
        minimax("softplus_rest, f4", atanh_rest, log_weight, zero, third, 3),
        minimax("exp_tail, f8", exp_tail, tail_weight, -HALF, HALF, 9),
        minimax("exp_tail, f4", exp_tail, tail_weight, -HALF, HALF, 4),
    ]


if __name__ == "__main__":
    for fit in fits():
        print(f"{fit.name}: error 2^{mp.nstr(fit.bits, 4)}")
        print("  ", *(mp.nstr(c, 20) for c in fit.top))
        print("  /", *(mp.nstr(c, 20) for c in fit.bottom)) if fit.bottom else None
