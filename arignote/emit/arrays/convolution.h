/* Convolutions without an im2col matrix.  T is the element type.

   The padded input of some images is copied so that every tap of the filters is one offset into it:
   channel by channel, and for strides the positions of each remainder apart.  A result at flat
   position p is then the sum over q = (channel, tap) of w[m][q] * x[offset[q] + p], a product of
   matrices whose right side is never built; at the ends of rows it computes elements that nobody
   reads.  The transposed convolution is the same with the parts changed; the gradient by the
   filters sums over p instead. */
#ifndef AN_CONV
#define AN_CONV
#if defined(__AVX512F__)
#define AN_CONV_BYTES 64
#define AN_CONV_ROWS 8      /* results in registers: AN_CONV_ROWS x AN_CONV_VECS vectors */
#define AN_CONV_TAPS 6      /* taps in registers in the gradient by the filters */
#else
#define AN_CONV_BYTES 32
#define AN_CONV_ROWS 4
#define AN_CONV_TAPS 2
#endif
#define AN_CONV_VECS 3
#define AN_CONV_SUMS 4      /* results in registers in the gradient by the filters */
#define AN_CONV_DEPTH 512   /* taps between two visits of the results */
#define AN_CONV_INLINE static inline __attribute__((always_inline))
static inline int64_t an_conv_ceil(int64_t a, int64_t b) {
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}
static inline int64_t an_conv_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t an_conv_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t an_conv_gcd(int64_t a, int64_t b) { return b ? an_conv_gcd(b, a % b) : a; }
/* One problem in three spatial axes, and its options. */
typedef struct {
    int64_t n, groups, m, c, in[3], k[3], out[3], pad[3], step[3], apart[3];
} an_conv_sizes;
#endif
#ifndef AN_CONV_T
#define AN_CONV_T
#if defined(__clang__)
#pragma clang fp contract(fast)
#else
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif
typedef T an_conv_v_T __attribute__((vector_size(AN_CONV_BYTES), aligned(sizeof(T)), may_alias));
enum { AN_CONV_LANES_T = AN_CONV_BYTES / sizeof(T) };
enum { AN_CONV_WIDE_T = AN_CONV_VECS * AN_CONV_LANES_T };

/* An array (images, channels, three spatial axes) and its strides. */
typedef struct { T *p; int64_t size[3], s[5]; } an_conv_array_T;
/* Images of an array, copied: [channel][phase][image][L0][L1][L2]; there is room for `held` images,
   `images` of them are of use. */
typedef struct {
    T *x;
    int64_t held, images, phases, L[3], plane, channel, *phase;
} an_conv_flat_T;

/* The copy of one channel: position l of phase f reads the array at l * step + f + base. */
static void an_conv_copy_T(const an_conv_flat_T *f, const an_conv_array_T *a, int64_t image,
                           int64_t channel, int64_t at, const int64_t *step, const int64_t *base) {
    for (int64_t ph = 0; ph < f->phases; ph++)
        for (int64_t i = 0; i < f->images; i++) {
            T *to = f->x + at * f->channel + (ph * f->held + i) * f->plane;
            const T *from = a->p + (image + i) * a->s[0] + channel * a->s[1];
            const int64_t *r = f->phase + 3 * ph, b2 = r[2] + base[2];
            const int64_t lo = an_conv_max(0, an_conv_min(f->L[2], an_conv_ceil(-b2, step[2])));
            const int64_t end = an_conv_ceil(a->size[2] - b2, step[2]);
            const int64_t hi = an_conv_max(lo, an_conv_min(f->L[2], end));
            for (int64_t l0 = 0; l0 < f->L[0]; l0++)
                for (int64_t l1 = 0; l1 < f->L[1]; l1++, to += f->L[2]) {
                    const int64_t i0 = l0 * step[0] + r[0] + base[0];
                    const int64_t i1 = l1 * step[1] + r[1] + base[1];
                    if (i0 < 0 || i0 >= a->size[0] || i1 < 0 || i1 >= a->size[1]) {
                        memset(to, 0, f->L[2] * sizeof(T));
                        continue;
                    }
                    const T *row = from + i0 * a->s[2] + i1 * a->s[3] + b2 * a->s[4];
                    const int64_t s = step[2] * a->s[4];
                    for (int64_t l = 0; l < lo; l++) to[l] = 0;
                    if (s == 1) memcpy(to + lo, row + lo, (hi - lo) * sizeof(T));
                    else for (int64_t l = lo; l < hi; l++) to[l] = row[l * s];
                    for (int64_t l = hi; l < f->L[2]; l++) to[l] = 0;
                }
        }
    const int64_t end = ((f->phases - 1) * f->held + f->images) * f->plane;
    memset(f->x + at * f->channel + end, 0, AN_CONV_WIDE_T * sizeof(T));
}

/* rows x AN_CONV_WIDE results: o (+)= the sum over q of w[q][row] * x[offset[q] + lane]. */
AN_CONV_INLINE void an_conv_tile_T(int rows, int64_t depth, const T *w, const T *x,
                                   const int64_t *offset, T *o, int64_t ldo, int first) {
    an_conv_v_T acc[AN_CONV_ROWS][AN_CONV_VECS];
    const an_conv_v_T zero = {0};
    _Pragma("GCC unroll 8") for (int m = 0; m < rows; m++)
        _Pragma("GCC unroll 3") for (int v = 0; v < AN_CONV_VECS; v++)
            acc[m][v] = first ? zero : *(an_conv_v_T *)(o + m * ldo + v * AN_CONV_LANES_T);
    for (int64_t q = 0; q < depth; q++, w += rows) {
        const T *at = x + offset[q];
        an_conv_v_T b[AN_CONV_VECS];
        _Pragma("GCC unroll 3") for (int v = 0; v < AN_CONV_VECS; v++)
            b[v] = *(const an_conv_v_T *)(at + v * AN_CONV_LANES_T);
        _Pragma("GCC unroll 8") for (int m = 0; m < rows; m++)
            _Pragma("GCC unroll 3") for (int v = 0; v < AN_CONV_VECS; v++) acc[m][v] += b[v] * w[m];
    }
    _Pragma("GCC unroll 8") for (int m = 0; m < rows; m++)
        _Pragma("GCC unroll 3") for (int v = 0; v < AN_CONV_VECS; v++)
            *(an_conv_v_T *)(o + m * ldo + v * AN_CONV_LANES_T) = acc[m][v];
}
static int an_conv_rows_T(int64_t left) {
    return left >= AN_CONV_ROWS ? AN_CONV_ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* Where results go: y[image][m][u * step + base] for u below U. */
typedef struct {
    T *y;
    int64_t s[5], U[3], step[3], base[3], m, depth;
    const T *w;             /* blocks of rows, each [q][row] */
    const int64_t *offset;
} an_conv_results_T;

/* All results of the images in f, by chunks of flat positions. */
static int an_conv_product_T(const an_conv_flat_T *f, const an_conv_results_T *r, int64_t image,
                             int threads) {
    const int64_t row = f->L[2], plane = f->plane;
    const int64_t total = (f->images - 1) * plane
        + ((r->U[0] - 1) * f->L[1] + r->U[1] - 1) * row + r->U[2];
    int64_t chunk = (1 << 18) / (int64_t)sizeof(T) / r->m / AN_CONV_WIDE_T;
    chunk = an_conv_min(chunk, an_conv_max(8, 4096 / (r->m * AN_CONV_WIDE_T)));
    chunk = an_conv_max(1, chunk) * AN_CONV_WIDE_T;
    int failed = 0;
    #pragma omp parallel num_threads(threads) if (threads > 1)
    {
        T *o = aligned_alloc(64, (r->m * chunk * sizeof(T) + 63) & ~(size_t)63);
        if (!o) failed = 1;
        #pragma omp for schedule(dynamic)
        for (int64_t p0 = 0; p0 < total; p0 += chunk) {
            if (!o) continue;
            const int64_t p1 = an_conv_min(total, p0 + chunk);
            for (int64_t q0 = 0; q0 == 0 || q0 < r->depth; q0 += AN_CONV_DEPTH) {
                const int64_t depth = an_conv_min(AN_CONV_DEPTH, r->depth - q0);
                for (int64_t m = 0; m < r->m;) {
                    const int rows = an_conv_rows_T(r->m - m);
                    const T *w = r->w + m * r->depth + q0 * rows;
                    for (int64_t p = p0; p < p1; p += AN_CONV_WIDE_T) {
                        T *to = o + m * chunk + (p - p0);
                        const int64_t *offset = r->offset + q0;
                        #define AN_CONV_TILE(n) \
                            an_conv_tile_T(n, depth, w, f->x + p, offset, to, chunk, q0 == 0)
                        if (rows == AN_CONV_ROWS) AN_CONV_TILE(AN_CONV_ROWS);
                        else if (rows == 4) AN_CONV_TILE(4);
                        else if (rows == 2) AN_CONV_TILE(2);
                        else AN_CONV_TILE(1);
                        #undef AN_CONV_TILE
                    }
                    m += rows;
                }
            }
            for (int64_t line = p0 / row; line * row < p1; line++) {
                const int64_t i = line / (f->L[0] * f->L[1]), rest = line % (f->L[0] * f->L[1]);
                const int64_t u0 = rest / f->L[1], u1 = rest % f->L[1];
                if (u0 >= r->U[0] || u1 >= r->U[1]) continue;
                const int64_t lo = an_conv_max(p0 - line * row, 0);
                const int64_t hi = an_conv_min(p1 - line * row, r->U[2]), s = r->step[2] * r->s[4];
                const T *from = o + (line * row - p0);
                T *to = r->y + (image + i) * r->s[0] + (u0 * r->step[0] + r->base[0]) * r->s[2]
                    + (u1 * r->step[1] + r->base[1]) * r->s[3] + r->base[2] * r->s[4];
                for (int64_t m = 0; m < r->m; m++, from += chunk, to += r->s[1]) {
                    if (s == 1) for (int64_t u = lo; u < hi; u++) to[u] = from[u];
                    else for (int64_t u = lo; u < hi; u++) to[u * s] = from[u];
                }
            }
        }
        free(o);
    }
    return failed;
}

/* sums[m][q], lane by lane, += g[m][p] * x[offset[q] + p] for a few m and q. */
AN_CONV_INLINE void an_conv_sums_T(int64_t count, const T *g, int64_t ldg, const T *const *at,
                                   an_conv_v_T *sums) {
    an_conv_v_T acc[AN_CONV_SUMS][AN_CONV_TAPS];
    _Pragma("GCC unroll 4") for (int m = 0; m < AN_CONV_SUMS; m++)
        _Pragma("GCC unroll 6") for (int k = 0; k < AN_CONV_TAPS; k++)
            acc[m][k] = sums[m * AN_CONV_TAPS + k];
    for (int64_t p = 0; p < count; p += AN_CONV_LANES_T) {
        an_conv_v_T b[AN_CONV_TAPS];
        _Pragma("GCC unroll 6") for (int k = 0; k < AN_CONV_TAPS; k++)
            b[k] = *(const an_conv_v_T *)(at[k] + p);
        _Pragma("GCC unroll 4") for (int m = 0; m < AN_CONV_SUMS; m++) {
            const an_conv_v_T a = *(const an_conv_v_T *)(g + m * ldg + p);
            _Pragma("GCC unroll 6") for (int k = 0; k < AN_CONV_TAPS; k++) acc[m][k] += a * b[k];
        }
    }
    _Pragma("GCC unroll 4") for (int m = 0; m < AN_CONV_SUMS; m++)
        _Pragma("GCC unroll 6") for (int k = 0; k < AN_CONV_TAPS; k++)
            sums[m * AN_CONV_TAPS + k] = acc[m][k];
}
/* The sum of the lanes, halves first. */
AN_CONV_INLINE T an_conv_total_T(const an_conv_v_T *v) {
    T x[AN_CONV_LANES_T];
    memcpy(x, v, sizeof x);
    for (int n = AN_CONV_LANES_T / 2; n > 0; n /= 2)
        for (int l = 0; l < n; l++) x[l] += x[l + n];
    return x[0];
}
/* All sums of some taps over the images in f. */
static int an_conv_tap_sums_T(const an_conv_flat_T *f, const an_conv_flat_T *g, int64_t padded,
                              int64_t total, int64_t block, const int64_t *offset, int64_t taps,
                              T *out, int64_t m, int64_t ld) {
    const size_t bytes = padded * AN_CONV_TAPS * sizeof(an_conv_v_T);
    an_conv_v_T *sums = aligned_alloc(64, bytes);
    if (!sums) return 1;
    memset(sums, 0, bytes);
    for (int64_t p = 0; p < total; p += block) {
        const T *at[AN_CONV_TAPS];
        for (int k = 0; k < AN_CONV_TAPS; k++) at[k] = f->x + p + offset[k < taps ? k : 0];
        for (int64_t r = 0; r < padded; r += AN_CONV_SUMS)
            an_conv_sums_T(an_conv_min(block, total - p), g->x + r * g->channel + p, g->channel, at,
                           sums + r * AN_CONV_TAPS);
    }
    for (int64_t r = 0; r < m; r++)
        for (int64_t k = 0; k < taps; k++)
            out[r * ld + k] += an_conv_total_T(sums + r * AN_CONV_TAPS + k);
    free(sums);
    return 0;
}
#if !defined(__clang__)
#pragma GCC pop_options
#endif

static int an_conv_flat_new_T(an_conv_flat_T *f, int64_t n, int64_t channels,
                              int64_t least) {
    f->plane = f->L[0] * f->L[1] * f->L[2];
    f->held = f->images = an_conv_max(1, an_conv_min(n, least / f->plane));
    f->channel = f->phases * f->held * f->plane + AN_CONV_WIDE_T;  /* read past the end: zeros */
    const size_t bytes = channels * f->channel * sizeof(T);
    f->x = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    return !f->x;
}
static void an_conv_fill_T(const an_conv_flat_T *f, const an_conv_array_T *a, int64_t image,
                           int64_t first, int64_t channels, const int64_t *step,
                           const int64_t *base, int threads) {
    #pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int64_t c = 0; c < channels; c++) an_conv_copy_T(f, a, image, first + c, c, step, base);
}

/* The input, and where each tap reads it: phases are the remainders that tap positions leave. */
static int an_conv_taps_T(an_conv_flat_T *f, int64_t *offset, const an_conv_sizes *z,
                          int64_t least) {
    int64_t seen[3], at = 0, q = 0, t[3], r[3];
    for (int k = 0; k < 3; k++) {
        seen[k] = an_conv_min(z->k[k], z->step[k] / an_conv_gcd(z->apart[k], z->step[k]));
        f->L[k] = z->out[k] + (z->k[k] - 1) * z->apart[k] / z->step[k];
    }
    f->phases = seen[0] * seen[1] * seen[2];
    f->phase = malloc(3 * f->phases * sizeof(int64_t));
    if (!f->phase || an_conv_flat_new_T(f, z->n, z->c, least)) return 1;
    for (r[0] = 0; r[0] < seen[0]; r[0]++)
        for (r[1] = 0; r[1] < seen[1]; r[1]++)
            for (r[2] = 0; r[2] < seen[2]; r[2]++)
                for (int k = 0; k < 3; k++) f->phase[at++] = r[k] * z->apart[k] % z->step[k];
    for (int64_t c = 0; c < z->c; c++)
        for (t[0] = 0; t[0] < z->k[0]; t[0]++)
            for (t[1] = 0; t[1] < z->k[1]; t[1]++)
                for (t[2] = 0; t[2] < z->k[2]; t[2]++) {
                    int64_t phase = 0, place = 0;
                    for (int k = 0; k < 3; k++) {
                        phase = phase * seen[k] + t[k] % seen[k];
                        place = place * f->L[k] + t[k] * z->apart[k] / z->step[k];
                    }
                    offset[q++] = c * f->channel + phase * f->held * f->plane + place;
                }
    return 0;
}

static T an_conv_tap_T(const an_conv_array_T *w, int64_t m, int64_t c, int64_t a, int64_t b,
                       int64_t d) {
    return w->p[m * w->s[0] + c * w->s[1] + a * w->s[2] + b * w->s[3] + d * w->s[4]];
}

/* One group of the convolution itself. */
static int an_conv_forward_T(const an_conv_sizes *z, const an_conv_array_T *x,
                             const an_conv_array_T *w, const an_conv_array_T *y, int64_t group,
                             int threads) {
    const int64_t taps = z->k[0] * z->k[1] * z->k[2], depth = z->c * taps;
    const int64_t base[3] = {-z->pad[0], -z->pad[1], -z->pad[2]};
    an_conv_flat_T f = {0};
    int64_t *offset = malloc(depth * sizeof(int64_t));
    T *packed = malloc(z->m * depth * sizeof(T)), *to = packed;
    const int64_t least = an_conv_max(1024, 16384 / z->c);
    int failed = !offset || !packed || an_conv_taps_T(&f, offset, z, least);
    for (int64_t m = 0, rows; !failed && m < z->m; m += rows) {
        rows = an_conv_rows_T(z->m - m);
        for (int64_t c = 0; c < z->c; c++)
            for (int64_t a = 0; a < z->k[0]; a++)
                for (int64_t b = 0; b < z->k[1]; b++)
                    for (int64_t d = 0; d < z->k[2]; d++)
                        for (int64_t i = 0; i < rows; i++)
                            *to++ = an_conv_tap_T(w, group * z->m + m + i, c, a, b, d);
    }
    an_conv_results_T r = {.y = y->p + group * z->m * y->s[1], .step = {1, 1, 1}, .m = z->m,
                           .depth = depth, .w = packed, .offset = offset};
    memcpy(r.s, y->s, sizeof r.s);
    memcpy(r.U, z->out, sizeof r.U);
    for (int64_t i = 0; !failed && i < z->n; i += f.images) {
        f.images = an_conv_min(f.held, z->n - i);
        an_conv_fill_T(&f, x, i, group * z->c, z->c, z->step, base, threads);
        failed = an_conv_product_T(&f, &r, i, threads);
    }
    free(offset); free(packed); free(f.x); free(f.phase);
    return failed;
}

/* The elements of x at one remainder r of the step: u * step + r - pad for u from `from` on. */
static int an_conv_remainder_T(const an_conv_sizes *z, const an_conv_flat_T *f,
                               const an_conv_array_T *x, const an_conv_array_T *w, int64_t group,
                               int64_t image, const int64_t *r, const int64_t *from,
                               const int64_t *most, int64_t *offset, T *packed, int threads) {
    an_conv_results_T out = {.y = x->p + group * z->c * x->s[1], .m = z->c, .w = packed,
                             .offset = offset};
    int64_t first[3], t[3];
    for (int k = 0; k < 3; k++) {
        first[k] = an_conv_ceil(z->pad[k] - r[k], z->step[k]);
        out.U[k] = an_conv_ceil(z->in[k] + z->pad[k] - r[k], z->step[k]) - first[k];
        out.step[k] = z->step[k];
        out.base[k] = first[k] * z->step[k] + r[k] - z->pad[k];
        if (out.U[k] < 1) return 0;
    }
    memcpy(out.s, x->s, sizeof out.s);
    for (int64_t c = 0, rows; c < z->c; c += rows) {
        rows = an_conv_rows_T(z->c - c);
        T *to = packed + c * out.depth;
        int64_t q = 0;
        for (int64_t m = 0; m < z->m; m++)
            for (t[0] = 0; t[0] < z->k[0]; t[0]++)
                for (t[1] = 0; t[1] < z->k[1]; t[1]++)
                    for (t[2] = 0; t[2] < z->k[2]; t[2]++) {
                        int64_t place = 0, here = 1;
                        for (int k = 0; k < 3; k++) {
                            const int64_t at = t[k] * z->apart[k];
                            here = here && at % z->step[k] == r[k];
                            place = place * f->L[k] + first[k] - from[k] + most[k];
                            place -= at / z->step[k];
                        }
                        if (!here) continue;
                        offset[q++] = m * f->channel + place;
                        for (int64_t i = 0; i < rows; i++)
                            *to++ = an_conv_tap_T(w, group * z->m + m, c + i, t[0], t[1], t[2]);
                    }
        out.depth = q;  /* the same for all c */
    }
    return an_conv_product_T(f, &out, image, threads);
}

/* One group of the transposed convolution: for each remainder of input positions divided by the
   step, a convolution of y with the taps that reach them. */
static int an_conv_transposed_T(const an_conv_sizes *z, const an_conv_array_T *x,
                                const an_conv_array_T *w, const an_conv_array_T *y, int64_t group,
                                int threads) {
    const int64_t one[3] = {1, 1, 1};
    int64_t most[3], from[3], base[3], r[3], zero[3] = {0}, depth = z->m;
    an_conv_flat_T f = {.phases = 1, .phase = zero};
    for (int k = 0; k < 3; k++) {
        most[k] = (z->k[k] - 1) * z->apart[k] / z->step[k];
        from[k] = z->pad[k] >= 0 ? z->pad[k] / z->step[k] : -an_conv_ceil(-z->pad[k], z->step[k]);
        f.L[k] = an_conv_ceil(z->in[k] + z->pad[k], z->step[k]) - from[k] + most[k];
        base[k] = from[k] - most[k];
        depth *= z->k[k];
        if (f.L[k] < 1) return 1;
    }
    int64_t *offset = malloc(depth * sizeof(int64_t));
    T *packed = malloc(z->c * depth * sizeof(T));
    const int64_t least = an_conv_max(1024, 16384 / z->m);
    int failed = !offset || !packed || an_conv_flat_new_T(&f, z->n, z->m, least);
    for (int64_t i = 0; !failed && i < z->n; i += f.images) {
        f.images = an_conv_min(f.held, z->n - i);
        an_conv_fill_T(&f, y, i, group * z->m, z->m, one, base, threads);
        for (r[0] = 0; r[0] < z->step[0]; r[0]++)
            for (r[1] = 0; r[1] < z->step[1]; r[1]++)
                for (r[2] = 0; r[2] < z->step[2] && !failed; r[2]++)
                    failed = an_conv_remainder_T(z, &f, x, w, group, i, r, from, most, offset,
                                                 packed, threads);
    }
    free(offset); free(packed); free(f.x);
    return failed;
}

/* One group of the gradient by the filters. */
static int an_conv_filters_T(const an_conv_sizes *z, const an_conv_array_T *x,
                             const an_conv_array_T *w, const an_conv_array_T *y, int64_t group,
                             int threads) {
    const int64_t depth = z->c * z->k[0] * z->k[1] * z->k[2], one[3] = {1, 1, 1};
    const int64_t padded = (z->m + AN_CONV_SUMS - 1) / AN_CONV_SUMS * AN_CONV_SUMS;
    const int64_t base[3] = {-z->pad[0], -z->pad[1], -z->pad[2]};
    const int64_t least = an_conv_max(4096, 32768 / an_conv_max(z->c, z->m));
    int64_t zero[3] = {0};
    an_conv_flat_T f = {0}, g = {.phases = 1, .phase = zero};
    int64_t *offset = malloc(depth * sizeof(int64_t));
    T *sums = calloc(padded * depth, sizeof(T));
    int failed = !offset || !sums || an_conv_taps_T(&f, offset, z, least);
    memcpy(g.L, f.L, sizeof g.L);
    failed = failed || an_conv_flat_new_T(&g, z->n, padded, least);
    if (!failed) memset(g.x + z->m * g.channel, 0, (padded - z->m) * g.channel * sizeof(T));
    int64_t block = (1 << 17) / (int64_t)sizeof(T) / padded / AN_CONV_LANES_T;
    block = an_conv_max(8, an_conv_min(block, 256)) * AN_CONV_LANES_T;
    for (int64_t i = 0; !failed && i < z->n; i += f.images) {
        g.images = f.images = an_conv_min(f.held, z->n - i);
        an_conv_fill_T(&f, x, i, group * z->c, z->c, z->step, base, threads);
        an_conv_fill_T(&g, y, i, group * z->m, z->m, one, zero, threads);
        const int64_t total = (f.images - 1) * f.plane
            + ((z->out[0] - 1) * f.L[1] + z->out[1] - 1) * f.L[2] + z->out[2];
        #pragma omp parallel for num_threads(threads) if (threads > 1)
        for (int64_t q = 0; q < depth; q += AN_CONV_TAPS)
            if (an_conv_tap_sums_T(&f, &g, padded, total, block, offset + q,
                                   an_conv_min(AN_CONV_TAPS, depth - q), sums + q, z->m, depth))
                failed = 1;
    }
    T *to = w->p + group * z->m * depth, check = 0;
    for (int64_t k = 0; !failed && k < z->m * depth; k++) {
        to[k] = sums[k];
        check += sums[k] - sums[k];
    }
    /* An inf or nan beside the elements that count may have been multiplied by 0. */
    failed = failed || check != 0;
    free(offset); free(sums); free(f.x); free(f.phase); free(g.x);
    return failed;
}

/* Pointers and numbers of a call, see array_c.  what: 0 y = conv(x, w), 1 x = conv_input(y, w),
   2 w = conv_filters(x, y). */
static int32_t an_conv_call_T(int what, int rank, void **p, const int64_t *d, int32_t threads) {
    an_conv_sizes z = {0};
    an_conv_array_T array[3];
    const int64_t *dims[3] = {d, d + 2 * (rank + 2), d + 4 * (rank + 2)};
    const int64_t *at = d + 5 * (rank + 2);  /* step, apart, groups */
    const int place[3][3] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}};  /* of x, w, y */
    for (int k = 0; k < 3; k++) {
        const int64_t *size = dims[k];
        array[k].p = p[k < 2 ? k : 2 + 2 * rank + (what > 0)];
        for (int a = 0; a < 5; a++) array[k].s[a] = 0;
        for (int a = 0; a < 3; a++) array[k].size[a] = a < 3 - rank ? 1 : size[a + rank - 1];
        int64_t next = 1;
        for (int a = rank + 1; a >= 0; a--) {
            if (size[a] == 0) return 1;
            array[k].s[a < 2 ? a : a + 3 - rank] = k < 2 ? size[rank + 2 + a] : next;
            next *= size[a];
        }
    }
    const an_conv_array_T *x = array + place[what][0], *w = array + place[what][1];
    const an_conv_array_T *y = array + place[what][2];
    z.n = dims[place[what][2]][0];
    z.groups = at[2 * rank];
    z.m = dims[place[what][1]][0] / z.groups;
    z.c = dims[place[what][1]][1];
    for (int a = 0; a < 3; a++) {
        const int b = a + rank - 3;
        z.in[a] = x->size[a]; z.k[a] = w->size[a]; z.out[a] = y->size[a];
        z.step[a] = b < 0 ? 1 : at[b];
        z.apart[a] = b < 0 ? 1 : at[rank + b];
        z.pad[a] = b < 0 ? 0 : *(int64_t *)p[2 + b];
    }
    const double work = 2.0 * z.n * z.groups * z.m * z.c * z.k[0] * z.k[1] * z.k[2] * z.out[0]
        * z.out[1] * z.out[2];
    const int most = threads > 1 && work > 2e6 ? threads : 1;
    const int outer = most > 1 && z.groups >= 2 * most ? most : 1, inner = outer > 1 ? 1 : most;
    int failed = 0;
    #pragma omp parallel for num_threads(outer) if (outer > 1)
    for (int64_t g = 0; g < z.groups; g++) {
        const int bad = what == 0 ? an_conv_forward_T(&z, x, w, y, g, inner)
            : what == 1 ? an_conv_transposed_T(&z, x, w, y, g, inner)
            : an_conv_filters_T(&z, x, w, y, g, inner);
        if (bad) failed = 1;
    }
    return failed;
}
#endif
