/* Sorting of short rows by counting: an element stands behind all that are smaller.  n * n
   comparisons without a branch, which are vector instructions, are faster than n * log n branches
   that cannot be foretold up to a few hundred elements.  T is the element type; nan comes last.
   Longer rows, and ties that NumPy's unstable kinds may leave in any order, are NumPy's: return 1. */
#ifndef AN_SORT_T
#define AN_SORT_T
#define AN_SORT_MOST 256

/* to[i]: where element i of n goes; equal ones keep their order */
static void an_ranks_T(int64_t n, const T *v, int64_t *to) {
    int64_t numbers = 0;
    for (int64_t j = 0; j < n; j++) numbers += v[j] == v[j];
    for (int64_t i = 0; i < n; i++) {
        const T x = v[i];
        int64_t r = 0;
        if (x == x) {
            for (int64_t j = 0; j < i; j++) r += v[j] <= x;
            for (int64_t j = i; j < n; j++) r += v[j] < x;
        } else {
            r = numbers;
            for (int64_t j = 0; j < i; j++) r += v[j] != v[j];
        }
        to[i] = r;
    }
}

/* n elements that lie `step` apart, in order; to: as above */
static void an_ordered_T(int64_t n, const T *x, int64_t step, T *sorted, int64_t *to) {
    T v[AN_SORT_MOST];
    for (int64_t i = 0; i < n; i++) v[i] = x[i * step];
    an_ranks_T(n, v, to);
    for (int64_t i = 0; i < n; i++) sorted[to[i]] = v[i];
}

/* Is x the value before, where there is one? */
static int an_again_T(const T *values, int64_t many, T x, int one_nan) {
    if (!many) return 0;
    const T before = values[many - 1];
    return x == before || (one_nan && x != x && before != before);
}

/* Are there elements whose order an unstable sort may choose?  signs: only zeros of either sign. */
static int an_ties_T(int64_t n, const T *sorted, int signs) {
    int found = 0;
    for (int64_t i = 1; i < n; i++) {
        const T a = sorted[i - 1], b = sorted[i];
        if (signs) found |= a == b && memcmp(sorted + i - 1, sorted + i, sizeof(T)) != 0;
        else found |= (a == b) | ((a != a) & (b != b));
    }
    return found;
}

/* Rows of x along an axis, sorted (or their positions).  stable: the order of equal elements is
   asked for. */
static int32_t an_sort_rows_T(int rank, void **p, const int64_t *d, int positions, int stable) {
    const int64_t axis = d[3 * rank], n = d[axis], *steps = d + rank;
    int64_t count = 1, inner = 1;
    for (int k = 0; k < rank; k++) if (k != axis) count *= d[k];
    for (int k = (int)axis + 1; k < rank; k++) inner *= d[k];
    if (n > AN_SORT_MOST || count > 4) return 1; /* of many rows, NumPy sorts each as fast */
    T sorted[AN_SORT_MOST];
    int64_t to[AN_SORT_MOST];
    for (int64_t b = 0; b < count; b++) {
        int64_t from = 0, rest = b;
        for (int k = rank - 1; k >= 0; k--)
            if (k != axis) { from += (rest % d[k]) * steps[k]; rest /= d[k]; }
        an_ordered_T(n, (const T *)p[0] + from, steps[axis], sorted, to);
        if (!stable && an_ties_T(n, sorted, !positions)) return 1;
        const int64_t at = b / inner * inner * n + b % inner;
        if (positions) for (int64_t i = 0; i < n; i++) ((int64_t *)p[1])[at + to[i] * inner] = i;
        else for (int64_t i = 0; i < n; i++) ((T *)p[1])[at + i * inner] = sorted[i];
    }
    return 0;
}

/* Values in order, their first positions, whose value each element is, how often each stands there,
   how many there are; zeros behind them. */
static int32_t an_unique_T(void **p, const int64_t *d) {
    const int64_t n = d[0], step = d[1];
    const int one_nan = (int)d[6];
    if (n > AN_SORT_MOST) return 1;
    T sorted[AN_SORT_MOST], *values = p[1];
    int64_t to[AN_SORT_MOST], order[AN_SORT_MOST], many = 0;
    int64_t *first = p[2], *inverse = p[3], *counts = p[4];
    an_ordered_T(n, p[0], step, sorted, to);
    for (int64_t i = 0; i < n; i++) order[to[i]] = i;
    for (int64_t k = 0; k < n; k++) {
        const T x = sorted[k];
        if (an_again_T(values, many, x, one_nan)) {
            counts[many - 1]++;
        } else {
            values[many] = x;
            first[many] = order[k];
            counts[many++] = 1;
        }
        inverse[order[k]] = many - 1;
    }
    for (int64_t k = many; k < n; k++) { values[k] = 0; first[k] = counts[k] = 0; }
    *(int64_t *)p[5] = many;
    return 0;
}
/* Values in order, how often each stands there, how many there are; zeros behind them. */
static int32_t an_unique_values_T(void **p, const int64_t *d) {
    const int64_t n = d[0], step = d[1];
    const int one_nan = (int)d[4];
    if (n > AN_SORT_MOST) return 1;
    T sorted[AN_SORT_MOST], *values = p[1];
    int64_t to[AN_SORT_MOST], *counts = p[2], many = 0;
    an_ordered_T(n, p[0], step, sorted, to);
    for (int64_t k = 0; k < n; k++) {
        const T x = sorted[k];
        if (an_again_T(values, many, x, one_nan)) {
            counts[many - 1]++;
        } else {
            values[many] = x;
            counts[many++] = 1;
        }
    }
    for (int64_t k = many; k < n; k++) { values[k] = 0; counts[k] = 0; }
    *(int64_t *)p[3] = many;
    return 0;
}

/* The elements of each row (the last axis) that would stand at given places if it were sorted. */
static int32_t an_ranked_T(int rank, void **p, const int64_t *d) {
    const int64_t n = d[rank - 1], *steps = d + rank, many = d[2 * rank], place_step = d[2 * rank + 1];
    int64_t count = 1;
    for (int k = 0; k < rank - 1; k++) count *= d[k];
    if (!n || n > AN_SORT_MOST || count > 4) return 1;
    T sorted[AN_SORT_MOST];
    int64_t to[AN_SORT_MOST];
    for (int64_t b = 0; b < count; b++) {
        int64_t from = 0, rest = b;
        for (int k = rank - 2; k >= 0; k--) { from += (rest % d[k]) * steps[k]; rest /= d[k]; }
        an_ordered_T(n, (const T *)p[0] + from, steps[rank - 1], sorted, to);
        if (an_ties_T(n, sorted, 1)) return 1;
        for (int64_t m = 0; m < many; m++) {
            int64_t at = ((const int64_t *)p[1])[m * place_step];
            at = at < 0 ? 0 : at >= n ? n - 1 : at;
            ((T *)p[2])[b * many + m] = sorted[at];
        }
    }
    return 0;
}
#endif
