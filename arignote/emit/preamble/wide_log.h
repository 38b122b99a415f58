/* Logarithms of whole registers, after wide.h. */

/* ---- log(m 2^k), m from 3/4 to 3/2: the highest bits of m find v, about 1 / m, and r = m v - 1 is
   from -1/32 to 1/16, of floats from -1/64 to 1/32 (P. T. P. Tang, "Table-driven implementation of
   the logarithm function in IEEE floating-point arithmetic", 1990).  Each v is chosen so that
   log(v) is almost a number of few bits (S. Gal, 1985): that adds to k times the first part of ln 2
   without rounding.  Around 1, v is 1. ---- */

static const an_lanes_f8 an_inverse_0_f8 = {
    1, 0x1.d48fbc93a6fbcp-1, 0x1.bb260b0f1c859p-1, 0x1.a4708b1c6151dp-1,
    0x1.8fd902c91bccap-1, 0x1.7d4b5bfac266dp-1, 0x1.6c4ed90a47121p-1, 0x1.5ca0206fb6083p-1};

static const an_lanes_f8 an_inverse_1_f8 = {
    0x1.4e873bc55f674p+0, 0x1.4160c6de7c48fp+0, 0x1.35421939d7c11p+0, 0x1.29f92d41e5047p+0,
    0x1.1f8adfcc4689dp+0, 0x1.15d139912b2a2p+0, 0x1.0ca6daba4b87dp+0, 1};

static const an_lanes_f8 an_high_0_f8 = {
    0, 0x1.6b23f10a7cp-4, 0x1.27c5636484p-3, 0x1.93812ed21cp-3,
    0x1.fa597057d8p-3, 0x1.2dd3b5772fp-2, 0x1.5c7e25ae5bp-2, 0x1.898cd9627dp-2};

static const an_lanes_f8 an_high_1_f8 = {
    -0x1.11f7076a47p-2, -0x1.d1cc691576p-3, -0x1.8311f2497p-3, -0x1.36f0dd02eap-3,
    -0x1.dbed59d08p-4, -0x1.4eff0ce12cp-4, -0x1.8b2ba25cap-5, 0};

static const an_lanes_f4 an_inverse_0_f4 = {
    1, 0x1.e87c9ap-1f, 0x1.db97f4p-1f, 0x1.cd6956p-1f, 0x1.c10e04p-1f, 0x1.b5091ep-1f,
    0x1.a98f14p-1f, 0x1.9e8de8p-1f, 0x1.94d24ap-1f, 0x1.8a9b1ep-1f, 0x1.818612p-1f, 0x1.788a96p-1f,
    0x1.701f3ap-1f, 0x1.6870cp-1f, 0x1.607bb6p-1f, 0x1.59072ap-1f};

static const an_lanes_f4 an_inverse_1_f4 = {
    0x1.522b12p+0f, 0x1.4adfd6p+0f, 0x1.44e7dcp+0f, 0x1.3e23f8p+0f, 0x1.37d5b6p+0f, 0x1.32037p+0f,
    0x1.2c2faap+0f, 0x1.275452p+0f, 0x1.2225e2p+0f, 0x1.1d3496p+0f, 0x1.183b48p+0f, 0x1.13ad34p+0f,
    0x1.0e8d04p+0f, 0x1.0ab098p+0f, 0x1.06238cp+0f, 1};

static const an_lanes_f4 an_high_0_f4 = {
    0, 0x1.812p-5f, 0x1.2e2p-4f, 0x1.aa2p-4f, 0x1.0ca8p-3f, 0x1.4438p-3f,
    0x1.7ab8p-3f, 0x1.b06p-3f, 0x1.e108p-3f, 0x1.0abp-2f, 0x1.2288p-2f, 0x1.3aacp-2f,
    0x1.51d4p-2f, 0x1.676cp-2f, 0x1.7e48p-2f, 0x1.942cp-2f};

static const an_lanes_f4 an_high_1_f4 = {
    -0x1.1d0cp-2f, -0x1.06b8p-2f, -0x1.e828p-3f, -0x1.bd1p-3f, -0x1.941p-3f, -0x1.6d78p-3f,
    -0x1.4618p-3f, -0x1.24bp-3f, -0x1.007p-3f, -0x1.ba8p-4f, -0x1.727p-4f, -0x1.2f5p-4f,
    -0x1.c4ep-5f, -0x1.4f2p-5f, -0x1.844p-6f, 0};

/* (log(1 + r) - r) / r^2 */
AN_WIDE_FN an_lanes_f8 an_log_tail_f8(an_lanes_f8 r) {
    const an_lanes_f8 w = r * r;
    an_lanes_f8 even =
        AN_FMA_f8(w, an_filled_f8(-0x1.6632268d06cf1p-4), an_filled_f8(-0x1.0009cd5d75a43p-3));
    an_lanes_f8 odd =
        AN_FMA_f8(w, an_filled_f8(0x1.c57c585f75193p-4), an_filled_f8(0x1.2492d6d319559p-3));
    even = AN_FMA_f8(even, w, an_filled_f8(-0x1.555554a751a23p-3));
    odd = AN_FMA_f8(odd, w, an_filled_f8(0x1.99999980ca8efp-3));
    even = AN_FMA_f8(even, w, an_filled_f8(-0x1.fffffffff3c36p-3));
    odd = AN_FMA_f8(odd, w, an_filled_f8(0x1.5555555555f56p-2));
    even = AN_FMA_f8(even, w, an_filled_f8(-0x1.0000000000002p-1));
    return AN_FMA_f8(odd, r, even);
}

AN_WIDE_FN an_lanes_f4 an_log_tail_f4(an_lanes_f4 r) {
    an_lanes_f4 tail =
        AN_FMA_f4(r, an_filled_f4(0x1.8d6894p-3f), an_filled_f4(-0x1.0003dap-2f));
    tail = AN_FMA_f4(tail, r, an_filled_f4(0x1.5555b6p-2f));
    return AN_FMA_f4(tail, r, an_filled_f4(-0.5f));
}

/* log((1 + r) / v) + k log(2), where `high` is -log(v). */
AN_WIDE_FN an_lanes_f8 an_log_sum_f8(an_lanes_f8 r, an_lanes_f8 k, an_lanes_f8 high) {
    const an_lanes_f8 rest = AN_FMA_f8(k, an_filled_f8(AN_LN2_LOW_f8), r);
    const an_lanes_f8 whole = AN_FMA_f8(k, an_filled_f8(AN_LN2_HIGH_f8), high);
    return whole + AN_FMA_f8(r * r, an_log_tail_f8(r), rest);
}

#define AN_LN2_HIGH_f8 0x1.62e42fefa38p-1

#define AN_LN2_HIGH_f4 0x1.62e4p-1f

#define AN_LN2_LOW_f8 0x1.ef35793c7673p-45

#define AN_LN2_LOW_f4 0x1.7f7d1cp-20f

/* A number is 2^k (1 + r) / v, and high is -log(v). */
typedef struct { an_lanes_f8 k, m, v, high; } an_factors_f8;

AN_WIDE_FN an_factors_f8 an_factors_of_f8(an_lanes_f8 x) {
    an_factors_f8 out;
    out.m = AN_MANTISSA_f8(x);
    out.k = AN_EXPONENT_OF_f8(x) - AN_EXPONENT_OF_f8(out.m);
    const an_lanes_u8 at = (an_lanes_u8)out.m >> AN_SHIFT_f8;
    out.v = __builtin_shuffle(an_inverse_0_f8, an_inverse_1_f8, at);
    out.high = __builtin_shuffle(an_high_0_f8, an_high_1_f8, at);
    return out;
}

/* The exponent of 0 is -inf, that of inf is inf, the mantissa of a negative number is nan. */
AN_WIDE_FN an_lanes_f8 an_wide_log_f8(an_lanes_f8 x) {
    const an_factors_f8 a = an_factors_of_f8(x);
    return an_log_sum_f8(AN_FMA_f8(a.m, a.v, an_filled_f8(-1)), a.k, a.high);
}

#define AN_MOST_f8 1.7976931348623157e308

#define AN_MOST_f4 3.40282347e38f

/* log(1 + x): what 1 + x lost by rounding is added to r. */
AN_WIDE_FN an_lanes_f8 an_wide_log1p_f8(an_lanes_f8 x) {
    const an_lanes_f8 one = an_filled_f8(1), finite = AN_LESSER_f8(an_filled_f8(AN_MOST_f8), x);
    const an_lanes_f8 sum = finite + one, lost = finite - (sum - one);
    const an_factors_f8 a = an_factors_of_f8(sum);
    const an_lanes_f8 scale = AN_SCALED_f8(a.v, -AN_LARGER_f8(an_filled_f8(-60), a.k));
    const an_lanes_f8 r = AN_FMA_f8(lost, scale, AN_FMA_f8(a.m, a.v, -one));
    return an_signed_f8(an_log_sum_f8(r, a.k + (x - finite), a.high), x);
}
