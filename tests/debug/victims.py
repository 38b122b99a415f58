"""Small programs into whose compilation faults are planted."""

import numpy as np


def everything(a, n):
    s = 0.0
    for i in range(n):
        s = s + a[i] * 1.5
        if s > 1:
            s = s - a[i] * a[i]
    return s + a.sum(), np.log(1 + np.exp(a))


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
