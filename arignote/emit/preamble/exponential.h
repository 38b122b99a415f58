/* The exponential and what is made of it, without branches or tables, so that loops of them become
   vector code of full width inside the loop that calls them.  Where the machine has no fused
   multiply-add, and on a GPU, the library's functions are used instead.

   x = n ln 2 + r with n whole (Cody and Waite, "Software Manual for the Elementary Functions",
   1980) and exp(r) = (Q + P) / (Q - P), where P / Q = tanh(r / 2) is a minimax rational function of
   r: what divides in the end divides once.  The number n appears in the low bits of t, because
   adding 1.5 * 2^52 rounds to whole numbers.  2^n is shared by the two sides of the division, so
   that no factor overflows and a subnormal result is rounded once.

   What limits a loop is the multipliers, which compare numbers too: hence masks made of sign bits,
   and arguments out of bounds told apart by one comparison, in the end. */

#if (defined(__FMA__) || defined(__ARM_FEATURE_FMA)) && !defined(__CUDACC__)
#define AN_FUSED 1
#else
#define AN_FUSED 0
#endif

AN_FN an_u8 an_bits_f8(an_f8 x) {
    an_u8 i;
    memcpy(&i, &x, 8);
    return i;
}

AN_FN an_u4 an_bits_f4(an_f4 x) {
    an_u4 i;
    memcpy(&i, &x, 4);
    return i;
}

AN_FN an_f8 an_float_f8(an_u8 i) {
    an_f8 x;
    memcpy(&x, &i, 8);
    return x;
}

AN_FN an_f4 an_float_f4(an_u4 i) {
    an_f4 x;
    memcpy(&x, &i, 4);
    return x;
}

/* All ones where the sign bit is set, else 0. */
AN_FN an_u8 an_sign_mask_f8(an_u8 bits) { return (an_u8)((an_i8)bits >> 63); }

AN_FN an_u4 an_sign_mask_f4(an_u4 bits) { return (an_u4)((an_i4)bits >> 31); }

#define AN_WHOLE_BITS_f8 6755399441055744.0

#define AN_WHOLE_BITS_f4 12582912.0f

/* 2^n, where the low bits of t are n + 1023. */
AN_FN an_f8 an_exp2_of_f8(an_f8 t) { return an_float_f8(an_bits_f8(t) << 52); }

AN_FN an_f4 an_exp2_of_f4(an_f4 t) { return an_float_f4(an_bits_f4(t) << 23); }

/* ---- the parts of the text above ---- */

AN_FN an_f8 an_exp_whole_f8(an_f8 x) { return fma(x, 1.44269504088896340736, AN_WHOLE_BITS_f8); }

AN_FN an_f4 an_exp_whole_f4(an_f4 x) { return fmaf(x, 1.44269504088896340736f, AN_WHOLE_BITS_f4); }

AN_FN an_f8 an_exp_rest_f8(an_f8 x, an_f8 n) {
    return fma(n, -2.31904681384629956e-17, fma(n, -0.69314718055994528623, x));
}

AN_FN an_f4 an_exp_rest_f4(an_f4 x, an_f4 n) {
    return fmaf(n, 1.90465429995776805e-9f, fmaf(n, -0.693147182464599609375f, x));
}

/* 2 P and 2 Q, where u = r * r; or P and Q of 2 r, where step is 4 and one is 1. */
AN_FN an_f8 an_exp_odd_f8(an_f8 r, an_f8 u, an_f8 step) {
    const an_f8 c = 3.3044361929024027e-5 * 2 * step * step;
    return fma(r * u, fma(c, u, 0.013887422564733324 * 2 * step), r);
}

AN_FN an_f8 an_exp_even_f8(an_f8 u, an_f8 step, an_f8 one) {
    const an_f8 c = 9.9177026255110629e-4 * one * step * step;
    return fma(fma(c, u, 0.11110817846279854 * one * step), u, one);
}

AN_FN an_f4 an_exp_odd_f4(an_f4 r, an_f4 u, an_f4 step) {
    return fmaf(r * u, 8.3233965e-3f * 2 * step, r);
}

AN_FN an_f4 an_exp_even_f4(an_f4 u, an_f4 step, an_f4 one) {
    return fmaf(9.9980065e-2f * one * step, u, one);
}

/* The two sides of the division that gives exp(x), each with its part of 2^n. */
AN_FN an_f8 an_exp_up_f8(an_f8 p, an_f8 q, an_f8 t) {
    return an_float_f8(an_bits_f8(q + p) + (an_bits_f8(t) >> 1 << 52));
}

AN_FN an_f8 an_exp_down_f8(an_f8 p, an_f8 q, an_f8 t) {
    const an_u8 n = an_bits_f8(t);
    return an_float_f8(an_bits_f8(q - p) - ((n << 52) - (n >> 1 << 52)));
}

AN_FN an_f4 an_exp_up_f4(an_f4 p, an_f4 q, an_f4 t) {
    return an_float_f4(an_bits_f4(q + p) + (an_bits_f4(t) >> 1 << 23));
}

AN_FN an_f4 an_exp_down_f4(an_f4 p, an_f4 q, an_f4 t) {
    const an_u4 n = an_bits_f4(t);
    return an_float_f4(an_bits_f4(q - p) - ((n << 23) - (n >> 1 << 23)));
}

/* ---- exp ---- */

AN_FN an_f8 an_exp_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 t = an_exp_whole_f8(x), r = an_exp_rest_f8(x, t - AN_WHOLE_BITS_f8), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, 1), q = an_exp_even_f8(u, 1, 2);
    const an_f8 up = an_exp_up_f8(p, q, t), down = an_exp_down_f8(p, q, t);
    const an_u8 infinity = an_bits_f8(INFINITY) & ~an_sign_mask_f8(an_bits_f8(x));
    return fabs(x) > 746 ? an_float_f8(infinity) : up / down;
#else
    return exp(x);
#endif
}

AN_FN an_f4 an_exp_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 t = an_exp_whole_f4(x), r = an_exp_rest_f4(x, t - AN_WHOLE_BITS_f4), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, 1), q = an_exp_even_f4(u, 1, 2);
    const an_f4 up = an_exp_up_f4(p, q, t), down = an_exp_down_f4(p, q, t);
    const an_u4 infinity = an_bits_f4(INFINITY) & ~an_sign_mask_f4(an_bits_f4(x));
    return fabsf(x) > 105 ? an_float_f4(infinity) : up / down;
#else
    return expf(x);
#endif
}

/* ---- the logistic function, exp(x) / (1 + exp(x)), of the size of x: what it shares with that of -x
   is computed once where a loop has both ---- */

AN_FN an_f8 an_expit_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 size = fabs(x), t = an_exp_whole_f8(size);
    const an_f8 r = an_exp_rest_f8(size, t - AN_WHOLE_BITS_f8), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, 1), q = an_exp_even_f8(u, 1, 2);
    const an_f8 up = an_exp_up_f8(p, q, t), down = an_exp_down_f8(p, q, t);
    const an_u8 minus = an_sign_mask_f8(an_bits_f8(x)), one = an_bits_f8(1) & ~minus;
    const an_u8 top = (an_bits_f8(down) & minus) | (an_bits_f8(up) & ~minus);
    return an_float_f8(size > 746 ? one : an_bits_f8(an_float_f8(top) / (up + down)));
#else
    const an_f8 e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
#endif
}

AN_FN an_f4 an_expit_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 size = fabsf(x), t = an_exp_whole_f4(size);
    const an_f4 r = an_exp_rest_f4(size, t - AN_WHOLE_BITS_f4), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, 1), q = an_exp_even_f4(u, 1, 2);
    const an_f4 up = an_exp_up_f4(p, q, t), down = an_exp_down_f4(p, q, t);
    const an_u4 minus = an_sign_mask_f4(an_bits_f4(x)), one = an_bits_f4(1) & ~minus;
    const an_u4 top = (an_bits_f4(down) & minus) | (an_bits_f4(up) & ~minus);
    return an_float_f4(size > 105 ? one : an_bits_f4(an_float_f4(top) / (up + down)));
#else
    const an_f4 e = expf(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
#endif
}

/* ---- tanh, by its addition theorem: tanh(n ln 2 / 2) = (2^n - 1) / (2^n + 1) ---- */

AN_FN an_f8 an_tanh_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 size = fabs(x), t = fma(size, 2.88539008177792681472, AN_WHOLE_BITS_f8 + 1023);
    const an_f8 n = t - (AN_WHOLE_BITS_f8 + 1023), r = fma(n, -0.34657359027997264311, size);
    const an_f8 u = r * r, p = an_exp_odd_f8(r, u, 4), q = an_exp_even_f8(u, 4, 1);
    const an_f8 power = an_exp2_of_f8(t), less = power - 1, more = power + 1;
    const an_f8 found = fma(less, q, more * p) / fma(more, q, less * p);
    return copysign(size > 22 ? 1 : found, x);
#else
    return tanh(x);
#endif
}

AN_FN an_f4 an_tanh_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 size = fabsf(x), t = fmaf(size, 2.88539008177792681472f, AN_WHOLE_BITS_f4 + 127);
    const an_f4 n = t - (AN_WHOLE_BITS_f4 + 127), r = fmaf(n, -0.3465735912322998046875f, size);
    const an_f4 u = r * r, p = an_exp_odd_f4(r, u, 4), q = an_exp_even_f4(u, 4, 1);
    const an_f4 power = an_exp2_of_f4(t), less = power - 1, more = power + 1;
    const an_f4 found = fmaf(less, q, more * p) / fmaf(more, q, less * p);
    return copysignf(size > 11 ? 1 : found, x);
#else
    return tanhf(x);
#endif
}

/* ---- log(1 + exp(-x)) for x not negative: 2 atanh(s), where s = e / (2 + e), e = exp(-x); up to
   x = -log(sqrt(2) - 1) it is the logarithm of (1 + e) / 2 and ln 2, which keeps s small. ---- */

AN_FN an_f8 an_softplus_rest_f8(an_f8 size) {
#if AN_FUSED
    const an_f8 t = fma(size, -1.44269504088896340736, AN_WHOLE_BITS_f8 + 64);
    const an_f8 n = t - (AN_WHOLE_BITS_f8 + 64);
    const an_f8 r = an_exp_rest_f8(-size, n), u = r * r;
    const an_f8 p = an_exp_odd_f8(r, u, 1), q = an_exp_even_f8(u, 1, 2);
    const an_f8 up = an_float_f8(an_bits_f8(q + p) + (an_bits_f8(t) << 52));
    const an_f8 down = an_float_f8(an_bits_f8(q - p) + ((an_u8)64 << 52));
    const an_f8 half = size < 0.8814 ? down : 0, ln2 = size < 0.8814 ? 0.69314718055994530942 : 0;
    const an_f8 s = (up - half) / fma(down, size < 0.8814 ? 3 : 2, up), w = s * s;
    return size > 746 ? 0 : fma(s, fma(w, an_atanh_rest_f8(w), 2), ln2);
#else
    return log1p(exp(-size));
#endif
}

AN_FN an_f4 an_softplus_rest_f4(an_f4 size) {
#if AN_FUSED
    const an_f4 t = fmaf(size, -1.44269504088896340736f, AN_WHOLE_BITS_f4 + 32);
    const an_f4 n = t - (AN_WHOLE_BITS_f4 + 32);
    const an_f4 r = an_exp_rest_f4(-size, n), u = r * r;
    const an_f4 p = an_exp_odd_f4(r, u, 1), q = an_exp_even_f4(u, 1, 2);
    const an_f4 up = an_float_f4(an_bits_f4(q + p) + (an_bits_f4(t) << 23));
    const an_f4 down = an_float_f4(an_bits_f4(q - p) + ((an_u4)32 << 23));
    const an_f4 s = up / fmaf(down, 2, up), w = s * s;
    const an_f4 high = fmaf(0.280154022f, w, 0.280011651f);
    const an_f4 low = fmaf(0.400215628f, w, 0.666664157f);
    return size > 105 ? 0 : s * fmaf(fmaf(w * w, high, low), w, 2);
#else
    return log1pf(expf(-size));
#endif
}

/* ---- log(1 + exp(x)) and its like ---- */

AN_FN an_f8 an_softplus_f8(an_f8 x) {
    const an_u8 bits = an_bits_f8(x);
    return an_float_f8(bits & ~an_sign_mask_f8(bits)) + an_softplus_rest_f8(fabs(x));
}

AN_FN an_f4 an_softplus_f4(an_f4 x) {
    const an_u4 bits = an_bits_f4(x);
    return an_float_f4(bits & ~an_sign_mask_f4(bits)) + an_softplus_rest_f4(fabsf(x));
}

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
    const an_f8 t = fma(x, 1.44269504088896340736, AN_WHOLE_BITS_f8 + 1022);
    const an_f8 r = an_exp_rest_f8(x, t - (AN_WHOLE_BITS_f8 + 1022)), u = r * r;
    const an_f8 power = an_exp2_of_f8(t), p = fma(u, an_exp_tail_f8(r, u), r);
    const an_f8 half = fma(power, p, power - 0.5);
    const an_f8 low = x < -40 ? -1 : half + half, found = x > 709.8 ? INFINITY : low;
    return copysign(found, x);
#else
    return expm1(x);
#endif
}

AN_FN an_f4 an_expm1_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 t = fmaf(x, 1.44269504088896340736f, AN_WHOLE_BITS_f4 + 126);
    const an_f4 r = an_exp_rest_f4(x, t - (AN_WHOLE_BITS_f4 + 126)), u = r * r;
    const an_f4 power = an_exp2_of_f4(t), p = fmaf(u, an_exp_tail_f4(r, u), r);
    const an_f4 half = fmaf(power, p, power - 0.5f);
    const an_f4 low = x < -20 ? -1 : half + half, found = x > 88.8f ? INFINITY : low;
    return copysignf(found, x);
#else
    return expm1f(x);
#endif
}

/* (exp(r) - 1 - r) / u, where u = r * r: minimax polynomials for 2 |r| <= ln 2. */
AN_FN an_f8 an_exp_tail_f8(an_f8 r, an_f8 u) {
    const an_f8 p0 = fma(r, 0x1.55555555554f9p-3, 0x1.000000000000ap-1);
    const an_f8 p2 = fma(r, 0x1.1111111127d14p-7, 0x1.555555555083ep-5);
    const an_f8 p4 = fma(r, 0x1.a01a012a0d248p-13, 0x1.6c16c18438b79p-10);
    const an_f8 p6 = fma(r, 0x1.71df25b824940p-19, 0x1.a01999e256f02p-16);
    const an_f8 p8 = fma(r, 0x1.ad7f364a50838p-26, 0x1.28ad9b8cf1c58p-22);
    return fma(fma(fma(fma(p8, u, p6), u, p4), u, p2), u, p0);
}

AN_FN an_f4 an_exp_tail_f4(an_f4 r, an_f4 u) {
    const an_f4 p0 = fmaf(r, 0x1.555492p-3f, 0x1.fffffcp-2f);
    const an_f4 p2 = fmaf(r, 0x1.123a20p-7f, 0x1.5558f2p-5f);
    return fmaf(fmaf(u, 0x1.6a2460p-10f, p2), u, p0);
}
