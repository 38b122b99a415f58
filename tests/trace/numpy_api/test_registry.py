"""The table of implementations: complete, and with NumPy's own signatures."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from arignote.trace import numpy_api
from arignote.trace.registry import IMPLEMENTED, implementation

NAMED = [
    f
    for f in IMPLEMENTED
    if getattr(np, getattr(f, "__name__", ""), None) is f and not isinstance(f, np.ufunc)
]


def test_every_file_is_imported():
    files = {p.stem for p in Path(numpy_api.__file__).parent.glob("*.py")}
    assert set(numpy_api.__all__) == files - {"__init__", "arguments", "emptiness"}


def test_unknown_functions_have_no_implementation():
    assert implementation(len) is None
    assert implementation([]) is None


@pytest.mark.parametrize("function", NAMED, ids=lambda f: f.__name__)
def test_signature(function):
    """Every parameter of NumPy's is there, in the same place."""
    try:
        want = inspect.signature(function).parameters
    except ValueError:
        return  # written in C
    got = inspect.signature(IMPLEMENTED[function]).parameters
    if any(p.kind is p.VAR_KEYWORD for p in got.values()):
        return
    for place, (name, p) in enumerate(want.items()):
        if p.kind is p.VAR_KEYWORD or name in ("like", "device", "args", "kwargs"):
            continue
        if p.kind is p.KEYWORD_ONLY:
            assert name in got, name
        elif p.kind is p.POSITIONAL_OR_KEYWORD:
            assert list(got)[place] == name, name
