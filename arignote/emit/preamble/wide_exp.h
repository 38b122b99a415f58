/* Exponentials and what is made of them, and the sine, of whole registers; after wide.h. */

/* ---- exp(x) = 2^n (1 + p), n in steps of 1 / 16 whose powers are in a table (P. T. P. Tang,
   "Table-driven implementation of the exponential function in IEEE floating-point arithmetic",
   1989); of floats 1 / 32.  The lowest bits of t are 16 n. ---- */

typedef struct { an_lanes_f8 n, r, power; an_lanes_u8 t; } an_powers_f8;

typedef struct { an_lanes_f4 n, r, power; an_lanes_u4 t; } an_powers_f4;

static const an_lanes_f8 an_powers_0_f8 = {
    1, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
    0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0};

static const an_lanes_f8 an_powers_1_f8 = {
    0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f09p+0,
    0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};

static const an_lanes_f4 an_powers_0_f4 = {
    1, 0x1.059b0ep+0f, 0x1.0b5586p+0f, 0x1.11301ep+0f, 0x1.172b84p+0f, 0x1.1d4874p+0f,
    0x1.2387a6p+0f, 0x1.29e9ep+0f, 0x1.306fep+0f, 0x1.371a74p+0f, 0x1.3dea64p+0f, 0x1.44e086p+0f,
    0x1.4bfdaep+0f, 0x1.5342b6p+0f, 0x1.5ab07ep+0f, 0x1.6247ecp+0f};

static const an_lanes_f4 an_powers_1_f4 = {
    0x1.6a09e6p+0f, 0x1.71f75ep+0f, 0x1.7a1148p+0f, 0x1.82589ap+0f, 0x1.8ace54p+0f, 0x1.93737cp+0f,
    0x1.9c4918p+0f, 0x1.a5503cp+0f, 0x1.ae89fap+0f, 0x1.b7f77p+0f, 0x1.c199bep+0f, 0x1.cb720ep+0f,
    0x1.d5818ep+0f, 0x1.dfc974p+0f, 0x1.ea4afap+0f, 0x1.f50766p+0f};

AN_WIDE_FN an_powers_f8 an_apart_f8(an_lanes_f8 x) {
    an_powers_f8 out;
    const an_lanes_f8 whole = an_filled_f8(0x1.8p48);
    const an_lanes_f8 t = AN_FMA_f8(x, an_filled_f8(1.44269504088896340736), whole);
    out.n = t - whole;
    out.r = AN_FMA_f8(out.n, an_filled_f8(-0.69314718055994528623), x);
    out.r = AN_FMA_f8(out.n, an_filled_f8(-2.31904681384629956e-17), out.r);
    out.t = (an_lanes_u8)t;
    out.power = __builtin_shuffle(an_powers_0_f8, an_powers_1_f8, out.t);
    return out;
}

AN_WIDE_FN an_powers_f4 an_apart_f4(an_lanes_f4 x) {
    an_powers_f4 out;
    const an_lanes_f4 whole = an_filled_f4(0x1.8p18f);
    const an_lanes_f4 t = AN_FMA_f4(x, an_filled_f4(1.44269504088896340736f), whole);
    out.n = t - whole;
    out.r = AN_FMA_f4(out.n, an_filled_f4(-0x1.62e43p-1f), x);
    out.r = AN_FMA_f4(out.n, an_filled_f4(0x1.05c61p-29f), out.r);
    out.t = (an_lanes_u4)t;
    out.power = __builtin_shuffle(an_powers_0_f4, an_powers_1_f4, out.t);
    return out;
}

/* exp(r) - 1 of what n has left. */
AN_WIDE_FN an_lanes_f8 an_exp_less_one_f8(an_lanes_f8 r) {
    const an_lanes_f8 w = r * r;
    const an_lanes_f8 low = AN_FMA_f8(r, an_filled_f8(0x1.555555548f25fp-3), an_filled_f8(0.5));
    an_lanes_f8 high =
        AN_FMA_f8(r, an_filled_f8(0x1.11123af8db002p-7), an_filled_f8(0x1.55555558fe7d7p-5));
    high = AN_FMA_f8(w, an_filled_f8(0x1.6c14c64a69dedp-10), high);
    return AN_FMA_f8(AN_FMA_f8(high, w, low), w, r);
}

/* exp(-r) - 1; its quartic by two multiplications and additions, which have units of their own,
   instead of four multiplications (D. E. Knuth, "Evaluation of polynomials by computer", 1962). */
AN_WIDE_FN an_lanes_f8 an_exp_inverse_less_one_f8(an_lanes_f8 r) {
    const an_lanes_f8 square = r * an_filled_f8(0x1.6c14c64a69dedp-10) * r;
    const an_lanes_f8 y =
        AN_FMA_f8(r, r + an_filled_f8(-0x1.c003b9d0a8db9p+1), an_filled_f8(-0x1.6d00983a70c86p+5));
    const an_lanes_f8 z = y + (r + an_filled_f8(0x1.c2008c89dea99p+6));
    return AN_FMA_f8(square, AN_FMA_f8(y, z, an_filled_f8(0x1.aa66b99a6d0a4p+11)), -r);
}

AN_WIDE_FN an_lanes_f4 an_exp_less_one_f4(an_lanes_f4 r) {
    const an_lanes_f4 tail =
        AN_FMA_f4(r, an_filled_f4(0x1.5555d8p-3f), an_filled_f4(0x1.000088p-1f));
    return AN_FMA_f4(tail, r * r, r);
}

AN_WIDE_FN an_lanes_f4 an_exp_inverse_less_one_f4(an_lanes_f4 r) {
    const an_lanes_f4 tail =
        AN_FMA_f4(r, an_filled_f4(-0x1.5555d8p-3f), an_filled_f4(0x1.000088p-1f));
    return AN_FMA_f4(tail, r * r, -r);
}

/* exp(x) for x that is neither too large nor too small. */
AN_WIDE_FN an_lanes_f8 an_exp_within_f8(an_lanes_f8 x) {
    const an_powers_f8 a = an_apart_f8(x);
    return AN_SCALED_f8(AN_FMA_f8(a.power, an_exp_less_one_f8(a.r), a.power), a.n);
}

AN_WIDE_FN an_lanes_f8 an_wide_exp_f8(an_lanes_f8 x) {
    x = AN_LARGER_f8(an_filled_f8(-AN_FAR_EXP_f8), AN_LESSER_f8(an_filled_f8(AN_FAR_EXP_f8), x));
    return an_exp_within_f8(x);
}

/* From here on exp(-x) is nothing. */
#define AN_FAR_EXP_f8 747.0

#define AN_FAR_EXP_f4 105.0f

/* ---- the logistic function, 1 / (1 + exp(-x)).  Its two sides have a factor of 2^-64, of floats
   2^-32, so that exp(-x) does not overflow where the result is subnormal, which is rounded once.
   The powers of the table have this factor and lack the bits of their index, which t has below n:
   one addition makes 2^n and the power of them. ---- */

static const an_lanes_u8 an_steps_0_f8 = {
    0x3bf0000000000000ULL, 0x3befb5586cf9890fULL, 0x3bef72b83c7d517bULL, 0x3bef387a6e756238ULL,
    0x3bef06fe0a31b715ULL, 0x3beedea64c123422ULL, 0x3beebfdad5362a27ULL, 0x3beeab07dd485429ULL};

static const an_lanes_u8 an_steps_1_f8 = {
    0x3beea09e667f3bcdULL, 0x3beea11473eb0187ULL, 0x3beeace5422aa0dbULL, 0x3beec49182a3f090ULL,
    0x3beee89f995ad3adULL, 0x3bef199bdd85529cULL, 0x3bef5818dcfba487ULL, 0x3befa4afa2a490daULL};

static const an_lanes_u4 an_steps_0_f4 = {
    0x2f800000U, 0x2f7ecd87U, 0x2f7daac3U, 0x2f7c980fU, 0x2f7b95c2U, 0x2f7aa43aU,
    0x2f79c3d3U, 0x2f78f4f0U, 0x2f7837f0U, 0x2f778d3aU, 0x2f76f532U, 0x2f767043U,
    0x2f75fed7U, 0x2f75a15bU, 0x2f75583fU, 0x2f7523f6U};

static const an_lanes_u4 an_steps_1_f4 = {
    0x2f7504f3U, 0x2f74fbafU, 0x2f7508a4U, 0x2f752c4dU, 0x2f75672aU, 0x2f75b9beU,
    0x2f76248cU, 0x2f76a81eU, 0x2f7744fdU, 0x2f77fbb8U, 0x2f78ccdfU, 0x2f79b907U,
    0x2f7ac0c7U, 0x2f7be4baU, 0x2f7d257dU, 0x2f7e83b3U};

/* r is minus what is left of -x, so that no operand is negated. */
AN_WIDE_FN an_lanes_f8 an_wide_expit_f8(an_lanes_f8 x) {
    const an_lanes_f8 whole = an_filled_f8(0x1.8p48), one = an_filled_f8(0x1p-64);
    const an_lanes_f8 near = AN_LARGER_f8(an_filled_f8(-746), AN_LESSER_f8(an_filled_f8(600), x));
    const an_lanes_f8 t = AN_FMA_f8(near, an_filled_f8(-1.44269504088896340736), whole);
    const an_lanes_f8 n = t - whole;
    an_lanes_f8 r = AN_FMA_f8(n, an_filled_f8(0.69314718055994528623), near);
    r = AN_FMA_f8(n, an_filled_f8(2.31904681384629956e-17), r);
    const an_lanes_u8 bits = (an_lanes_u8)t;
    const an_lanes_u8 step = __builtin_shuffle(an_steps_0_f8, an_steps_1_f8, bits);
    const an_lanes_f8 power = (an_lanes_f8)(step + (bits << AN_SHIFT_f8));
    const an_lanes_f8 less = an_exp_inverse_less_one_f8(r);
    return one / AN_FMA_f8(power, less, power + one);
}

/* What the sum lost by rounding is added again where exp(-x) is more than 1: 2.4 units of the last
   place instead of 3.2. */
AN_WIDE_FN an_lanes_f4 an_wide_expit_f4(an_lanes_f4 x) {
    const an_lanes_f4 whole = an_filled_f4(0x1.8p18f), one = an_filled_f4(0x1p-32f);
    const an_lanes_f4 near = AN_LARGER_f4(an_filled_f4(-105), AN_LESSER_f4(an_filled_f4(60), x));
    const an_lanes_f4 t = AN_FMA_f4(near, an_filled_f4(-1.44269504088896340736f), whole);
    const an_lanes_f4 n = t - whole;
    an_lanes_f4 r = AN_FMA_f4(n, an_filled_f4(0x1.62e43p-1f), near);
    r = AN_FMA_f4(n, an_filled_f4(-0x1.05c61p-29f), r);
    const an_lanes_u4 bits = (an_lanes_u4)t;
    const an_lanes_u4 step = __builtin_shuffle(an_steps_0_f4, an_steps_1_f4, bits);
    const an_lanes_f4 power = (an_lanes_f4)(step + (bits << AN_SHIFT_f4));
    const an_lanes_f4 less = an_exp_inverse_less_one_f4(r);
    const an_lanes_f4 sum = power + one, lost = one - (sum - power);
    return one / (sum + AN_FMA_f4(power, less, lost));
}

/* ---- tanh, by its addition theorem: tanh(n ln 2 / 2) = (2^n - 1) / (2^n + 1) ---- */

AN_WIDE_FN an_lanes_f8 an_wide_tanh_f8(an_lanes_f8 x) {
    const an_lanes_f8 one = an_filled_f8(1);
    const an_lanes_f8 size = AN_LESSER_f8(an_filled_f8(22), an_wide_absolute_f8(x));
    const an_lanes_f8 shift = an_filled_f8(6755399441055744.0 + 1023);
    const an_lanes_f8 t = AN_FMA_f8(size, an_filled_f8(2.88539008177792681472), shift);
    const an_lanes_f8 r = AN_FMA_f8(t - shift, an_filled_f8(-0.34657359027997264311), size);
    const an_lanes_f8 u = r * r;
    an_lanes_f8 c =
        AN_FMA_f8(u, an_filled_f8(0x1.63491743f78d2p-16), an_filled_f8(-0x1.bbd3ab038c312p-13));
    c = AN_FMA_f8(c, u, an_filled_f8(0x1.1566aac0a5053p-9));
    c = AN_FMA_f8(c, u, an_filled_f8(-0x1.6c16c16bda095p-6));
    c = AN_FMA_f8(c, u, an_filled_f8(0x1.555555555552dp-2));
    c = AN_FMA_f8(c, u, one);
    const an_lanes_f8 power = (an_lanes_f8)((an_lanes_u8)t << 52);
    const an_lanes_f8 less = power - one, more = power + one;
    const an_lanes_f8 up = AN_FMA_f8(less, c, more * r), down = AN_FMA_f8(more, c, less * r);
    return an_signed_f8(up / down, x);
}

AN_WIDE_FN an_lanes_f4 an_wide_tanh_f4(an_lanes_f4 x) {
    const an_lanes_f4 one = an_filled_f4(1);
    const an_lanes_f4 size = AN_LESSER_f4(an_filled_f4(11), an_wide_absolute_f4(x));
    const an_lanes_f4 shift = an_filled_f4(12582912.0f + 127);
    const an_lanes_f4 t = AN_FMA_f4(size, an_filled_f4(2.88539008177792681472f), shift);
    const an_lanes_f4 r = AN_FMA_f4(t - shift, an_filled_f4(-0.3465735912322998046875f), size);
    const an_lanes_f4 u = r * r;
    an_lanes_f4 c = AN_FMA_f4(u, an_filled_f4(-0x1.6a8b5fp-6f), an_filled_f4(0x1.555514p-2f));
    c = AN_FMA_f4(c, u, one);
    const an_lanes_f4 power = (an_lanes_f4)((an_lanes_u4)t << 23);
    const an_lanes_f4 less = power - one, more = power + one;
    const an_lanes_f4 up = AN_FMA_f4(less, c, more * r), down = AN_FMA_f4(more, c, less * r);
    return an_signed_f4(up / down, x);
}

/* ---- sin(x) = (-1)^n sin(r), r = x - n pi from -pi/2 to pi/2, with pi in three parts (W. J. Cody
   and W. Waite, "Software Manual for the Elementary Functions", 1980): the first fused step is
   exact where x is near n pi, hence the others round a small number.  For the cosine, n is a whole number
   less a half and r a quarter of a turn more.  Adding 1.5 * 2^23 rounds, and leaves n's parity in
   the lowest bit.  The sign of r is that of its sine, also of -0.  Large numbers, whose turns need
   more parts, go to libm one by one. ---- */

AN_WIDE_FN an_lanes_f4 an_near_sine_f4(an_lanes_f4 x, int cosine) {
    const an_lanes_f4 whole = an_filled_f4(12582912.0f), half = an_filled_f4(0.5f);
    const an_lanes_f4 turns = AN_FMA_f4(x, an_filled_f4(0.318309886f), cosine ? half : whole);
    const an_lanes_f4 t = cosine ? turns + whole : turns;
    const an_lanes_f4 n = cosine ? t - whole - half : t - whole;
    an_lanes_f4 r = AN_FMA_f4(n, an_filled_f4(-0x1.921fb4p+1f), x);
    r = AN_FMA_f4(n, an_filled_f4(-0x1.4442dp-23f), r);
    r = AN_FMA_f4(n, an_filled_f4(-0x1.84698ap-47f), r);
    const an_lanes_f4 u = r * r;
    an_lanes_f4 p = AN_FMA_f4(u, an_filled_f4(2.60831598e-6f), an_filled_f4(-0.000198106907f));
    p = AN_FMA_f4(p, u, an_filled_f4(0.00833307859f));
    p = AN_FMA_f4(p, u, an_filled_f4(-0.166666597f));
    const an_lanes_u4 found = (an_lanes_u4)AN_FMA_f4(u * p, r, r);
    const an_lanes_u4 sign = (an_lanes_u4)r & (an_lanes_u4)an_filled_f4(-0.0f);
    return (an_lanes_f4)((found | sign) ^ ((an_lanes_u4)t << 31));
}

AN_WIDE_FAR an_lanes_f4 an_far_sine(an_lanes_f4 x, int cosine) {
    an_lanes_f4 found = an_near_sine_f4(x, cosine);
    for (int k = 0; k < 16; k++)
        if (!(fabsf(x[k]) <= 1e5f)) found[k] = cosine ? (cosf)(x[k]) : (sinf)(x[k]);
    return found;
}

AN_WIDE_FN an_mask_f4 an_far_lanes_f4(an_lanes_f4 x) {
    return AN_COMPARED_f4(an_wide_absolute_f4(x), an_filled_f4(1e5f), 22);
}

AN_WIDE_FN an_lanes_f4 an_wide_sin_f4(an_lanes_f4 x) {
    return __builtin_expect(an_far_lanes_f4(x), 0) ? an_far_sine(x, 0) : an_near_sine_f4(x, 0);
}

AN_WIDE_FN an_lanes_f4 an_wide_cos_f4(an_lanes_f4 x) {
    return __builtin_expect(an_far_lanes_f4(x), 0) ? an_far_sine(x, 1) : an_near_sine_f4(x, 1);
}
