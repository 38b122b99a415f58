/* Functions of one width only: comparisons of int64 with uint64, bit counts, conversions. */

/* 32-bit quotients by way of double, exactly: no integer division is a vector instruction.  By a
   literal the compiler multiplies instead. */
AN_FN an_i4 an_quotient_i4(an_i4 x, an_i4 d) {
#if defined(__GNUC__) && !defined(__CUDACC__)
    return __builtin_constant_p(d) ? x / d : (an_i4)((an_f8)x / (an_f8)d);
#else
    return x / d;
#endif
}

AN_FN an_u4 an_quotient_u4(an_u4 x, an_u4 d) {
#if defined(__GNUC__) && !defined(__CUDACC__)
    return __builtin_constant_p(d) ? x / d : (an_u4)((an_f8)x / (an_f8)d);
#else
    return x / d;
#endif
}

AN_FN an_u1 an_bitwise_count_u8(an_u8 x) {
#if defined(__CUDACC__)
    return (an_u1)__popcll(x);
#else
    return (an_u1)__builtin_popcountll(x);
#endif
}

AN_FN an_b1 an_less_i8_u8(an_i8 x, an_u8 y) { return (x < 0) | ((an_u8)x < y); }

AN_FN an_b1 an_less_u8_i8(an_u8 x, an_i8 y) { return (y >= 0) & (x < (an_u8)y); }

AN_FN an_b1 an_less_equal_i8_u8(an_i8 x, an_u8 y) { return (x < 0) | ((an_u8)x <= y); }

AN_FN an_b1 an_less_equal_u8_i8(an_u8 x, an_i8 y) { return (y >= 0) & (x <= (an_u8)y); }

AN_FN an_b1 an_greater_i8_u8(an_i8 x, an_u8 y) { return (x >= 0) & ((an_u8)x > y); }

AN_FN an_b1 an_greater_u8_i8(an_u8 x, an_i8 y) { return (y < 0) | (x > (an_u8)y); }

AN_FN an_b1 an_greater_equal_i8_u8(an_i8 x, an_u8 y) { return (x >= 0) & ((an_u8)x >= y); }

AN_FN an_b1 an_greater_equal_u8_i8(an_u8 x, an_i8 y) { return (y < 0) | (x >= (an_u8)y); }

AN_FN an_b1 an_equal_i8_u8(an_i8 x, an_u8 y) { return (x >= 0) & ((an_u8)x == y); }

AN_FN an_b1 an_equal_u8_i8(an_u8 x, an_i8 y) { return (y >= 0) & (x == (an_u8)y); }

AN_FN an_b1 an_not_equal_i8_u8(an_i8 x, an_u8 y) { return (x < 0) | ((an_u8)x != y); }

AN_FN an_b1 an_not_equal_u8_i8(an_u8 x, an_i8 y) { return (y < 0) | (x != (an_u8)y); }

/* Unsigned, as x86 converts: the upper half by way of the sign bit. */
AN_FN an_u4 an_u4_of_f8(an_f8 x) {
    return x >= 2147483648.0 ? (an_u4)(an_i4)(x - 2147483648.0) ^ 0x80000000u : (an_u4)(an_i4)x;
}

AN_FN an_u8 an_u8_of_f8(an_f8 x) {
    return x >= 9223372036854775808.0
        ? (an_u8)(an_i8)(x - 9223372036854775808.0) ^ ((an_u8)1 << 63) : (an_u8)(an_i8)x;
}

/* The neighbour of a half towards another. */
AN_FN an_f2 an_nextafter_f2(an_f2 x, an_f2 y) {
    an_u2 b, c;
    const an_f4 p = an_f4_of_f2(x), q = an_f4_of_f2(y);
    memcpy(&b, &x, 2);
    memcpy(&c, &y, 2);
    if (p != p || q != q) {
        b = 0x7e00;
    } else if (p == q) {
        b = p == 0 ? b : c;
    } else if (p == 0) {
        b = (an_u2)((c & 0x8000) | 1);
    } else {
        b = (an_u2)((p < q) == (p > 0) ? b + 1 : b - 1);
    }
    memcpy(&x, &b, 2);
    return x;
}

/* The step to the next half above, also of negative ones, as NumPy (other widths have x's sign). */
AN_FN an_f2 an_spacing_f2(an_f2 x) {
    an_u2 b;
    memcpy(&b, &x, 2);
    const int special = (b & 0x7c00) == 0x7c00;
    const an_f4 above = an_f4_of_f2(an_nextafter_f2(x, an_f2_of_f4(INFINITY)));
    return an_f2_of_f4(special ? NAN : above - an_f4_of_f2(x));
}
