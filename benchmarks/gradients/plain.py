"""The objectives as legacy NumPy code: loops, writes in place, `while`."""

import numpy as np


def mixture(weights, means, scales, lower, x):
    """Log-likelihood of a Gaussian mixture with full covariances."""
    terms = np.empty((x.shape[0], weights.shape[0]))
    for k in range(weights.shape[0]):
        factor = np.tril(lower[k], -1) + np.diag(np.exp(scales[k]))
        y = (x - means[k]) @ factor.T
        terms[:, k] = weights[k] + np.sum(scales[k]) - 0.5 * np.sum(y * y, axis=1)
    top = np.max(terms, axis=1)
    each = top + np.log(np.sum(np.exp(terms - top[:, None]), axis=1))
    return np.sum(each) - x.shape[0] * np.log(np.sum(np.exp(weights)))


def bundle(cameras, points, which_camera, which_point, seen):
    """Half the squared reprojection error of points seen by cameras with lens distortion."""
    c, p = cameras[which_camera], points[which_point] - cameras[which_camera, 3:6]
    angle = np.sqrt(c[:, 0] ** 2 + c[:, 1] ** 2 + c[:, 2] ** 2)
    a0, a1, a2 = c[:, 0] / angle, c[:, 1] / angle, c[:, 2] / angle
    sine, cosine = np.sin(angle), np.cos(angle)
    along = (a0 * p[:, 0] + a1 * p[:, 1] + a2 * p[:, 2]) * (1 - cosine)
    u = p[:, 0] * cosine + (a1 * p[:, 2] - a2 * p[:, 1]) * sine + a0 * along
    v = p[:, 1] * cosine + (a2 * p[:, 0] - a0 * p[:, 2]) * sine + a1 * along
    w = p[:, 2] * cosine + (a0 * p[:, 1] - a1 * p[:, 0]) * sine + a2 * along
    u, v = u / w, v / w
    r = u * u + v * v
    zoom = c[:, 6] * (1 + c[:, 7] * r + c[:, 8] * r * r)
    return 0.5 * np.sum((zoom * u - seen[:, 0]) ** 2 + (zoom * v - seen[:, 1]) ** 2)


def lstm(w, u, b, xs, targets):
    """Squared error of a long short-term memory over a sequence."""
    n = u.shape[1]
    h, c, total = np.zeros(n), np.zeros(n), 0.0
    for t in range(xs.shape[0]):
        z = w @ xs[t] + u @ h + b
        gates = 1 / (1 + np.exp(-z[: 3 * n]))
        c = gates[n : 2 * n] * c + gates[:n] * np.tanh(z[3 * n :])
        h = gates[2 * n :] * np.tanh(c)
        total += np.sum((h - targets[t]) ** 2)
    return total


def chain(angles, bones, points, targets):
    """Squared distance of points on a chain of bones to where they should be."""
    r, at, total = np.eye(3), np.zeros(3), 0.0
    local = np.empty((3, 3))
    for j in range(angles.shape[0]):
        sa, ca = np.sin(angles[j, 0]), np.cos(angles[j, 0])
        sb, cb = np.sin(angles[j, 1]), np.cos(angles[j, 1])
        sc, cc = np.sin(angles[j, 2]), np.cos(angles[j, 2])
        local[0, 0], local[0, 1], local[0, 2] = (
            ca * cb,
            ca * sb * sc - sa * cc,
            ca * sb * cc + sa * sc,
        )
        local[1, 0], local[1, 1], local[1, 2] = (
            sa * cb,
            sa * sb * sc + ca * cc,
            sa * sb * cc - ca * sc,
        )
        local[2, 0], local[2, 1], local[2, 2] = -sb, cb * sc, cb * cc
        r = r @ local
        at = at + r @ bones[j]
        total += np.sum((points[j] @ r.T + at - targets[j]) ** 2)
    return total


def bodies(x, m):
    """Potential energy of bodies under softened gravity."""
    energy = 0.0
    for i in range(x.shape[0]):
        d = x[i] - x[:i]
        energy -= np.sum(m[i] * m[:i] / np.sqrt(np.sum(d * d, axis=1) + 0.01))
    return energy


def heat(u, rate, weights, steps):
    """A weighted sum of temperatures after many steps in place."""
    for _ in range(steps):
        u[1:-1] += rate * (u[:-2] - 2 * u[1:-1] + u[2:])
    return np.sum(weights * u)


def hidden(moves, emits, start, seen):
    """Log-likelihood of a hidden Markov model, by the scaled forward algorithm."""
    alpha, total = start * emits[:, seen[0]], 0.0
    for t in range(1, seen.shape[0]):
        s = np.sum(alpha)
        total += np.log(s)
        alpha = ((alpha / s) @ moves) * emits[:, seen[t]]
    return total + np.log(np.sum(alpha))


def kalman(f, h, q, r, ys):
    """Log-likelihood of a linear Gaussian state space model."""
    x, p, total = np.zeros(f.shape[0]), np.eye(f.shape[0]), 0.0
    for t in range(ys.shape[0]):
        x = f @ x
        p = f @ p @ f.T + q
        hp = h @ p
        s = hp @ h.T + r
        e = ys[t] - h @ x
        gain = np.linalg.solve(s, hp)
        total -= 0.5 * (np.linalg.slogdet(s)[1] + e @ np.linalg.solve(s, e))
        x = x + e @ gain
        p = p - gain.T @ hp
    return total


def hunters(rates, start, end):
    """Predator and prey at a time, by Heun steps whose length follows their error."""
    x, y, t, h = start[0], start[1], 0.0, 0.01
    while t < end:
        h = np.minimum(h, end - t)
        fx, fy = x * (rates[0] - rates[1] * y), y * (rates[2] * x - rates[3])
        ex, ey = x + h * fx, y + h * fy
        gx, gy = ex * (rates[0] - rates[1] * ey), ey * (rates[2] * ex - rates[3])
        error = 0.5 * h * np.sqrt((gx - fx) ** 2 + (gy - fy) ** 2) + 1e-12
        if error < 1e-3:
            t = t + h
            x, y = x + 0.5 * h * (fx + gx), y + 0.5 * h * (fy + gy)
        h = h * np.minimum(2.0, np.maximum(0.3, 0.9 * np.sqrt(1e-3 / error)))
    return x * x + y
