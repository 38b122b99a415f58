/* Square roots of whole registers without the divider, which makes one in some 18 cycles (doubles;
   floats 11) while the other units wait: a loop of roots takes every second register by Newton's
   steps (`cython/turns.py`), and both ways have the same bits.

   y = (1 + a) / sqrt(x) with |a| < 2^-14 is an instruction.  g = x y and h = y / 2 are corrected
   together: with e = 1 - g y, sqrt(x) = g / sqrt(1 - e) and the same for h, a few terms of whose
   series leave g within 1.1 units of the last place and h within 1.3 2^-p, p digits.  Then
   g + h (x - g g), of which x - g g is exact, is rounded as the root is (P. Markstein, "Computation
   of elementary functions on the IBM RISC System/6000 processor", 1990): a root lies so far from
   the middle of two numbers that h need not be better, but where all digits of x are ones or
   just the last one is.  The first of these, and numbers that are not normal or near that, go to
   the divider.  For floats every x was tried. */

#define AN_STEPS_BACK_f8(a, b, c) ((an_lanes_f8)__builtin_ia32_vfmaddpd512_mask(-(a), b, c, -1, 4))

#define AN_STEPS_BACK_f4(a, b, c) ((an_lanes_f4)__builtin_ia32_vfmaddps512_mask(-(a), b, c, -1, 4))

#define AN_ROUGH_INVERSE_f8(x) ((an_lanes_f8)__builtin_ia32_rsqrt14pd512_mask(x, x, -1))

#define AN_ROUGH_INVERSE_f4(x) ((an_lanes_f4)__builtin_ia32_rsqrt14ps512_mask(x, x, -1))

AN_WIDE_FN an_lanes_f8 an_newton_sqrt_f8(an_lanes_f8 x) {
    const an_lanes_f8 y = AN_ROUGH_INVERSE_f8(x), g = x * y;
    const an_lanes_f8 h = (an_lanes_f8)((an_lanes_u8)y - AN_EACH_BITS_f8(1ULL << 52));
    const an_lanes_f8 e = AN_STEPS_BACK_f8(g, y, an_filled_f8(1));
    an_lanes_f8 c = AN_FMA_f8(e, an_filled_f8(0.3125), an_filled_f8(0.375));
    c = AN_FMA_f8(e, c, an_filled_f8(0.5)) * e;
    const an_lanes_f8 near = AN_FMA_f8(g, c, g), half = AN_FMA_f8(h, c, h);
    const an_lanes_f8 found = AN_FMA_f8(AN_STEPS_BACK_f8(near, near, x), half, near);
    return __builtin_expect(AN_PLAIN_ROOTS_f8(x) != 0xff, 0) ? an_far_sqrt_f8(x) : found;
}

AN_WIDE_FN an_lanes_f4 an_newton_sqrt_f4(an_lanes_f4 x) {
    const an_lanes_f4 y = AN_ROUGH_INVERSE_f4(x), g = x * y;
    const an_lanes_f4 h = (an_lanes_f4)((an_lanes_u4)y - AN_EACH_BITS_f4(1U << 23));
    const an_lanes_f4 c = AN_STEPS_BACK_f4(g, h, an_filled_f4(0.5f));
    const an_lanes_f4 near = AN_FMA_f4(g, c, g), half = AN_FMA_f4(h, c, h);
    const an_lanes_f4 found = AN_FMA_f4(AN_STEPS_BACK_f4(near, near, x), half, near);
    return __builtin_expect(AN_PLAIN_ROOTS_f4(x) != 0xffff, 0) ? an_far_sqrt_f4(x) : found;
}

/* Lanes of positive numbers away from the ends of the range, so that x - g g has all its digits, and
   not all of whose own digits are ones: the bits and 1 have digits then. */
#define AN_PLAIN_ROOTS_f8(x) ({ \
    const an_signed_u8 t_ = (an_signed_u8)((an_lanes_u8)(x) + AN_EACH_BITS_f8(1 - (128ULL << 52))); \
    (an_mask_f8)__builtin_ia32_ptestmq512(t_, (an_signed_u8)AN_EACH_BITS_f8((1ULL << 52) - 1), \
        __builtin_ia32_ucmpq512_mask(t_, (an_signed_u8)AN_EACH_BITS_f8(1900ULL << 52), 1, -1)); })

#define AN_PLAIN_ROOTS_f4(x) ({ \
    const an_signed_u4 t_ = (an_signed_u4)((an_lanes_u4)(x) + AN_EACH_BITS_f4(1 - (64U << 23))); \
    (an_mask_f4)__builtin_ia32_ptestmd512(t_, (an_signed_u4)AN_EACH_BITS_f4((1U << 23) - 1), \
        __builtin_ia32_ucmpd512_mask(t_, (an_signed_u4)AN_EACH_BITS_f4(176U << 23), 1, -1)); })

AN_WIDE_FAR an_lanes_f8 an_far_sqrt_f8(an_lanes_f8 x) { return an_wide_sqrt_f8(x); }

#define an_turned_sqrt_f8(x, turn) ((turn) ? an_newton_sqrt_f8(x) : an_wide_sqrt_f8(x))
