"""Function objects: cells, defaults, caches, sources that are missing, what is refused, sites."""

import contextlib
import functools
import gc
import linecache
import subprocess
import sys
import textwrap
import traceback
import warnings
import weakref

import pytest
from plain_operators import PLAIN, STRICT, Plain

from arignote.errors import UnsupportedError
from arignote.trace.convert import converted


def from_text(text, file="<cell 1>", **names):
    """The names that a text defines, as a notebook cell would: the text is in linecache."""
    text = textwrap.dedent(text)
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    exec(compile(text, file, "exec"), names)
    return names


def without_source(text):
    names = {}
    exec(compile(textwrap.dedent(text), "<nowhere>", "exec"), names)
    return names


# ---- cells, defaults, attributes -----------------------------------------------------------------


def test_cells_are_shared_and_bind_late():
    def make():
        k = 1

        def f(x):
            return x + k if x else helper(x)

        def change(v):
            nonlocal k
            k = v

        twin = converted(f, PLAIN)

        def helper(x):
            return "late", x

        return twin, change

    twin, change = make()
    assert twin(1) == 2
    change(10)
    assert twin(1) == 11
    assert twin(0) == ("late", 0)


def test_globals_are_the_modules_own():
    names = from_text("def f(x):\n    return x * k if x else x\n", k=2)
    twin = converted(names["f"], PLAIN)
    names["k"] = 5
    assert twin(3) == 15


def test_defaults_and_signature():
    marker = object()

    def f(a, /, b=marker, *args, c=3, d, **kwargs):
        return (a, b, args, c, d, kwargs) if a else None

    twin = converted(f, PLAIN)
    assert twin(1, d=4) == f(1, d=4)
    assert twin(1, 2, 5, d=4, e=6) == f(1, 2, 5, d=4, e=6)
    assert twin.__defaults__ is f.__defaults__
    with pytest.raises(TypeError, match=r"f\(\) missing 1 required keyword-only argument: 'd'"):
        twin(1)


def test_name_and_documentation():
    def f(x):
        """What f does."""
        if x:  # the caller of `extract_stack` is the operator `call`, and its caller is f
            return traceback.extract_stack()[-2].name

    twin = converted(f, PLAIN)
    assert twin.__name__ == "f" and twin.__qualname__ == f.__qualname__
    assert twin.__doc__ == "What f does." and twin.__module__ == f.__module__
    assert twin(1) == "f"


def test_names_of_what_a_function_makes():
    def f(x):
        if x:

            def g():
                pass

            class C:
                def m(self):
                    pass

            return g.__qualname__, C.__qualname__, C.m.__qualname__, (lambda: 0).__qualname__

    assert converted(f, PLAIN)(1) == f(1)


def test_changed_defaults_are_seen():
    def f(x=1):
        return x if x else None

    assert converted(f, PLAIN)() == 1
    f.__defaults__ = (7,)
    assert converted(f, PLAIN)() == 7


def test_decorated_function_is_the_function_itself():
    def twice(function):
        @functools.wraps(function)
        def wrapper(x):
            return 2 * function(x) if x else None

        return wrapper

    @twice
    def f(x):
        return x + 1 if x else x

    assert converted(f, PLAIN)(1) == 4
    assert converted(f.__wrapped__, PLAIN)(1) == 2


def test_bound_methods_stay_bound():
    class Box:
        k = 3

        def scaled(self, x):
            return self.k * x if x else self

    box = Box()
    twin = converted(box.scaled, PLAIN)
    assert twin(2) == 6 and twin(0) is box and twin.__self__ is box


def test_lambdas_on_one_line():
    f, g, h = lambda x: x if x else 1, lambda x: not x, lambda x: (lambda y: y and x)(x + 1)
    assert converted(f, PLAIN)(0) == 1
    assert converted(g, PLAIN)(0) is True
    assert converted(h, PLAIN)(4) == 4
    inner = (lambda a: lambda b: a if b else -a)(5)
    assert converted(inner, PLAIN)(0) == -5


# fmt: off
def test_lambda_over_several_lines():
    f = functools.partial(
        lambda x, k: (
            x + k
            if x
            else k
        ),
        k=4,
    )
    assert converted(f.func, PLAIN)(0, 1) == 1
# fmt: on


def test_only_python_functions():
    for thing in (len, int, 3, functools.partial(len), object()):
        with pytest.raises(TypeError, match="only Python functions can be converted"):
            converted(thing, PLAIN)


# ---- caching -------------------------------------------------------------------------------------


def test_the_same_twin_comes_back():
    def f(x):
        return x if x else 0

    twin = converted(f, PLAIN)
    assert converted(f, PLAIN) is twin
    assert converted(f, STRICT) is not twin


def test_converted_and_nested_functions_come_back_themselves():
    def f(x):
        def g(y):
            return y if y else x

        return g if x else lambda v: v and x

    twin = converted(f, PLAIN)
    assert converted(twin, PLAIN) is twin
    g, h = twin(1), twin(0)
    assert converted(g, PLAIN) is g and converted(h, PLAIN) is h
    assert g(0) == 1


def test_closures_of_one_definition_convert_once(monkeypatch):
    def make(k):
        def f(x):
            return x + k if x else k

        return f

    first = converted(make(1), PLAIN)
    second = converted(make(2), PLAIN)
    assert first.__code__ is second.__code__
    assert (first(1), second(1)) == (2, 3)


def test_nothing_is_kept_alive():
    names = from_text("def f(x):\n    return f(x - 1) if x else 0\n", "<cell to forget>")
    function, twin = names["f"], converted(names["f"], PLAIN)
    assert twin(3) == 0
    dead = weakref.ref(function), weakref.ref(twin)
    del function, twin, names
    gc.collect()
    assert [ref() for ref in dead] == [None, None]


def test_functions_with_equal_code_in_two_files_stay_apart():
    text = "def f(x):\n    return k if x else x\n"
    one = from_text(text, "<cell a>", k=1)["f"]
    two = from_text(text, "<cell b>", k=2)["f"]
    assert one.__code__ == two.__code__
    assert converted(one, PLAIN)(1) == 1 and converted(two, PLAIN)(1) == 2
    assert converted(two, PLAIN).__arignote_sites__[0].file == "<cell b>"


# ---- sources -------------------------------------------------------------------------------------


def test_notebook_cells():
    f = from_text("def f(x):\n    if x:\n        return 1\n    return 2\n", "<ipython-input-3>")[
        "f"
    ]
    assert converted(f, PLAIN)(0) == 2
    assert converted(f, PLAIN).converted


def test_missing_source():
    f = without_source("def f(x):\n    if x:\n        return 1\n    return 2\n")["f"]
    with pytest.raises(UnsupportedError) as caught:
        converted(f, PLAIN)
    message = str(caught.value)
    assert "the source of f is not available" in message and "'<nowhere>'" in message
    assert "a file or in a notebook cell" in message


def test_missing_source_of_straight_line_code_is_no_matter():
    f = without_source("def f(x, k=3):\n    y = x + k\n    return abs(y)\n")["f"]
    twin = converted(f, PLAIN)
    assert twin(-9) == 6 and twin.converted is False and twin.__arignote_sites__ == ()
    g = without_source("def g(x):\n    return [v for v in x]\n")["g"]
    with pytest.raises(UnsupportedError, match="not available"):
        converted(g, PLAIN)


def test_python_c():
    program = (
        "from arignote.trace.convert import converted; import types\n"
        "def f(x):\n    return x if x else 1\n"
        "try: print(converted(f, types.SimpleNamespace(ifexp=lambda p, a, b, s: a())).converted)\n"
        "except NotImplementedError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "not available" in run.stdout or run.stdout == "True\n", run


def test_changed_file(tmp_path):
    path = tmp_path / "changing_module.py"
    old = "def f(x):\n    return x if x else 1\n"
    names = {}
    path.write_text("# a line that moves everything\n\n" + old.replace("(x)", "(x, y=2)"))
    exec(compile(old, str(path), "exec"), names)
    with pytest.raises(UnsupportedError, match="changed since it was imported"):
        converted(names["f"], PLAIN)


def test_future_annotations_and_private_names():
    names = from_text(
        """
        from __future__ import annotations

        class _Pair:
            def __init__(self, v):
                self.__v = v

            def get(self, __k):
                def inner(x: Missing) -> Absent:
                    return self.__v[__k] if x else None
                return inner(1), inner.__annotations__
        """,
        "<cell future>",
    )
    pair = names["_Pair"]([5, 6])
    assert converted(pair.get, PLAIN)(1) == (6, {"x": "Missing", "return": "Absent"})


def test_generic_functions():
    if sys.version_info < (3, 12):
        pytest.skip("type parameters are new in Python 3.12")
    f = from_text(
        """
        def f[T](x: T) -> T | None:
            def g[U](y: U):
                return y if y else T.__name__
            return g(x) if x else g(x)
        """,
        "<cell generic>",
    )["f"]
    assert converted(f, PLAIN)(0) == "T" and converted(f, PLAIN)(3) == 3


def test_nonlocal_name_that_is_assigned_late():
    def f(x):
        def g(y):
            nonlocal late
            if y:
                late = y

        g(x)
        if x:
            return late  # noqa: F821
        late = "late"
        return late

    assert converted(f, PLAIN)(0) == "late" and converted(f, STRICT)(5) == 5


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("def f(x):\n    if x:\n        y = yield x\n", 3, "a generator that is sent values"),
        ("def f(x):\n    return (yield from x)\n", 2, "a generator that is sent values"),
        ("async def f(x):\n    return x\n", 1, "a coroutine cannot be captured"),
        (
            "def f(x):\n    try:\n        pass\n    except* ValueError:\n        pass\n",
            2,
            "`except\\*` cannot be captured",
        ),
        (
            "def f(x):\n    for i in x:\n        try:\n            pass\n"
            "        finally:\n            continue\n",
            3,
            "a jump out of `finally`",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_refused_with_its_line(text, line, message):
    f = from_text(text, f"<refused {line} {message}>")["f"]
    with pytest.raises(UnsupportedError, match=message) as caught:
        converted(f, PLAIN)
    assert f", line {line}, in f" in str(caught.value)


class Refusing(Plain):
    def refuse(self, site, message):
        raise UnsupportedError(f"{site}: {message}")


@pytest.mark.parametrize(
    "body, expression",
    [
        ("global k; k = x", "k = x"),
        ("global k; k += x", "k += x"),
        ("global k; del k", "del k"),
        ("global k; (k := x)", "k := x"),
        ("global k\n        for k in [x]: pass", "k"),
        ("return locals()", "locals()"),
        ("return eval('x')", "eval('x')"),
    ],
)
def test_refused_when_reached(body, expression):
    text = f"def f(x):\n    if x:\n        {body}\n    return 0\n"
    twin = converted(from_text(text, f"<reached {expression} {body}>")["f"], Refusing())
    assert twin(0) == 0
    with pytest.raises(UnsupportedError) as caught:
        twin(1)
    assert f", in f: {expression}" in str(caught.value)


def test_nonlocal_of_an_outer_function_is_refused_when_reached():
    total = 0

    def f(x):
        nonlocal total
        if x:
            total += x
        return total

    with pytest.raises(UnsupportedError, match=r"total \+= x: assigns total, which belongs to"):
        converted(f, Refusing())(1)
    assert converted(f, Refusing())(0) == 0
    assert converted(f, PLAIN)(2) == 2 and total == 2


def test_tracing_errors_pass_the_users_handlers():
    class Stopping(Plain):
        tracing_errors = UnsupportedError

        def call(self, site, function, /, *args, **kwargs):
            raise UnsupportedError("stop")

    def f(x):
        try:
            return x()
        except Exception:
            return "swallowed"

    with pytest.raises(UnsupportedError, match="stop"):
        converted(f, Stopping())(len)


def test_operators_see_guarded_code_and_managers():
    seen = []

    class Watching(Plain):
        @contextlib.contextmanager
        def guarded(self, site):
            seen.append(("enter", site.line - first))
            yield
            seen.append("leave")

        def with_(self, manager, site):
            seen.append(site.expression)
            return manager

    def f(x):
        try:
            y = x.pop()
        except IndexError:
            y = 0
        with contextlib.nullcontext() as n, contextlib.nullcontext():
            return y, n

    first = f.__code__.co_firstlineno
    assert converted(f, Watching())([4]) == (4, None)
    assert seen == [("enter", 1), "leave"] + ["contextlib.nullcontext()"] * 2


# ---- sites and tracebacks ------------------------------------------------------------------------


def test_sites_name_the_users_expressions():
    f = from_text(
        """
        def f(a, n):
            é = "ü"; s = a.sum()
            for i, x in enumerate(
                a
            ):
                if x > 0 and n:
                    s += g(é,
                           x)
            while s > n: s -= 1
            assert s, "no"
            try:
                return [v for v in a if v]
            except ValueError: pass
        def g(*v): return 0
        """,
        "<cell sites>",
    )["f"]
    sites = {s.expression: s for s in converted(f, PLAIN).__arignote_sites__}
    assert list(sites) and all(s.file == "<cell sites>" for s in sites.values())
    assert {s.function for s in sites.values()} == {"f"}
    place = {e: (s.line, s.column, s.end_line) for e, s in sites.items()}
    assert place["a.sum()"] == (3, 17, 3)
    assert place["for i, x in enumerate( a )"] == (4, 4, 6)
    assert place["enumerate( a )"] == (4, 16, 6)
    assert place["x > 0 and n"] == (7, 11, 7)
    assert place["g(é, x)"] == (8, 17, 9)
    assert place["while s > n"] == (10, 4, 10)
    assert place['assert s, "no"'] == (11, 4, 11)
    assert place["try"] == (12, 4, 12)
    assert place["[v for v in a if v]"] == (13, 15, 13)


def test_sites_of_guards_are_those_of_what_may_jump():
    f = from_text(
        """
        def f(a):
            for x in a:
                if x:
                    return x
            y = 1
            return y
        """,
        "<cell guards>",
    )["f"]
    sites = converted(f, PLAIN).__arignote_sites__
    assert [s.expression for s in sites] == ["for x in a", "x", "for x in a"]


def test_sites_reach_the_operators():
    seen = []

    class Noting(Plain):
        def call(self, site, function, /, *args, **kwargs):
            seen.append(str(site))
            return function(*args, **kwargs)

    def f(x):
        def g(y):
            return max(y, x)

        return g(2) if x else None

    line = f.__code__.co_firstlineno
    converted(f, Noting())(5)
    name = "test_sites_reach_the_operators.<locals>.f"
    assert seen == [
        f'File "{__file__}", line {line + 4}, in {name}: g(2)',
        f'File "{__file__}", line {line + 2}, in {name}.<locals>.g: max(y, x)',
    ]


def test_traceback_reads_as_that_of_plain_python():
    def f(a):
        for x in a:
            if x > 1:
                x / 0

    with pytest.raises(ZeroDivisionError) as caught:
        converted(f, PLAIN)([1, 2])
    frames = [t for t in traceback.extract_tb(caught.tb) if t.filename == __file__][1:]
    assert {t.name for t in frames} == {"f"}
    assert frames[-1].line == "x / 0"


# ---- size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, argument, result",
    [
        ("    return " + " + ".join(["x"] * 1500) + "\n", 2, 3000),
        ("".join(f"    y{i} = x + {i}\n" for i in range(3000)) + "    return y7\n", 1, 8),
        (
            "    if x < 0:\n        y = -1\n"
            + "".join(f"    elif x == {i}:\n        y = {i}\n" for i in range(150))
            + "    return y\n",
            149,
            149,
        ),
        (
            "".join(f"    if x == {i}:\n        return {i}\n    y = {i}\n" for i in range(200))
            + "    return y\n",
            1000,
            199,
        ),
        ("    return " + " and ".join(["x"] * 90) + "\n", 2, 2),
    ],
    ids=["long sum", "long body", "elif", "returns", "and"],
)
def test_large_functions(text, argument, result):
    f = from_text("def f(x):\n" + text, f"<large {hash(text)}>")["f"]
    for operators in (PLAIN, STRICT):
        assert converted(f, operators)(argument) == result


# ---- warnings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["error", "always"])
def test_what_python_warned_of_at_import_is_not_said_again(action):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f = from_text(
            r'''
            def f(x):
                "A text with \d in it."
                for k in range(3):
                    x = x + 1 if x is 1 else x + 2
                return x
            ''',
            f"<warned of {action}>",
        )["f"]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter(action)
        assert converted(f, PLAIN)(1) == 6
    assert not said
