"""The C of eigenvalues of general matrices, least squares, the pseudo-inverse and LU factors.

As NumPy does them: in double precision, by geev, gelsd and gesdd (LU in its own, as SciPy).  What
NumPy refuses, and what is empty, is left to it (a result that is not 0); see lapack_c.py for how
these functions are called.
"""

from __future__ import annotations

from .lapack_start import COPY, EACH, START

#: w = p[1], vectors p[2], complex both.  A real matrix's complex vectors come as two real columns.
EIG = f"""\
static int32_t an_la_eig_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    char no = 'N', yes = 'V';
    int most = -1, one = 1;
    W size = 0, none = 0, *work = 0, *a = malloc((2 * n * n + 2 * n + 1) * sizeof(W));
    W *v = a + n * n, *w = v + n * n;
    COMPLEX(V *rwork = malloc((2 * n + 1) * sizeof(V));)
    if (!a COMPLEX(|| !rwork)) info = 1;
    if (n && count && !info) {{
        an_blas_Lgeev(&no, &yes, &n_, a, &ld, w, REAL(w + n,) &none, &one, v, &ld, &size, &most,
                      COMPLEX(rwork,) &info);
        most = an_asked_T(size);
        work = malloc((most + 1) * sizeof(W));
        if (!work) info = 1;
        {EACH} {{
            R *values = (R *)p[1] + 2 * b * n, *to = (R *)p[2] + 2 * b * n * n;
            {COPY}
            for (int64_t i = 0; i < n * n * (int64_t)(sizeof(W) / sizeof(V)); i++)
                if (!isfinite(((V *)a)[i])) info = 1;
            if (info) break;
            an_blas_Lgeev(&no, &yes, &n_, a, &ld, w, REAL(w + n,) &none, &one, v, &ld, work, &most,
                          COMPLEX(rwork,) &info);
            for (int64_t j = 0; j < n; j++) {{
                COMPLEX(values[2 * j] = __real__(w[j]); values[2 * j + 1] = __imag__(w[j]);)
                REAL(values[2 * j] = w[j]; values[2 * j + 1] = w[n + j];)
                REAL(const int second = w[n + j] < 0 && j > 0;)
                REAL(const W *re = v + (j - second) * n;)
                REAL(const W *im = w[n + j] == 0 ? 0 : re + n;)
                for (int64_t i = 0; i < n; i++) {{
                    R *at = to + 2 * (i * n + j);
                    COMPLEX(at[0] = __real__(v[j * n + i]); at[1] = __imag__(v[j * n + i]);)
                    REAL(at[0] = re[i]; at[1] = !im ? 0 : second ? -im[i] : im[i];)
                }}
            }}
        }}
    }}
    free(a); free(work); COMPLEX(free(rwork);)
    return info;
}}"""

#: p: a, b, rcond, min(m, n) -> x, residuals, how many of them count, rank, singular values
LSTSQ = f"""\
static int32_t an_la_lstsq_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    const int64_t *bd = steps + nd, *bs = bd + nd, k = bd[1], tall = m < n ? n : m;
    int k_ = (int)k, ldb = (int)tall, most = -1, rank = 0, isize = 0, *iwork = 0;
    double rcond = *(double *)p[2];
    if (!m || !n || !k || k > INT_MAX || nb) return 1;
    W size = 0, *work = 0, *a = malloc((m * n + tall * k) * sizeof(W)), *x = a + m * n;
    V *s = malloc(an_least(m, n) * sizeof(V));
    COMPLEX(V rsize = 0, *rwork = 0;)
    const int64_t b = 0;
    (void)count;
    if (!a || !s) info = 1;
    if (!info) {{
        {COPY}
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < k; j++) x[j * tall + i] = ((T *)p[1])[i * bs[0] + j * bs[1]];
        an_blas_Lgelsd(&m_, &n_, &k_, a, &ld, x, &ldb, s, &rcond, &rank, &size, &most,
                       COMPLEX(&rsize,) &isize, &info);
        most = an_asked_T(size);
        work = malloc((most + 1) * sizeof(W));
        iwork = malloc((isize + 1) * sizeof(int));
        COMPLEX(rwork = malloc(((int64_t)rsize + 1) * sizeof(V));)
        if (!work || !iwork COMPLEX(|| !rwork)) info = 1;
    }}
    if (!info)
        an_blas_Lgelsd(&m_, &n_, &k_, a, &ld, x, &ldb, s, &rcond, &rank, work, &most,
                       COMPLEX(rwork,) iwork, &info);
    if (!info) {{
        const int sums = m > n && rank == n;
        an_rows_T(n, k, (T *)p[4], x, tall);
        for (int64_t j = 0; j < k; j++) {{
            V sum = 0;
            const V *tail = (V *)(x + j * tall + n);
            for (int64_t i = 0; i < (m - n) * (int64_t)(sizeof(W) / sizeof(V)) && sums; i++)
                sum += tail[i] * tail[i];
            ((R *)p[5])[j] = sum;
        }}
        *(int64_t *)p[6] = sums ? k : 0;
        *(int64_t *)p[7] = rank;
        for (int64_t i = 0; i < an_least(m, n); i++) ((R *)p[8])[i] = s[i];
    }}
    free(a); free(s); free(work); free(iwork); COMPLEX(free(rwork);)
    return info;
}}"""

#: p: a, rcond -> its inverse: of conj(a) = U S V the transpose of U S^-1 V, small values left out
PINV = f"""\
static int32_t an_la_pinv_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    const int64_t k = an_least(m, n), most_dim = m < n ? n : m;
    const double rcond = *(double *)p[1];
    char job = 'S', plain = 'N';
    int most = -1, k_ = (int)k;
    if (!k) return 1;
    W size = 0, one = 1, zero = 0, *work = 0, *x = 0;
    W *a = malloc((m * n + m * k + k * n) * sizeof(W)), *u = a + m * n, *v = u + m * k;
    V *s = malloc(k * sizeof(V));
    int *iwork = malloc(8 * k * sizeof(int));
    COMPLEX(V *rwork = malloc((2 * most_dim * k + 5 * k * k + 7 * k) * sizeof(V));)
    (void)most_dim;
    if (!a || !s || !iwork COMPLEX(|| !rwork)) info = 1;
    if (count && !info) {{
        an_blas_Lgesdd(&job, &m_, &n_, a, &ld, s, u, &ld, v, &k_, &size, &most, COMPLEX(rwork,)
                       iwork, &info);
        most = an_asked_T(size);
        work = malloc((most + 1) * sizeof(W));
        x = a;
        if (!work) info = 1;
    }}
    {EACH} {{
        {COPY}
        COMPLEX(for (int64_t i = 0; i < m * n; i++) ((V *)a)[2 * i + 1] = -((V *)a)[2 * i + 1];)
        an_blas_Lgesdd(&job, &m_, &n_, a, &ld, s, u, &ld, v, &k_, work, &most, COMPLEX(rwork,)
                       iwork, &info);
        const double least = rcond * (R)s[0];
        for (int64_t j = 0; j < k; j++) {{
            const V by = (R)s[j] > least ? 1 / s[j] : 0;
            for (int64_t i = 0; i < m; i++) u[j * m + i] *= by;
        }}
        an_blas_Lgemm(&plain, &plain, &m_, &n_, &k_, &one, u, &ld, v, &k_, &zero, x, &ld);
        for (int64_t i = 0; i < m * n; i++) ((T *)p[2])[b * m * n + i] = x[i];
    }}
    free(a); free(s); free(work); free(iwork); COMPLEX(free(rwork);)
    return info;
}}"""

#: p: a -> L and U in one matrix, and the rows swapped at each step, from 0
LU = f"""\
static int32_t an_la_lu_factor_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    W *a = malloc((n * n + 1) * sizeof(W));
    int *pivots = malloc((n + 1) * sizeof(int));
    if (!a || !pivots) info = 1;
    {EACH} {{
        {COPY}
        if (n) an_blas_Lgetrf(&n_, &n_, a, &ld, pivots, &info);
        info = info < 0;  /* a zero on the diagonal is a result */
        an_rows_T(n, n, (T *)p[1] + b * n * n, a, n);
        for (int64_t i = 0; i < n; i++) ((int32_t *)p[2])[b * n + i] = pivots[i] - 1;
    }}
    free(a); free(pivots);
    return info;
}}"""
