/* Unique values of whole numbers that lie in a range not much longer than they are many: by counting
   each.  T is the element type.  Others are NumPy's: return 1. */
#ifndef AN_COUNTED_T
#define AN_COUNTED_T

/* How many numbers from the least to the greatest, and the least; 0 where these are too many. */
static int64_t an_range_T(const T *x, int64_t n, int64_t step, T *least) {
    T lo = x[0], hi = x[0];
    for (int64_t i = 0; i < n; i++) {
        lo = x[i * step] < lo ? x[i * step] : lo;
        hi = x[i * step] > hi ? x[i * step] : hi;
    }
    *least = lo;
    const uint64_t apart = (uint64_t)hi - (uint64_t)lo;
    return apart < 2 * (uint64_t)n ? (int64_t)apart + 1 : 0;
}

#define AN_COUNTED_AT_T(i) ((int64_t)((uint64_t)x[(i) * step] - (uint64_t)least))

/* Values in order, how often each stands there, how many there are; zeros behind them. */
static int32_t an_counted_values_T(void **p, const int64_t *d) {
    const T *x = p[0];
    const int64_t n = d[0], step = d[1];
    T least = 0, *values = p[1];
    int64_t *counts = p[2], many = 0;
    const int64_t range = n ? an_range_T(x, n, step, &least) : 0;
    int64_t *found = range ? calloc(range, sizeof(int64_t)) : 0;
    if (!found) return 1;
    for (int64_t i = 0; i < n; i++) found[AN_COUNTED_AT_T(i)]++;
    for (int64_t k = 0; k < range; k++)
        if (found[k]) {
            values[many] = (T)((uint64_t)least + (uint64_t)k);
            counts[many++] = found[k];
        }
    for (int64_t k = many; k < n; k++) { values[k] = 0; counts[k] = 0; }
    *(int64_t *)p[3] = many;
    free(found);
    return 0;
}

/* Values in order, their first positions, whose value each element is, how often each stands there,
   how many there are; zeros behind them. */
static int32_t an_counted_T(void **p, const int64_t *d) {
    const T *x = p[0];
    const int64_t n = d[0], step = d[1];
    T least = 0, *values = p[1];
    int64_t *first = p[2], *inverse = p[3], *counts = p[4], many = 0;
    const int64_t range = n ? an_range_T(x, n, step, &least) : 0;
    int64_t *found = range ? calloc(2 * range, sizeof(int64_t)) : 0;
    if (!found) return 1;
    int64_t *place = found + range;
    for (int64_t i = n - 1; i >= 0; i--) {
        const int64_t at = AN_COUNTED_AT_T(i);
        found[at]++;
        place[at] = i;
    }
    for (int64_t k = 0; k < range; k++)
        if (found[k]) {
            values[many] = (T)((uint64_t)least + (uint64_t)k);
            first[many] = place[k];
            counts[many] = found[k];
            place[k] = many++;
        }
    for (int64_t i = 0; i < n; i++) inverse[i] = place[AN_COUNTED_AT_T(i)];
    for (int64_t k = many; k < n; k++) { values[k] = 0; first[k] = counts[k] = 0; }
    *(int64_t *)p[5] = many;
    free(found);
    return 0;
}
#endif
