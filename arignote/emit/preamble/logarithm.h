/* Logarithms, without branches or tables, after exponential.h.

   x = 2^k m with m from sqrt(1/2) to sqrt(2), and log(m) = 2 atanh(s), s = (m - 1) / (m + 1), by a
   minimax polynomial of s * s (W. J. Cody and W. Waite, "Software Manual for the Elementary
   Functions", 1980; the form f - s (f - R) is that of P. T. P. Tang, 1990). */

/* (2 atanh(s) / s - 2) / w, where w = s * s, for |s| <= 3 - 2 sqrt(2): minimax polynomials. */
AN_FN an_f8 an_atanh_rest_f8(an_f8 w) {
    an_f8 p = fma(0x1.2f06f8b7c6b04p-3, w, 0x1.39a19916b2c9ep-3);
    p = fma(fma(p, w, 0x1.74663ff172d67p-3), w, 0x1.c71c5205b233ep-3);
    p = fma(fma(p, w, 0x1.24924941f3db0p-2), w, 0x1.999999997fda9p-2);
    return fma(p, w, 0x1.5555555555592p-1);
}

AN_FN an_f4 an_atanh_rest_f4(an_f4 w) {
    return fmaf(fmaf(0.298716224f, w, 0.399775505f), w, 0.666667763f);
}

/* The bits of sqrt(1/2), and of the exponent. */
#define AN_ROOT_BITS_f8 0x3fe6a09e667f3bcdULL

#define AN_ROOT_BITS_f4 0x3f3504f3U

#define AN_EXPONENT_f8 0xfff0000000000000ULL

#define AN_EXPONENT_f4 0xff800000U

/* The bits of x as if exponents had no lower bound. */
AN_FN an_u8 an_normal_bits_f8(an_f8 x) {
    const an_u8 raised = an_bits_f8(x * 0x1p54) + 54 * AN_EXPONENT_f8;
    return x < 0x1p-1022 ? raised : an_bits_f8(x);
}

AN_FN an_u4 an_normal_bits_f4(an_f4 x) {
    const an_u4 raised = an_bits_f4(x * 0x1p25f) + 25 * AN_EXPONENT_f4;
    return x < 0x1p-126f ? raised : an_bits_f4(x);
}

AN_FN an_f8 an_log_f8(an_f8 x) {
#if AN_FUSED
    const an_u8 bits = an_normal_bits_f8(x), above = bits - AN_ROOT_BITS_f8;
    const an_f8 m = an_float_f8(bits - (above & AN_EXPONENT_f8)), f = m - 1, s = f / (m + 1);
    const an_f8 w = s * s, part = fma(-s, f - w * an_atanh_rest_f8(w), f);
    const an_f8 k = (an_f8)((an_i8)above >> 52);
    const an_f8 finite = x < (an_f8)INFINITY ? k : x;
    const an_f8 zero = x == 0 ? -(an_f8)INFINITY : (an_f8)NAN;
    const an_f8 whole = x > 0 ? finite : zero;
    return fma(whole, 0.69314718055994528623, fma(whole, 2.31904681384629956e-17, part));
#else
    return log(x);
#endif
}

AN_FN an_f4 an_log_f4(an_f4 x) {
#if AN_FUSED
    const an_u4 bits = an_normal_bits_f4(x), above = bits - AN_ROOT_BITS_f4;
    const an_f4 m = an_float_f4(bits - (above & AN_EXPONENT_f4)), f = m - 1, s = f / (m + 1);
    const an_f4 w = s * s, part = fmaf(-s, f - w * an_atanh_rest_f4(w), f);
    const an_f4 k = (an_f4)((an_i4)above >> 23);
    const an_f4 finite = x < (an_f4)INFINITY ? k : x;
    const an_f4 zero = x == 0 ? -(an_f4)INFINITY : (an_f4)NAN;
    const an_f4 whole = x > 0 ? finite : zero;
    return fmaf(whole, 0.693147122859954833984375f, fmaf(whole, 5.7699990475432854e-08f, part));
#else
    return logf(x);
#endif
}

/* log(1 + x): 1 + x rounded tells only k; (1 + x) / 2^k - 1 is then computed from x, times 4
   because 2^-k alone may be subnormal. */
AN_FN an_f8 an_log1p_f8(an_f8 x) {
#if AN_FUSED
    const an_f8 sum = 1 + x;
    const an_u8 above = an_bits_f8(sum) - AN_ROOT_BITS_f8;
    const an_f8 scale = an_float_f8(0x4010000000000000ULL - (above & AN_EXPONENT_f8));
    const an_f8 f = fma(x, scale, scale - 4), s = f / (f + 8), w = s * s;
    const an_f8 part = fma(-s, fma(w * -4, an_atanh_rest_f8(w), f), f);
    const an_f8 k = (an_f8)((an_i8)above >> 52);
    const an_f8 four = fma(k, 2.77258872223978114491, fma(k, 9.27618725538519824e-17, part));
    const an_f8 edge = sum == 0 ? -(an_f8)INFINITY : (an_f8)NAN;
    const an_f8 found = sum > 0 ? copysign(0.25 * four, x) : edge;
    return sum == (an_f8)INFINITY ? x : found;
#else
    return log1p(x);
#endif
}

AN_FN an_f4 an_log1p_f4(an_f4 x) {
#if AN_FUSED
    const an_f4 sum = 1 + x;
    const an_u4 above = an_bits_f4(sum) - AN_ROOT_BITS_f4;
    const an_f4 scale = an_float_f4(0x40800000U - (above & AN_EXPONENT_f4));
    const an_f4 f = fmaf(x, scale, scale - 4), s = f / (f + 8), w = s * s;
    const an_f4 part = fmaf(-s, fmaf(w * -4, an_atanh_rest_f4(w), f), f);
    const an_f4 k = (an_f4)((an_i4)above >> 23);
    const an_f4 four = fmaf(k, 2.7725887298583984375f, fmaf(k, -7.61861719983107220e-9f, part));
    const an_f4 edge = sum == 0 ? -(an_f4)INFINITY : (an_f4)NAN;
    const an_f4 found = sum > 0 ? copysignf(0.25f * four, x) : edge;
    return sum == (an_f4)INFINITY ? x : found;
#else
    return log1pf(x);
#endif
}
