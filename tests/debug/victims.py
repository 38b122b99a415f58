"""Small programs into whose compilation faults are planted."""

import numpy as np

import arignote as ag


def everything(a, n):
    s = 0.0
    for i in range(n):
        s = s + a[i] * 1.5
        if s > 1:
            s = s - a[i] * a[i]
    return s + a.sum(), np.log(1 + np.exp(a))


def curved(a):
    return ag.hvp(lambda v: np.sum(np.sin(v) * v))(a, a + 1.0)


def doubled(a):
    return a * 2.0


def shifted(a):
    a[1:] = a[1:] * 2.0 + a[1:] / 3.0
    return a[0] + 1.0


def total(a):
    return (a * a).sum() + 1.0


def stepped(a, n):
    s = 0.0
    t = 1.0
    for i in range(n):
        if a[i] > 0.5:
            s = s + t * a[i]
        else:
            s = s - a[i] * 3.0
        t = t * 1.5 + s
    return s


def wild(a, k, v):
    for j in range(k.shape[0]):
        a[k[j]] = v + j
    return a.sum()


def table(m):
    return m[:, ::-1] * 2.0 + m[::-1]


def product(a, b):
    return a @ b + 1.0


def unary(ufunc):
    def f(x):
        return ufunc(x) * 2.0

    return f


def running(a):
    for i in range(1, a.shape[0]):
        a[i] = a[i] * 0.5 + a[i - 1]
    return a[0]


def turned(a):
    a[:] = a[::-1] * 2.0
    return a[0]


def spaced(m):
    return m * 2.0


def counted(k):
    t = np.zeros(4)
    for i in range(k.shape[0]):
        t[k[i]] += 1.5
    return t


def start(a, b):
    return a[:3] + b


def tripled(a):
    return a * 3.0


def copied(a):
    return a.copy()


def loss(w, a):
    return np.tanh(a @ w).sum() + (w[1:] * w[:-1]).sum()


def smoothed(x, n):
    s = 0.0
    for i in range(n):
        x[i] = np.sin(x[i]) * s + x[i]
        s = s + x[i] * x[i]
    return s


def running_sum(a):
    a[:] = a * 1.5 + 1.0
    return a[-1]


def inplace(a):
    a[:] = a * 1.5 + 1.0


def sought(a, v):
    return np.searchsorted(a, v) + 1


def between(x, p, f):
    return np.interp(x, p, f)


def binned(x):
    return np.histogram(x, bins=4)[0]


def scaled(a, b, c):
    return a * 2.0, b * 3.0, c * 3.0


def four(a, b, c, d):
    return a * 3.0, b * 3.0, c * 3.0, d * 3.0


def windows(x, w):
    out = np.empty((x.shape[0] - w.shape[0] + 1, w.shape[1]))
    for i in range(out.shape[0]):
        out[i] = np.sum(x[i : i + w.shape[0], None] * w, axis=0)
    return out


def window_loss(x, w):
    return np.sum(windows(x, w) ** 2)


def signed(a):
    t = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        if a[i] > 0.5:
            t[i] = a[i] * 2.0
        else:
            t[i] = a[i] - 1.0
    return t


# ---- chaotic loops, time steps, rows of matrices -------------------------------------------------
def attracted(p, m, steps):
    for _ in range(steps):
        d = p[:, None] - p
        p = p + 1e-2 * ((d * (d * d + 1e-3) ** -1.5) @ m)[:, 0]
        p = p * (1.0 + 1e-3 * np.sum(p * p))
    return p


def attracted_rows(p, m, steps):
    for _ in range(steps):
        d = p[:, :1] - p[:, :1].T
        p = p + 1e-2 * ((d * d + 1e-3) ** -1.5 * d) @ (m * p)
    return p


def attracted_numbers(x, steps):
    for _ in range(steps):
        r = x[0] * x[0] + 0.1
        x[0] = x[0] + 1e-2 * r**-1.5
    return x[0]


def thirds(x):
    n = x.shape[0] // 3
    old = x.copy()
    x[:n] = 5.0
    x[n : 2 * n] = 1.0
    x[2 * n : 3 * n] = x[2 * n : 3 * n] + old[:n]


def thirds_of_positive(x):
    thirds(x)
    for i in range(x.shape[0]):
        if x[i] < -1:
            raise ValueError("negative")


def wave(u, v, steps):
    sums = []
    for _ in range(steps):
        w = np.zeros_like(v)
        w[1:-1] = 2 * v[1:-1] - u[1:-1] + 0.1 * (v[2:] - 2 * v[1:-1] + v[:-2])
        sums.append(w.sum())
        u, v = v, w
    return u, v, sums


def lower_rows(x):
    out = np.zeros((6, 6))
    for i in range(6):
        out[i, :i] = x[i] * x[:i]
        out[i, i] = 2 * x[i]
    return out


def some_rows(x):
    out = np.zeros((6, 6))
    for i in range(1, 6):
        out[i, :i] = x[i] * x[:i]
    return out


WEIGHTS = np.linspace(-1, 1, 49).reshape(7, 7)  # which say the size of what they weigh


def columns(a):
    out = np.zeros(7)
    for j in range(7):
        out[j] = (WEIGHTS[:, j] * a[:, 0]).sum()
    return out


def some_steps(a):
    for j in range(7):
        for i in range(j, 4, 7):
            a[i] += 1.0


def stencil(a, b, steps):
    for _ in range(steps):
        b[1:-1] = 0.3 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.3 * (b[:-2] + b[1:-1] + b[2:])
    return np.sum(a * a) + np.sum(b[::-1] * b * b)


def stencil_counted(a, b, k):
    return stencil(a, b, int(k[0]))


# ---- errors and early ends -----------------------------------------------------------------------
def handled(a, b, i, j):
    n = 0
    try:
        n += 1
        b[i] = 7.0
        n += 1
        x = a[j] / b[i - 1]
        n += 1
    except IndexError:
        x = -1.0
    except ZeroDivisionError:
        x = -2.0
    return x, n


def handled_in_a_loop(a, k):
    t = 0.0
    try:
        for j in range(k.shape[0]):
            t = t + a[k[j]]
    except IndexError:
        t = -t
    return t


def chosen_then_fails(a, m):
    for i in range(5):
        m[-1, -2] = a[i] * 0.3
        if a[0] > a[i + 2]:
            a[0] = 1.0
        else:
            m[-1, 3] -= 1.0
    return a[0]


def fails_between_writes(a, b, n):
    for i in range(n):
        a[2:] -= b[:5] * 0.25
        if b[i] > 0.05:
            raise ValueError
        a[2:] -= b[1:6] * 0.25
    return b[0]


def updates_on_either_side(a, b, x):
    a += 5.0
    b -= a
    if x > 1:
        raise ValueError("no")
    a += 1.0
    b *= 2.0


def left_early(a, n, m):
    t = 1
    for i in range(n - 1, 0, -1):
        t += 1
        if a[i] < 0.5:
            break
        a[m[0:2]] = a[1:3] * 0.25
    return t, i


def distinct(a):
    return len(set(a)), 0.5 in set(a)
