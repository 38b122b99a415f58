/* Logarithms of 1 and what is not negative, and what is made of them, of whole registers; after
   wide.h, wide_exp.h and wide_log.h. */

/* ---- log(1 + x) for x not negative: 1 + x = 2^k m with m from 1 - 1/32 to 2 - 1/32, whose nearest
   sixteenth finds v, so that r = x v / 2^k - (1 - v / 2^k) is from -1/32 to 1/32; of floats the
   nearest 32nd.  Where 2^-k is too small for this the logarithm is that of x. ---- */

static const an_lanes_f8 an_inverse_up_0_f8 = {
    1, 0x1.e1f01ccab2749p-1, 0x1.c70d25a1ddc98p-1, 0x1.af388f5c9bd74p-1,
    0x1.999dd3b06d3afp-1, 0x1.861a479ad3ef6p-1, 0x1.744d9dd71b0d7p-1, 0x1.642c68df3a8c3p-1};

static const an_lanes_f8 an_inverse_up_1_f8 = {
    0x1.5549597fcea1ep-1, 0x1.47a5c7b4c8351p-1, 0x1.3b1385152aeb2p-1, 0x1.2f5f747907ba8p-1,
    0x1.2487d945d1b32p-1, 0x1.1a788bc25e9e4p-1, 0x1.111e931d44a8cp-1, 0x1.083968e32ce09p-1};

static const an_lanes_f4 an_inverse_up_0_f4 = {
    1, 0x1.f0bb76p-1f, 0x1.e1de4cp-1f, 0x1.d42d64p-1f, 0x1.c7339cp-1f, 0x1.ba7a3cp-1f,
    0x1.aefef6p-1f, 0x1.a48136p-1f, 0x1.99b18p-1f, 0x1.8f6756p-1f, 0x1.865a9cp-1f, 0x1.7cf36ap-1f,
    0x1.7404acp-1f, 0x1.6bf76cp-1f, 0x1.63dafep-1f, 0x1.5c9af8p-1f};

static const an_lanes_f4 an_inverse_up_1_f4 = {
    0x1.5544cp-1f, 0x1.4e1c96p-1f, 0x1.47626ep-1f, 0x1.4128fcp-1f, 0x1.3aeb62p-1f, 0x1.3563cp-1f,
    0x1.2fa1e8p-1f, 0x1.29a7bap-1f, 0x1.24d494p-1f, 0x1.1f4112p-1f, 0x1.1a9e9ap-1f, 0x1.15bddcp-1f,
    0x1.112d56p-1f, 0x1.0c860cp-1f, 0x1.086ee4p-1f, 0x1.03e8a8p-1f};

static const an_lanes_f8 an_high_up_0_f8 = {
    0, 0x1.efb1261d9p-5, 0x1.e2fa268248p-4, 0x1.5fa65f81d8p-3,
    0x1.c8ea5a2372p-3, 0x1.1670cec769p-2, 0x1.46434af49ep-2, 0x1.739dd1e9f8p-2};

static const an_lanes_f8 an_high_up_1_f8 = {
    0x1.9f5632ee21p-2, 0x1.c9196cb8d1p-2, 0x1.f12985762fp-2, 0x1.0bf619edbdp-1,
    0x1.1e983a003d8p-1, 0x1.3082f5ec3dp-1, 0x1.41bfab4dep-1, 0x1.52b39773e3p-1};

static const an_lanes_f4 an_high_up_0_f4 = {
    0, 0x1.fp-6f, 0x1.f0ep-5f, 0x1.6e8p-4f, 0x1.e1ap-4f, 0x1.2aep-3f,
    0x1.60b8p-3f, 0x1.933p-3f, 0x1.c888p-3f, 0x1.fcap-3f, 0x1.15c8p-2f, 0x1.2ecp-2f,
    0x1.470cp-2f, 0x1.5d74p-2f, 0x1.7488p-2f, 0x1.899cp-2f};

static const an_lanes_f4 an_high_up_1_f4 = {
    0x1.9f64p-2f, 0x1.b518p-2f, 0x1.c9ecp-2f, 0x1.dd94p-2f, 0x1.f1acp-2f, 0x1.01e8p-1f,
    0x1.0b86p-1f, 0x1.15b4p-1f, 0x1.1e12p-1f, 0x1.27eap-1f, 0x1.303ep-1f, 0x1.3928p-1f,
    0x1.41a4p-1f, 0x1.4a7p-1f, 0x1.524cp-1f, 0x1.5b22p-1f};

AN_WIDE_FN an_lanes_f8 an_log_tail_up_f8(an_lanes_f8 r) {
    const an_lanes_f8 w = r * r;
    an_lanes_f8 even =
        AN_FMA_f8(w, an_filled_f8(-0x1.0077e2764b8eap-3), an_filled_f8(-0x1.55553df9c45b2p-3));
    an_lanes_f8 odd =
        AN_FMA_f8(w, an_filled_f8(0x1.c82435618dcp-4), an_filled_f8(0x1.24922846d776bp-3));
    even = AN_FMA_f8(even, w, an_filled_f8(-0x1.00000000d764dp-2));
    odd = AN_FMA_f8(odd, w, an_filled_f8(0x1.9999999cedf5dp-3));
    even = AN_FMA_f8(even, w, an_filled_f8(-0x1.fffffffffffbdp-2));
    odd = AN_FMA_f8(odd, w, an_filled_f8(0x1.5555555555473p-2));
    return AN_FMA_f8(odd, r, even);
}

AN_WIDE_FN an_lanes_f4 an_log_tail_up_f4(an_lanes_f4 r) {
    const an_lanes_f4 tail =
        AN_FMA_f4(r, an_filled_f4(-0x1.0010a96p-2f), an_filled_f4(0x1.556106p-2f));
    return AN_FMA_f4(tail, r, an_filled_f4(-0.5f));
}

AN_WIDE_FN an_lanes_f8 an_wide_log1p_up_f8(an_lanes_f8 x) {
    const an_lanes_u8 one = (an_lanes_u8)an_filled_f8(1);
    const an_lanes_u8 near = (an_lanes_u8)(x + an_filled_f8(1)) + AN_EACH_BITS_f8(AN_HALF_CELL_f8);
    const an_lanes_u8 top = (near - one) & AN_EACH_BITS_f8(AN_EXPONENT_BITS_f8);
    const an_lanes_u8 at = near >> AN_SHIFT_f8;
    const an_lanes_f8 v = __builtin_shuffle(an_inverse_up_0_f8, an_inverse_up_1_f8, at);
    const an_lanes_f8 high = __builtin_shuffle(an_high_up_0_f8, an_high_up_1_f8, at);
    const an_lanes_f8 scale = (an_lanes_f8)((an_lanes_u8)v - top);
    const an_lanes_f8 r = AN_FMA_f8(x, scale, scale - an_filled_f8(1));
    const an_lanes_f8 k = AN_EXPONENT_OF_f8((an_lanes_f8)near);
    const an_lanes_f8 rest = AN_FMA_f8(k, an_filled_f8(AN_LN2_LOW_f8), r);
    const an_lanes_f8 whole = AN_FMA_f8(k, an_filled_f8(AN_LN2_HIGH_f8), high);
    const an_lanes_f8 found = whole + AN_FMA_f8(r * r, an_log_tail_up_f8(r), rest);
    const an_mask_f8 huge = AN_COMPARED_f8(x, an_filled_f8(AN_HUGE_f8), 30);
    return __builtin_expect(huge, 0) ? an_log_where_f8(huge, x, found) : found;
}

AN_WIDE_FAR an_lanes_f8 an_log_where_f8(an_mask_f8 which, an_lanes_f8 x, an_lanes_f8 other) {
    return an_wide_where_f8(which, an_wide_log_f8(x), other);
}

#define AN_HALF_CELL_f8 (1ULL << 47)

#define AN_HALF_CELL_f4 (1U << 17)

#define AN_HUGE_f8 0x1p1000

#define AN_HUGE_f4 0x1p120f

/* ---- log(1 + exp(x)) and its like: log(1 + e) with e from 0 to 1, short of which it is stopped so
   that 1 + e, whose bits find v, is less than 2. ---- */

static const an_lanes_f8 an_inverse_one_0_f8 = {
    1, 0x1.d42e9cfef1c78p-1, 0x1.bacab604a71ep-1, 0x1.a41260c492734p-1,
    0x1.8f9a0b79ad051p-1, 0x1.7cf990b7ac224p-1, 0x1.6c223e9e2c57dp-1, 0x1.5ca8ff79eb9aap-1};

static const an_lanes_f8 an_inverse_one_1_f8 = {
    0x1.4e66b6b635dfp-1, 0x1.4141ff93af9fbp-1, 0x1.3511fea024706p-1, 0x1.29e0f545bcbf2p-1,
    0x1.1f770a355c69dp-1, 0x1.15b1fd4e390d5p-1, 0x1.0c9207d6f4a1p-1, 0x1.0405c2c3645e7p-1};

static const an_lanes_f4 an_inverse_one_0_f4 = {
    1, 0x1.e9229ap-1f, 0x1.db26ccp-1f, 0x1.cd4b6p-1f, 0x1.c0a756p-1f, 0x1.b4fb24p-1f,
    0x1.a9bb8ep-1f, 0x1.9ed06cp-1f, 0x1.94a638p-1f, 0x1.8a9bb2p-1f, 0x1.818612p-1f, 0x1.78b81ap-1f,
    0x1.705f54p-1f, 0x1.683cc2p-1f, 0x1.6075dcp-1f, 0x1.5913f8p-1f};

static const an_lanes_f4 an_inverse_one_1_f4 = {
    0x1.51ee34p-1f, 0x1.4b0d2p-1f, 0x1.4496a2p-1f, 0x1.3e370ap-1f, 0x1.38202ap-1f, 0x1.325196p-1f,
    0x1.2c7604p-1f, 0x1.27245ap-1f, 0x1.221436p-1f, 0x1.1cd824p-1f, 0x1.18060ap-1f, 0x1.1381e8p-1f,
    0x1.0ebcf4p-1f, 0x1.0a6a58p-1f, 0x1.063db2p-1f, 0x1.01dce2p-1f};

static const an_lanes_f8 an_high_one_0_f8 = {
    0, 0x1.6e754dc83bcp-4, 0x1.296ba5cc03p-3, 0x1.954c126d2e8p-3,
    0x1.fb9c0c0d38p-3, 0x1.2eaf774b045p-2, 0x1.5cfb8c5b253p-2, 0x1.8972cb1b1a5p-2};

static const an_lanes_f8 an_high_one_1_f8 = {
    0x1.b434e886f1ap-2, 0x1.dd4441a6103p-2, 0x1.026f5d4cb6ap-1, 0x1.155197a69b18p-1,
    0x1.2789d71dcb18p-1, 0x1.393de22d2b4p-1, 0x1.4a5927006ff8p-1, 0x1.5ae8adbd609p-1};

static const an_lanes_f4 an_high_one_0_f4 = {
    0, 0x1.7642p-5f, 0x1.31efp-4f, 0x1.ab2ap-4f, 0x1.0e7c8p-3f, 0x1.44798p-3f,
    0x1.79e2p-3f, 0x1.af178p-3f, 0x1.e1e7p-3f, 0x1.0aae8p-2f, 0x1.2288p-2f, 0x1.3a304p-2f,
    0x1.5121cp-2f, 0x1.67ffcp-2f, 0x1.7e59p-2f, 0x1.9406p-2f};

static const an_lanes_f4 an_high_one_1_f4 = {
    0x1.a974cp-2f, 0x1.be844p-2f, 0x1.d2b48p-2f, 0x1.e703p-2f, 0x1.faccp-2f, 0x1.07038p-1f,
    0x1.10e64p-1f, 0x1.1a0b6p-1f, 0x1.22e76p-1f, 0x1.2c3a4p-1f, 0x1.34f78p-1f, 0x1.3d4aap-1f,
    0x1.463b8p-1f, 0x1.4e792p-1f, 0x1.568f2p-1f, 0x1.5f2dep-1f};

/* exp(-|x|) */
AN_WIDE_FN an_lanes_f8 an_softplus_start_f8(an_lanes_f8 x) {
    return an_exp_within_f8(
        -AN_LESSER_f8(an_filled_f8(AN_FAR_EXP_f8), an_wide_absolute_f8(x)));
}

/* log(1 + exp(x)), where `start` is exp(-|x|) */
AN_WIDE_FN an_lanes_f8 an_softplus_end_f8(an_lanes_f8 start, an_lanes_f8 x) {
    const an_lanes_f8 one = an_filled_f8(1);
    const an_lanes_f8 e = AN_LESSER_f8(an_filled_f8(AN_BELOW_ONE_f8), start);
    const an_lanes_u8 at = (an_lanes_u8)(e + one) >> AN_SHIFT_f8;
    const an_lanes_f8 v = __builtin_shuffle(an_inverse_one_0_f8, an_inverse_one_1_f8, at);
    const an_lanes_f8 high = __builtin_shuffle(an_high_one_0_f8, an_high_one_1_f8, at);
    const an_lanes_f8 r = AN_FMA_f8(e, v, v - one);
    const an_lanes_f8 tail = high + AN_FMA_f8(r * r, an_log_tail_f8(r), r);
    return AN_LARGER_f8(x, an_filled_f8(0)) + tail;
}

#define AN_BELOW_ONE_f8 0x1.ffffffffffffep-1

#define AN_BELOW_ONE_f4 0x1.fffffcp-1f

AN_WIDE_FN an_lanes_f8 an_wide_softplus_f8(an_lanes_f8 x) {
    return an_softplus_end_f8(an_softplus_start_f8(x), x);
}
