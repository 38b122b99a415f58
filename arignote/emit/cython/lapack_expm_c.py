"""The C of the matrix exponential.

Scaling and squaring with Pade approximants: A. Al-Mohy and N. Higham, "A new scaling and squaring
algorithm for the matrix exponential" (2009), with norms of powers computed, not estimated.  As in
SciPy, the diagonals of triangular matrices are exponentials themselves (their code fragment 2.1).
What is not finite is left to SciPy; see lapack_c.py for how such functions are called.
"""

from __future__ import annotations

from .lapack_start import COPY, EACH, START

_PADE = {
    3: (120, 60, 12, 1),
    5: (30240, 15120, 3360, 420, 30, 1),
    7: (17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1),
    9: (17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1),
    13: (
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
        10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ),
}  # fmt: skip
_ROWS = ",\n        ".join(
    "{" + ", ".join(f"{float(x)!r}" for x in row) + "}" for row in _PADE.values()
)

EXPM = f"""\
static V an_expm_size_T(W x) {{
    REAL(return fabs(x);)
    COMPLEX(return hypot(__real__(x), __imag__(x));)
}}
static W an_expm_exp_T(W x) {{
    REAL(return exp(x);)
    COMPLEX(V *at = (V *)&x; const V r = exp(at[0]), im = at[1];)
    COMPLEX(at[0] = r * cos(im); at[1] = r * sin(im); return x;)
}}
/* The largest column sum. */
static V an_expm_norm_T(int64_t n, const W *x) {{
    V most = 0;
    for (int64_t j = 0; j < n; j++) {{
        V sum = 0;
        for (int64_t i = 0; i < n; i++) sum += an_expm_size_T(x[j * n + i]);
        if (!(sum <= most)) most = sum;
    }}
    return most;
}}
/* How often x * scale is to be halved for degree m: by the norm of |x|^(2 m + 1). */
static int an_expm_ell_T(int64_t n, const W *x, V scale, V norm, int m, V recip, V *y) {{
    V most = 1, power = 1;
    for (int64_t i = 0; i < n; i++) y[i] = 1;
    for (int k = 0; k < 2 * m + 1 && most > 0; k++) {{
        V next = 0;
        for (int64_t j = 0; j < n; j++) {{
            V sum = 0;
            for (int64_t i = 0; i < n; i++) sum += an_expm_size_T(x[j * n + i]) * y[i];
            y[n + j] = sum * scale;
            if (y[n + j] > next) next = y[n + j];
        }}
        for (int64_t j = 0; j < n; j++) y[j] = next > 0 ? y[n + j] / next : 0;
        most = next;
        power *= next;
    }}
    if (!(power > 0)) return 0;
    const V bits = ceil((log2(power / (norm * scale * recip)) + 53) / (2 * m));
    return bits > 0 ? (int)bits : 0;
}}
/* z = the sum of by[k] * x[k], and unit on the diagonal, and more. */
static void an_expm_sum_T(int64_t n, W *z, int count, W *const *x, const V *by, V unit,
                          const W *more) {{
    for (int64_t i = 0; i < n * n; i++) {{
        W sum = more ? more[i] : 0;
        for (int k = 0; k < count; k++) sum += by[k] * x[k][i];
        z[i] = sum;
    }}
    for (int64_t i = 0; i < n; i++) z[i * n + i] += unit;
}}
static void an_expm_times_T(const W *x, const W *y, W *z, int n) {{
    char plain = 'N';
    W one = 1, zero = 0;
    an_blas_Lgemm(&plain, &plain, &n, &n, &n, &one, (W *)x, &n, (W *)y, &n, &zero, z, &n);
}}
/* x to the power 2^s; a triangular one's diagonal and the next are exponentials of a's. */
static W *an_expm_squared_T(int64_t n, W *x, W *z, const W *diagonal, const W *next, int s,
                            int low) {{
    for (int k = s - 1; k >= -1; k--) {{
        if (next && k < s - 1 + (s > 0)) {{
            const V by = ldexp(1.0, -(k + 1));
            for (int64_t i = 0; i < n; i++) x[i * n + i] = an_expm_exp_T(diagonal[i] * by);
            for (int64_t i = 0; i + 1 < n && k < s - 1; i++) {{
                const W first = diagonal[i] * by, second = diagonal[i + 1] * by;
                const W one = an_expm_exp_T(first), other = an_expm_exp_T(second);
                const W rise = first == second ? one : (other - one) / (second - first);
                x[low ? i * n + i + 1 : (i + 1) * n + i] = rise * (next[i] * by);
            }}
        }}
        if (k < 0) break;
        an_expm_times_T(x, x, z, (int)n);
        W *const other = x;
        x = z;
        z = other;
    }}
    return x;
}}
/* The approximant of a (degree, halvings): x = r(a / 2^s); memory of eight matrices at a. */
static int an_expm_pade_T(int64_t n, W *a, V *y, int *pivots, int *halvings) {{
    static const double pade[5][14] = {{
        {_ROWS}}};
    static const int degrees[5] = {{3, 5, 7, 9, 13}};
    static const double theta[5] = {{1.495585217958292e-2, 2.539398330063230e-1,
        9.504178996162932e-1, 2.097847961257068, 4.25}};
    static const double recip[5] = {{100800.0, 10059033600.0, 4487938430976000.0,
        5.914384781877412e21, 1.1325077560602111e35}};
    const int64_t nn = n * n;
    W *a2 = a + nn, *a4 = a2 + nn, *a6 = a4 + nn, *a8 = a6 + nn, *u = a8 + nn, *v = u + nn;
    W *t = v + nn;
    const V norm = an_expm_norm_T(n, a);
    int n_ = (int)n, info = 0, s = 0, at = 4;
    an_expm_times_T(a, a, a2, n_);
    an_expm_times_T(a2, a2, a4, n_);
    an_expm_times_T(a2, a4, a6, n_);
    an_expm_times_T(a4, a4, a8, n_);
    const V d4 = pow(an_expm_norm_T(n, a4), 0.25), d6 = pow(an_expm_norm_T(n, a6), 1 / 6.0);
    const V d8 = pow(an_expm_norm_T(n, a8), 0.125), eta[4] = {{fmax(d4, d6), fmax(d4, d6),
        fmax(d6, d8), fmax(d6, d8)}};
    for (int k = 3; k >= 0; k--)
        if (eta[k] < theta[k] && an_expm_ell_T(n, a, 1, norm, degrees[k], recip[k], y) == 0) at = k;
    const double *b = pade[at];
    W *const powers[4] = {{a2, a4, a6, a8}};
    if (at < 4) {{
        const V odd[4] = {{b[3], b[5], b[7], b[9]}}, even[4] = {{b[2], b[4], b[6], b[8]}};
        an_expm_sum_T(n, t, at + 1, powers, odd, b[1], 0);
        an_expm_times_T(a, t, u, n_);
        an_expm_sum_T(n, v, at + 1, powers, even, b[0], 0);
    }} else {{
        an_expm_times_T(a4, a6, t, n_);
        const V d10 = pow(an_expm_norm_T(n, t), 0.1), eta5 = fmin(eta[3], fmax(d8, d10));
        if (eta5 > theta[4]) s = (int)ceil(log2(eta5 / theta[4]));
        s += an_expm_ell_T(n, a, ldexp(1.0, -s), norm, 13, recip[4], y);
        const V q = ldexp(1.0, -2 * s), q2 = q * q, q3 = q2 * q, h = ldexp(1.0, -s);
        const V far[3] = {{b[9] * q, b[11] * q2, b[13] * q3}};
        const V odd[3] = {{b[3] * q, b[5] * q2, b[7] * q3}};
        const V far2[3] = {{b[8] * q, b[10] * q2, b[12] * q3}};
        const V even[3] = {{b[2] * q, b[4] * q2, b[6] * q3}};
        an_expm_sum_T(n, t, 3, powers, far, 0, 0);
        an_expm_times_T(a6, t, v, n_);
        for (int64_t i = 0; i < nn; i++) v[i] *= q3;
        an_expm_sum_T(n, t, 3, powers, odd, b[1], v);
        an_expm_times_T(a, t, u, n_);
        for (int64_t i = 0; i < nn; i++) u[i] *= h;
        an_expm_sum_T(n, t, 3, powers, far2, 0, 0);
        an_expm_times_T(a6, t, a8, n_);
        for (int64_t i = 0; i < nn; i++) a8[i] *= q3;
        an_expm_sum_T(n, v, 3, powers, even, b[0], a8);
    }}
    for (int64_t i = 0; i < nn; i++) {{
        a2[i] = v[i] - u[i];
        a4[i] = v[i] + u[i];
    }}
    an_blas_Lgesv(&n_, &n_, a2, &n_, pivots, a4, &n_, &info);
    *halvings = s;
    return info;
}}
static int32_t an_la_expm_T(void **p, const int64_t *d, int64_t nb) {{
{START}
    W *a = malloc((8 * n * n + 2 * n + 1) * sizeof(W)), *diagonal = a + 8 * n * n;
    W *next = diagonal + n;
    V *y = malloc((2 * n + 1) * sizeof(V));
    int *pivots = malloc((n + 1) * sizeof(int));
    if (!a || !pivots || !y) info = 1;
    (void)ld; (void)m_;
    {EACH} {{
        int s = 0, low = 0, up = 0;
        W *x = a + 2 * n * n;
        {COPY}
        for (int64_t j = 0; j < n; j++)
            for (int64_t i = 0; i < n; i++) {{
                if (!isfinite(an_expm_size_T(a[j * n + i]))) info = 1;
                if (a[j * n + i] != 0) {{ low |= i > j; up |= i < j; }}
            }}
        if (info) break;
        for (int64_t i = 0; i < n; i++) diagonal[i] = a[i * n + i];
        if (!low && !up) {{
            memset(x, 0, n * n * sizeof(W));
            for (int64_t i = 0; i < n; i++) x[i * n + i] = an_expm_exp_T(diagonal[i]);
        }} else {{
            for (int64_t i = 0; i + 1 < n; i++) next[i] = a[low ? i * n + i + 1 : (i + 1) * n + i];
            info = an_expm_pade_T(n, a, y, pivots, &s);
            x = an_expm_squared_T(n, x, a, diagonal, low && up ? 0 : next, s, low);
        }}
        an_rows_T(n, n, (T *)p[1] + b * n * n, x, n);
        if (low && up) continue;
        for (int64_t i = 0; i < n && low != up; i++)  /* the empty triangle is exactly 0 */
            for (int64_t j = low ? i + 1 : 0; j < (low ? n : i); j++)
                ((T *)p[1])[b * n * n + i * n + j] = 0;
    }}
    free(a); free(y); free(pivots);
    return info;
}}"""
