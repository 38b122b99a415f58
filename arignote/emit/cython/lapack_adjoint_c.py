"""The C of adjoints of factorisations; see lapack_c.py for how such functions are called.

Cholesky: blocks of columns from the last to the first (Murray, "Differentiation of the Cholesky
decomposition", section 4.3), so that all but the blocks on the diagonal is products of matrices.
"""

from __future__ import annotations

from .lapack_start import EACH, START

#: What `_adjoint_of_one` in fxgraph/ops/triangular.py does, with the same blocks.
CHOLESKY_ADJOINT = f"""\
static int32_t an_la_cholesky_adjoint_T(void **p, const int64_t *d, int64_t nb) {{
    enum {{ BLOCK = 64 }};
{START}
    const int64_t *gd = steps + nd, *gs = gd + nd;
    char lower = 'L', left = 'L', right = 'R', plain = 'N', turned = 'T';
    W one = 1, minus = -1, zero = 0;
    W *a = malloc((2 * n * n + 2 * BLOCK * BLOCK + 1) * sizeof(W)), *x = a + n * n;
    W *square = x + n * n;
    int wide = BLOCK;
    if (!a) info = 1;
    {EACH} {{
        an_columns_T(n, n, a, (T *)p[0] + an_start(b, nb, d, steps), steps[nb], steps[nb + 1]);
        an_columns_T(n, n, x, (T *)p[1] + an_start(b, nb, gd, gs), gs[nb], gs[nb + 1]);
        for (int64_t j = 1; j < n; j++) memset(x + j * n, 0, j * sizeof(W));
        for (int64_t first = (n - 1) / BLOCK * BLOCK; n && first >= 0; first -= BLOCK) {{
            const int64_t last = an_least(first + BLOCK, n);
            int before = (int)first, own = (int)(last - first), below = (int)(n - last);
            W *corner = a + first * n + first, *bar = x + first * n + first;
            if (below) {{
                W *column = bar + own;
                an_blas_Ltrsm(&right, &lower, &plain, &plain, &below, &own, &one, corner, &ld,
                              column, &ld);
                an_blas_Lgemm(&turned, &plain, &own, &own, &below, &one, column, &ld,
                              corner + own, &ld, &zero, square, &wide);
                for (int64_t j = 0; j < own; j++)
                    for (int64_t i = j; i < own; i++) bar[j * n + i] -= square[j * BLOCK + i];
                if (before) {{
                    an_blas_Lgemm(&plain, &plain, &below, &before, &own, &minus, column, &ld,
                                  a + first, &ld, &one, x + last, &ld);
                    an_blas_Lgemm(&turned, &plain, &own, &before, &below, &minus, column, &ld,
                                  a + last, &ld, &one, x + first, &ld);
                }}
            }}
            for (int64_t j = 0; j < own; j++)
                for (int64_t i = 0; i < own; i++)
                    square[j * BLOCK + i] = i < j ? 0 : corner[j * n + i];
            an_blas_Lgemm(&turned, &plain, &own, &own, &own, &one, square, &wide, bar, &ld, &zero,
                          square + BLOCK * BLOCK, &wide);
            W *inner = square + BLOCK * BLOCK;
            for (int64_t j = 0; j < own; j++) {{
                for (int64_t i = 0; i < j; i++) inner[j * BLOCK + i] = 0;
                inner[j * BLOCK + j] *= (W)0.5;
            }}
            an_blas_Ltrsm(&left, &lower, &turned, &plain, &own, &own, &one, corner, &ld, inner,
                          &wide);
            an_blas_Ltrsm(&right, &lower, &plain, &plain, &own, &own, &one, corner, &ld, inner,
                          &wide);
            for (int64_t j = 0; j < own; j++)
                for (int64_t i = 0; i < own; i++) {{
                    const W both = inner[j * BLOCK + i] + inner[i * BLOCK + j];
                    if (i >= j) bar[j * n + i] = i == j ? both * (W)0.5 : both;
                    square[j * BLOCK + i] = both;
                }}
            /* own + own' of the lower triangle with its diagonal once: the diagonal twice */
            if (before)
                an_blas_Lgemm(&plain, &plain, &own, &before, &own, &minus, square, &wide,
                              a + first, &ld, &one, x + first, &ld);
        }}
        an_rows_T(n, n, (T *)p[2] + b * n * n, x, n);
    }}
    free(a);
    return info;
}}"""
