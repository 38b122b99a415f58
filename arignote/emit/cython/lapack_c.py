"""The C between a library op and LAPACK: stacks of row-major matrices of any strides, one by one.

Each matrix is copied to Fortran order, handed to the routine that NumPy's own function calls, and
copied back, so results are NumPy's, signs and phases included.  A function returns nonzero where a
routine reports a failure (a singular matrix, no convergence) or memory is short; the caller then
runs the op's NumPy meaning, which raises NumPy's error.

Arguments are those of a callback (see `plan.Callback`): pointers `p`, and in `d` dims then strides
of every operand, then the dims of every result; `nb` batch axes come before a matrix's two.
NumPy computes in double precision whatever the type of the elements is; SciPy does not.
The letters in these texts are those of lapack_start.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ...fxgraph.node import Node
from .header import Part
from .lapack_adjoint_c import CHOLESKY_ADJOINT
from .lapack_expm_c import EXPM
from .lapack_general_c import EIG, LSTSQ, LU, PINV
from .lapack_solve_c import SOLVE
from .lapack_start import COMMON, COPY, EACH, SHARED, START

_INV = f"""\
static int32_t an_la_inv_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    W *a = malloc((2 * n * n + 1) * sizeof(W)), *x = a + n * n;
    int *pivots = malloc((n + 1) * sizeof(int));
    if (!a || !pivots) info = 1;
    {EACH} {{
        {COPY}
        an_unit_T(n, x);
        if (n) an_blas_Lgesv(&n_, &n_, a, &ld, pivots, x, &ld, &info);
        an_rows_T(n, n, (T *)p[1] + b * n * n, x, n);
    }}
    free(a); free(pivots);
    return info;
}}"""

#: The product of the diagonal as a sign and the logarithm of its size, in NumPy's order.
_REAL_SIGN = "if (x < 0) { sign = -sign; x = -x; } size += log(x);"
_COMPLEX_SIGN = """\
const V r = hypot(__real__(x), __imag__(x));
            const W u = an_pair_W(__real__(x) / r, __imag__(x) / r);
            sign = an_pair_W(__real__(sign) * __real__(u) - __imag__(sign) * __imag__(u),
                             __real__(sign) * __imag__(u) + __imag__(sign) * __real__(u));
            size += log(r);"""
_DETERMINANT = f"""\
static int32_t an_la_NAME_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    W *a = malloc((n * n + 1) * sizeof(W));
    int *pivots = malloc((n + 1) * sizeof(int));
    if (!a || !pivots) info = 1;
    {EACH} {{
        W sign = 1;
        V size = 0;
        {COPY}
        if (n) an_blas_Lgetrf(&n_, &n_, a, &ld, pivots, &info);
        if (info < 0) break;
        for (int64_t i = 0; i < n && !info; i++) {{
            W x = a[i * n + i];
            if (pivots[i] != i + 1) sign = -sign;
            SIGN
        }}
        if (info) {{ sign = 0; size = -INFINITY; }}
        info = 0;
        RESULT
    }}
    free(a); free(pivots);
    return info;
}}"""

_CHOLESKY = f"""\
static int32_t an_la_cholesky_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    char lower = 'L';
    W *a = malloc((n * n + 1) * sizeof(W));
    if (!a) info = 1;
    {EACH} {{
        {COPY}
        if (n) an_blas_Lpotrf(&lower, &n_, a, &ld, &info);
        for (int64_t j = 1; j < n; j++) memset(a + j * n, 0, j * sizeof(W));
        an_rows_T(n, n, (T *)p[1] + b * n * n, a, n);
    }}
    free(a);
    return info;
}}"""

_TRIANGULAR = f"""\
static int32_t an_la_solve_triangular_T(void **p, const int64_t *d, int64_t nb, int lower,
        int adjoint) {{
{START}
    const int64_t *bd = steps + nd, *bs = bd + nd, k = bd[nb + 1];
    int k_ = (int)k;
    char side = lower ? 'L' : 'U', turned = adjoint ? 'C' : 'N', unit = 'N';
    W *a = malloc((n * n + n * k + 1) * sizeof(W)), *x = a + n * n;
    if (!a || k > INT_MAX) info = 1;
    {EACH} {{
        {COPY}
        an_columns_T(n, k, x, (T *)p[1] + an_start(b, nb, bd, bs), bs[nb], bs[nb + 1]);
        if (n && k)
            an_blas_Ltrtrs(&side, &turned, &unit, &n_, &k_, a, &ld, x, &ld, &info);
        an_rows_T(n, k, (T *)p[2] + b * n * k, x, n);
    }}
    free(a);
    return info;
}}"""

_EIGH = f"""\
static int32_t an_la_NAME_T(void **p, const int64_t *d, int64_t nb, int upper) {{
{START}
    char job = JOB, side = upper ? 'U' : 'L';
    int most = -1, imost = -1, isize = 0;
    W size = 0, *a = malloc((n * n + 1) * sizeof(W)), *work = 0;
    V *w = malloc((n + 1) * sizeof(V));
    int *iwork = 0;
    COMPLEX(int rmost = -1; V rsize = 0, *rwork = 0;)
    if (!a || !w) info = 1;
    if (n && count && !info) {{
        an_blas_LEIG(&job, &side, &n_, a, &ld, w, &size, &most,
                     COMPLEX(&rsize, &rmost,) &isize, &imost, &info);
        most = an_asked_T(size);
        imost = isize;
        work = malloc((most + 1) * sizeof(W));
        iwork = malloc((imost + 1) * sizeof(int));
        COMPLEX(rmost = (int)rsize; rwork = malloc((rmost + 1) * sizeof(V));)
        if (!work || !iwork COMPLEX(|| !rwork)) info = 1;
        {EACH} {{
            {COPY}
            an_blas_LEIG(&job, &side, &n_, a, &ld, w, work, &most,
                         COMPLEX(rwork, &rmost,) iwork, &imost, &info);
            for (int64_t i = 0; i < n; i++) ((R *)p[1])[b * n + i] = w[i];
            VECTORS
        }}
    }}
    free(a); free(w); free(work); free(iwork); COMPLEX(free(rwork);)
    return info;
}}"""

_SVD = f"""\
static int32_t an_la_NAME_T(void **p, const int64_t *d, int64_t nbFULL) {{
{START}
    const int64_t k = an_least(m, n), uc = UC, vr = VR;
    const int64_t most_dim = m < n ? n : m;
    char job = JOB;
    int most = -1, ldv = vr > 1 ? (int)vr : 1;
    W size = 0, *work = 0, *a = malloc((m * n + m * uc + vr * n + 3) * sizeof(W));
    W *u = a + m * n + 1, *v = u + m * uc + 1;
    V *s = malloc((k + 1) * sizeof(V));
    int *iwork = malloc((8 * k + 1) * sizeof(int));
    COMPLEX(V *rwork = malloc((2 * most_dim * k + 5 * k * k + 7 * k + 1) * sizeof(V));)
    (void)most_dim;
    if (!a || !s || !iwork COMPLEX(|| !rwork)) info = 1;
    if (k && count && !info) {{
        an_blas_Lgesdd(&job, &m_, &n_, a, &ld, s, u, &ld, v, &ldv, &size, &most,
                       COMPLEX(rwork,) iwork, &info);
        most = an_asked_T(size);
        work = malloc((most + 1) * sizeof(W));
        if (!work) info = 1;
    }}
    if (!k && count) info = 1;  /* empty matrices are for NumPy */
    {EACH} {{
        {COPY}
        an_blas_Lgesdd(&job, &m_, &n_, a, &ld, s, u, &ld, v, &ldv, work, &most,
                       COMPLEX(rwork,) iwork, &info);
        for (int64_t i = 0; i < k; i++) ((R *)p[SVALUES])[b * k + i] = s[i];
        VECTORS
    }}
    free(a); free(s); free(work); free(iwork); COMPLEX(free(rwork);)
    return info;
}}"""

_QR = f"""\
static int32_t an_la_qr_T(void **p, const int64_t *d, int64_t nb, int complete) {{
{START}
    const int64_t k = an_least(m, n), c = complete ? m : k, wide = n < c ? c : n;
    int k_ = (int)k, c_ = (int)c, most = -1, again = -1;
    W size = 0, other = 0, *work = 0, *a = malloc((m * wide + k + 1) * sizeof(W));
    W *tau = a + m * wide;
    if (!a) info = 1;
    if (!k && count) info = 1;  /* empty matrices are for NumPy */
    if (!info && count) {{
        an_blas_Lgeqrf(&m_, &n_, a, &ld, tau, &size, &most, &info);
        an_blas_LORG(&m_, &c_, &k_, a, &ld, tau, &other, &again, &info);
        most = an_asked_T(size) < an_asked_T(other) ? an_asked_T(other) : an_asked_T(size);
        work = malloc((most + 1) * sizeof(W));
        if (!work) info = 1;
    }}
    {EACH} {{
        {COPY}
        an_blas_Lgeqrf(&m_, &n_, a, &ld, tau, work, &most, &info);
        T *r = (T *)p[R_AT] + b * c * n;
        for (int64_t i = 0; i < c; i++)
            for (int64_t j = 0; j < n; j++) r[i * n + j] = i <= j ? a[j * m + i] : 0;
        an_blas_LORG(&m_, &c_, &k_, a, &ld, tau, work, &most, &info);
        an_rows_T(m, c, (T *)p[Q_AT] + b * m * c, a, m);
    }}
    free(a); free(work);
    return info;
}}"""


@dataclass(frozen=True)
class Routine:
    """How a library op is computed: its C, the names of routines in it, its attributes, in order,
    and which nodes it can do."""

    c: str
    stems: tuple[str, ...]
    attrs: tuple[str, ...] = ()
    can: Callable[[Node], bool] = lambda n: True


def _is_double(x: Node) -> bool:
    return x.rank == 0 and x.dtype.char == "d"


def _eigh(name: str, job: str, vectors: str) -> Routine:
    c = _EIGH.replace("NAME", name).replace("JOB", job).replace("VECTORS", vectors)
    return Routine(c, ("EIG",), ("upper",))


def _svd(name: str, job: str, values: str, vectors: str, attrs: tuple[str, ...]) -> Routine:
    sides = ("full ? m : k", "full ? n : k") if attrs else ("0", "0")
    c = _SVD.replace("NAME", name).replace("JOB", job).replace("VECTORS", vectors)
    c = c.replace("UC", sides[0]).replace("VR", sides[1])
    c = c.replace("SVALUES", values).replace("FULL", ", int full" if attrs else "")
    return Routine(c, ("gesdd",), attrs)


#: Library ops -> how they are computed.  In `svd` and `qr` pointer 1 is the scalar min(m, n).
ROUTINES: dict[str, Routine] = {
    "solve": Routine(SOLVE, ("gesv", "getrf", "gemm")),
    "inv": Routine(_INV, ("gesv",)),
    "det": Routine(
        _DETERMINANT.replace("NAME", "det").replace("RESULT", "((T *)p[1])[b] = sign * exp(size);"),
        ("getrf",),
    ),
    "slogdet": Routine(
        _DETERMINANT.replace("NAME", "slogdet").replace(
            "RESULT", "((T *)p[1])[b] = sign; ((R *)p[2])[b] = size;"
        ),
        ("getrf",),
    ),
    "cholesky": Routine(_CHOLESKY, ("potrf",)),
    "cholesky_adjoint": Routine(CHOLESKY_ADJOINT, ("trsm", "gemm")),
    "solve_triangular": Routine(_TRIANGULAR, ("trtrs",), ("lower", "adjoint")),
    "eigh": _eigh("eigh", "'V'", "an_rows_T(n, n, (T *)p[2] + b * n * n, a, n);"),
    "eigvalsh": _eigh("eigvalsh", "'N'", ""),
    "svd": _svd(
        "svd",
        "full ? 'A' : 'S'",
        "3",
        "an_rows_T(m, uc, (T *)p[2] + b * m * uc, u, m);\n"
        "        an_rows_T(vr, n, (T *)p[4] + b * vr * n, v, vr);",
        ("full",),
    ),
    "svdvals": _svd("svdvals", "'N'", "2", "", ()),
    "eig": Routine(EIG, ("geev",)),
    "expm": Routine(EXPM, ("gesv", "gemm")),
    "lstsq": Routine(LSTSQ, ("gelsd",), (), lambda n: _is_double(n.inputs[2])),
    "lu_factor": Routine(LU, ("getrf",)),
    "pinv": Routine(
        PINV, ("gesdd", "gemm"), (), lambda n: _is_double(n.inputs[1]) and not n.attr("hermitian")
    ),
    "qr": Routine(_QR.replace("Q_AT", "2").replace("R_AT", "3"), ("geqrf", "ORG"), ("complete",)),
}

_REAL = {"EIG": "syevd", "ORG": "orgqr"}
_COMPLEX = {"EIG": "heevd", "ORG": "ungqr"}
_POINTER = """\
#ifndef AN_HAS_{n}
#define AN_HAS_{n}
static void (*an_blas_{n})({a});
#endif
"""
#: How many arguments the routines take; gesdd and gelsd take one more for complex matrices.
_COUNTS = {
    "gesv": 8, "getrf": 6, "potrf": 5, "trtrs": 10, "syevd": 11, "heevd": 13, "geqrf": 8,
    "orgqr": 9, "ungqr": 9, "geev": 14, "gemm": 13, "trsm": 11,
}  # fmt: skip
_REAL_OF = {"c8": "f4", "c16": "f8"}
_LETTERS = {"f4": "s", "f8": "d", "c8": "c", "c16": "z"}


def lapack_names(op: str, t: str) -> list[str]:
    """The LAPACK routines that an op calls for elements of type code `t`."""
    stems = _COMPLEX if t[0] == "c" else _REAL
    return [_LETTERS[_working(op, t)] + stems.get(s, s) for s in ROUTINES[op].stems]


def lapack_function(op: str, t: str) -> str:
    """The C function of an op for elements of type code `t`."""
    return f"an_la_{op}_{_tag(op, t)}"


def lapack_part(op: str, t: str) -> Part:
    """The C of that function."""
    routine = ROUTINES[op]
    pointers = "".join(_POINTER.format(n=name, a=_arguments(name)) for name in lapack_names(op, t))
    name, inner = lapack_function(op, t), f"an_each_{op}_{_tag(op, t)}"
    flags, given = ("".join(f", {w}{a}" for a in routine.attrs) for w in ("int ", ""))
    shared = SHARED.replace("NAME", name).replace("INNER", inner)
    shared = shared.replace("FLAGS", flags).replace("GIVEN", given)
    arguments = f"int32_t threads, void** p, const int64_t* d, int64_t nb{flags}"
    cython = f"int32_t {name}({arguments}) noexcept nogil"
    each = _typed(routine.c, op, t).replace(name, inner)
    each = each.replace("int64_t *d, int64_t nb", "int64_t *d, an_range range, int64_t nb", 1)
    text = f"{_typed(COMMON, op, t)}\n{pointers}{each}\n{shared}"
    types = dict.fromkeys((t, _working(op, t), _REAL_OF.get(t, t), "f8"))
    return Part(text, cython, ("library", *(f"type_{x}" for x in types)))


def _working(op: str, t: str) -> str:
    """The type an op computes with."""
    own = ("solve_triangular", "lu_factor", "cholesky_adjoint")
    return t if op in own else "c16" if t[0] == "c" else "f8"


def _tag(op: str, t: str) -> str:
    """What tells apart functions for other types of elements or of the computation."""
    return t if _working(op, t) == t else f"{t}_{_working(op, t)}"


def _arguments(name: str) -> str:
    """The C types of a routine's arguments, pointers all."""
    count = _COUNTS.get(name[1:]) or (15 if name[0] in "cz" else 14)
    return ", ".join(["void *"] * count)


def _balanced(depth: int) -> str:
    """A pattern of text whose parentheses match, nested so deep at most."""
    return r"[^()]*" if depth == 0 else rf"(?:[^()]|\({_balanced(depth - 1)}\))*"


_BALANCED = _balanced(3)


def _typed(text: str, op: str, t: str) -> str:
    is_complex, w = t[0] == "c", _working(op, t)
    for word, kept in ("COMPLEX", is_complex), ("REAL", not is_complex):
        text = re.sub(rf"\b{word}\(({_BALANCED})\)", r"\1" if kept else "", text)
    text = text.replace("SIGN", _COMPLEX_SIGN if is_complex else _REAL_SIGN)
    for stem, name in (_COMPLEX if is_complex else _REAL).items():
        text = text.replace(f"an_blas_L{stem}", f"an_blas_L{name}")
    text = text.replace("an_blas_L", f"an_blas_{_LETTERS[w]}")
    text = text.replace("AN_LAPACK_T", f"AN_LAPACK_{_tag(op, t)}").replace(
        "an_pair_W", f"an_pair_{w}"
    )
    text = re.sub(r"(?<=[a-z])_T\b", f"_{_tag(op, t)}", text)
    for word, code in ("T", t), ("R", _REAL_OF.get(t, t)), ("W", w), ("V", _REAL_OF.get(w, w)):
        text = re.sub(rf"(?<!')\b{word}\b", f"an_{code}", text)
    return text
