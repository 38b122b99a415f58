/* Products of compressed sparse matrices and dense ones; see fxgraph/ops/sparse.py.  T is the
   element type.  Each returns 1 for indices out of bounds: the NumPy meaning then says which. */
#ifndef AN_SPARSE_T
#define AN_SPARSE_T
typedef struct { T *p; int64_t n, k, sn, sk; } an_dense_T;
typedef struct { const T *data; const int64_t *index, *start; int64_t sd, si, ss, n, stored; } an_csr_T;

static int an_sparse_bad_T(const an_csr_T *a, int64_t size) {
    int64_t before = 0, bad = a->start[0] != 0 || a->start[a->n * a->ss] > a->stored;
    for (int64_t i = 1; i <= a->n; i++) {
        bad |= a->start[i * a->ss] < before;
        before = a->start[i * a->ss];
    }
    if (bad) return 1;
    for (int64_t p = 0; p < before; p++) bad |= (uint64_t)a->index[p * a->si] >= (uint64_t)size;
    return bad != 0;
}

/* y[i] = the sum of data[p] * x[index[p]] */
static int an_sparse_dot_T(const an_csr_T *a, const an_dense_T *x, an_dense_T *y, int threads) {
    if (an_sparse_bad_T(a, x->n)) return 1;
    const int parts = (double)a->stored * x->k > 5e4 ? threads : 1;
    #pragma omp parallel for schedule(static, 256) num_threads(parts) if (parts > 1)
    for (int64_t i = 0; i < a->n; i++) {
        const int64_t from = a->start[i * a->ss], to = a->start[(i + 1) * a->ss];
        T *out = y->p + i * y->sn;
        if (x->k == 1) {
            T sum = 0;
            for (int64_t p = from; p < to; p++)
                sum += a->data[p * a->sd] * x->p[a->index[p * a->si] * x->sn];
            out[0] = sum;
            continue;
        }
        for (int64_t k = 0; k < x->k; k++) out[k] = 0;
        for (int64_t p = from; p < to; p++) {
            const T d = a->data[p * a->sd], *row = x->p + a->index[p * a->si] * x->sn;
            if (x->sk == 1) for (int64_t k = 0; k < x->k; k++) out[k] += d * row[k];
            else for (int64_t k = 0; k < x->k; k++) out[k] += d * row[k * x->sk];
        }
    }
    return 0;
}

/* x[index[p]] += data[p] * y[i] */
static int an_sparse_dot_t_T(const an_csr_T *a, const an_dense_T *y, an_dense_T *x, int threads) {
    (void)threads;
    if (an_sparse_bad_T(a, x->n)) return 1;
    memset(x->p, 0, x->n * x->k * sizeof(T));
    for (int64_t i = 0; i < a->n; i++) {
        const T *row = y->p + i * y->sn;
        for (int64_t p = a->start[i * a->ss]; p < a->start[(i + 1) * a->ss]; p++) {
            const T d = a->data[p * a->sd];
            T *out = x->p + a->index[p * a->si] * x->sn;
            if (y->sk == 1) for (int64_t k = 0; k < x->k; k++) out[k] += d * row[k];
            else for (int64_t k = 0; k < x->k; k++) out[k] += d * row[k * y->sk];
        }
    }
    return 0;
}

/* data[p] = y[i] . x[index[p]] */
static int an_sparse_sampled_T(const an_csr_T *a, const an_dense_T *y, const an_dense_T *x, T *data,
                               int threads) {
    if (an_sparse_bad_T(a, x->n)) return 1;
    memset(data, 0, a->stored * sizeof(T));
    const int parts = (double)a->stored * x->k > 5e4 ? threads : 1;
    #pragma omp parallel for schedule(static, 256) num_threads(parts) if (parts > 1)
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t p = a->start[i * a->ss]; p < a->start[(i + 1) * a->ss]; p++) {
            const T *l = y->p + i * y->sn, *r = x->p + a->index[p * a->si] * x->sn;
            T sum = 0;
            for (int64_t k = 0; k < x->k; k++) sum += l[k * y->sk] * r[k * x->sk];
            data[p] = sum;
        }
    return 0;
}

/* Operands as a callback gets them.  what: 0 sparse_dot, 1 sparse_dot_t, 2 sparse_sampled */
static int32_t an_sparse_call_T(int what, void **p, const int64_t *d, int32_t threads) {
    an_csr_T a = {0};
    an_dense_T dense[2], out;
    int at = 0;
    if (what < 2) { a.data = p[at++]; a.sd = d[1]; d += 2; }
    a.index = p[at++]; a.stored = d[0]; a.si = d[1];
    a.start = p[at++]; a.n = d[2] - 1; a.ss = d[3];
    d += 4;
    for (int k = 0; k < (what < 2 ? 1 : 2); k++, d += 4)
        dense[k] = (an_dense_T){p[at++], d[0], d[1], d[2], d[3]};
    if (what == 2) return an_sparse_sampled_T(&a, dense, dense + 1, p[at], threads);
    out = (an_dense_T){p[at + 1], d[0], d[1], d[1], 1};
    if (what == 0 && a.n != out.n) return 1;
    return what == 0 ? an_sparse_dot_T(&a, dense, &out, threads)
        : an_sparse_dot_t_T(&a, dense, &out, threads);
}
#endif
