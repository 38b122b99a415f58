/* The exponential and what is made of it, without branches or tables, so that loops of them become
   vector code of full width inside the loop that calls them.  Where the machine has no fused
   multiply-add, and on a GPU, the library's functions are used instead.

   x = n ln 2 + r with n whole (Cody and Waite, "Software Manual for the Elementary Functions", 1980)
   and exp(r) = (Q + P) / (Q - P), where P / Q = tanh(r / 2) is a minimax rational function of r:
   what divides in the end divides once.  The number n appears in the low bits of t, because adding
   1.5 * 2^52 rounds to whole numbers; a shift makes 2^n of it.  P and Q carry a factor 2^64 (2^32),
   by which results that are subnormal are rounded only by the last division. */

#if (defined(__FMA__) || defined(__ARM_FEATURE_FMA)) && !defined(__CUDACC__)
#define AN_FUSED 1
#else
#define AN_FUSED 0
#endif

AN_FN an_i8 an_bits_f8(an_f8 x) {
    an_i8 i;
    memcpy(&i, &x, 8);
    return i;
}

AN_FN an_i4 an_bits_f4(an_f4 x) {
    an_i4 i;
    memcpy(&i, &x, 4);
    return i;
}

AN_FN an_f8 an_float_f8(an_i8 i) {
    an_f8 x;
    memcpy(&x, &i, 8);
    return x;
}

AN_FN an_f4 an_float_f4(an_i4 i) {
    an_f4 x;
    memcpy(&x, &i, 4);
    return x;
}

/* x times 2^n, where n stands in the low bits of t and neither number is subnormal. */
AN_FN an_f8 an_scaled_f8(an_f8 x, an_f8 t) {
    return an_float_f8((an_i8)((an_u8)an_bits_f8(x) + ((an_u8)an_bits_f8(t) << 52)));
}

AN_FN an_f4 an_scaled_f4(an_f4 x, an_f4 t) {
    return an_float_f4((an_i4)((an_u4)an_bits_f4(x) + ((an_u4)an_bits_f4(t) << 23)));
}

#define AN_WHOLE_BITS_f8 6755399441055744.0

#define AN_WHOLE_BITS_f4 12582912.0f

/* t of the text above, of x + m ln 2. */
AN_FN an_f8 an_exp_whole_f8(an_f8 x, an_f8 m) {
    return fma(x, 1.44269504088896340736, AN_WHOLE_BITS_f8 + m);
}

AN_FN an_f4 an_exp_whole_f4(an_f4 x, an_f4 m) {
    return fmaf(x, 1.44269504088896340736f, AN_WHOLE_BITS_f4 + m);
}

AN_FN an_f8 an_exp_rest_f8(an_f8 x, an_f8 n) {
    return fma(n, -2.31904681384629956e-17, fma(n, -0.69314718055994528623, x));
}

AN_FN an_f4 an_exp_rest_f4(an_f4 x, an_f4 n) {
    return fmaf(n, 1.90465429995776805e-9f, fmaf(n, -0.693147182464599609375f, x));
}

/* P and Q of the text above, times a power of two, where u = r * r; step 4 reads r for r / 2. */
AN_FN an_f8 an_exp_odd_f8(an_f8 r, an_f8 u, an_f8 scale, an_f8 step) {
    const an_f8 c = 3.3044361929024027e-5 * scale * step * step;
    return r * fma(fma(c, u, 0.013887422564733324 * scale * step), u, 0.5 * scale);
}

AN_FN an_f8 an_exp_even_f8(an_f8 u, an_f8 scale, an_f8 step) {
    const an_f8 c = 9.9177026255110629e-4 * scale * step * step;
    return fma(fma(c, u, 0.11110817846279854 * scale * step), u, scale);
}

AN_FN an_f4 an_exp_odd_f4(an_f4 r, an_f4 u, an_f4 scale, an_f4 step) {
    return r * fmaf(8.3233965e-3f * scale * step, u, 0.5f * scale);
}

AN_FN an_f4 an_exp_even_f4(an_f4 u, an_f4 scale, an_f4 step) {
    return fmaf(9.9980065e-2f * scale * step, u, scale);
}

#define AN_HIGH_f8 18446744073709551616.0

#define AN_HIGH_f4 4294967296.0f

/* ---- exp ---- */

AN_FN an_f8 an_exp_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 size = fabs(x), y = size > 746 ? -746 : -size;
    const an_f8 t = an_exp_whole_f8(y, 0), r = an_exp_rest_f8(y, t - AN_WHOLE_BITS_f8), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, AN_HIGH_f8, 1), q = an_exp_even_f8(u, AN_HIGH_f8, 1);
    const an_f8 small = an_scaled_f8(q + p, t), large = q - p;
    return (x < 0 ? small : large) / (x < 0 ? large : small);
#else
    return exp(x);
#endif
}

AN_FN an_f4 an_exp_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 size = fabsf(x), y = size > 105 ? -105 : -size;
    const an_f4 t = an_exp_whole_f4(y, 0), r = an_exp_rest_f4(y, t - AN_WHOLE_BITS_f4), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, AN_HIGH_f4, 1), q = an_exp_even_f4(u, AN_HIGH_f4, 1);
    const an_f4 small = an_scaled_f4(q + p, t), large = q - p;
    return (x < 0 ? small : large) / (x < 0 ? large : small);
#else
    return expf(x);
#endif
}

/* ---- tanh, by its addition theorem: tanh(n ln 2 / 2) = (2^n - 1) / (2^n + 1) ---- */

AN_FN an_f8 an_tanh_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 size = fabs(x), y = size > 22 ? 22 : size;
    const an_f8 t = fma(y, 2.88539008177792681472, AN_WHOLE_BITS_f8 + 1023);
    const an_f8 n = t - (AN_WHOLE_BITS_f8 + 1023), r = fma(n, -0.34657359027997264311, y), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, 2, 4), q = an_exp_even_f8(u, 1, 4);
    const an_f8 power = an_scaled_f8(0, t), less = power - 1, more = power + 1;
    return copysign(fma(less, q, more * p) / fma(more, q, less * p), x);
#else
    return tanh(x);
#endif
}

AN_FN an_f4 an_tanh_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 size = fabsf(x), y = size > 11 ? 11 : size;
    const an_f4 t = fmaf(y, 2.88539008177792681472f, AN_WHOLE_BITS_f4 + 127);
    const an_f4 n = t - (AN_WHOLE_BITS_f4 + 127), r = fmaf(n, -0.3465735912322998046875f, y), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, 2, 4), q = an_exp_even_f4(u, 1, 4);
    const an_f4 power = an_scaled_f4(0, t), less = power - 1, more = power + 1;
    return copysignf(fmaf(less, q, more * p) / fmaf(more, q, less * p), x);
#else
    return tanhf(x);
#endif
}

/* ---- the logistic function, exp(x) / (1 + exp(x)) ---- */

AN_FN an_f8 an_expit_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 size = fabs(x), y = size > 746 ? -746 : -size;
    const an_f8 t = an_exp_whole_f8(y, 0), r = an_exp_rest_f8(y, t - AN_WHOLE_BITS_f8), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, AN_HIGH_f8, 1), q = an_exp_even_f8(u, AN_HIGH_f8, 1);
    const an_f8 small = an_scaled_f8(q + p, t), large = q - p;
    return (x < 0 ? small : large) / (small + large);
#else
    const an_f8 e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
#endif
}

AN_FN an_f4 an_expit_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 size = fabsf(x), y = size > 105 ? -105 : -size;
    const an_f4 t = an_exp_whole_f4(y, 0), r = an_exp_rest_f4(y, t - AN_WHOLE_BITS_f4), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, AN_HIGH_f4, 1), q = an_exp_even_f4(u, AN_HIGH_f4, 1);
    const an_f4 small = an_scaled_f4(q + p, t), large = q - p;
    return (x < 0 ? small : large) / (small + large);
#else
    const an_f4 e = expf(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
#endif
}

/* ---- log(1 + exp(-x)) for x not negative: 2 atanh(s), where s = e / (2 + e), e = exp(-x); from
   e = sqrt(2) - 1 on it is the logarithm of (1 + e) / 2 and ln 2, which keeps s small. ---- */

AN_FN an_f8 an_softplus_rest_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 y = x > 746 ? -746 : -x;
    const an_f8 t = an_exp_whole_f8(y, 0), r = an_exp_rest_f8(y, t - AN_WHOLE_BITS_f8), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, AN_HIGH_f8, 1), q = an_exp_even_f8(u, AN_HIGH_f8, 1);
    const an_f8 small = an_scaled_f8(q + p, t), large = q - p;
    const an_f8 half = x < 0.8814 ? large : 0, ln2 = x < 0.8814 ? 0.69314718055994530942 : 0;
    const an_f8 s = (small - half) / (fma(large, 2, small) + half), w = s * s;
    return fma(s, fma(w, an_atanh_rest_f8(w), 2), ln2);
#else
    return log1p(exp(-x));
#endif
}

AN_FN an_f4 an_softplus_rest_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 y = x > 105 ? -105 : -x;
    const an_f4 t = an_exp_whole_f4(y, 0), r = an_exp_rest_f4(y, t - AN_WHOLE_BITS_f4), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, AN_HIGH_f4, 1), q = an_exp_even_f4(u, AN_HIGH_f4, 1);
    const an_f4 small = an_scaled_f4(q + p, t), s = small / fmaf(q - p, 2, small), w = s * s;
    const an_f4 rest = fmaf(fmaf(0.280154022f, w, 0.280011651f), w, 0.400215628f);
    return s * fmaf(fmaf(rest, w, 0.666664157f), w, 2);
#else
    return log1pf(expf(-x));
#endif
}

AN_FN an_f8 an_softplus_f8(an_f8 x) { return (x > 0 ? x : 0) + an_softplus_rest_f8(fabs(x)); }

AN_FN an_f4 an_softplus_f4(an_f4 x) { return (x > 0 ? x : 0) + an_softplus_rest_f4(fabsf(x)); }

AN_FN an_f8 an_logaddexp_f8(an_f8 x, an_f8 y) {
    const an_f8 top = x > y ? x : y, gap = x == y ? 0 : fabs(x - y);
    return top + an_softplus_rest_f8(gap);
}

AN_FN an_f4 an_logaddexp_f4(an_f4 x, an_f4 y) {
    const an_f4 top = x > y ? x : y, gap = x == y ? 0 : fabsf(x - y);
    return top + an_softplus_rest_f4(gap);
}

/* ---- exp(x) - 1: 2^n (exp(r) - 1) + (2^n - 1), by half of 2^n, which overflows later ---- */

AN_FN an_f8 an_expm1_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 low = x < -40 ? -40 : x, y = low > 710 ? 710 : low;
    const an_f8 t = an_exp_whole_f8(y, 1022), n = t - (AN_WHOLE_BITS_f8 + 1022);
    const an_f8 r = an_exp_rest_f8(y, n), p = fma(r * r, an_exp_tail_f8(r), r);
    const an_f8 power = an_scaled_f8(0, t), half = fma(power, p, power - 0.5);
    return copysign(half + half, x);
#else
    return expm1(x);
#endif
}

AN_FN an_f4 an_expm1_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 low = x < -20 ? -20 : x, y = low > 89 ? 89 : low;
    const an_f4 t = an_exp_whole_f4(y, 126), n = t - (AN_WHOLE_BITS_f4 + 126);
    const an_f4 r = an_exp_rest_f4(y, n), p = fmaf(r * r, an_exp_tail_f4(r), r);
    const an_f4 power = an_scaled_f4(0, t), half = fmaf(power, p, power - 0.5f);
    return copysignf(half + half, x);
#else
    return expm1f(x);
#endif
}

/* (exp(r) - 1 - r) / r^2: minimax polynomials for 2 |r| <= ln 2. */
AN_FN an_f8 an_exp_tail_f8(an_f8 r) {
    an_f8 p = fma(0x1.ad7f364a50838p-26, r, 0x1.28ad9b8cf1c58p-22);
    p = fma(fma(p, r, 0x1.71df25b824940p-19), r, 0x1.a01999e256f02p-16);
    p = fma(fma(p, r, 0x1.a01a012a0d248p-13), r, 0x1.6c16c18438b79p-10);
    p = fma(fma(p, r, 0x1.1111111127d14p-7), r, 0x1.555555555083ep-5);
    return fma(fma(p, r, 0x1.55555555554f9p-3), r, 0x1.000000000000ap-1);
}

AN_FN an_f4 an_exp_tail_f4(an_f4 r) {
    const an_f4 p = fmaf(fmaf(0x1.6a2460p-10f, r, 0x1.123a20p-7f), r, 0x1.5558f2p-5f);
    return fmaf(fmaf(p, r, 0x1.555492p-3f), r, 0x1.fffffcp-2f);
}
