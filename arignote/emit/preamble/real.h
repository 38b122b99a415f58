/* Real numbers as NumPy's.  Written for double, read once more for float: _f8 becomes _f4 and each
   function of libm gets its suffix.  Both sides of a choice are computed, so that loops vectorise. */

/* The remainder with the sign of the divisor, after Python's float_divmod. */
AN_FN an_f8 an_remainder_f8(an_f8 x, an_f8 y) {
    const an_f8 m = an_fmod_f8(x, y);
    const an_f8 shifted = (y < 0) != (m < 0) ? m + y : m;
    return y == 0 ? m : m == 0 ? copysign((an_f8)0, y) : shifted;
}

AN_FN an_f8 an_floor_divide_f8(an_f8 x, an_f8 y) {
    const an_f8 m = an_fmod_f8(x, y), exact = x / y;
    const an_f8 q = (x - m) / y - ((m != 0) & ((y < 0) != (m < 0)) ? 1 : 0);
    const an_f8 low = floor(q), nearest = q - low > (an_f8)0.5 ? low + 1 : low;
    return y == 0 ? exact : q == 0 ? copysign((an_f8)0, exact) : nearest;
}

/* fmod, exactly: where the quotient is a small whole number, one fused step gives the remainder up
   to one divisor; libm's loop runs only for the rest. */
AN_FN an_f8 an_fmod_f8(an_f8 x, an_f8 y) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
    const an_f8 a = fabs(x), b = fabs(y), q = trunc(a / b);
    if (q < AN_WHOLE_f8 && b > AN_TINY_f8 && b < (an_f8)INFINITY) {
        const an_f8 r = fma(-q, b, a);
        return copysign(r < 0 ? r + b : r, x);
    }
#endif
    return fmod(x, y);
}

AN_FN an_f8 an_multiply_add_f8(an_f8 x, an_f8 y, an_f8 z) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__CUDACC__)
    return fma(x, y, z);
#else
    return x * y + z;
#endif
}

#define AN_WHOLE_f8 4503599627370496.0

#define AN_WHOLE_f4 4194304.0f

#define AN_TINY_f8 1e-290

#define AN_TINY_f4 1e-30f

/* A number to whole multiples of 1 / scale, half to even, as if x * scale had every digit: where the
   rounded product lies halfway, what the rounding left out decides. */
AN_FN an_f8 an_nearest_f8(an_f8 at, an_f8 rest) {
    const an_f8 low = floor(at);
    return at - low != (an_f8)0.5 || rest == 0 ? rint(at) : rest > 0 ? low + 1 : low;
}

/* What is missing in the rounded x + y, and a sum with what it is missing (Neumaier). */
AN_FN an_f8 an_addition_error_f8(an_f8 x, an_f8 y) {
    const an_f8 total = x + y;
    return fabs(x) >= fabs(y) ? (x - total) + y : (y - total) + x;
}

AN_FN an_f8 an_join_error_f8(an_f8 x, an_f8 y) {
    return y != 0 && fabs(y) < INFINITY ? x + y : x;
}

AN_FN an_f8 an_round_digits_f8(an_f8 x, an_f8 scale) {
    const an_f8 at = x * scale;
    if (!(fabs(at) < AN_WHOLE_f8)) return x;
    return copysign(an_nearest_f8(at, fma(x, scale, -at)) / scale, at);
}

/* The same to multiples of scale. */
AN_FN an_f8 an_round_tens_f8(an_f8 x, an_f8 scale) {
    const an_f8 at = x / scale;
    if (!(fabs(at) < AN_WHOLE_f8)) return x;
    const an_f8 rest = fma(-at, scale, x);
    return copysign(an_nearest_f8(at, scale < 0 ? -rest : rest) * scale, x);
}

AN_FN an_f8 an_clip_f8(an_f8 x, an_f8 low, an_f8 high) {
    const an_f8 raised = x > low ? x : low, inside = raised < high ? raised : high;
    const an_f8 bounded = low != low ? low : inside;
    return x != x ? x : bounded;
}

AN_FN an_f8 an_spacing_f8(an_f8 x) {
    const an_f8 next = an_float_f8(an_bits_f8(x == 0 ? fabs(x) : x) + 1);
    return fabs(x) < (an_f8)INFINITY ? next - x : (an_f8)NAN;
}

AN_FN an_f8 an_ldexp_f8(an_f8 x, an_i8 n) {
    return ldexp(x, n > 100000 ? 100000 : n < -100000 ? -100000 : (int)n);
}

AN_FN an_f8 an_frexp_mantissa_f8(an_f8 x) {
    int n;
    return frexp(x, &n);
}

AN_FN an_i4 an_frexp_exponent_f8(an_f8 x) {
    int n = 0;
    frexp(x, &n);
    return fabs(x) < (an_f8)INFINITY ? n : AN_NO_EXPONENT;
}

#define AN_NO_EXPONENT 0

AN_FN an_f8 an_modf_fraction_f8(an_f8 x) {
    const an_f8 rest = x - trunc(x);
    return copysign(fabs(x) == (an_f8)INFINITY ? (an_f8)0 : rest, x);
}

AN_FN an_f8 an_logaddexp2_f8(an_f8 x, an_f8 y) {
    const an_f8 rest = an_log1p_f8(exp2(-fabs(x - y))) * (an_f8)1.44269504088896340735992468100189214;
    const an_f8 top = x > y ? x : y;
    return x == y ? x + 1 : top + rest;
}
