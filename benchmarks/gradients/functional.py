"""The same objectives without writes, for libraries whose arrays do not change.

`o` has a library's functions under NumPy's names, and its loops: `scan(step, state, rows)` runs
`step(state, row) -> state`, `repeat` a number of times, `until` as long as a condition holds.
"""

from typing import Any

import numpy as np


def mixture(o: Any, weights, means, scales, lower, x):
    d = means.shape[1]
    below, diagonal = o.array(np.tri(d, k=-1)), o.array(np.eye(d))
    terms = []
    for k in range(weights.shape[0]):
        factor = lower[k] * below + o.exp(scales[k])[:, None] * diagonal
        y = (x - means[k]) @ factor.T
        terms.append(weights[k] + o.sum(scales[k]) - 0.5 * o.sum(y * y, 1))
    terms = o.stack(terms, 1)
    top = o.max(terms, 1)
    each = top + o.log(o.sum(o.exp(terms - top[:, None]), 1))
    return o.sum(each) - x.shape[0] * o.log(o.sum(o.exp(weights)))


def bundle(o: Any, cameras, points, which_camera, which_point, seen):
    c = cameras[which_camera]
    p = points[which_point] - c[:, 3:6]
    angle = o.sqrt(c[:, 0] ** 2 + c[:, 1] ** 2 + c[:, 2] ** 2)
    a0, a1, a2 = c[:, 0] / angle, c[:, 1] / angle, c[:, 2] / angle
    sine, cosine = o.sin(angle), o.cos(angle)
    along = (a0 * p[:, 0] + a1 * p[:, 1] + a2 * p[:, 2]) * (1 - cosine)
    u = p[:, 0] * cosine + (a1 * p[:, 2] - a2 * p[:, 1]) * sine + a0 * along
    v = p[:, 1] * cosine + (a2 * p[:, 0] - a0 * p[:, 2]) * sine + a1 * along
    w = p[:, 2] * cosine + (a0 * p[:, 1] - a1 * p[:, 0]) * sine + a2 * along
    u, v = u / w, v / w
    r = u * u + v * v
    zoom = c[:, 6] * (1 + c[:, 7] * r + c[:, 8] * r * r)
    return 0.5 * o.sum((zoom * u - seen[:, 0]) ** 2 + (zoom * v - seen[:, 1]) ** 2)


def lstm(o: Any, w, u, b, xs, targets):
    n = u.shape[1]

    def step(state, row):
        h, c, total = state
        z = w @ row[0] + u @ h + b
        gates = 1 / (1 + o.exp(-z[: 3 * n]))
        c = gates[n : 2 * n] * c + gates[:n] * o.tanh(z[3 * n :])
        h = gates[2 * n :] * o.tanh(c)
        return h, c, total + o.sum((h - row[1]) ** 2)

    zero = o.array(np.zeros(n))
    return o.scan(step, (zero, zero, o.array(0.0)), (xs, targets))[2]


def chain(o: Any, angles, bones, points, targets):
    def step(state, row):
        r, at, total = state
        angle, bone, mine, wanted = row
        s, c = o.sin(angle), o.cos(angle)
        local = o.stack(
            [
                o.stack([c[0] * c[1], c[0] * s[1] * s[2] - s[0] * c[2],
                         c[0] * s[1] * c[2] + s[0] * s[2]], 0),
                o.stack([s[0] * c[1], s[0] * s[1] * s[2] + c[0] * c[2],
                         s[0] * s[1] * c[2] - c[0] * s[2]], 0),
                o.stack([-s[1], c[1] * s[2], c[1] * c[2]], 0),
            ], 0,
        )  # fmt: skip
        r = r @ local
        at = at + r @ bone
        return r, at, total + o.sum((mine @ r.T + at - wanted) ** 2)

    state = (o.array(np.eye(3)), o.array(np.zeros(3)), o.array(0.0))
    return o.scan(step, state, (angles, bones, points, targets))[2]


def bodies(o: Any, x, m):
    d = x[:, None, :] - x[None, :, :]
    pairs = m[:, None] * m[None, :] / o.sqrt(o.sum(d * d, 2) + 0.01)
    return -0.5 * (o.sum(pairs) - o.sum(m * m) / 0.1)


def heat(o: Any, u, rate, weights, steps):
    def step(u):
        new = u[1:-1] + rate * (u[:-2] - 2 * u[1:-1] + u[2:])
        return o.concatenate([u[:1], new, u[-1:]])

    return o.sum(weights * o.repeat(step, u, steps))


def hidden(o: Any, moves, emits, start, seen):
    def step(state, row):
        alpha, total = state
        s = o.sum(alpha)
        return ((alpha / s) @ moves) * row[0], total + o.log(s)

    rows = emits.T[seen]
    state = (start * rows[0], o.array(0.0))
    alpha, total = o.scan(step, state, (rows[1:],))
    return total + o.log(o.sum(alpha))


def kalman(o: Any, f, h, q, r, ys):
    def step(state, row):
        x, p, total = state
        x = f @ x
        p = f @ p @ f.T + q
        hp = h @ p
        s = hp @ h.T + r
        e = row[0] - h @ x
        gain = o.solve(s, hp)
        fit = o.slogdet(s)[1] + e @ o.solve(s, e)
        return x + e @ gain, p - gain.T @ hp, total - 0.5 * fit

    n = f.shape[0]
    state = (o.array(np.zeros(n)), o.array(np.eye(n)), o.array(0.0))
    return o.scan(step, state, (ys,))[2]


def hunters(o: Any, rates, start, end):
    def step(state):
        x, y, t, h = state
        h = o.minimum(h, end - t)
        fx, fy = x * (rates[0] - rates[1] * y), y * (rates[2] * x - rates[3])
        ex, ey = x + h * fx, y + h * fy
        gx, gy = ex * (rates[0] - rates[1] * ey), ey * (rates[2] * ex - rates[3])
        error = 0.5 * h * o.sqrt((gx - fx) ** 2 + (gy - fy) ** 2) + 1e-12
        good = error < 1e-3
        t = o.where(good, t + h, t)
        x = o.where(good, x + 0.5 * h * (fx + gx), x)
        y = o.where(good, y + 0.5 * h * (fy + gy), y)
        h = h * o.minimum(o.array(2.0), o.maximum(o.array(0.3), 0.9 * o.sqrt(1e-3 / error)))
        return x, y, t, h

    state = (start[0], start[1], o.array(0.0), o.array(0.01))
    x, y, _, _ = o.until(lambda s: s[2] < end, step, state, int(40 * end) + 100)
    return x * x + y
