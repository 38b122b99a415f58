/* Integers as NumPy's: they wrap, x // 0 is 0, MIN // -1 is MIN.  Written for 64 bits, read once
   more for 32; narrower ones compute in 32 bits and are cut by the conversion of the result. */

/* A divisor for which the quotient exists: 1 in place of 0, and of -1 (its quotient wraps). */
AN_FN an_i8 an_divisor_i8(an_i8 x, an_i8 y) {
    return (y == 0) | ((x == AN_MIN_i8) & (y == -1)) ? 1 : y;
}

#define AN_MIN_i8 ((an_i8)((an_u8)1 << (8 * sizeof(an_i8) - 1)))

#define an_quotient_i8(x, d) ((x) / (d))

#define an_quotient_u8(x, d) ((x) / (d))

/* Is the divisor written in the text, a power of two? A floored quotient is a shift then. */
#if defined(__GNUC__) && !defined(__CUDACC__)
#define AN_POWER_OF_TWO(y) (__builtin_constant_p(y) && (y) > 0 && ((y) & ((y) - 1)) == 0)
#define AN_EXPONENT(y) __builtin_ctzll((unsigned long long)(y))
#else
#define AN_POWER_OF_TWO(y) 0
#define AN_EXPONENT(y) 0
#endif

AN_FN an_i8 an_floor_divide_i8(an_i8 x, an_i8 y) {
    if (AN_POWER_OF_TWO(y)) return x >> AN_EXPONENT(y);
    const an_i8 d = an_divisor_i8(x, y), q = an_quotient_i8(x, d);
    const an_i8 floored = q - ((q * d != x) & ((x < 0) != (y < 0)));
    return y == 0 ? 0 : floored;
}

AN_FN an_i8 an_remainder_i8(an_i8 x, an_i8 y) {
    if (AN_POWER_OF_TWO(y)) return x & (y - 1);
    const an_i8 d = an_divisor_i8(x, y), r = x - an_quotient_i8(x, d) * d;
    const an_i8 floored = (r != 0) & ((r < 0) != (y < 0)) ? r + y : r;
    return y == 0 ? 0 : floored;
}

/* The same by a divisor that is written in the text, in loops that are to be vectors: these have no
   upper halves of products, which compilers divide with, but they have products of halves.  With
   2^(l-1) < y <= 2^l, floor(2^(63+l) / y) + 1 has 64 bits, and its product with x < 2^63 has the
   quotient on top (T. Granlund and P. L. Montgomery, "Division by invariant integers using
   multiplication", 1994); a negative x is -1 less what is left of it. */
AN_FN an_i8 an_each_floor_divide_i8(an_i8 x, an_i8 y) {
#if defined(__AVX512DQ__) && defined(__SIZEOF_INT128__)
    if (y > 1) {
        const int l = 64 - __builtin_clzll((unsigned long long)(y - 1));
        const an_u8 m = (an_u8)(((unsigned __int128)1 << (63 + l)) / (an_u8)y) + 1;
        const an_u8 sign = (an_u8)(x >> 63);
        return (an_i8)((an_upper_half((an_u8)x ^ sign, m) >> (l - 1)) ^ sign);
    }
#endif
    return an_floor_divide_i8(x, y);
}

AN_FN an_u8 an_upper_half(an_u8 x, an_u8 y) {
    const an_u8 low = 0xffffffffU, a = x & low, b = x >> 32, c = y & low, d = y >> 32;
    const an_u8 first = b * c + (a * c >> 32), second = a * d + (first & low);
    return b * d + (first >> 32) + (second >> 32);
}

AN_FN an_i8 an_each_remainder_i8(an_i8 x, an_i8 y) {
    return x - an_each_floor_divide_i8(x, y) * y;
}

AN_FN an_i8 an_fmod_i8(an_i8 x, an_i8 y) {
    const an_i8 d = an_divisor_i8(x, y), r = x - an_quotient_i8(x, d) * d;
    return y == 0 ? 0 : r;
}

AN_FN an_u8 an_floor_divide_u8(an_u8 x, an_u8 y) {
    const an_u8 q = an_quotient_u8(x, y == 0 ? 1 : y);
    return y == 0 ? 0 : q;
}

AN_FN an_u8 an_remainder_u8(an_u8 x, an_u8 y) {
    const an_u8 r = x - an_quotient_u8(x, y == 0 ? 1 : y) * y;
    return y == 0 ? 0 : r;
}

AN_FN an_u8 an_fmod_u8(an_u8 x, an_u8 y) {
    const an_u8 r = x - an_quotient_u8(x, y == 0 ? 1 : y) * y;
    return y == 0 ? 0 : r;
}

AN_FN an_u8 an_power_u8(an_u8 x, an_u8 n) {
    an_u8 r = 1;
    for (; n; n >>= 1) {
        r *= n & 1 ? x : 1;
        x *= x;
    }
    return r;
}

/* Negative powers: of 1 and -1 themselves, of others 0 (NumPy raises; the tracer checks). */
AN_FN an_i8 an_power_i8(an_i8 x, an_i8 n) {
    if (n >= 0) return (an_i8)an_power_u8((an_u8)x, (an_u8)n);
    return x == 1 ? 1 : x == -1 ? (n & 1 ? -1 : 1) : 0;
}

AN_FN an_u8 an_gcd_u8(an_u8 x, an_u8 y) {
    while (x) {
        const an_u8 r = y % x;
        y = x;
        x = r;
    }
    return y;
}

AN_FN an_u8 an_lcm_u8(an_u8 x, an_u8 y) {
    const an_u8 g = an_gcd_u8(x, y);
    return g == 0 ? 0 : x / g * y;
}

AN_FN an_i8 an_gcd_i8(an_i8 x, an_i8 y) {
    return (an_i8)an_gcd_u8(x < 0 ? -(an_u8)x : (an_u8)x, y < 0 ? -(an_u8)y : (an_u8)y);
}

AN_FN an_i8 an_lcm_i8(an_i8 x, an_i8 y) {
    return (an_i8)an_lcm_u8(x < 0 ? -(an_u8)x : (an_u8)x, y < 0 ? -(an_u8)y : (an_u8)y);
}

AN_FN an_i8 an_clip_i8(an_i8 x, an_i8 low, an_i8 high) {
    const an_i8 raised = x > low ? x : low;
    return raised < high ? raised : high;
}

AN_FN an_u8 an_clip_u8(an_u8 x, an_u8 low, an_u8 high) {
    const an_u8 raised = x > low ? x : low;
    return raised < high ? raised : high;
}

AN_FN an_i8 an_shift_left_i8(an_i8 x, an_i8 y, int bits) {
    const an_i8 shifted = (an_i8)((an_u8)x << (y & (an_i8)(8 * sizeof(x) - 1)));
    return (an_u8)y < (an_u8)bits ? shifted : 0;
}

AN_FN an_u8 an_shift_left_u8(an_u8 x, an_u8 y, int bits) {
    const an_u8 shifted = x << (y & (8 * sizeof(x) - 1));
    return y < (an_u8)bits ? shifted : 0;
}

AN_FN an_i8 an_shift_right_i8(an_i8 x, an_i8 y, int bits) {
    const an_i8 shifted = x >> (y & (an_i8)(8 * sizeof(x) - 1));
    return (an_u8)y < (an_u8)bits ? shifted : x < 0 ? -1 : 0;
}

AN_FN an_u8 an_shift_right_u8(an_u8 x, an_u8 y, int bits) {
    const an_u8 shifted = x >> (y & (8 * sizeof(x) - 1));
    return y < (an_u8)bits ? shifted : 0;
}
