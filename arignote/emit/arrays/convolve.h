/* Full convolutions of two vectors: out[k] is the sum over j of v[j] * a[k - j], with v the shorter.
   T is the element type.  Where all of v meets a, neighbouring results are in vector registers, and
   each element of v is multiplied with the run of a that it meets; at both ends v's elements are
   taken one by one.  Every product is one of NumPy's, so that inf and nan are where they are there.
   Sums of more than AN_CONVOLVE_DEPTH products are sums of such sums. */
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

/* The sums over v[from:to] of `vecs` registers of results, stored or added to what is there.  a
   points at what meets v[0] in the first result. */
static inline __attribute__((always_inline)) void an_convolve_run_T(
        T *out, const T *a, const T *v, int64_t step, int64_t from, int64_t to, const int vecs) {
    an_convolve_v_T sum[AN_CONVOLVE_VECS];
    for (int r = 0; r < vecs; r++) sum[r] = (an_convolve_v_T){0};
    for (int64_t j = from; j < to; j++) {
        const an_convolve_v_T x = (an_convolve_v_T){0} + v[j * step];
        for (int r = 0; r < vecs; r++)
            sum[r] += x * *(const an_convolve_v_T *)(a - j + r * AN_CONVOLVE_LANES_T);
    }
    for (int r = 0; r < vecs; r++) {
        an_convolve_v_T *at = (an_convolve_v_T *)(out + r * AN_CONVOLVE_LANES_T);
        if (from) sum[r] += *at;
        *at = sum[r];
    }
}

/* The results [first, last), each of which meets all n elements of v. */
static void an_convolve_inner_T(
        T *out, const T *a, const T *v, int64_t step, int64_t n, int64_t first, int64_t last) {
    const int64_t wide = AN_CONVOLVE_VECS * AN_CONVOLVE_LANES_T;
    for (int64_t from = 0; from < n; from += AN_CONVOLVE_DEPTH) {
        const int64_t to = n - from < AN_CONVOLVE_DEPTH ? n : from + AN_CONVOLVE_DEPTH;
        int64_t k = first;
        for (; k + wide <= last; k += wide)
            an_convolve_run_T(out + k, a + k, v, step, from, to, AN_CONVOLVE_VECS);
        for (; k + AN_CONVOLVE_LANES_T <= last; k += AN_CONVOLVE_LANES_T)
            an_convolve_run_T(out + k, a + k, v, step, from, to, 1);
        for (; k < last; k++) {
            T sum = 0;
            for (int64_t j = from; j < to; j++) sum += v[j * step] * a[k - j];
            out[k] = from ? (T)(out[k] + sum) : sum;
        }
    }
}

static int32_t an_convolve_T(void **p, const int64_t *d) {
    const int swapped = d[2] > d[0];
    const T *a = p[swapped], *v = p[!swapped];
    const int64_t m = d[2 * swapped], apart = d[2 * swapped + 1];
    const int64_t n = d[2 - 2 * swapped], step = d[3 - 2 * swapped];
    T *out = p[2], *copy = 0;
    if (n < 1) return 1;
    if (apart != 1 && m > 1) {
        if (!(copy = malloc(m * sizeof(T)))) return 1;
        for (int64_t i = 0; i < m; i++) copy[i] = a[i * apart];
        a = copy;
    }
    for (int64_t k = 0; k < n - 1; k++) out[k] = out[m + k] = 0;
    for (int64_t j = 0; j < n; j++) {
        const T x = v[j * step];
        for (int64_t k = j; k < n - 1; k++) out[k] += x * a[k - j];
        for (int64_t k = m; k < m + j; k++) out[k] += x * a[k - j];
    }
    an_convolve_inner_T(out, a, v, step, n, n - 1, m);
    free(copy);
    return 0;
}
#if !defined(__clang__)
#pragma GCC pop_options
#endif
#endif
