/* Full convolutions of two vectors: out[k] is the sum over j of v[j] * a[k - j], with v the shorter.
   T is the element type.  Neighbouring results are in vector registers, and each element of v is
   multiplied with the run of a that it meets; a is copied between zeros, so that this holds at its
   ends, too.  Where v has inf or nan, whose products with zeros NumPy does not add, the ends are
   done element by element of v.  Sums of more than AN_CONVOLVE_DEPTH products are sums of such sums.
   */
#ifndef AN_CONVOLVE
#define AN_CONVOLVE
#if defined(__AVX512F__)
#define AN_CONVOLVE_BYTES 64
#else
#define AN_CONVOLVE_BYTES 32
#endif
#define AN_CONVOLVE_VECS 8
#define AN_CONVOLVE_DEPTH 512
#endif
#ifndef AN_CONVOLVE_T
#define AN_CONVOLVE_T
#if defined(__clang__)
#pragma clang fp contract(fast)
#else
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif
typedef T an_convolve_v_T
    __attribute__((vector_size(AN_CONVOLVE_BYTES), aligned(sizeof(T)), may_alias));
enum { AN_CONVOLVE_LANES_T = AN_CONVOLVE_BYTES / sizeof(T) };
enum { AN_CONVOLVE_WIDE_T = AN_CONVOLVE_VECS * AN_CONVOLVE_LANES_T };

/* The sums over v[from:to] of AN_CONVOLVE_WIDE_T results.  a points at what meets v[0] in the first. */
static void an_convolve_block_T(
        T *out, const T *a, const T *v, int64_t step, int64_t from, int64_t to) {
    for (int64_t k = 0; k < AN_CONVOLVE_WIDE_T; k++) out[k] = 0;
    for (; from < to; from += AN_CONVOLVE_DEPTH) {
        const int64_t stop = to - from < AN_CONVOLVE_DEPTH ? to : from + AN_CONVOLVE_DEPTH;
        an_convolve_v_T sum[AN_CONVOLVE_VECS], *at = (an_convolve_v_T *)out;
        for (int r = 0; r < AN_CONVOLVE_VECS; r++) sum[r] = (an_convolve_v_T){0};
        for (int64_t j = from; j < stop; j++) {
            const an_convolve_v_T x = (an_convolve_v_T){0} + v[j * step];
            for (int r = 0; r < AN_CONVOLVE_VECS; r++)
                sum[r] += x * *(const an_convolve_v_T *)(a - j + r * AN_CONVOLVE_LANES_T);
        }
        for (int r = 0; r < AN_CONVOLVE_VECS; r++) at[r] += sum[r];
    }
}

/* The results [first, last) of vectors of m and n elements. */
static void an_convolve_part_T(T *out, const T *a, int64_t m, const T *v, int64_t step, int64_t n,
                               int64_t first, int64_t last) {
    const int64_t wide = AN_CONVOLVE_WIDE_T;
    T rest[AN_CONVOLVE_WIDE_T];
    for (int64_t k = first; k < last; k += wide) {
        const int64_t from = k < m ? 0 : k - m + 1, to = k + wide < n ? k + wide : n;
        T *at = k + wide <= last ? out + k : rest;
        an_convolve_block_T(at, a + k, v, step, from, to);
        if (at == rest) memcpy(out + k, rest, (last - k) * sizeof(T));
    }
}

static int32_t an_convolve_T(void **p, const int64_t *d) {
    const int swapped = d[2] > d[0];
    const T *given = p[swapped], *v = p[!swapped];
    const int64_t m = d[2 * swapped], apart = d[2 * swapped + 1];
    const int64_t n = d[2 - 2 * swapped], step = d[3 - 2 * swapped], pad = AN_CONVOLVE_WIDE_T;
    T *out = p[2], *room = n < 1 ? 0 : malloc((m + 2 * pad) * sizeof(T)), *a = room + pad;
    if (!room) return 1;
    for (int64_t i = 0; i < pad; i++) room[i] = a[m + i] = 0;
    for (int64_t i = 0; i < m; i++) a[i] = given[i * apart];
    int finite = 1;
    for (int64_t j = 0; j < n; j++) finite &= (T)(v[j * step] - v[j * step]) == 0;
    if (finite) {
        an_convolve_part_T(out, a, m, v, step, n, 0, m + n - 1);
    } else {
        for (int64_t k = 0; k < n - 1; k++) out[k] = out[m + k] = 0;
        for (int64_t j = 0; j < n; j++) {
            const T x = v[j * step];
            for (int64_t k = j; k < n - 1; k++) out[k] += x * a[k - j];
            for (int64_t k = m; k < m + j; k++) out[k] += x * a[k - j];
        }
        an_convolve_part_T(out, a, m, v, step, n, n - 1, m);
    }
    free(room);
    return 0;
}
#if !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
