/* Elementwise functions of whole AVX-512 registers, for loops that `cython/vectors.py` prints with
   vectors.  They use instructions that compilers make of no plain C: numbers taken apart into
   exponents and mantissas, tables held in two registers.  Written for double and read once more for
   float; where a float has constants or steps of its own, both are here.

   What limits them is the number of multiplications: a register a cycle, on the machines that have
   halves of AVX-512's width, while additions, minima, table look-ups and integer steps have other
   units (measured on Zen 4: cycles a register of doubles, exp 12, log 15, a choice 2). */

#define AN_WIDE_FN static inline __attribute__((always_inline))

#define AN_WIDE_FAR static __attribute__((noinline, cold))

#define AN_LANES_f8 8

#define AN_LANES_f4 16

typedef __attribute__((vector_size(64))) an_f8 an_lanes_f8;

typedef __attribute__((vector_size(64))) an_u8 an_lanes_u8;

typedef __attribute__((vector_size(64), aligned(4))) an_f8 an_loose_f8;

typedef uint8_t an_mask_f8;

typedef uint16_t an_mask_f4;

/* The lanes below `count`, which is at most their number. */
#define an_first_f8(count) ((an_mask_f8)((1u << (count)) - 1))

#define an_filled_f8(x) ({ const an_f8 x_ = (x); (an_lanes_f8){x_, x_, x_, x_, x_, x_, x_, x_}; })

#define an_filled_f4(x) ({ const an_f4 x_ = (x); \
    (an_lanes_f4){x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_, x_}; })

#define AN_EACH_BITS_f8(x) ((an_lanes_u8){x, x, x, x, x, x, x, x})

#define AN_EACH_BITS_f4(x) ((an_lanes_u4){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x})

#define AN_FMA_f8(a, b, c) ((an_lanes_f8)__builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4))

#define AN_FMA_f4(a, b, c) ((an_lanes_f4)__builtin_ia32_vfmaddps512_mask(a, b, c, -1, 4))

/* The second where either is no number. */
#define AN_LESSER_f8(a, b) ((an_lanes_f8)__builtin_ia32_minpd512_mask(a, b, a, -1, 4))

#define AN_LESSER_f4(a, b) ((an_lanes_f4)__builtin_ia32_minps512_mask(a, b, a, -1, 4))

#define AN_LARGER_f8(a, b) ((an_lanes_f8)__builtin_ia32_maxpd512_mask(a, b, a, -1, 4))

#define AN_LARGER_f4(a, b) ((an_lanes_f4)__builtin_ia32_maxps512_mask(a, b, a, -1, 4))

/* x times two to the largest whole number that is at most n, rounded once. */
#define AN_SCALED_f8(x, n) ((an_lanes_f8)__builtin_ia32_scalefpd512_mask(x, n, x, -1, 4))

#define AN_SCALED_f4(x, n) ((an_lanes_f4)__builtin_ia32_scalefps512_mask(x, n, x, -1, 4))

/* |x| = m 2^k, m from 3/4 to 3/2, nan where x is negative; and the exponent of any number. */
#define AN_MANTISSA_f8(x) ((an_lanes_f8)__builtin_ia32_getmantpd512_mask(x, 11, x, -1, 4))

#define AN_MANTISSA_f4(x) ((an_lanes_f4)__builtin_ia32_getmantps512_mask(x, 11, x, -1, 4))

#define AN_EXPONENT_OF_f8(x) ((an_lanes_f8)__builtin_ia32_getexppd512_mask(x, x, -1, 4))

#define AN_EXPONENT_OF_f4(x) ((an_lanes_f4)__builtin_ia32_getexpps512_mask(x, x, -1, 4))

#define AN_COMPARED_f8(a, b, how) ((an_mask_f8)__builtin_ia32_cmppd512_mask(a, b, how, -1, 4))

#define AN_COMPARED_f4(a, b, how) ((an_mask_f4)__builtin_ia32_cmpps512_mask(a, b, how, -1, 4))

typedef __attribute__((vector_size(64))) long long an_signed_u8;

typedef __attribute__((vector_size(64))) int an_signed_u4;

/* ---- loads and stores: of whole registers, or of the lanes of a mask ---- */

#define AN_SOME_f8(p, m) ((an_lanes_f8)__builtin_ia32_loadupd512_mask(p, (an_lanes_f8){}, m))

#define AN_SOME_f4(p, m) ((an_lanes_f4)__builtin_ia32_loadups512_mask(p, (an_lanes_f4){}, m))

#define AN_KEEP_f8(p, x, m) __builtin_ia32_storeupd512_mask(p, x, m)

#define AN_KEEP_f4(p, x, m) __builtin_ia32_storeups512_mask(p, x, m)

#define an_get_f8(p, whole, m) \
    ((whole) ? (an_lanes_f8)*(const an_loose_f8 *)(p) : AN_SOME_f8(p, m))

#define an_put_f8(p, x, whole, m) \
    do { \
        if (whole) *(an_loose_f8 *)(p) = x; \
        else AN_KEEP_f8(p, x, m); \
    } while (0)

/* ---- arithmetic, comparisons, choices ---- */

AN_WIDE_FN an_lanes_f8 an_wide_absolute_f8(an_lanes_f8 x) {
    return (an_lanes_f8)((an_lanes_u8)x & ~(an_lanes_u8)an_filled_f8(-0.0));
}

/* |size|, with the sign of x. */
AN_WIDE_FN an_lanes_f8 an_signed_f8(an_lanes_f8 size, an_lanes_f8 x) {
    const an_lanes_u8 sign = (an_lanes_u8)an_filled_f8(-0.0);
    return (an_lanes_f8)(((an_lanes_u8)size & ~sign) | ((an_lanes_u8)x & sign));
}

AN_WIDE_FN an_lanes_f8 an_wide_square_f8(an_lanes_f8 x) { return x * x; }

AN_WIDE_FN an_lanes_f8 an_wide_reciprocal_f8(an_lanes_f8 x) { return an_filled_f8(1) / x; }

AN_WIDE_FN an_mask_f8 an_wide_less_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 17);
}

AN_WIDE_FN an_mask_f8 an_wide_less_equal_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 18);
}

AN_WIDE_FN an_mask_f8 an_wide_greater_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 30);
}

AN_WIDE_FN an_mask_f8 an_wide_greater_equal_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 29);
}

AN_WIDE_FN an_mask_f8 an_wide_equal_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 0);
}

AN_WIDE_FN an_mask_f8 an_wide_not_equal_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return AN_COMPARED_f8(x, y, 4);
}

AN_WIDE_FN an_lanes_f8 an_wide_where_f8(an_mask_f8 c, an_lanes_f8 x, an_lanes_f8 y) {
    return (an_lanes_f8)__builtin_ia32_blendmpd_512_mask(y, x, c);
}

AN_WIDE_FN an_lanes_f4 an_wide_where_f4(an_mask_f4 c, an_lanes_f4 x, an_lanes_f4 y) {
    return (an_lanes_f4)__builtin_ia32_blendmps_512_mask(y, x, c);
}

AN_WIDE_FN an_lanes_f8 an_wide_maximum_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return an_wide_where_f8(AN_COMPARED_f8(x, x, 3), x, AN_LARGER_f8(x, y));
}

AN_WIDE_FN an_lanes_f8 an_wide_minimum_f8(an_lanes_f8 x, an_lanes_f8 y) {
    return an_wide_where_f8(AN_COMPARED_f8(x, x, 3), x, AN_LESSER_f8(x, y));
}

AN_WIDE_FN an_lanes_f8 an_wide_sqrt_f8(an_lanes_f8 x) {
    return (an_lanes_f8)__builtin_ia32_sqrtpd512_mask(x, x, -1, 4);
}

AN_WIDE_FN an_lanes_f4 an_wide_sqrt_f4(an_lanes_f4 x) {
    return (an_lanes_f4)__builtin_ia32_sqrtps512_mask(x, x, -1, 4);
}

/* ---- bits: from the lowest of a number, less those of a table's index, to its exponent ---- */

#define AN_SHIFT_f8 48

#define AN_SHIFT_f4 18

#define AN_EXPONENT_BITS_f8 0xfff0000000000000ULL

#define AN_EXPONENT_BITS_f4 0xff800000U
