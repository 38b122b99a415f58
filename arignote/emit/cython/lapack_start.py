"""How the C between library ops and LAPACK begins: copies to Fortran order and back, sizes.

In these texts T is the element type, R its real type, W and V those that are computed with, L the
letter of the routine's name; `nb` stands for the range of the stack too; COMPLEX(...) and REAL(...)
are there for such elements only.
"""

from __future__ import annotations

COMMON = """\
#ifndef AN_LAPACK
#define AN_LAPACK
#include <limits.h>
static inline int64_t an_count(int64_t n, const int64_t *dims) {
    int64_t out = 1;
    for (int64_t k = 0; k < n; k++) out *= dims[k];
    return out;
}
/* Where batch `b` of an operand starts. */
static inline int64_t an_start(int64_t b, int64_t nb, const int64_t *dims, const int64_t *steps) {
    int64_t at = 0;
    for (int64_t k = nb - 1; k >= 0; k--) { at += (b % dims[k]) * steps[k]; b /= dims[k]; }
    return at;
}
static inline int64_t an_least(int64_t a, int64_t b) { return a < b ? a : b; }
/* The matrices of a stack that a call does, and on how many threads. */
typedef struct { int64_t first, last; int32_t threads; } an_range;
#endif
#ifndef AN_LAPACK_T
#define AN_LAPACK_T
/* f (m x n, Fortran order) = x, and back; in tiles, so that neither side is read across. */
static void an_columns_T(int64_t m, int64_t n, W *f, const T *x, int64_t s0, int64_t s1) {
    for (int64_t i0 = 0; i0 < m; i0 += 16)
        for (int64_t j0 = 0; j0 < n; j0 += 16)
            for (int64_t j = j0; j < an_least(j0 + 16, n); j++)
                for (int64_t i = i0; i < an_least(i0 + 16, m); i++)
                    f[j * m + i] = x[i * s0 + j * s1];
}
static void an_rows_T(int64_t m, int64_t n, T *y, const W *f, int64_t ld) {
    for (int64_t i0 = 0; i0 < m; i0 += 16)
        for (int64_t j0 = 0; j0 < n; j0 += 16)
            for (int64_t i = i0; i < an_least(i0 + 16, m); i++)
                for (int64_t j = j0; j < an_least(j0 + 16, n); j++) y[i * n + j] = f[j * ld + i];
}
static inline void an_unit_T(int64_t n, W *f) {
    memset(f, 0, n * n * sizeof(W));
    for (int64_t i = 0; i < n; i++) f[i * n + i] = 1;
}
/* What a routine says its workspace should be. */
static inline int an_asked_T(W x) { return (int)*(V *)&x; }
#endif"""

#: The sizes of the first operand, and how the functions below begin.
START = """\
    const int64_t nd = nb + 2, *steps = d + nd, m = d[nb], n = d[nb + 1];
    const int64_t count = range.last - range.first;
    if (m > INT_MAX || n > INT_MAX) return 1;
    int info = 0, m_ = (int)m, n_ = (int)n, ld = m > 1 ? m_ : 1;
    (void)n_;"""

EACH = "for (int64_t b = range.first; b < range.last && info == 0; b++)"
COPY = "an_columns_T(m, n, a, (T *)p[0] + an_start(b, nb, d, steps), steps[nb], steps[nb + 1]);"

#: A stack's matrices are shared by threads; a large matrix has the library's own, a small one none.
SHARED = """\
static int32_t NAME(int32_t threads, void **p, const int64_t *d, int64_t nbFLAGS) {
    const int64_t count = an_count(nb, d);
    const double work = (double)d[nb] * d[nb + 1] * an_least(d[nb], d[nb + 1]);
    int32_t failed = 0;
    if (count == 1 && threads > 1 && work > 1.6e7)
        return INNER(p, d, (an_range){0, 1, threads}, nbGIVEN);
    const an_blas_call call = an_blas_begin(threads, count > 1 ? work * count + 1 : 1, 2, 0);
    const int64_t parts = call.threads < count ? call.threads : count;
    #pragma omp parallel for num_threads(call.threads) reduction(|: failed) if(parts > 1)
    for (int64_t k = 0; k < parts; k++) {
        const int32_t inside = parts > 1 ? 1 : threads;
        const an_range some = {count * k / parts, count * (k + 1) / parts, inside};
        failed |= INNER(p, d, some, nbGIVEN) != 0;
    }
    an_blas_end(&call);
    return failed;
}"""
