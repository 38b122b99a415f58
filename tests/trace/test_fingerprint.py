"""Fingerprints: the same for the same meaning, another one for anything that tracing may read."""

import linecache
import math
import sys
import types

import numpy as np
import pytest

from arignote.trace.fingerprint import fingerprint

FILE = "<fingerprint test>"


def made(text, name="f", **outside):
    """A function defined by a text, as a module would define it."""
    linecache.cache[FILE] = (len(text), None, text.splitlines(True), FILE)
    module = types.ModuleType("a_users_module")
    module.__dict__.update(np=np, math=math, **outside)
    sys.modules[module.__name__] = module
    exec(compile(text, FILE, "exec"), module.__dict__)
    return module.__dict__[name]


PLAIN = "def f(x, k=2.0):\n    return np.exp(x) * k + np.linalg.norm(x)\n"


def test_the_same_text_has_the_same_fingerprint():
    assert fingerprint(made(PLAIN)) == fingerprint(made(PLAIN))
    assert fingerprint(made(PLAIN)) is not None


@pytest.mark.parametrize(
    "change",
    [("2.0", "2.5"), ("np.exp", "np.sin"), ("* k", "+ k"), ("def f", "\ndef f"), (" * ", "  * ")],
)
def test_another_text(change):
    assert fingerprint(made(PLAIN)) != fingerprint(made(PLAIN.replace(*change)))


GLOBAL = "def f(x):\n    return x * c\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2), (1, 1.0), (1, True), (0.0, -0.0), ("a", "b"), (None, 0), ((1, 2), (1, 3)),
        ([1], [2]), ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), (1j, 2j), (np.float32(1), 1.0),
        (np.float32(1), np.float64(1)), (np.arange(3), np.arange(3.0)), (slice(3), slice(4)),
        (np.arange(4), np.arange(4).reshape(2, 2)), (np.zeros(3), np.array([0, -0.0, 0])),
        (np.zeros((3, 2)), np.zeros((2, 3)).T), (np.dtype("f4"), np.dtype("f8")),
        (np.sin, np.cos), (math.sin, math.cos), (np.float32, np.float64), (len, sum),
    ],
)  # fmt: skip
def test_values_of_globals(one, other):
    first, again, second = (fingerprint(made(GLOBAL, c=c)) for c in (one, one, other))
    assert first is not None and second is not None
    assert first == again != second


def test_one_object_twice_is_not_two_equal_ones():
    text = "def f(x):\n    return a is b\n"
    one, two = [1], [1]
    assert fingerprint(made(text, a=one, b=one)) != fingerprint(made(text, a=one, b=two))


HELPER = "def g(x):\n    return x + d\ndef f(x):\n    return [g(v) for v in x]\n"


def test_called_functions_and_what_they_read():
    first = fingerprint(made(HELPER, d=1))
    assert first == fingerprint(made(HELPER, d=1)) is not None
    assert first != fingerprint(made(HELPER, d=2))
    assert first != fingerprint(made(HELPER.replace("x + d", "x - d"), d=1))


CLOSURE = "def outer(c):\n    def f(x):\n        return x * c\n    return f\nf = outer(2)\n"


def test_closures_and_modules_of_the_user():
    assert fingerprint(made(CLOSURE)) == fingerprint(made(CLOSURE)) is not None
    assert fingerprint(made(CLOSURE)) != fingerprint(made(CLOSURE.replace("(2)", "(3)")))
    text = "def f(x):\n    return x * settings.gain\n"
    one, two = types.ModuleType("settings"), types.ModuleType("settings")
    one.gain, two.gain = 1.0, 2.0
    assert fingerprint(made(text, settings=one)) != fingerprint(made(text, settings=two))
    assert fingerprint(made(text, settings=one)) is not None


CLASS = """
from dataclasses import dataclass
from typing import NamedTuple
@dataclass
class State:
    v: float = 1.0
    def step(self, x):
        return self.v * x
class Pair(NamedTuple):
    a: int
    b: int = 2
    def total(self):
        return self.a + self.b
class Model:
    rate = 0.5
    def __init__(self, w):
        self.w = w
    def __call__(self, x):
        return self.w * x * self.rate
model = Model(3.0)
pair = Pair(1)
state = State()
def f(x):
    return model(x) + pair.total() + state.step(x)
"""


def test_objects_and_their_classes():
    first = fingerprint(made(CLASS))
    assert first is not None and first == fingerprint(made(CLASS))
    for change in [
        ("rate = 0.5", "rate = 0.6"), ("Model(3.0)", "Model(4.0)"), ("self.w * x", "self.w + x"),
        ("Pair(1)", "Pair(3)"), ("self.a + self.b", "self.a - self.b"), ("State()", "State(2.0)"),
        ("self.v * x", "self.v / x"), ("b: int = 2", "b: int = 3"),
    ]:  # fmt: skip
        assert fingerprint(made(CLASS.replace(*change))) != first, change


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    global c\n    c = 1\n    return x\n",
        "def f(x):\n    import json\n    return x\n",
        "def f(x):\n    return x + np.random.rand()\n",
        "def f(x):\n    return x + np.load('a.npy')\n",
        "def f(x):\n    print(x)\n    return x\n",
        "def f(x):\n    return x + len(open('a').read())\n",
        "def f(x):\n    m = np\n    return m.sin(x)\n",
        "def f(x):\n    return eval('x + 1')\n",
        "import time\ndef f(x):\n    return x + time.time()\n",
        "import os\ndef f(x):\n    return x + len(os.environ)\n",
        "c = {1, 2}\ndef f(x):\n    return [x + v for v in c]\n",
        "class P:\n    __getattr__ = len\np = P()\ndef f(x):\n    return x * p.a\n",
        "class P:\n    __slots__ = ('a',)\np = P()\ndef f(x):\n    return x * p.a\n",
        "class M(type): pass\nclass P(metaclass=M): a = 1\ndef f(x):\n    return x * P.a\n",
        "a = np.zeros(4)\nb = a[1:]\ndef f(x):\n    return x + a[0] + b[0]\n",
        "c = np.array(['a'])\ndef f(x):\n    return x + len(c)\n",
        "seen = []\nadd = seen.append\ndef f(x):\n    add(1)\n    return x\n",
    ],
)
def test_what_is_not_settled_has_none(text):
    assert fingerprint(made(text)) is None


def test_another_function_under_a_librarys_name(monkeypatch):
    text = "def f(x):\n    return np.flipud(x)\n"
    assert fingerprint(made(text)) is not None
    before = fingerprint(made(text))
    monkeypatch.setattr(np, "flipud", lambda x: x)
    assert fingerprint(made(text)) != before
