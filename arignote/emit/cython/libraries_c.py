"""The C between a library call and BLAS: row-major matrices of any strides, vectors of any stride.

A row-major matrix is its transpose to Fortran, so C = A B is computed as C' = B' A'.  A matrix
neither of whose strides is 1 is packed first.  Sizes beyond 32 bits go through plain loops.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .header import Part

COMMON = Part(
    """\
#include <limits.h>
/* How Fortran sees an r x c matrix: 'N' its rows are contiguous, 'T' its columns are, 0 neither. */
static inline char an_look(int64_t r, int64_t c, int64_t s0, int64_t s1, int *ld) {
    const int64_t wide = c > 1 ? c : 1, high = r > 1 ? r : 1;
    const int64_t row = r <= 1 ? wide : s0, column = c <= 1 ? high : s1;
    if ((c <= 1 || s1 == 1) && row >= wide && row <= INT_MAX) {
        *ld = (int)row;
        return 'N';
    }
    if ((r <= 1 || s0 == 1) && column >= high && column <= INT_MAX) {
        *ld = (int)column;
        return 'T';
    }
    return 0;
}
static inline char an_flip(char op) { return op == 'N' ? 'T' : 'N'; }""",
    "",
    ("base",),
)

_PACK = """\
static T *an_pack_T(int64_t r, int64_t c, const T *x, int64_t s0, int64_t s1) {
    T *p = malloc((r * c + 1) * sizeof(T));
    if (!p) return p;
    for (int64_t i = 0; i < r; i++)
        for (int64_t j = 0; j < c; j++) p[i * c + j] = x[i * s0 + j * s1];
    return p;
}
/* A vector as BLAS takes it: an increment that is not 0, the pointer to its lowest address. */
static inline const T *an_vector_T(int64_t n, const T *x, int64_t s, int *inc, T **packed) {
    *packed = 0;
    if (n > 1 && (s == 0 || s > INT_MAX || s < -INT_MAX)) {
        *packed = an_pack_T(1, n, x, 0, s);
        *inc = 1;
        return *packed;
    }
    *inc = n > 1 ? (int)s : 1;
    return n > 1 && s < 0 ? x + (n - 1) * s : x;
}"""

_GEMM = """\
static void (*an_blas_Lgemm)(char *, char *, int *, int *, int *, T *, T *, int *, T *, int *, T *,
        T *, int *);
static int32_t an_gemm_T(int64_t m, int64_t n, int64_t k, T alpha, const T *a, int64_t a0,
        int64_t a1, const T *b, int64_t b0, int64_t b1, T beta, T *c, int64_t c0, int64_t c1) {
    int lda = 1, ldb = 1, ldc = 1, m_ = (int)m, n_ = (int)n, k_ = (int)k;
    T *pa = 0, *pb = 0, *pc = 0, *out = c;
    int32_t rc = 4;
    if (m <= 0 || n <= 0) return 0;
    if (k <= 0 || m > INT_MAX || n > INT_MAX || k > INT_MAX) {
        for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j++) {
            T s = 0;
            for (int64_t l = 0; l < k; l++) s += a[i * a0 + l * a1] * b[l * b0 + j * b1];
            c[i * c0 + j * c1] = alpha * s + (beta == 0 ? 0 : beta * c[i * c0 + j * c1]);
        }
        return 0;
    }
    char opc = an_look(m, n, c0, c1, &ldc);
    if (opc == 'T') return an_gemm_T(n, m, k, alpha, b, b1, b0, a, a1, a0, beta, c, c1, c0);
    char opa = an_look(m, k, a0, a1, &lda), opb = an_look(k, n, b0, b1, &ldb);
    if (!opa) { if (!(pa = an_pack_T(m, k, a, a0, a1))) goto done; a = pa; opa = 'N'; lda = k_; }
    if (!opb) { if (!(pb = an_pack_T(k, n, b, b0, b1))) goto done; b = pb; opb = 'N'; ldb = n_; }
    if (!opc) { if (!(pc = an_pack_T(m, n, c, c0, c1))) goto done; out = pc; ldc = n_; }
    an_blas_Lgemm(&opb, &opa, &n_, &m_, &k_, &alpha, (T *)b, &ldb, (T *)a, &lda, &beta, out, &ldc);
    if (pc)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) c[i * c0 + j * c1] = pc[i * n + j];
    rc = 0;
done:
    free(pa); free(pb); free(pc);
    return rc;
}"""

_GEMV = """\
static void (*an_blas_Lgemv)(char *, int *, int *, T *, T *, int *, T *, int *, T *, T *, int *);
static int32_t an_gemv_T(int64_t m, int64_t n, T alpha, const T *a, int64_t a0, int64_t a1,
        const T *x, int64_t sx, T beta, T *y, int64_t sy) {
    int ld = 1, ix, iy, m_ = (int)m, n_ = (int)n;
    T *pa = 0, *px = 0, *py = 0;
    if (m <= 0) return 0;
    if (n <= 0 || m > INT_MAX || n > INT_MAX) {
        for (int64_t i = 0; i < m; i++) {
            T s = 0;
            for (int64_t j = 0; j < n; j++) s += a[i * a0 + j * a1] * x[j * sx];
            y[i * sy] = alpha * s + (beta == 0 ? 0 : beta * y[i * sy]);
        }
        return 0;
    }
    char op = an_look(m, n, a0, a1, &ld);
    if (!op) { if (!(pa = an_pack_T(m, n, a, a0, a1))) return 4; a = pa; op = 'N'; ld = n_; }
    const T *vx = an_vector_T(n, x, sx, &ix, &px);
    T *vy = (T *)an_vector_T(m, y, sy, &iy, &py);
    int32_t rc = vx && vy ? 0 : 4;
    if (!rc) {
        char t = an_flip(op);
        int *rows = op == 'N' ? &n_ : &m_, *columns = op == 'N' ? &m_ : &n_;
        an_blas_Lgemv(&t, rows, columns, &alpha, (T *)a, &ld, (T *)vx, &ix, &beta, vy, &iy);
        if (py) for (int64_t i = 0; i < m; i++) y[i * sy] = py[i];
    }
    free(pa); free(px); free(py);
    return rc;
}"""

_GER = """\
static void (*an_blas_LgerU)(int *, int *, T *, T *, int *, T *, int *, T *, int *);
static int32_t an_ger_T(int64_t m, int64_t n, T alpha, const T *x, int64_t sx, const T *y,
        int64_t sy, T *a, int64_t a0, int64_t a1) {
    int ld = 1, ix, iy, m_ = (int)m, n_ = (int)n;
    T *px = 0, *py = 0;
    if (m <= 0 || n <= 0) return 0;
    char op = m > INT_MAX || n > INT_MAX ? 0 : an_look(m, n, a0, a1, &ld);
    if (!op) {
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) a[i * a0 + j * a1] += alpha * x[i * sx] * y[j * sy];
        return 0;
    }
    const T *vx = an_vector_T(m, x, sx, &ix, &px), *vy = an_vector_T(n, y, sy, &iy, &py);
    int32_t rc = vx && vy ? 0 : 4;
    if (!rc && op == 'N') an_blas_LgerU(&n_, &m_, &alpha, (T *)vy, &iy, (T *)vx, &ix, a, &ld);
    if (!rc && op == 'T') an_blas_LgerU(&m_, &n_, &alpha, (T *)vx, &ix, (T *)vy, &iy, a, &ld);
    free(px); free(py);
    return rc;
}"""

_DOT = """\
static T (*an_blas_Ldot)(int *, T *, int *, T *, int *);
static int32_t an_dot_T(int64_t n, T alpha, const T *x, int64_t sx, const T *y, int64_t sy,
        T beta, T *out) {
    T s = 0;
    if (n > 0) {
        int ix, iy, n_ = (int)n;
        T *px = 0, *py = 0;
        const T *vx = an_vector_T(n, x, sx, &ix, &px), *vy = an_vector_T(n, y, sy, &iy, &py);
        if (n > INT_MAX) for (int64_t i = 0; i < n; i++) s += x[i * sx] * y[i * sy];
        else if (vx && vy) s = an_blas_Ldot(&n_, (T *)vx, &ix, (T *)vy, &iy);
        free(px); free(py);
        if (!vx || !vy) return 4;
    }
    *out = alpha * s + (beta == 0 ? 0 : beta * *out);
    return 0;
}"""

_SYRK = """\
static void (*an_blas_Lsyrk)(char *, char *, int *, int *, T *, T *, int *, T *, T *, int *);
/* c = alpha a a', both triangles: BLAS writes one, the other is its mirror. */
static int32_t an_syrk_T(int64_t n, int64_t k, T alpha, const T *a, int64_t a0, int64_t a1,
        T *c, int64_t c0, int64_t c1) {
    int lda = 1, ldc = 1, n_ = (int)n, k_ = (int)k;
    T *pa = 0, *pc = 0, *out = c, zero = 0;
    char up = 'U';
    if (n <= 0) return 0;
    if (n > INT_MAX || k > INT_MAX) return 4;
    char opa = an_look(n, k, a0, a1, &lda), opc = an_look(n, n, c0, c1, &ldc);
    if (!opa) {
        if (!(pa = an_pack_T(n, k, a, a0, a1))) return 4;
        a = pa; opa = 'N'; lda = k_ > 1 ? k_ : 1;
    }
    if (!opc) {
        if (!(out = pc = malloc(n * n * sizeof(T)))) { free(pa); return 4; }
        ldc = n_;
    }
    char t = an_flip(opa);
    an_blas_Lsyrk(&up, &t, &n_, &k_, &alpha, (T *)a, &lda, &zero, out, &ldc);
    for (int64_t j = 0; j < n; j++) for (int64_t i = 0; i <= j; i++) {
        const T x = out[j * ldc + i];
        c[i * c0 + j * c1] = x;
        c[j * c0 + i * c1] = x;
    }
    free(pa); free(pc);
    return 0;
}"""

_CYTHON = {
    "gemm": "int32_t an_gemm_T(int64_t m, int64_t n, int64_t k, T alpha, T* a, int64_t a0, "
    "int64_t a1, T* b, int64_t b0, int64_t b1, T beta, T* c, int64_t c0, int64_t c1) "
    "noexcept nogil",
    "gemv": "int32_t an_gemv_T(int64_t m, int64_t n, T alpha, T* a, int64_t a0, int64_t a1, "
    "T* x, int64_t sx, T beta, T* y, int64_t sy) noexcept nogil",
    "ger": "int32_t an_ger_T(int64_t m, int64_t n, T alpha, T* x, int64_t sx, T* y, int64_t sy, "
    "T* a, int64_t a0, int64_t a1) noexcept nogil",
    "dot": "int32_t an_dot_T(int64_t n, T alpha, T* x, int64_t sx, T* y, int64_t sy, T beta, "
    "T* out) noexcept nogil",
    "syrk": "int32_t an_syrk_T(int64_t n, int64_t k, T alpha, T* a, int64_t a0, int64_t a1, "
    "T* c, int64_t c0, int64_t c1) noexcept nogil",
}
_TEXTS = {"gemm": _GEMM, "gemv": _GEMV, "ger": _GER, "dot": _DOT, "syrk": _SYRK}


def library_part(name: str, t: str, letter: str) -> Part:
    """The C of one routine for elements of type code `t`."""
    c = f"#ifndef AN_PACK_{t}\n#define AN_PACK_{t}\n{_PACK}\n#endif\n{_TEXTS[name]}"
    return Part(_typed(c, t, letter), _typed(_CYTHON[name], t, letter), ("library", f"type_{t}"))


def _typed(text: str, t: str, letter: str) -> str:
    """T as a word, _T and the L of routine names replaced by what they stand for."""
    text = text.replace("an_blas_LgerU", f"an_blas_{letter}ger{'u' if t[0] == 'c' else ''}")
    text = text.replace("an_blas_L", f"an_blas_{letter}")
    text = re.sub(r"_T\b", f"_{t}", text)
    return re.sub(r"(?<!')\bT\b", f"an_{t}", text)


def bind_text(routines: Sequence[str]) -> str:
    """The C function that takes the routines' addresses."""
    lines = "".join(f"    *(void **)&an_blas_{r} = f[{k}];\n" for k, r in enumerate(routines))
    return f"static void an_bind(void **f) {{\n{lines}}}"
