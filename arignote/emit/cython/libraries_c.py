"""The C between a library call and BLAS: row-major matrices of any strides, vectors of any stride.

A row-major matrix is its transpose to Fortran, so C = A B is computed as C' = B' A'.  A matrix
neither of whose strides is 1 is packed first.  Sizes beyond 32 bits go through plain loops.  Large
calls are cut into parts for threads (see blas_threads.py); a dot product into parts that depend on
its length alone, so that its bits do not depend on the number of threads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..numpy_loops import PREFIX as LOOP
from . import blas_threads
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
static inline char an_flip(char op) { return op == 'N' ? 'T' : 'N'; }
"""
    + blas_threads.COMMON,
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
static void (*an_blas_Lgemm)(GEMM_ARGUMENTS);
/* alpha = 0 known at run time only: BLAS would not look at a and b, which may hold nan. */
static int32_t an_gemm_T(int32_t, int64_t, int64_t, int64_t, T, const T *, int64_t, int64_t,
        const T *, int64_t, int64_t, T, T *, int64_t, int64_t);
static __attribute__((noinline, cold)) int32_t an_gemm_nothing_T(int32_t threads, int64_t m,
        int64_t n, int64_t k, const T *a, int64_t a0, int64_t a1, const T *b, int64_t b0,
        int64_t b1, T beta, T *c, int64_t c0, int64_t c1) {
    T *p = malloc(m * n * sizeof(T));
    int32_t rc = p ? an_gemm_T(threads, m, n, k, 1, a, a0, a1, b, b0, b1, 0, p, n, 1) : 4;
    for (int64_t i = 0; i < m && !rc; i++) for (int64_t j = 0; j < n; j++)
        c[i * c0 + j * c1] = 0 * p[i * n + j] + (beta == 0 ? 0 : beta * c[i * c0 + j * c1]);
    free(p);
    return rc;
}
static int32_t an_gemm_T(int32_t threads, int64_t m, int64_t n, int64_t k, T alpha, const T *a,
        int64_t a0, int64_t a1, const T *b, int64_t b0, int64_t b1, T beta, T *c, int64_t c0,
        int64_t c1) {
    int lda = 1, ldb = 1, ldc = 1, k_ = (int)k;
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
    if (alpha == 0)
        return an_gemm_nothing_T(threads, m, n, k, a, a0, a1, b, b0, b1, beta, c, c0, c1);
    char opc = an_look(m, n, c0, c1, &ldc);
    if (opc == 'T')
        return an_gemm_T(threads, n, m, k, alpha, b, b1, b0, a, a1, a0, beta, c, c1, c0);
    char opa = an_look(m, k, a0, a1, &lda), opb = an_look(k, n, b0, b1, &ldb);
    if (!opa) { if (!(pa = an_pack_T(m, k, a, a0, a1))) goto done; a = pa; opa = 'N'; lda = k_; }
    if (!opb) {
        if (!(pb = an_pack_T(k, n, b, b0, b1))) goto done;
        b = pb; opb = 'N'; ldb = (int)n;
    }
    if (!opc) { if (!(pc = an_pack_T(m, n, c, c0, c1))) goto done; out = pc; ldc = (int)n; }
    const an_blas_call call = an_blas_begin(threads, (double)m * n * k, 0, ALONE);
    const int wide = m < n && m < 96 * call.threads;  /* cut rows wherever there are enough */
    const int64_t rows = wide ? n : m, parts = an_blas_parts(&call, rows, 256);
    #pragma omp parallel for num_threads(call.threads) schedule(dynamic, 1) if(parts > 1)
    for (int64_t part = 0; part < parts; part++) {
        const int64_t first = an_blas_cut(rows, part, parts);
        const int64_t count = an_blas_cut(rows, part + 1, parts) - first;
        const int64_t down = wide ? 0 : first, right = wide ? first : 0;
        int m_ = (int)(wide ? m : count), n_ = (int)(wide ? count : n);
        T *at = (T *)a + down * (opa == 'N' ? lda : 1);
        T *bt = (T *)b + right * (opb == 'N' ? 1 : ldb);
        if (count > 0)
            an_blas_Lgemm(&opb, &opa, &n_, &m_, &k_, &alpha, bt, &ldb, at, &lda, &beta,
                          out + down * ldc + right, &ldc);
    }
    an_blas_end(&call);
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
static int32_t an_gemv_T(int32_t threads, int64_t m, int64_t n, T alpha, const T *a, int64_t a0,
        int64_t a1, const T *x, int64_t sx, T beta, T *y, int64_t sy) {
    int ld = 1, ix, iy, n_ = (int)n;
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
    const an_blas_call call = an_blas_begin(threads, (double)m * n, 1, 9216);
    const int64_t parts = rc ? 0 : an_blas_parts(&call, m, 64);
    #pragma omp parallel for num_threads(call.threads) schedule(dynamic, 1) if(parts > 1)
    for (int64_t part = 0; part < parts; part++) {
        const int64_t first = an_blas_cut(m, part, parts), last = an_blas_cut(m, part + 1, parts);
        int m_ = (int)(last - first), columns = n_;
        char t = an_flip(op);
        T *at = (T *)a + first * (op == 'N' ? ld : 1);
        T *yt = iy > 0 ? vy + first * iy : vy + (last - m) * iy;
        if (m_ > 0)
            an_blas_Lgemv(&t, op == 'N' ? &columns : &m_, op == 'N' ? &m_ : &columns, &alpha, at,
                          &ld, (T *)vx, &ix, &beta, yt, &iy);
    }
    an_blas_end(&call);
    if (py && !rc) for (int64_t i = 0; i < m; i++) y[i * sy] = py[i];
    free(pa); free(px); free(py);
    return rc;
}"""

_GER = """\
static void (*an_blas_LgerU)(int *, int *, T *, T *, int *, T *, int *, T *, int *);
static int32_t an_ger_T(int32_t threads, int64_t m, int64_t n, T alpha, const T *x, int64_t sx,
        const T *y, int64_t sy, T *a, int64_t a0, int64_t a1) {
    int ld = 1, ix, iy, n_ = (int)n;
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
    const an_blas_call call = an_blas_begin(threads, (double)m * n, 1, 8192);
    const int64_t parts = rc ? 0 : an_blas_parts(&call, m, 64);
    #pragma omp parallel for num_threads(call.threads) schedule(dynamic, 1) if(parts > 1)
    for (int64_t part = 0; part < parts; part++) {
        const int64_t first = an_blas_cut(m, part, parts), last = an_blas_cut(m, part + 1, parts);
        int m_ = (int)(last - first), columns = n_;
        T *xt = (T *)(ix > 0 ? vx + first * ix : vx + (last - m) * ix);
        T *at = a + first * (op == 'N' ? ld : 1);
        if (m_ <= 0) continue;
        if (op == 'N') an_blas_LgerU(&columns, &m_, &alpha, (T *)vy, &iy, xt, &ix, at, &ld);
        else an_blas_LgerU(&m_, &columns, &alpha, xt, &ix, (T *)vy, &iy, at, &ld);
    }
    an_blas_end(&call);
    free(px); free(py);
    return rc;
}"""

_DOT = """\
static T (*an_blas_Ldot)(int *, T *, int *, T *, int *);
static int32_t an_dot_T(int32_t threads, int64_t n, T alpha, const T *x, int64_t sx, const T *y,
        int64_t sy, T beta, T *out) {
    T s = 0;
    if (n > 0) {
        int ix, iy;
        T *px = 0, *py = 0, sums[256];
        const T *vx = an_vector_T(n, x, sx, &ix, &px), *vy = an_vector_T(n, y, sy, &iy, &py);
        const int64_t parts = n < 131072 ? 1 : n >> 16 < 256 ? n >> 16 : 256;
        if (n > INT_MAX) for (int64_t i = 0; i < n; i++) s += x[i * sx] * y[i * sy];
        else if (vx && vy) {
            const an_blas_call call = an_blas_begin(threads, (double)n, 1, 10000);
            const int shared = parts > 1 && call.threads > 1;
            #pragma omp parallel for num_threads(call.threads) schedule(static) if(shared)
            for (int64_t part = 0; part < parts; part++) {
                const int64_t first = an_blas_cut(n, part, parts);
                const int64_t last = an_blas_cut(n, part + 1, parts);
                int n_ = (int)(last - first);
                const T *xt = ix > 0 ? vx + first * ix : vx + (last - n) * ix;
                const T *yt = iy > 0 ? vy + first * iy : vy + (last - n) * iy;
                sums[part] = an_blas_Ldot(&n_, (T *)xt, &ix, (T *)yt, &iy);
            }
            an_blas_end(&call);
            for (int64_t part = 0; part < parts; part++) s += sums[part];
        }
        free(px); free(py);
        if (!vx || !vy) return 4;
    }
    *out = alpha * s + (beta == 0 ? 0 : beta * *out);
    return 0;
}"""

_SYRK = """\
static void (*an_blas_Lsyrk)(char *, char *, int *, int *, T *, T *, int *, T *, T *, int *);
static void (*an_blas_Lgemm)(GEMM_ARGUMENTS);
/* c = alpha a a', both triangles: BLAS writes one, the other is its mirror. */
static int32_t an_syrk_T(int32_t threads, int64_t n, int64_t k, T alpha, const T *a, int64_t a0,
        int64_t a1, T *c, int64_t c0, int64_t c1) {
    int lda = 1, ldc = 1, n_ = (int)n, k_ = (int)k;
    T *pa = 0, *pc = 0, *out = c, zero = 0;
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
    /* strips of rows: what is left of the diagonal is a product, what is on it a small syrk */
    const int64_t strip = n < 1024 ? 144 : 240;
    const int64_t parts = (n + strip - 1) / strip;
    const an_blas_call call = an_blas_begin(threads, 0.5 * n * n * k, 0, 0);
    const int shared = parts > 1 && call.threads > 1;
    #pragma omp parallel for num_threads(call.threads) schedule(dynamic, 1) if(shared)
    for (int64_t part = parts - 1; part >= 0; part--) {  /* the longest first */
        const int64_t first = part * strip;
        char up = 'U', t = an_flip(opa), s = opa;
        int above = (int)first, rows = (int)(n - first < strip ? n - first : strip);
        T *at = (T *)a + first * (opa == 'N' ? lda : 1), *to = out + first * ldc;
        if (above > 0)
            an_blas_Lgemm(&t, &s, &above, &rows, &k_, &alpha, (T *)a, &lda, at, &lda, &zero, to,
                          &ldc);
        an_blas_Lsyrk(&up, &t, &rows, &k_, &alpha, at, &lda, &zero, to + first, &ldc);
    }
    an_blas_end(&call);
    #pragma omp parallel for num_threads(call.threads) schedule(dynamic, 1) if(shared)
    for (int64_t j0 = 0; j0 < n; j0 += 32)
        for (int64_t i0 = 0; i0 <= j0; i0 += 32)
            for (int64_t i = i0; i < i0 + 32 && i < n; i++)
                for (int64_t j = i < j0 ? j0 : i; j < j0 + 32 && j < n; j++) {
                    const T x = out[j * ldc + i];
                    c[j * c0 + i * c1] = x;
                    c[i * c0 + j * c1] = x;
                }
    free(pa); free(pc);
    return 0;
}"""

_CYTHON = {
    "gemm": "int32_t an_gemm_T(int32_t threads, int64_t m, int64_t n, int64_t k, T alpha, T* a, "
    "int64_t a0, int64_t a1, T* b, int64_t b0, int64_t b1, T beta, T* c, int64_t c0, int64_t c1) "
    "noexcept nogil",
    "gemv": "int32_t an_gemv_T(int32_t threads, int64_t m, int64_t n, T alpha, T* a, int64_t a0, "
    "int64_t a1, T* x, int64_t sx, T beta, T* y, int64_t sy) noexcept nogil",
    "ger": "int32_t an_ger_T(int32_t threads, int64_t m, int64_t n, T alpha, T* x, int64_t sx, "
    "T* y, int64_t sy, T* a, int64_t a0, int64_t a1) noexcept nogil",
    "dot": "int32_t an_dot_T(int32_t threads, int64_t n, T alpha, T* x, int64_t sx, T* y, "
    "int64_t sy, T beta, T* out) noexcept nogil",
    "syrk": "int32_t an_syrk_T(int32_t threads, int64_t n, int64_t k, T alpha, T* a, int64_t a0, "
    "int64_t a1, T* c, int64_t c0, int64_t c1) noexcept nogil",
}
#: As lapack_c.py declares it too.
_GEMM_ARGUMENTS = ", ".join(["void *"] * 13)
_TEXTS = {"gemm": _GEMM, "gemv": _GEMV, "ger": _GER, "dot": _DOT, "syrk": _SYRK}


def library_part(name: str, t: str, letter: str) -> Part:
    """The C of one routine for elements of type code `t`."""
    c = f"#ifndef AN_PACK_{t}\n#define AN_PACK_{t}\n{_PACK}\n#endif\n{_TEXTS[name]}"
    return Part(_typed(c, t, letter), _typed(_CYTHON[name], t, letter), ("library", f"type_{t}"))


#: Multiplications of a product up to which OpenBLAS stays on one thread by itself: real, complex.
_ALONE = (262144, 32768)


def _typed(text: str, t: str, letter: str) -> str:
    """T as a word, _T and the L of routine names replaced by what they stand for."""
    text = text.replace("GEMM_ARGUMENTS", _GEMM_ARGUMENTS)
    text = text.replace("ALONE", str(_ALONE[t[0] == "c"]))
    text = text.replace("an_blas_LgerU", f"an_blas_{letter}ger{'u' if t[0] == 'c' else ''}")
    text = text.replace("an_blas_L", f"an_blas_{letter}")
    text = re.sub(r"_T\b", f"_{t}", text)
    return re.sub(r"(?<!')\bT\b", f"an_{t}", text)


def bind_text(routines: Sequence[str]) -> str:
    """The C function that takes the addresses of `externs`, each "package:function"."""
    names = [e.partition(":") for e in routines]
    known = [f"an_numpy_{f}" if package == LOOP else f"an_blas_{f}" for package, _, f in names]
    lines = "".join(f"    *(void **)&{name} = f[{k}];\n" for k, name in enumerate(known))
    return f"static void an_bind(void **f) {{\n{lines}}}"
