"""The C of solve(a, b): LAPACK's factors, and for systems of middling size our own substitution.

The right sides stay as they are, rows of b: substitution then subtracts rows from rows, products of
panels by gemm, and threads share the columns.  LAPACK wants them turned, and takes twice as long on
50 x 50 systems with 150 right sides.  See lapack_c.py for how such functions are called.
"""

from __future__ import annotations

from .lapack_start import COPY, EACH, START

SOLVE = f"""\
/* to -= by * from, and to *= by: rows of right sides */
static void an_solve_less_T(int64_t n, W *to, W by, const W *from) {{
    REAL(for (int64_t i = 0; i < n; i++) to[i] -= by * from[i];)
    COMPLEX(V *t = (V *)to; const V *f = (const V *)from, re = __real__(by), im = __imag__(by);)
    COMPLEX(for (int64_t i = 0; i < n; i++) {{)
    COMPLEX(const V x = f[2 * i], y = f[2 * i + 1];)
    COMPLEX(t[2 * i] -= re * x - im * y; t[2 * i + 1] -= re * y + im * x; }})
}}
static void an_solve_times_T(int64_t n, W *to, W by) {{
    REAL(for (int64_t i = 0; i < n; i++) to[i] *= by;)
    COMPLEX(V *t = (V *)to; const V re = __real__(by), im = __imag__(by);)
    COMPLEX(for (int64_t i = 0; i < n; i++) {{)
    COMPLEX(const V x = t[2 * i], y = t[2 * i + 1];)
    COMPLEX(t[2 * i] = re * x - im * y; t[2 * i + 1] = re * y + im * x; }})
}}
/* L U x = x for columns of x, whose rows are `step` apart: by blocks of 16 rows. */
static void an_solve_rows_T(int64_t n, const W *a, int64_t columns, W *x, int64_t step) {{
    char plain = 'N', turned = 'T';
    W minus = -1, one = 1;
    int k = (int)columns, ldx = (int)step, lda = (int)n;
    for (int64_t first = 0; first < n; first += 16) {{
        const int64_t last = first + 16 < n ? first + 16 : n;
        int rows = (int)(n - last), some = (int)(last - first);
        for (int64_t i = first; i < last; i++)
            for (int64_t j = first; j < i; j++)
                an_solve_less_T(columns, x + i * step, a[j * n + i], x + j * step);
        if (rows > 0)
            an_blas_Lgemm(&plain, &turned, &k, &rows, &some, &minus, x + first * step, &ldx,
                          (W *)a + first * n + last, &lda, &one, x + last * step, &ldx);
    }}
    for (int64_t first = (n - 1) / 16 * 16; first >= 0; first -= 16) {{
        const int64_t last = first + 16 < n ? first + 16 : n;
        int rows = (int)first, some = (int)(last - first);
        for (int64_t i = last - 1; i >= first; i--) {{
            for (int64_t j = i + 1; j < last; j++)
                an_solve_less_T(columns, x + i * step, a[j * n + i], x + j * step);
            an_solve_times_T(columns, x + i * step, 1 / a[i * n + i]);
        }}
        if (rows > 0)
            an_blas_Lgemm(&plain, &turned, &k, &rows, &some, &minus, x + first * step, &ldx,
                          (W *)a + first * n, &lda, &one, x, &ldx);
    }}
}}
static void an_solve_shared_T(int32_t threads, int64_t n, const W *a, int64_t k, W *x) {{
    const double work = (double)n * n * k * (sizeof(W) > sizeof(V) ? 4 : 1);
    const an_blas_call call = an_blas_begin(threads, work, 3, 0);
    const int64_t parts = an_blas_parts(&call, k, k);
    #pragma omp parallel for num_threads(call.threads) schedule(static) if(parts > 1)
    for (int64_t part = 0; part < parts; part++) {{
        const int64_t first = k * part / parts, last = k * (part + 1) / parts;
        an_solve_rows_T(n, a, last - first, x + first, k);
    }}
    an_blas_end(&call);
}}
static int32_t an_la_solve_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    const int64_t *bd = steps + nd, *bs = bd + nd, k = bd[nb + 1];
    const int own = k >= 8 && n <= 256, direct = own && sizeof(W) == sizeof(T);
    int k_ = (int)k, *pivots = malloc((2 * n + 1) * sizeof(int)), *order = pivots + n;
    W *a = malloc((n * n + (direct ? 0 : n * k) + 1) * sizeof(W)), *x = a + n * n;
    if (!a || !pivots || k > INT_MAX) info = 1;
    {EACH} {{
        const T *from = (T *)p[1] + an_start(b, nb, bd, bs);
        T *to = (T *)p[2] + b * n * k;
        {COPY}
        if (!own) {{
            an_columns_T(n, k, x, from, bs[nb], bs[nb + 1]);
            if (n && k) an_blas_Lgesv(&n_, &k_, a, &ld, pivots, x, &ld, &info);
            an_rows_T(n, k, to, x, n);
            continue;
        }}
        if (n) an_blas_Lgetrf(&n_, &n_, a, &ld, pivots, &info);
        if (info || !n) continue;
        for (int64_t i = 0; i < n; i++) order[i] = (int)i;
        for (int64_t i = 0; i < n; i++) {{
            const int row = order[i];
            order[i] = order[pivots[i] - 1];
            order[pivots[i] - 1] = row;
        }}
        W *rows = direct ? (W *)to : x;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < k; j++)
                rows[i * k + j] = from[order[i] * bs[nb] + j * bs[nb + 1]];
        an_solve_shared_T(range.threads, n, a, k, rows);
        for (int64_t i = 0; i < n * k && !direct; i++) to[i] = x[i];
    }}
    free(a); free(pivots);
    return info;
}}"""
