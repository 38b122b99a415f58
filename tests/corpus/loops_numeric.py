"""Loops over floats: solvers, recurrences, stencils, filters, integrators, sparse kernels, images."""

# Programs are written as people write them.
# ruff: noqa: C416, C417, E501, PIE808, SIM300

from __future__ import annotations

import math

import numpy as np

from .cases import Corpus

CASES = Corpus()
case = CASES.case
_rng = np.random.default_rng(2)


def V(n=8):
    return _rng.random(n) + 0.1


def M(n=6, m=6):
    return _rng.random((n, m)) + 0.1


def SPD(n=5):
    a = _rng.random((n, n))
    return a @ a.T + n * np.eye(n)


# ---- linear algebra ------------------------------------------------------------------------------
@case(SPD())
def lu(A):
    for i in range(A.shape[0]):
        for j in range(i):
            A[i, j] -= A[i, :j] @ A[:j, j]
            A[i, j] /= A[j, j]
        for j in range(i, A.shape[0]):
            A[i, j] -= A[i, :i] @ A[:i, j]


@case(SPD())
def cholesky(A):
    A[0, 0] = np.sqrt(A[0, 0])
    for i in range(1, A.shape[0]):
        for j in range(i):
            A[i, j] -= np.dot(A[i, :j], A[j, :j])
            A[i, j] /= A[j, j]
        A[i, i] -= np.dot(A[i, :i], A[i, :i])
        A[i, i] = np.sqrt(A[i, i])


@case(np.tril(SPD()), V(5))
def forward_substitution(L, b):
    x = np.zeros_like(b)
    for i in range(x.shape[0]):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return x


@case(V(7), V(7) + 4, V(7), V(7))
def thomas(lower, diagonal, upper, rhs):
    n = len(rhs)
    c = np.zeros(n)
    d = np.zeros(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / m
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / m
    x = np.zeros(n)
    x[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


@case(SPD(), V(5))
def gauss_with_pivoting(A, b):
    n = len(b)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if A[p, k] == 0.0:
            raise ValueError("singular")
        if p != k:
            for j in range(n):
                A[k, j], A[p, j] = A[p, j], A[k, j]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i, k:] -= f * A[k, k:]
            b[i] -= f * b[k]
    x = np.empty(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


@case(np.zeros((3, 3)), V(3), words=8)
def singular_system(A, b):
    for k in range(len(b)):
        if A[k, k] == 0.0:
            raise ValueError("singular")
        b[k] /= A[k, k]
    return b


@case(SPD(), V(5), 1e-10)
def conjugate_gradient(A, b, tol):
    x = np.zeros_like(b)
    r = b - A @ x
    p = r.copy()
    rs = r @ r
    for k in range(50):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        new = r @ r
        if np.sqrt(new) < tol:
            break
        p = r + (new / rs) * p
        rs = new
    return x, k


@case(SPD(), V(5), rtol=1e-9)
def power_iteration(A, x):
    value = 0.0
    for _ in range(30):
        y = A @ x
        norm = np.sqrt(np.sum(y * y))
        x = y / norm
        value = x @ A @ x
    return value, x


@case(M(6, 4))
def gram_schmidt(A):
    Q = np.zeros_like(A)
    R = np.zeros((A.shape[1], A.shape[1]))
    for k in range(A.shape[1]):
        nrm = np.dot(A[:, k], A[:, k])
        R[k, k] = np.sqrt(nrm)
        Q[:, k] = A[:, k] / R[k, k]
        for j in range(k + 1, A.shape[1]):
            R[k, j] = np.dot(Q[:, k], A[:, j])
            A[:, j] -= Q[:, k] * R[k, j]
    return Q, R


@case(V(6))
def levinson(r):
    y = np.empty_like(r)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    for k in range(1, r.shape[0]):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return y


@case(M(4, 5), M(5, 3))
def triple_loop_product(A, B):
    C = np.zeros((A.shape[0], B.shape[1]))
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for k in range(A.shape[1]):
                C[i, j] += A[i, k] * B[k, j]
    return C


@case(np.array([0, 2, 3, 5, 6]), np.array([0, 2, 1, 0, 3, 3]), V(6), V(4))
def sparse_product(start, column, value, x):
    y = np.empty(len(start) - 1)
    for i in range(len(y)):
        cols = column[start[i] : start[i + 1]]
        vals = value[start[i] : start[i + 1]]
        y[i] = vals @ x[cols]
    return y


@case(np.array([2, 0, 1, 2]), np.array([1, 1, 0, 2]), V(4), np.zeros((3, 3)))
def coordinates_to_dense(row, col, value, out):
    for r, c, v in zip(row, col, value):
        out[r, c] += v


# ---- stencils and sweeps -------------------------------------------------------------------------
@case(V(9), V(9), 4)
def jacobi_1d(A, B, steps):
    for _ in range(1, steps):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])


@case(M(), 3)
def seidel_2d(A, steps):
    n = A.shape[0]
    for _ in range(steps - 1):
        for i in range(1, n - 1):
            A[i, 1:-1] += A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:] + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            for j in range(1, n - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0


@case(M(7, 7), 1e-4, rtol=1e-10)
def relax_until(A, tol):
    change = tol + 1
    sweeps = 0
    while change > tol and sweeps < 100:
        change = 0.0
        for i in range(1, A.shape[0] - 1):
            for j in range(1, A.shape[1] - 1):
                new = 0.25 * (A[i - 1, j] + A[i + 1, j] + A[i, j - 1] + A[i, j + 1])
                change = max(change, abs(new - A[i, j]))
                A[i, j] = new
        sweeps += 1
    return sweeps, change


@case(V(12), 0.4, 5)
def upwind(u, c, steps):
    for _ in range(steps):
        old = u.copy()
        for i in range(1, len(u)):
            u[i] = old[i] - c * (old[i] - old[i - 1])
        u[0] = old[0] - c * (old[0] - old[-1])
    return u


@case(M(8, 8), 3)
def heat_two_buffers(u, steps):
    v = u.copy()
    for _ in range(steps):
        v[1:-1, 1:-1] = u[1:-1, 1:-1] + 0.1 * (
            u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]
        )
        u[:] = v
    return v


@case(M(5, 6))
def integral_image(A):
    S = np.zeros((A.shape[0] + 1, A.shape[1] + 1), A.dtype)
    for i in range(A.shape[0]):
        row = 0.0
        for j in range(A.shape[1]):
            row += A[i, j]
            S[i + 1, j + 1] = S[i, j + 1] + row
    return S


@case(M(6, 7), np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]))
def convolve(image, kernel):
    n, m = image.shape
    k, l = kernel.shape
    out = np.zeros((n - k + 1, m - l + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + k, j : j + l] * kernel)
    return out


@case(M(6, 6))
def median_filter(image):
    out = image.copy()
    w = np.empty(9)
    for i in range(1, image.shape[0] - 1):
        for j in range(1, image.shape[1] - 1):
            k = 0
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    w[k] = image[i + di, j + dj]
                    k += 1
            for a in range(9):
                for b in range(8 - a):
                    if w[b] > w[b + 1]:
                        w[b], w[b + 1] = w[b + 1], w[b]
            out[i, j] = w[4]
    return out


@case(M(5, 6) * 255)
def floyd_steinberg(image):
    n, m = image.shape
    for y in range(n):
        for x in range(m):
            old = image[y, x]
            new = 255.0 if old > 127 else 0.0
            image[y, x] = new
            err = old - new
            if x + 1 < m:
                image[y, x + 1] += err * 7 / 16
            if y + 1 < n:
                if x > 0:
                    image[y + 1, x - 1] += err * 3 / 16
                image[y + 1, x] += err * 5 / 16
                if x + 1 < m:
                    image[y + 1, x + 1] += err / 16


# ---- recurrences and filters ---------------------------------------------------------------------
@case(V(10), 0.3)
def exponential_smoothing(x, alpha):
    out = np.empty_like(x)
    s = x[0]
    for i, v in enumerate(x):
        s = alpha * v + (1 - alpha) * s
        out[i] = s
    return out


@case(V(12), V(3), np.array([1.0, -0.4, 0.1]))
def direct_form_filter(x, b, a):
    y = np.zeros(len(x))
    z = np.zeros(2)
    for n in range(len(x)):
        y[n] = b[0] * x[n] + z[0]
        z[0] = b[1] * x[n] + z[1] - a[1] * y[n]
        z[1] = b[2] * x[n] - a[2] * y[n]
    return y


@case(V(9), 0.01, 0.1)
def kalman_1d(z, q, r):
    x, p = 0.0, 1.0
    out = np.zeros(len(z))
    for k in range(len(z)):
        p += q
        gain = p / (p + r)
        x += gain * (z[k] - x)
        p *= 1 - gain
        out[k] = x
    return out, p


@case(V(2), SPD(2), np.array([[1.0, 0.1], [0.0, 1.0]]), SPD(2) * 0.01, M(5, 2), rtol=1e-10)
def kalman_2d(x, P, F, Q, observations):
    H = np.eye(2)
    R = 0.1 * np.eye(2)
    for k in range(observations.shape[0]):
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        det = S[0, 0] * S[1, 1] - S[0, 1] * S[1, 0]
        inverse = np.array([[S[1, 1], -S[0, 1]], [-S[1, 0], S[0, 0]]]) / det
        K = P @ H.T @ inverse
        x = x + K @ (observations[k] - H @ x)
        P = (np.eye(2) - K @ H) @ P
    return x, P


@case(np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]]), M(2, 3), np.array([0, 1, 2, 1]))
def forward_algorithm(start, transition, emission, observed):
    alpha = start * emission[:, observed[0]]
    log = 0.0
    for t in range(1, len(observed)):
        alpha = (alpha @ transition) * emission[:, observed[t]]
        total = alpha.sum()
        log += np.log(total)
        alpha = alpha / total
    return alpha, log


@case(np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]]), M(2, 3), np.array([0, 1, 2, 1, 0]))
def viterbi(start, transition, emission, observed):
    n, t = len(start), len(observed)
    best = np.zeros((t, n))
    back = np.zeros((t, n), dtype=np.int64)
    for s in range(n):
        best[0, s] = np.log(start[s] * emission[s, observed[0]])
    for k in range(1, t):
        for s in range(n):
            top, arg = -np.inf, 0
            for r in range(n):
                v = best[k - 1, r] + np.log(transition[r, s])
                if v > top:
                    top, arg = v, r
            best[k, s] = top + np.log(emission[s, observed[k]])
            back[k, s] = arg
    path = np.zeros(t, dtype=np.int64)
    path[-1] = np.argmax(best[-1])
    for k in range(t - 2, -1, -1):
        path[k] = back[k + 1, path[k + 1]]
    return path


@case(V(9))
def online_variance(x):
    mean = 0.0
    m2 = 0.0
    n = 0
    for v in x:
        n += 1
        delta = v - mean
        mean += delta / n
        m2 += delta * (v - mean)
    return mean, m2 / (n - 1)


@case(V(20))
def compensated_sum(x):
    total = 0.0
    c = 0.0
    for i in range(x.size):
        y = x[i] - c
        t = total + y
        c = (t - total) - y
        total = t
    return total


@case(V(10), 0.5)
def horner(c, x):
    r = 0
    for k in range(len(c) - 1, -1, -1):
        r = r * x + c[k]
    return r


@case(0.7, 12)
def chebyshev(x, n):
    a, b = 1.0, x
    for _ in range(2, n + 1):
        a, b = b, 2 * x * b - a
    return b


# ---- root finding and integration ----------------------------------------------------------------
@case(2.0)
def newton_root(c):
    x = c
    for i in range(60):
        step = (x * x - c) / (2 * x)
        x -= step
        if abs(step) < 1e-14:
            return x, i
    return x, -1


@case(0.0, 3.0, 1e-9)
def bisection(a, b, tol):
    def f(x):
        return x**3 - x - 2

    fa = f(a)
    while b - a > tol:
        m = 0.5 * (a + b)
        fm = f(m)
        if (fm > 0) == (fa > 0):
            a, fa = m, fm
        else:
            b = m
    return a


@case(0.0, 1.0, 50)
def simpson(a, b, n):
    h = (b - a) / n
    s = math.exp(-a * a) + math.exp(-b * b)
    for k in range(1, n):
        s += (4 if k % 2 else 2) * math.exp(-((a + k * h) ** 2))
    return s * h / 3


@case(np.array([1.0, 0.0]), 0.05, 20)
def runge_kutta(y, h, steps):
    def f(y):
        return np.array([y[1], -y[0] - 0.1 * y[1]])

    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + 0.5 * h * k1)
        k3 = f(y + 0.5 * h * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


@case(1.0, 2.0, 1e-6, rtol=1e-9)
def adaptive_step(y, end, tol):
    t, h = 0.0, 0.1
    accepted = rejected = 0
    while t < end:
        if t + h > end:
            h = end - t
        k1 = -2.0 * t * y
        one = y + h * k1
        k2 = -2.0 * (t + h) * one
        two = y + 0.5 * h * (k1 + k2)
        err = abs(two - one)
        if err < tol:
            t += h
            y = two
            accepted += 1
        else:
            rejected += 1
        h *= min(2.0, max(0.3, 0.9 * (tol / (err + 1e-30)) ** 0.5))
    return y, accepted, rejected


@case(_rng.random((5, 3)), np.zeros((5, 3)), V(5), 0.01, 4, rtol=1e-10)
def n_body(x, v, m, dt, steps):
    n = len(m)
    for _ in range(steps):
        for i in range(n):
            for j in range(n):
                if i != j:
                    d = x[j] - x[i]
                    r2 = d @ d + 0.01
                    v[i] += dt * m[j] * d / (r2 * np.sqrt(r2))
        x += dt * v
    return 0.5 * np.sum(m * np.sum(v * v, axis=1))


@case(-2.0, 0.6, -1.2, 1.2, 9, 7, 30)
def mandelbrot_complex(x0, x1, y0, y1, nx, ny, most):
    out = np.zeros((ny, nx), dtype=np.int32)
    for j in range(ny):
        for i in range(nx):
            c = complex(x0 + (x1 - x0) * i / (nx - 1), y0 + (y1 - y0) * j / (ny - 1))
            z = 0j
            for k in range(most):
                z = z * z + c
                if abs(z) > 2.0:
                    out[j, i] = k
                    break
    return out


@case(np.array([1.0 + 2j, 0.5 - 1j, 2j, -1.0]))
def slow_fourier(x):
    n = len(x)
    out = np.zeros(n, dtype=complex)
    for k in range(n):
        s = 0j
        for t in range(n):
            s += x[t] * np.exp(-2j * np.pi * k * t / n)
        out[k] = s
    return out


@case(_rng.random((12, 2)), _rng.random((3, 2)))
def k_means_step(points, centers):
    labels = np.zeros(len(points), dtype=np.int64)
    for i in range(len(points)):
        best = np.inf
        for k in range(len(centers)):
            d = np.sum((points[i] - centers[k]) ** 2)
            if d < best:
                best = d
                labels[i] = k
    for k in range(len(centers)):
        mask = labels == k
        if np.any(mask):
            centers[k] = np.sum(points * mask[:, None], axis=0) / np.sum(mask)
    return labels


@case(V(6), V(6), 0.05, 30, rtol=1e-10)
def gradient_descent(x, y, rate, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        e = w * x + b - y
        w -= rate * 2 * np.mean(e * x)
        b -= rate * 2 * np.mean(e)
    return w, b


@case(np.array([0.1, 0.4, 0.7, 0.95]), np.array([1.0, 3.0, 2.0, 5.0]), np.linspace(0, 1, 7))
def interpolate(xs, ys, q):
    out = np.zeros(q.shape)
    for i in range(q.shape[0]):
        if q[i] <= xs[0]:
            out[i] = ys[0]
        elif q[i] >= xs[-1]:
            out[i] = ys[-1]
        else:
            k = 0
            while xs[k + 1] < q[i]:
                k += 1
            t = (q[i] - xs[k]) / (xs[k + 1] - xs[k])
            out[i] = (1 - t) * ys[k] + t * ys[k + 1]
    return out


@case(M(4, 4), M(4, 4))
def floyd_warshall(path, _):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))


@case(M(5, 5))
def max_with_position(A):
    best, at = -np.inf, (0, 0)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if A[i, j] > best:
                best, at = A[i, j], (i, j)
    return best, at
