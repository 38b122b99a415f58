"""What is compiled of a translated text, and what the scanner still takes."""

from __future__ import annotations

import ctypes
from pathlib import Path

from arignote.config import config
from arignote.emit.cython.build import build
from arignote.emit.cython.translate import translate

_PLAIN = """
from libc.stdint cimport int64_t

cdef api int64_t twice(int64_t n) noexcept nogil:
    return 2*n

cdef api double half(double x) noexcept nogil:
    return x / 2
"""
_OBJECTS = """
cdef api long digits(long n) noexcept with gil:
    return len(str(n))
"""


def _kept(folder: Path) -> str:
    (text,) = folder.glob("*.c")
    return text.read_text()


def test_only_the_functions_are_compiled(tmp_path: Path) -> None:
    with config(keep=tmp_path):
        built = build(_PLAIN, "plain")
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(built.functions["twice"])(21) == 42
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(built.functions["half"])(3.0) == 1.5
    text = _kept(tmp_path)
    assert "Python.h" not in text and len(text.splitlines()) < 120


def test_what_needs_python_is_compiled_with_its_module(tmp_path: Path) -> None:
    with config(keep=tmp_path):
        build(_OBJECTS, "objects")
    assert "Python.h" in _kept(tmp_path)


def test_letters_of_europe_are_identifiers(tmp_path: Path) -> None:
    source = tmp_path / "letters.pyx"
    source.write_text("cdef api double f(double größe, double σ, double щ) noexcept nogil:\n"
                      "    return größe + σ + щ\n")  # fmt: skip
    assert "Implementation of" in translate(source).read_text()
