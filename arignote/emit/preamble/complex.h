/* Complex numbers, by their parts, as NumPy computes them.  Written for complex128, read once more
   for complex64.  <complex.h> is not included: its macro I would take a name of the user's. */

#if defined(__CUDACC__)
typedef struct { an_f8 re, im; } an_c16;
#define an_real_c16(z) ((z).re)
#define an_imag_c16(z) ((z).im)
AN_FN an_c16 an_pair_c16(an_f8 re, an_f8 im) { an_c16 z = {re, im}; return z; }
#else
typedef double _Complex an_c16;
#define an_real_c16(z) (__real__(z))
#define an_imag_c16(z) (__imag__(z))
#define an_pair_c16(re, im) __builtin_complex((an_f8)(re), (an_f8)(im))
#endif

AN_FN an_c16 an_add_c16(an_c16 x, an_c16 y) {
    return an_pair_c16(an_real_c16(x) + an_real_c16(y), an_imag_c16(x) + an_imag_c16(y));
}

AN_FN an_c16 an_subtract_c16(an_c16 x, an_c16 y) {
    return an_pair_c16(an_real_c16(x) - an_real_c16(y), an_imag_c16(x) - an_imag_c16(y));
}

AN_FN an_c16 an_negative_c16(an_c16 x) { return an_pair_c16(-an_real_c16(x), -an_imag_c16(x)); }

AN_FN an_c16 an_conjugate_c16(an_c16 x) { return an_pair_c16(an_real_c16(x), -an_imag_c16(x)); }

/* A product that stays one.  In loops, gcc makes vfmaddsub of a product's difference beside a sum,
   whatever -ffp-contract says: it does not see a product in this. */
#if defined(__FMA__) && !defined(__CUDACC__)
#define AN_PRODUCT_f8(x, y) fma(x, y, -(an_f8)0)
#else
#define AN_PRODUCT_f8(x, y) ((x) * (y))
#endif

AN_FN an_c16 an_multiply_c16(an_c16 x, an_c16 y) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    return an_pair_c16(AN_PRODUCT_f8(a, c) - AN_PRODUCT_f8(b, d), AN_PRODUCT_f8(a, d) + AN_PRODUCT_f8(b, c));
}

AN_FN an_c16 an_square_c16(an_c16 x) { return an_multiply_c16(x, x); }

/* as NumPy multiplies arrays: the second product and the sum are rounded once */
AN_FN an_c16 an_fused_multiply_c16(an_c16 x, an_c16 y) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    return an_pair_c16(fma(a, c, -(b * d)), fma(a, d, b * c));
#else
    return an_multiply_c16(x, y);
#endif
}

/* as NumPy's of arrays */
AN_FN an_f8 an_fused_absolute_c16(an_c16 x) {
    const an_f8 a = fabs(an_real_c16(x)), b = fabs(an_imag_c16(x));
    const an_f8 big = a > b ? a : b, small = a > b ? b : a, ratio = small / big;
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
    const an_f8 size = big * sqrt(fma(ratio, ratio, (an_f8)1));
#else
    const an_f8 size = big * sqrt(ratio * ratio + 1);
#endif
    const an_f8 wide = (a == (an_f8)INFINITY) | (b == (an_f8)INFINITY) ? (an_f8)INFINITY : size;
    return big == 0 ? small : wide;
}

/* Smith's division (Algorithm 116, 1962), NumPy's. */
AN_FN an_c16 an_divide_c16(an_c16 x, an_c16 y) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    const int flat = fabs(c) >= fabs(d), zero = (c == 0) & (d == 0);
    const an_f8 big = flat ? c : d, small = flat ? d : c, ratio = small / big;
    const an_f8 scale = 1 / (big + small * ratio);
    const an_f8 p = AN_PRODUCT_f8(a, ratio), q = AN_PRODUCT_f8(b, ratio);
    const an_f8 re = flat ? a + q : p + b, im = flat ? b - p : q - a;
    return an_pair_c16(zero ? a / fabs(c) : re * scale, zero ? b / fabs(c) : im * scale);
}

AN_FN an_c16 an_reciprocal_c16(an_c16 x) {
    const an_f8 c = an_real_c16(x), d = an_imag_c16(x);
    const int flat = fabs(d) <= fabs(c);
    const an_f8 big = flat ? c : d, small = flat ? d : c, ratio = small / big;
    const an_f8 size = big + small * ratio;
    return an_pair_c16((flat ? 1 : ratio) / size, (flat ? -ratio : -1) / size);
}

AN_FN an_c16 an_sign_c16(an_c16 x) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), size = hypot(a, b);
    const int wide = fabs(a) == (an_f8)INFINITY, tall = fabs(b) == (an_f8)INFINITY;
    if (size != size || (wide && tall)) return an_pair_c16(NAN, NAN);
    if (wide) return an_pair_c16(a > 0 ? 1 : -1, 0);
    if (tall) return an_pair_c16(0, b > 0 ? 1 : -1);
    return size == 0 ? an_pair_c16(0, 0) : an_pair_c16(a / size, b / size);
}

AN_FN an_c16 an_rint_c16(an_c16 x) { return an_pair_c16(rint(an_real_c16(x)), rint(an_imag_c16(x))); }

/* ---- comparison: by the real parts, then by the imaginary; false where that meets nan ---- */

AN_FN an_c16 an_choose_c16(int c, an_c16 x, an_c16 y) {
    return an_pair_c16(c ? an_real_c16(x) : an_real_c16(y), c ? an_imag_c16(x) : an_imag_c16(y));
}

AN_FN an_b1 an_truth_c16(an_c16 x) { return (an_real_c16(x) != 0) | (an_imag_c16(x) != 0); }

AN_FN an_b1 an_isnan_c16(an_c16 x) {
    return (an_real_c16(x) != an_real_c16(x)) | (an_imag_c16(x) != an_imag_c16(x));
}

AN_FN an_b1 an_isinf_c16(an_c16 x) {
    return (fabs(an_real_c16(x)) == (an_f8)INFINITY) | (fabs(an_imag_c16(x)) == (an_f8)INFINITY);
}

AN_FN an_b1 an_isfinite_c16(an_c16 x) {
    return (fabs(an_real_c16(x)) < (an_f8)INFINITY) & (fabs(an_imag_c16(x)) < (an_f8)INFINITY);
}

AN_FN an_b1 an_equal_c16(an_c16 x, an_c16 y) {
    return (an_real_c16(x) == an_real_c16(y)) & (an_imag_c16(x) == an_imag_c16(y));
}

AN_FN an_b1 an_not_equal_c16(an_c16 x, an_c16 y) { return !an_equal_c16(x, y); }

AN_FN an_b1 an_less_c16(an_c16 x, an_c16 y) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    return ((a < c) & (b == b) & (d == d)) | ((a == c) & (b < d));
}

AN_FN an_b1 an_less_equal_c16(an_c16 x, an_c16 y) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    return ((a < c) & (b == b) & (d == d)) | ((a == c) & (b <= d));
}

AN_FN an_b1 an_greater_c16(an_c16 x, an_c16 y) { return an_less_c16(y, x); }

AN_FN an_b1 an_greater_equal_c16(an_c16 x, an_c16 y) { return an_less_equal_c16(y, x); }

AN_FN an_c16 an_maximum_c16(an_c16 x, an_c16 y) {
    return an_choose_c16(an_isnan_c16(x) | an_greater_equal_c16(x, y), x, y);
}

AN_FN an_c16 an_minimum_c16(an_c16 x, an_c16 y) {
    return an_choose_c16(an_isnan_c16(x) | an_less_equal_c16(x, y), x, y);
}

AN_FN an_c16 an_fmax_c16(an_c16 x, an_c16 y) {
    return an_choose_c16(an_isnan_c16(y) | an_greater_equal_c16(x, y), x, y);
}

AN_FN an_c16 an_fmin_c16(an_c16 x, an_c16 y) {
    return an_choose_c16(an_isnan_c16(y) | an_less_equal_c16(x, y), x, y);
}

AN_FN an_c16 an_clip_c16(an_c16 x, an_c16 low, an_c16 high) {
    const an_c16 raised = an_isnan_c16(x) || an_above_c16(x, low) ? x : low;
    return an_isnan_c16(raised) || an_above_c16(high, raised) ? raised : high;
}

/* clip's own order: the imaginary parts count only where the real ones are equal */
AN_FN an_b1 an_above_c16(an_c16 x, an_c16 y) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), c = an_real_c16(y), d = an_imag_c16(y);
    return a == c ? b > d : a > c;
}

/* ---- functions of libm ---- */

an_c16 cexp(an_c16);

an_c16 clog(an_c16);

an_c16 csqrt(an_c16);

an_c16 cpow(an_c16, an_c16);

an_c16 csin(an_c16);

an_c16 ccos(an_c16);

an_c16 ctan(an_c16);

an_c16 casin(an_c16);

an_c16 cacos(an_c16);

an_c16 catan(an_c16);

an_c16 csinh(an_c16);

an_c16 ccosh(an_c16);

an_c16 ctanh(an_c16);

an_c16 casinh(an_c16);

an_c16 cacosh(an_c16);

an_c16 catanh(an_c16);

AN_FN an_c16 an_scaled_c16(an_c16 x, an_f8 k) {
    return an_pair_c16(an_real_c16(x) * k, an_imag_c16(x) * k);
}

AN_FN an_c16 an_exp2_c16(an_c16 x) {
    return cexp(an_scaled_c16(x, (an_f8)0.693147180559945309417232121458176568));
}

AN_FN an_c16 an_log2_c16(an_c16 x) {
    return an_scaled_c16(clog(x), (an_f8)1.442695040888963407359924681001892137);
}

AN_FN an_c16 an_log10_c16(an_c16 x) {
    return an_scaled_c16(clog(x), (an_f8)0.434294481903251827651128918916605082);
}

AN_FN an_c16 an_expm1_c16(an_c16 x) {
    const an_f8 a = an_real_c16(x), b = an_imag_c16(x), s = sin(b / 2);
    return an_pair_c16(expm1(a) * cos(b) - 2 * s * s, exp(a) * sin(b));
}

AN_FN an_c16 an_log1p_c16(an_c16 x) {
    const an_f8 a = an_real_c16(x) + 1, b = an_imag_c16(x);
    return an_pair_c16(log(hypot(a, b)), atan2(b, a));
}

/* 0**z and small whole exponents apart, as NumPy. */
AN_FN an_c16 an_power_c16(an_c16 x, an_c16 y) {
    const an_f8 c = an_real_c16(y), d = an_imag_c16(y);
    if (c == 0 && d == 0) return an_pair_c16(1, 0);
    if (!an_truth_c16(x)) return c > 0 ? an_pair_c16(0, 0) : an_pair_c16(NAN, NAN);
    if (d == 0 && c == trunc(c) && fabs(c) < 100) {
        if (c == 1) return x;
        if (c == 2) return an_multiply_c16(x, x);
        if (c == 3) return an_multiply_c16(x, an_multiply_c16(x, x));
        an_c16 r = an_pair_c16(1, 0), base = x;
        for (int n = (int)fabs(c); n; n >>= 1) {
            if (n & 1) r = an_multiply_c16(r, base);
            base = an_multiply_c16(base, base);
        }
        return c < 0 ? an_divide_c16(an_pair_c16(1, 0), r) : r;
    }
    return cpow(x, y);
}
