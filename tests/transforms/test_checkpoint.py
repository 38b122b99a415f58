"""checkpoint: the same numbers to the bit, less kept."""

import numpy as np

import arignote as ag

X = np.linspace(0.1, 1.0, 5)


def step(a):
    for _ in range(4):
        a = np.sin(a) * a + 0.5
    return a


repeated = ag.checkpoint(step)


def steps(body):
    def f(a, n):
        for _ in range(n):
            a = body(a)
        return np.sum(a)

    return f


def same(make, *args):
    np.testing.assert_array_equal(make(repeated)(*args), make(step)(*args))


def test_values():
    np.testing.assert_array_equal(repeated(X), ag.compile(step)(X))


def test_gradients():
    same(lambda f: ag.grad(lambda a: np.sum(f(a))), X)
    same(lambda f: ag.grad(steps(f)), X, 6)


def test_second_orders_and_tangents():
    first = lambda f: lambda a: np.sum(ag.grad(lambda b: np.sum(f(b)))(a))
    same(lambda f: ag.grad(first(f)), X)
    same(lambda f: lambda a: ag.jvp(f, (a,), (a,))[1], X)
    same(lambda f: ag.hvp(lambda a: np.sum(f(a))), X, X)


def test_writes_inside_and_structures():
    @ag.checkpoint
    def f(p, *, scale):
        a = p["a"]
        for i in range(1, a.shape[0]):
            a[i] = a[i] * a[i - 1] * scale
        return {"sum": np.sum(a), "last": a[-1]}

    def loss(p, s):
        out = f(p, scale=s)
        return out["sum"] * out["last"]

    def plain(p, s):
        a = p["a"].copy()
        for i in range(1, a.shape[0]):
            a[i] = a[i] * a[i - 1] * s
        return np.sum(a) * a[-1]

    x = X + 1
    gp, gs = ag.grad(loss, (0, 1))({"a": x}, 1.5)
    wp, ws = ag.grad(plain, (0, 1))({"a": x}, 1.5)
    np.testing.assert_array_equal(gp["a"], wp["a"])
    assert gs == ws
    np.testing.assert_array_equal(x, X + 1)


def test_values_of_enclosing_functions_are_differentiated():
    def loss(wrapped):
        def f(a, b, n):
            body = wrapped(lambda z: np.tanh(z * b) + a[0])
            for _ in range(n):
                a = body(a)
            return np.sum(a)

        return ag.grad(f, (0, 1))

    got, want = loss(ag.checkpoint)(X, 2.0, 3), loss(lambda f: f)(X, 2.0, 3)
    np.testing.assert_array_equal(got[0], want[0])
    assert got[1] == want[1] != 0


def test_nested_and_in_branches():
    def f(body):
        inner = body(lambda a: np.exp(np.sin(a)))
        outer = body(lambda a: np.cos(inner(a)) if a[0] > 0.05 else inner(a))
        return ag.grad(lambda a: np.sum(outer(a)))

    np.testing.assert_array_equal(f(ag.checkpoint)(X), f(lambda g: g)(X))
    np.testing.assert_array_equal(f(ag.checkpoint)(X - 0.1), f(lambda g: g)(X - 0.1))


def test_less_is_kept():
    def wide(a):
        return np.sin(np.cos(np.exp(np.sin(a))))

    def stacks(body):
        graph = ag.grad(steps(body)).graph(X, 6)
        return sum(len(b.stacks) for n in graph.order for b in n.kwargs.get("bodies", ()))

    assert stacks(ag.checkpoint(wide)) <= 1 < stacks(wide) + 1
