"""Library routines by C function pointer: which ones a program calls, and where they come from.

SciPy exports BLAS and LAPACK as capsules with the Fortran signatures, callable without the GIL.  An
emitted module gets their addresses once, when it is loaded, through its function `bind`, in the
order of `externs(program)`.
"""

from __future__ import annotations

from ..fxgraph.types import DType
from ..optimize.loopnest.program import Library, Panel, Program, walk

_BLAS = "scipy.linalg.cython_blas"
#: Routines of `Library` statements -> the module and the name without its type letter.
ROUTINES = {
    "gemm": (_BLAS, "gemm"),
    "gemv": (_BLAS, "gemv"),
    "ger": (_BLAS, "ger"),
    "dot": (_BLAS, "dot"),
    "syrk": (_BLAS, "syrk"),
}
LETTERS = {"f4": "s", "f8": "d", "c8": "c", "c16": "z"}


def routine(name: str, dtype: DType) -> str:
    """The BLAS or LAPACK name that a library call uses: ("gemm", float64) -> "dgemm"."""
    letter = LETTERS[f"{dtype.kind}{dtype.itemsize}"]
    stem = ROUTINES[name][1]
    if dtype.kind == "c":  # unconjugated products; a complex dot is a product with one row
        stem = {"ger": "geru", "dot": "gemv"}.get(stem, stem)
    return letter + stem


def operand_dtype(s: Library) -> DType:
    """The dtype a library routine works in: that of its first panel."""
    first = next(p for p in (*s.outputs, *s.inputs) if isinstance(p, Panel))
    return first.buffer.dtype


def externs(program: Program) -> tuple[str, ...]:
    """The C functions of other packages that a program's module must be given, in order."""
    found: dict[str, None] = {}
    for s in walk(program.statements):
        if isinstance(s, Library) and s.name in ROUTINES:
            module, _ = ROUTINES[s.name]
            found[f"{module}:{routine(s.name, operand_dtype(s))}"] = None
    return tuple(found)
