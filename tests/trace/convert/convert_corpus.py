# ruff: noqa: C400, C416, F821, F841, PIE804, UP037
"""Small functions that use every construct, each with arguments to run it on.

Odd code is what this file is for.  `log` is a list given as first argument by those that show
the order of evaluation.
"""

import contextlib
import functools
import operator
from dataclasses import dataclass

import numpy as np

CASES = []


def case(*calls):
    """Run the function on each of these tuples of arguments."""

    def register(function):
        CASES.append((function, calls))
        return function

    return register


def note(log, value):
    log.append(value)
    return value


class Loud:
    """A value whose truth and comparisons are logged."""

    def __init__(self, log, value):
        self.log, self.value = log, value

    def __bool__(self):
        self.log.append(("bool", self.value))
        return bool(self.value)

    def __lt__(self, other):
        self.log.append(("lt", self.value))
        return Loud(self.log, self.value < getattr(other, "value", other))

    def __eq__(self, other):
        return self.value == getattr(other, "value", other)

    __hash__ = None


# ---- if ------------------------------------------------------------------------------------------


@case((1,), (0,), (-1,))
def if_elif_else(x):
    if x > 0:
        y = "plus"
    elif x < 0:
        y = "minus"
    else:
        y = "zero"
    return y


@case((1,), (0,))
def if_without_else(x):
    y = 1
    if x:
        y = 2
    return y


@case((1,), (0,))
def if_defines_in_one_branch(x):
    if x:
        y = 2
    return y


@case((1, 1), (1, 0), (0, 1), (0, 0))
def if_nested(a, b):
    r = []
    if a:
        r.append("a")
        if b:
            r.append("b")
            c = 1
        else:
            c = 2
    else:
        if b:
            r.append("not a but b")
        c = 3
    return r, c


@case((1,), (0,))
def if_changes_parameter(x):
    if x:
        x += 10
    return x


@case((1,), (0,))
def if_with_pass(x):
    if x:
        pass
    else:
        x = 5
    return x


@case(([1, 2, 3],), ([],))
def if_walrus_test(a):
    if (n := len(a)) > 2:
        return n
    return -n


@case((5,), (50,), (500,))
def if_early_returns(x):
    if x < 10:
        return "small"
    if x < 100:
        return "medium"
    y = x * 2
    return y


@case((0,), (1,), (2,), (3,), (7,))
def if_deep_return(x):
    y = 0
    if x > 0:
        y += 1
        if x > 1:
            y += 1
            if x > 2:
                return "deep", y
            y += 10
        y += 100
    y += 1000
    return y


@case((1,), (0,))
def if_return_of_other_structure(x):
    if x:
        return 1, 2
    return {"a": 3}


@case((1,), (0,))
def if_falls_off(x):
    if x:
        return 5


@case((3,), (-3,))
def if_both_return(x):
    if x > 0:
        return x
    else:
        return -x


@case((3,), (-3,), (0,))
def if_one_branch_raises(x):
    if x > 0:
        y = 1
    elif x < 0:
        y = 2
    else:
        raise ValueError(f"zero: {x}")
    return y


@case((0,), (5,), (11,), (29,), (100,))
def if_many_early_returns(x):
    if x < 1:
        return 1
    if x < 2:
        return 2
    if x < 3:
        return 3
    y = x
    if x < 4:
        return y
    if x < 5:
        return 5
    if x < 6:
        return 6
    if x < 7:
        return 7
    if x < 8:
        return 8
    if x < 9:
        return 9
    if x < 10:
        return 10
    z = y + 1
    if x < 11:
        return 11
    if x < 12:
        return z
    if x < 13:
        return 13
    if x < 14:
        return 14
    if x < 15:
        if x < 14.5:
            return 14.5
        z = 15
    if x < 30:
        return "below 30", z
    if x < 40:
        return 40
    return y, z


# ---- for -----------------------------------------------------------------------------------------


@case((0,), (1,), (5,))
def for_sum(n):
    s = 0
    for i in range(n):
        s += i
    return s


@case((5, 0), (0, 3))
def for_target_after_loop(n, m):
    i = -7
    for i in range(n):
        pass
    j = -7
    for j in range(m):
        pass
    return i, j


@case((0,), (3,))
def for_target_unassigned(n):
    for i in range(n):
        pass
    return i


@case((6,))
def for_target_reassigned(n):
    out = []
    for i in range(n):
        i = i * 2
        out.append(i)
    return out, i


@case(([(1, 2), (3, 4)],), ([],), ([(1, 2, 3)],))
def for_tuple_target(pairs):
    s = 0
    for a, b in pairs:
        s += a * b
    return s


@case(([(1, (2, [3, 4])), (5, (6, [7]))],))
def for_nested_starred_target(rows):
    out = []
    for a, (b, [*c]) in rows:
        out.append((a, b, c))
    return out, a, b, c


@case(([0, 0, 0],))
def for_subscript_target(a):
    for a[1] in range(4):
        a[0] += a[1]
    return a


@case((3,))
def for_attribute_target(n):
    @dataclass
    class Box:
        x: int = 0

    box = Box()
    for box.x in range(n):
        pass
    return box.x


@case(([3, 1, 4, 1, 5], 4), ([3, 1], 4), ([], 4))
def for_else(a, v):
    for k, x in enumerate(a):
        if x == v:
            where = k
            break
    else:
        where = -1
    return where


@case(([1, 2, 3],), ([],))
def for_else_without_break(a):
    s = 0
    for x in a:
        if x == 2:
            continue
        s += x
    else:
        s += 100
    return s


@case(([1, 2, 3], 2), ([1, 2, 3], 9))
def for_else_with_return(a, v):
    for x in a:
        if x == v:
            return "found"
    else:
        y = "else"
    return y


@case((4, 3), (0, 3), (4, 0), (4, 100))
def for_else_that_breaks_outer(n, m):
    out = []
    for i in range(n):
        for j in range(m):
            if i + j == 4:
                break
            out.append((i, j))
        else:
            out.append("else")
            if i == 1:
                break
            continue
        out.append("broke")
    return out


@case((10,), (3,), (0,))
def for_break_continue(n):
    out = []
    for i in range(n):
        if i % 2:
            continue
        if i > 6:
            break
        out.append(i)
    return out, n


@case((5, 5, 6), (5, 5, 100), (0, 5, 1))
def for_nested_break(n, m, v):
    found = None
    for i in range(n):
        for j in range(m):
            if i * j == v:
                found = i, j
                break
        if found:
            break
    return found


@case((5, 5, 6), (5, 5, 100), (0, 5, 1))
def for_nested_return(n, m, v):
    count = 0
    for i in range(n):
        for j in range(m):
            count += 1
            if i * j == v:
                return i, j, count
        count += 1000
    return count


@case((6,))
def for_continue_in_deep_if(n):
    s = 0
    for i in range(n):
        if i > 1:
            if i > 2:
                if i == 4:
                    continue
                s += 1
            s += 10
        s += 100
    return s


@case((6,), (2,))
def for_break_in_both(n):
    for i in range(n):
        if i > 2:
            break
        else:
            break
    return i


@case(([1, 2, 3, 0, 4],))
def for_exception_in_body(a):
    s = 0
    for x in a:
        s += 6 // x
    return s


@case((None,), (5,))
def for_not_iterable(a):
    for x in a:
        return x


@case(([1, 2, 3],))
def for_over_changing_list(a):
    for x in a:
        if len(a) < 6:
            a.append(x * 10)
    return a


@case((7,))
def for_swap(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b


@case((3,))
def for_temporary_in_body(n):
    total = 0
    for i in range(n):
        t = i * i
        total += t
    return total, t


@case((0,), (3,))
def for_maybe_in_body(n):
    for i in range(n):
        if i == 1:
            y = "set"
        elif i == 2:
            z = y
    return z


@case((3,))
def for_deleted_in_body(n):
    out = []
    for i in range(n):
        t = i
        out.append(t)
        del t
    return out


@case((3,))
def for_deleted_then_read(n):
    t = 0
    for i in range(n):
        if i == 2:
            del t
    return t


@case(([[1, 2], [3]],))
def for_nested_same_target(rows):
    out = []
    for x in rows:
        for x in x:
            out.append(x)
    return out, x


@case((4,))
def for_if_with_own_loop(n):
    out = []
    for i in range(n):
        if i % 2:
            for j in range(5):
                if j == i:
                    break
                out.append((i, j))
        else:
            k = 0
            while True:
                k += 1
                if k > i:
                    break
            out.append(k)
    return out


@case((10,))
def for_iterable_evaluated_once(n):
    out = []
    m = 3
    for i in range(m):
        m = n
        out.append(i)
    return out, m


# ---- while ---------------------------------------------------------------------------------------


@case((10,), (0,))
def while_sum(n):
    s = 0
    while n > 0:
        s += n
        n -= 1
    return s


@case((27,), (1,))
def while_collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@case((5,), (0,))
def while_true_break(n):
    i = 0
    while True:
        if i >= n:
            break
        i += 1
    return i


@case((5,))
def while_true_return(n):
    i = 0
    while True:
        i += 1
        if i > n:
            return i


@case((5,))
def while_true_defines(n):
    while True:
        x = n
        n -= 1
        if x < 2:
            break
    return x


@case((5,), (-1,))
def while_else(n):
    while n > 0:
        n -= 2
        if n == 1:
            break
    else:
        n = 100
    return n


@case(([1, 2, 5, 7, 9],))
def while_short_circuit(a):
    i = 0
    while i < len(a) and a[i] < 6:
        i += 1
    return i


@case(([1, 2, 5, 7, 9],), ([1],))
def while_short_circuit_after_break(a):
    i = 0
    while a[i] < 100:
        i += 1
        if i == len(a):
            break
    return i


@case(([3, 2, 1],))
def while_walrus(a):
    out = []
    while (x := a.pop()) < 3:
        out.append(x)
    return out, x


@case((5,))
def while_walrus_in_and(n):
    i = 0
    while i < n and (y := i * 2) < 6:
        i += 1
    return i, y


@case((0,), (3,))
def while_continue(n):
    out = []
    while n:
        n -= 1
        if n == 1:
            continue
        out.append(n)
    return out


@case((20,))
def while_nested(n):
    out = []
    i = 0
    while i < n:
        j = i
        while j > 0:
            j //= 2
            if j == 3:
                break
        else:
            out.append(i)
        i += 3
    return out, j


@case((1,))
def while_false(n):
    while False:
        n = 7
    return n


# ---- booleans ------------------------------------------------------------------------------------


@case(([], 0, 5), ([], 3, 0), ([], 3, 4))
def bool_values(log, a, b):
    return note(log, a) and note(log, b), note(log, a) or note(log, b), not a


@case(([], 1, 2, 0), ([], 0, 2, 3), ([], 1, 0, 3))
def bool_long(log, a, b, c):
    return (note(log, a) and note(log, b) and note(log, c)) or (note(log, c) or note(log, a))


@case(([],))
def bool_truth_count(log):
    a, b = Loud(log, 0), Loud(log, 2)
    if b and a:
        log.append("in")
    c = a or b
    return not a, c


@case(([], 1, 2, 3), ([], 3, 2, 1), ([], 1, 3, 2))
def compare_chain(log, a, b, c):
    return note(log, a) < note(log, b) < note(log, c)


@case(([], 1, 2, 3), ([], 3, 2, 1))
def compare_long_chain(log, a, b, c):
    return note(log, a) < note(log, b) <= note(log, c) != note(log, 7) > note(log, 1)


@case((1,), (5,), (-1,))
def compare_simple_middle(x):
    return 0 <= x < 3, 0 <= x + 1 < 3


@case((1,))
def compare_chain_of_loud(x):
    log = []
    r = Loud(log, 1) < Loud(log, x) < Loud(log, 3)
    return r.value, log


@case((1, [1, 2]), (3, [1, 2]), (1, 5))
def compare_in(x, c):
    return x in c, x not in c


@case(
    (1, [1, 2], [[1, 2]]),
)
def compare_in_chain(x, c, d):
    return x in c in d, x not in c in d, x < 2 in c


@case((None,), (1,))
def compare_is(x):
    return x is None, x is not None, x is not None and x > 0


@case((0,), (1,))
def ifexp_lazy(x):
    return 1 / x if x else "inf"


@case((-1,), (0,), (1,))
def ifexp_nested(x):
    return "minus" if x < 0 else "plus" if x > 0 else "zero"


@case((4,))
def walrus_in_expression(x):
    return (y := x + 1) * y + (z := 2), y, z


@case((0,), (4,))
def walrus_skipped(x):
    x > 2 and (y := x)
    return y


@case((3,))
def walrus_in_comprehension(n):
    squares = [last := i * i for i in range(n)]
    return squares, last


@case((3,), (0,))
def walrus_in_condition_of_comprehension(n):
    found = any((hit := i) > 1 for i in range(n))
    return found, hit


# ---- comprehensions ------------------------------------------------------------------------------


@case((5,), (0,))
def comp_list(n):
    return [i * i for i in range(n)], [i for i in range(n) if i % 2 if i > 1]


@case((4,))
def comp_kinds(n):
    return {i % 2 for i in range(n)}, {i: i * i for i in range(n)}, sum(i for i in range(n))


@case((4,))
def comp_nested(n):
    return [(i, j) for i in range(n) if i for j in range(i) if (i + j) % 2]


@case((3,))
def comp_nested_kinds(n):
    a = {i * j for i in range(n) for j in range(n)}
    b = {(i, j): i + j for i in range(n) for j in range(i)}
    c = list(i + j for i in range(n) for j in range(i))
    return a, b, c


@case((3,))
def comp_in_comp(n):
    return [[i * j for j in range(n)] for i in range(n)]


@case(([(1, 2), (3, 4)],), ([(1, 2, 3)],), ([(1,)],))
def comp_tuple(pairs):
    return [a * b for a, b in pairs]


@case(([[1, 2], [0, 4]],))
def comp_one_shot_items(pairs):
    return [a * b for a, b in map(iter, pairs) if a]


@case(([(1, (2, 3, 4)), (5, (6,))],))
def comp_starred(rows):
    return {a: (b, c) for a, (b, *c) in rows}


@case((3,))
def comp_shadows(i):
    out = [i for i in range(i)]
    return out, i


@case((3,))
def comp_makes_lambdas(n):
    return [f() for f in [lambda: i for i in range(n)]]


@case(([],))
def comp_generator_is_lazy(log):
    g = (note(log, i) for i in range(10))
    next(g)
    next(g)
    return list(log)


@case((None,))
def comp_generator_first_iterable_is_not_lazy(x):
    g = (i for i in x)
    return "made", g is None


@case((4,))
def comp_in_loop(n):
    rows = []
    for i in range(n):
        row = [i * j for j in range(n) if j != i]
        if any(v > 4 for v in row):
            rows.append(row)
    return rows


@case((3,))
def comp_subscript_target(n):
    a = [0]
    return [a[0] + 1 for a[0] in range(n)], a


@case((4,))
def comp_error_in_condition(n):
    return [i for i in range(n) if 1 / (i - 2)]


@case((3,))
def comp_reads_loop_state(n):
    s = 0
    for i in range(n):
        t = i + 1
        s += sum(t * j for j in range(n))
    return s


# ---- assignment ----------------------------------------------------------------------------------


@case((np.arange(4.0),), (3,), ([1],))
def aug_name(x):
    y = x
    if isinstance(x, list):
        y += [2]
    else:
        y += 1
        y *= 2
    return x, y


@case((7, 3), (-7, 3))
def aug_all(a, b):
    out = []
    for k in range(12):
        x = a
        if k == 0:
            x += b
        elif k == 1:
            x -= b
        elif k == 2:
            x *= b
        elif k == 3:
            x /= b
        elif k == 4:
            x //= b
        elif k == 5:
            x %= b
        elif k == 6:
            x **= b
        elif k == 7:
            x <<= b
        elif k == 8:
            x >>= b
        elif k == 9:
            x &= b
        elif k == 10:
            x |= b
        else:
            x ^= b
        out.append(x)
    return out


@case(([], [1, 2, 3]))
def aug_subscript_once(log, a):
    a[note(log, 1)] += note(log, 10)
    note(log, a)[0] -= 5
    a[0:2] += [7]
    return a


@case(([],))
def aug_attribute_once(log):
    class Box:
        x = 1

    box = Box()
    note(log, box).x += 4
    log[0] = "Box"
    return box.x, log


@case((1,), (0,))
def aug_unassigned(x):
    if x:
        y = 1
    y += 1
    return y


@case((np.eye(3),))
def aug_matmul(a):
    a @= 2 * a
    a[1:, 0] += a[0, 0]
    return a


@case((1,))
def assign_chain(x):
    a = b = [x]
    a.append(2)
    c, *d = e = 1, 2, 3
    return a, b, c, d, e


@case(([], [0, 0, 0]))
def assign_order(log, a):
    i, a[i] = 1, 5
    a[note(log, 2)] = note(log, 9)
    return a


@case((3,))
def assign_annotated(n):
    x: int = n
    y: "list[int]" = []
    z: int
    for i in range(n):
        w: int = i
        y.append(w)
    if n:
        z = x
    return x, y, z


@case((1,))
def delete_name(x):
    y = x
    del y
    return y


@case((0,))
def delete_unassigned(x):
    if x:
        y = 1
    del y
    return x


@case(([1, 2, 3, 4], {"a": 1, "b": 2}))
def delete_items(a, d):
    i = 1
    del a[i], d["a"]
    del (a[0], a[-1])
    return a, d


@case((2,), (0,))
def delete_in_branch(x):
    y = 1
    if x:
        del y
    else:
        y = 5
    return y


# ---- functions -----------------------------------------------------------------------------------


@case((3,))
def nested_function(n):
    def square(x):
        if x > 1:
            return x * x
        return -1

    return [square(i) for i in range(n)]


@case((5,))
def nested_recursion(n):
    def factorial(k):
        return 1 if k <= 1 else k * factorial(k - 1)

    return factorial(n)


@case((5,))
def nested_mutual_recursion(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n), odd(n)


@case((4,))
def nested_late_binding(n):
    def scaled(x):
        return x * factor

    out = []
    for i in range(n):
        factor = i
        out.append(scaled(10))
    return out


@case((4,))
def nested_nonlocal(n):
    total = 0

    def add(x):
        nonlocal total
        if x % 2:
            total += x

    for i in range(n):
        add(i)
        if total > 100:
            break
    return total


@case((4,))
def nested_nonlocal_in_while(n):
    k = 0

    def step():
        nonlocal k
        k += 1
        return k

    while k < n:
        step()
    return k


@case((4,))
def nested_nonlocal_sibling(n):
    count = 0

    def bump():
        nonlocal count
        count += 1

    def many(m):
        for _ in range(m):
            bump()
        return count

    return many(n), many(2)


@case((1,))
def nested_before_assignment(x):
    def read():
        return later

    try:
        read()
    except NameError as error:
        first = isinstance(error, NameError)
    later = x
    return first, read()


@case((3,), (-3,))
def nested_lambda(x):
    f = lambda v, k=2: v * k if v > 0 else not v
    return f(x), f(x, k=5), (lambda: 0 < x < 10)()


@case(([3, -1, 2],))
def lambda_key(a):
    return sorted(a, key=lambda v: v if v > 0 else -10 * v)


@case((3,))
def lambda_walrus(x):
    return (lambda v: (w := v + 1) * w if v else 0)(x)


@case((4,))
def nested_defaults(n):
    fs = []
    for i in range(n):

        def f(x, *, k=i, m=(i if i > 1 else 7)):
            return x + k + m

        fs.append(f)
    return [f(1) for f in fs]


@case((4,))
def nested_decorated(n):
    @functools.lru_cache
    def fib(k):
        if k < 2:
            return k
        return fib(k - 1) + fib(k - 2)

    return fib(n)


@case((3,))
def nested_generator(n):
    def numbers():
        for i in range(n):
            if i != 1:
                yield i

    return list(numbers())


@case((3,))
def nested_class(n):
    class Counter:
        start = n

        def __init__(self):
            self.k = self.start

        def up(self):
            if self.k > 2:
                self.k *= 2
            return self.k

    return Counter().up()


@case((3,))
def nested_in_branch(n):
    if n > 2:

        def f():
            return "big"
    else:

        def f():
            return "small"

    return f()


@case((3,))
def nested_three_deep(n):
    def outer(a):
        def inner(b):
            s = 0
            for i in range(a):
                for j in range(b):
                    if j > i:
                        break
                    s += n
            return s

        return inner(a + 1)

    return outer(n)


@case((1, 2), (1,))
def call_forms(a, b=5, *rest, c=7, **more):
    def f(*args, **kwargs):
        return args, sorted(kwargs.items())

    return f(a, *[b, c], *rest, k=1, **{"m": 2}, **more)


@case((1, 2, 3, 4))
def call_varargs(a, *rest):
    s = a
    for r in rest:
        s = s * 10 + r
    return s, max(rest, default=0)


@case((3,))
def call_import_inside(x):
    import math

    if x > 2:
        from math import sqrt as root
    return math.floor(root(x * 3))


@case((0,), (1,))
def call_import_in_one_branch(x):
    if x:
        import math
    return math.pi


@case(("a",), (3,))
def call_fstring(x):
    return f"{x!r:>5} {x if x else 0} {[v for v in (1, 2)]}"


# ---- assert, raise, try, with, match -------------------------------------------------------------


@case((1,), (0,))
def assert_plain(x):
    assert x
    return x


@case((1,), (0,))
def assert_message(x):
    assert x > 0, f"{x} is not positive"
    return x


@case((1,), (-1,))
def raise_class(x):
    if x < 0:
        raise ValueError
    return x


@case((1,), (-1,))
def raise_from(x):
    try:
        if x.__lt__(0):
            raise KeyError("k")
    except KeyError as error:
        raise ValueError("v") from error
    return x


@case((3,))
def raise_in_loop(n):
    for i in range(n):
        if i == 2:
            raise IndexError(f"at {i}")
    return n


# fmt: off
@case(("a",))
def raise_in_method_chain(text):
    return (
        text.upper()
        .lower()
        .missing()
        .upper()
    )


@case((3,))
def raise_in_long_call(n):
    return max(
        n,
        operator.floordiv(
            n,
            0,
        ),
    )


@case((3,))
def raise_over_several_lines(n):
    for i in range(n):
        if i == 2:
            raise IndexError(
                "at "
                f"{i}"
            )
    return n


@case((0, 1), (1, 0), ("a", 1))
def operations_over_several_lines(x, y):
    z = (
        1
        // x
        and y
        or (
            x
            % y
        )
    )
    assert (
        z
        < 5
    ), (
        "large"
    )
    return [
        z / k
        for k in (
            3,
            y,
        )
    ]
# fmt: on


@case((3,))
def raise_nonsense(n):
    raise n


@case((1,), (0,), ("a",))
def try_except(x):
    try:
        y = 1 / x
    except ZeroDivisionError:
        y = "zero"
    except TypeError as error:
        y = str(error)[:5]
    else:
        y += 1
    finally:
        z = "done"
    return y, z


@case((1,), (0,))
def try_name_is_gone(x):
    try:
        1 / x
    except ZeroDivisionError as error:
        error = "changed"
    return error


@case((1,), (0,))
def try_name_of_a_parameter_is_gone(x):
    try:
        try:
            1 / x
        except ZeroDivisionError as x:
            1 / 0
    except ZeroDivisionError:
        return x
    return x


@case((1,), (0,))
def try_return(x):
    out = []
    try:
        return 1 / x
    except ZeroDivisionError:
        out.append("caught")
        return out
    finally:
        out.append("finally")


@case((4,), (0,))
def try_in_loop(n):
    out = []
    for i in range(n):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            out.append(1 / (i - 2))
        except ZeroDivisionError:
            out.append("zero")
        else:
            out.append("else")
        finally:
            out.append("finally")
    return out


@case((0,), (1,))
def try_state_at_exception(x):
    y = 1
    try:
        y = 2
        1 / x
        y = 3
    except ZeroDivisionError:
        pass
    return y


@case((3,), (0,))
def try_state_in_loop(n):
    out = []
    for i in range(n):
        y = i
        try:
            y = i * 10
            y = 6 // (i - 1)
        except ZeroDivisionError:
            out.append(y)
        out.append(y)
    return out


@case((0,), (1,))
def try_reraise(x):
    try:
        try:
            1 / x
        except ZeroDivisionError:
            raise
    except ArithmeticError as error:
        return type(error).__name__
    return "fine"


@case((0,), (1,))
def try_reraise_in_branch(x):
    try:
        1 / 0
    except ZeroDivisionError:
        if x:
            raise
    return "swallowed"


@case((0.0,), (2.0,))
def with_errstate(x):
    with np.errstate(divide="ignore"):
        y = np.float64(1) / x
    return y


@case((3,), (8,))
def with_return(n):
    with np.errstate(all="ignore"):
        for i in range(n):
            if i == 4:
                return "four"
    return n


@case((0,), (1,))
def with_suppress(x):
    y = "before"
    with contextlib.suppress(ZeroDivisionError) as nothing, contextlib.nullcontext(5) as five:
        1 / x
        y = five
    return y, nothing


@case((5,))
def with_in_loop(n):
    out = []
    for i in range(n):
        with contextlib.nullcontext(i) as k:
            if k == 1:
                continue
            if k == 3:
                break
            out.append(k)
        out.append("after")
    return out


@case((0,), ("a",), ((1, 2),), ({"k": 3, "m": 4},), ([1, 2, 3],), (-5,), (9.5,))
def match_all(x):
    match x:
        case 0:
            return "zero"
        case str():
            r = "text"
        case (a, b):
            r = a + b
        case {"k": k, **rest}:
            r = k, rest
        case [first, *others]:
            r = first, others
        case int() as n if n < 0:
            for i in range(3):
                if i == 1:
                    break
            r = n, i
        case other:
            r = other
    return r


@case((1,), (2,), (3,))
def match_in_loop(x):
    out = []
    for i in range(5):
        match i:
            case 1:
                continue
            case 3:
                if x == 2:
                    break
            case v if v == x:
                return out, v
        out.append(i)
    return out


@case((5,))
def straight_line(x):
    """Only arithmetic."""
    y = x + 1
    return y * 2


@case(())
def nothing():
    """Only a docstring."""


@case((2,))
def after_return(x):
    if x:
        return 1
        x = 3
    return 2
    return 4


@case((np.arange(6.0), 2))
def array_writes(a, k):
    b = a[k:]
    for i in range(len(b)):
        if b[i] > 3:
            b[i] = -1
        b[i : i + 1] += 0.5
    return a, b


@case(([5, 2, 4, 6, 1, 3],))
def insertion_sort(a):
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key
    return a


@case(("kitten", "sitting"), ("", "abc"))
def edit_distance(s, t):
    previous = list(range(len(t) + 1))
    for i, a in enumerate(s):
        current = [i + 1]
        for j, b in enumerate(t):
            if a == b:
                current.append(previous[j])
            else:
                current.append(1 + min(previous[j], previous[j + 1], current[-1]))
        previous = current
    return previous[-1]


@case((30,))
def primes(n):
    out = []
    for p in range(2, n):
        for q in out:
            if q * q > p:
                out.append(p)
                break
            if not p % q:
                break
        else:
            out.append(p)
    return out


@case((100,))
def newton(x):
    r = x
    for _ in range(50):
        new = 0.5 * (r + x / r)
        if abs(new - r) < 1e-12:
            break
        r = new
    else:
        raise RuntimeError("no convergence")
    return new


@case((8,))
def queens(n):
    def place(row, columns):
        if row == n:
            return 1
        found = 0
        for c in range(n):
            if any(c == d or abs(c - d) == row - r for r, d in enumerate(columns)):
                continue
            found += place(row + 1, [*columns, c])
        return found

    return place(0, [])


@case(([1, [2, [3, [4]], 5]],))
def flatten(tree):
    out, stack = [], [tree]
    while stack:
        x = stack.pop()
        if isinstance(x, list):
            stack.extend(reversed(x))
            continue
        out.append(x)
    return out, functools.reduce(operator.add, out)


class Account:
    """Methods: private names, super, properties."""

    rate = 2

    def __init__(self, start):
        self.__balance = start

    def grow(self, n):
        for _ in range(n):
            self.__balance *= self.rate
            if self.__balance > 50:
                break
        return self.__balance

    def _hidden(self, __x):
        if __x > 0:
            __x += 1
        return __x


class Savings(Account):
    def grow(self, n):
        if n > 1:
            return super().grow(n) + 1
        return super().grow(n)

    @classmethod
    def make(cls, n):
        return cls(n) if n else None

    @staticmethod
    def sign(n):
        return -1 if n < 0 else 1


COUNT = 0


def set_global(n):
    global COUNT
    for i in range(n):
        COUNT += i
    return COUNT
