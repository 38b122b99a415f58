"""Library routines by C function pointer: which ones a program calls, and where they come from.

SciPy exports BLAS and LAPACK as capsules with the Fortran signatures, callable without the GIL.  An
emitted module gets their addresses once, when it is loaded, through its function `bind`, in the
order of `externs(program)`.
"""

from __future__ import annotations

from ..fxgraph.node import Node
from ..fxgraph.types import DType
from ..optimize.loopnest.program import Library, Panel, Program, walk
from .array_c import array_c
from .cython.blas_threads import EXTERNS as THREADS
from .cython.lapack_c import ROUTINES as LAPACK
from .cython.lapack_c import lapack_names
from .numpy_loops import PREFIX as LOOP
from .scalar_code import code

_BLAS = "scipy.linalg.cython_blas"
_LAPACK = "scipy.linalg.cython_lapack"
#: Routines of `Library` statements -> the module and the name without its type letter.
ROUTINES = {
    "gemm": (_BLAS, "gemm"),
    "gemv": (_BLAS, "gemv"),
    "ger": (_BLAS, "ger"),
    "dot": (_BLAS, "dot"),
    "syrk": (_BLAS, "syrk"),
}
#: Routines of BLAS that the C of library ops calls.
_OF_BLAS = frozenset(ROUTINES) | {"trsm"}
#: Routines that another one's C calls too.
_ALSO = {"syrk": ("gemm",)}
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


def lapack_op(program: Program, s: Library) -> str | None:
    """The op of a call that LAPACK computes, where it knows the type of its elements."""
    known = s.name == "python" and 0 <= s.site < len(program.sites)
    n = program.sites[s.site].node if known else None
    return n.op.name if n is not None and by_lapack(n, s) else None


def by_lapack(n: Node, s: Library) -> bool:
    """Is the call that stands for node n one that LAPACK computes?"""
    if n.op.name not in LAPACK or not isinstance(s.inputs[0], Panel):
        return False
    return LAPACK[n.op.name].can(n) and s.inputs[0].buffer.dtype.char in "fdFD"


def lapack_type(s: Library) -> str:
    """The type code of the elements that such a call works on."""
    first = s.inputs[0]
    assert isinstance(first, Panel)
    return code(first.buffer.dtype)


def externs(program: Program) -> tuple[str, ...]:
    """The C functions of other packages that a program's module must be given, in order; last comes
    what they share about threads."""
    found: dict[str, None] = {}
    loops: dict[str, None] = {}
    for s in walk(program.statements):
        if isinstance(s, Library) and (loop := _numpy_loop(program, s)) is not None:
            loops[f"{LOOP}:{loop}"] = None
        if isinstance(s, Library) and (op := lapack_op(program, s)) is not None:
            for name in lapack_names(op, lapack_type(s)):
                found[f"{_BLAS if name[1:] in _OF_BLAS else _LAPACK}:{name}"] = None
        elif isinstance(s, Library) and s.name in ROUTINES:
            for name in (s.name, *_ALSO.get(s.name, ())):
                module, _ = ROUTINES[name]
                found[f"{module}:{routine(name, operand_dtype(s))}"] = None
    return (*loops, *found, *THREADS) if found else tuple(loops)


def _numpy_loop(program: Program, s: Library) -> str | None:
    """The loop of NumPy's that a call needs."""
    n = program.sites[s.site].node if 0 <= s.site < len(program.sites) else None
    found = array_c(n, s)
    return found.loop(n) if found is not None and found.loop is not None and n is not None else None
