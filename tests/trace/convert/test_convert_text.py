# ruff: noqa: C416, E501, F841
"""The converted text of a few functions, to be read: what each construct becomes."""

import textwrap

from arignote.trace.convert import converted_text


def text_of(function):
    """The converted text without the accessors `_ag_getN`, `_ag_putN`, which are all alike."""
    out, skipped = [], None
    for line in converted_text(function).splitlines():
        indent = len(line) - len(line.lstrip())
        if skipped is not None and (not line.strip() or indent > skipped):
            continue
        skipped = None
        if line.lstrip().startswith(("def _ag_get", "def _ag_put")):
            skipped = indent
        elif line.strip():
            out.append(line)
    return "\n".join(out) + "\n"


def expect(function, text):
    assert text_of(function) == textwrap.dedent(text).lstrip()


def test_straight_line():
    def f(a, b):
        c = a + b
        return c * 2

    expect(
        f,
        """
        def f(a, b):
            c = _ag.add(a, b)
            return _ag.mul(c, 2)
        """,
    )


def test_if():
    def f(x):
        y = 0
        if x > 0:
            t = x + 1
            y = t * t
        return y

    expect(
        f,
        """
        def f(x):
            t = _ag.undefined('t')
            y = 0
            def _ag_then1():
                nonlocal t, y
                t = x + 1
                y = _ag.mul(t, t)
            def _ag_else1():
                pass
            _ag.if_(x > 0, _ag_then1, _ag_else1, _ag_get1, _ag_put1, ('t', 'y'), ('y',), _ag_sites[0])
            return y
        """,
    )


def test_accessors_get_and_put_the_names_of_the_blocks():
    def f(x):
        a = b = 0
        if x:
            b, a = a, x
        return a, b

    text = converted_text(f)
    assert "        return (a, b)" in text
    assert "        nonlocal a, b\n        a, b = _ag_s\n" in text


def test_for():
    def f(a):
        s = 0
        for x, y in a:
            t = x * y
            s += t
        return s

    expect(
        f,
        """
        def f(a):
            t = _ag.undefined('t')
            x = _ag.undefined('x')
            y = _ag.undefined('y')
            s = 0
            def _ag_body1(_ag_item):
                nonlocal s, t, x, y
                x, y = _ag.unpacked(_ag_item)
                t = _ag.mul(x, y)
                s = _ag.aug('iadd', s, t)
            _ag.loop_for(a, _ag_body1, None, _ag_get1, _ag_put1, ('s', 't', 'x', 'y'), ('s',), ('x', 'y'), _ag_sites[0])
            return s
        """,
    )


def test_while_with_break_and_continue():
    def f(n):
        k = 0
        while n > 0:
            n -= 1
            if n == 5:
                continue
            if n == 2:
                break
            k += 1
        return k

    expect(
        f,
        """
        def f(n):
            k = 0
            _ag_brk1 = False
            def _ag_test1():
                return _ag.and_(_ag.not_(_ag_brk1), lambda: n > 0)
            def _ag_body1():
                nonlocal _ag_brk1, k, n
                n = _ag.aug('isub', n, 1)
                def _ag_then2():
                    pass
                def _ag_else2():
                    nonlocal _ag_brk1, k
                    def _ag_then3():
                        nonlocal _ag_brk1
                        _ag_brk1 = True
                    def _ag_else3():
                        nonlocal k
                        k = _ag.aug('iadd', k, 1)
                    _ag.if_(n == 2, _ag_then3, _ag_else3, _ag_get3, _ag_put3, ('_ag_brk1', 'k'), ('_ag_brk1', 'k'), _ag_sites[2])
                _ag.if_(n == 5, _ag_then2, _ag_else2, _ag_get2, _ag_put2, ('_ag_brk1', 'k'), ('_ag_brk1', 'k'), _ag_sites[1])
            _ag.loop_while(_ag_test1, _ag_body1, _ag_get1, _ag_put1, ('_ag_brk1', 'k', 'n'), ('_ag_brk1', 'k', 'n'), _ag_sites[0])
            return k
        """,
    )


def test_returns_that_cover_every_path_need_no_flag():
    def f(x):
        if x > 0:
            return x
        return -x

    expect(
        f,
        """
        def f(x):
            _ag_val = _ag.undefined('_ag_val')
            def _ag_then1():
                nonlocal _ag_val
                _ag_val = x
            def _ag_else1():
                nonlocal _ag_val
                _ag_val = -x
            _ag.if_(x > 0, _ag_then1, _ag_else1, _ag_get1, _ag_put1, ('_ag_val',), ('_ag_val',), _ag_sites[0])
            return _ag_val
        """,
    )


def test_expressions():
    def f(a, i, g):
        b = 0 <= i < g(a) and (a[i] if not i else a[0])
        a[i], a[1:2] = b, [v * i for v in a if v in b]
        a[i] += 1
        del a.x
        return (c := b), c

    expect(
        f,
        """
        def f(a, i, g):
            c = _ag.undefined('c')
            def _ag_set_c(_ag_v):
                nonlocal c
                c = _ag_v
                return _ag_v
            b = _ag.and_(_ag.and_(0 <= i, lambda: _ag.compared('lt', i, _ag.call(_ag_sites[0], g, a))), lambda: _ag.ifexp(_ag.not_(i), lambda: _ag.item(a)[i], lambda: _ag.item(a)[0], _ag_sites[1]))
            _ag.item(a)[i], _ag.item(a)[1:2] = (b, _ag.comprehension('list', a, lambda v: _ag.mul(v, i), lambda v: _ag.contains(v, b), _ag_sites[2]))
            _ag.aug_item(a)[i] += 1
            del _ag.owner(a).x
            return (_ag_set_c(b), _ag.defined(c))
        """,
    )


def test_errors_and_managers():
    def f(x, m):
        assert x, "empty"
        try:
            y = x.pop()
        except IndexError as e:
            raise ValueError(x) from e
        with m as z:
            z = y
        return z

    expect(
        f,
        """
        def f(x, m):
            _ag.assert_(x, lambda: 'empty', _ag_sites[0])
            try:
                with _ag.guarded(_ag_sites[1]):
                    y = _ag.call(_ag_sites[2], x.pop)
            except _ag.tracing_errors:
                raise
            except IndexError as _ag_e1:
                e = _ag_e1
                try:
                    _ag.raise_(lambda: _ag.call(_ag_sites[3], ValueError, x), _ag_sites[4], lambda: e)
                finally:
                    e = _ag.undefined('e')
            with _ag.with_(m, _ag_sites[5]) as z:
                z = y
            return z
        """,
    )


def test_nested_functions_convert_where_they_stand():
    def f(n):
        total = 0

        def add(x):
            nonlocal total
            if x:
                total += x

        for i in range(n):
            add(i)
        return total

    expect(
        f,
        """
        def f(n):
            i = _ag.undefined('i')
            total = 0
            def add(x):
                nonlocal total
                def _ag_then1():
                    nonlocal total
                    total = _ag.aug('iadd', total, x)
                def _ag_else1():
                    pass
                _ag.if_(x, _ag_then1, _ag_else1, _ag_get1, _ag_put1, ('total',), ('total',), _ag_sites[0])
            def _ag_body1(_ag_item):
                nonlocal i
                i = _ag_item
                _ag.call(_ag_sites[3], add, i)
            _ag.loop_for(_ag.call(_ag_sites[2], range, n), _ag_body1, None, _ag_get1, _ag_put1, ('i', 'total'), ('total',), ('i',), _ag_sites[1])
            return total
        """,
    )


def test_text_is_the_same_every_time():
    def f(a, b, c, d):
        for z in a:
            for y in b:
                if z > y:
                    x = w = v = z
                    c, d = d, c
        return c, d, [x for x in a], {k for k in b}

    assert len({converted_text(f) for _ in range(5)}) == 1
