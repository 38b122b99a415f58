# softmax: printed from its loop program
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from cython.parallel cimport prange, threadid

cdef extern from *:
    ...
    ctypedef struct an_context:
        void* owner
        int32_t threads
        int32_t (*callback)(void* owner, int32_t site, void** ptrs, const int64_t* ints) noexcept nogil
        void* (*result)(void* owner, int32_t k, const int64_t* dims) noexcept nogil
        int32_t (*interrupted)() noexcept nogil
    ctypedef double an_f8
    ctypedef an_f8* an_f8p
    ctypedef an_f8* an_f8q
    const double AN_INF, AN_NAN
    const int64_t AN_INT_MIN
    int64_t an_most(int32_t threads) noexcept nogil
    int64_t an_share(int32_t threads, int64_t trip, double work, double least) noexcept nogil
    int64_t an_parts(int32_t threads, int64_t trip, double work, double least) noexcept nogil
    ctypedef void an_nest
    int64_t an_cut(int64_t lo, int64_t step, int64_t trip, int64_t k, int64_t n) noexcept nogil
    int64_t an_trip(int64_t lo, int64_t hi, int64_t step) noexcept nogil
    int64_t an_chunks(int64_t trip, int64_t size) noexcept nogil
    int64_t an_chunk(int64_t lo, int64_t trip, int64_t k, int64_t chunks) noexcept nogil
    void an_report(an_context* ctx, const an_context* part) noexcept nogil
    const int64_t AN_FAR
    int64_t an_stretch(int64_t first, int64_t last, const void* at, int64_t size) noexcept nogil
    void an_stream(void* to, const void* data, int64_t bytes) noexcept nogil
    void an_streamed() noexcept nogil
    an_f8 an_exp_f8(an_f8) noexcept nogil
    void AN_FOLD_max_f8(int64_t k, int64_t lo, int64_t hi, an_f8 s0, an_f8 e0) noexcept nogil
    an_f8 an_run_max_f8(const an_f8* p, int64_t lo, int64_t hi, an_f8 s) noexcept nogil
    void AN_FRESH_sum_f8(int64_t k, int64_t lo, int64_t hi, an_f8 s0, an_f8 e0) noexcept nogil
    const int64_t AN_WIDE
    void vectors(int64_t k, int64_t last, an_f8*, an_f8, an_f8, an_f8*) noexcept nogil


cdef an_nest row(int64_t first_2, int64_t last_2, int64_t i, int64_t m, an_f8p x, an_f8 top, an_f8 total, an_f8p p) noexcept nogil:
    cdef int64_t j
    if AN_WIDE:
        vectors(first_2, last_2, &x[i*m], top, total, &p[i*m])
    else:
        for j in range(first_2, last_2):
            p[i*m + j] = an_exp_f8(x[i*m + j] - top) / total


cdef an_nest nest(int64_t first, int64_t last, int64_t m, an_f8p x, int64_t n, an_f8p p) noexcept nogil:
    cdef int64_t i, j, at, stop, row_2
    cdef an_f8 top, total, p_near[256]
    for i in range(first, last):
        top = -AN_INF
        # example.py:2: x.max(1)
        top = an_run_max_f8(&x[i*m], 0, m, top)
        total = 0.0
        # example.py:3: np.exp(x - top).sum(1)
        AN_FRESH_sum_f8(j, 0, m, total, an_exp_f8(x[i*m + j] - top))
        # example.py:4: np.exp(x - top) / total
        if n * m*8 < AN_FAR or (m - 0)*8 < 1024:
            if AN_WIDE:
                vectors(0, m, &x[i*m], top, total, &p[i*m])
            else:
                for j in range(m):
                    p[i*m + j] = an_exp_f8(x[i*m + j] - top) / total
        else:
            at = 0
            while at < m:
                row_2 = i*m + at
                stop = an_stretch(at, m, &p[row_2], <int64_t>sizeof(an_f8))
                row(at, stop, i, m, x, top, total, <an_f8p>(p_near - row_2))
                an_stream(&p[row_2], p_near, (stop - at)*<int64_t>sizeof(an_f8))
                at = stop


cdef int32_t softmax(int64_t n, int64_t m, an_context* ctx, an_f8p x, an_f8p p) noexcept nogil:
    cdef int64_t trip, parts, piece
    trip = an_trip(0, n, 1)
    parts = an_parts(ctx.threads, trip, m, 500000.0)
    if parts == 1:
        nest(0, n, m, x, n, p)
    else:
        an_streamed()
        for piece in prange(parts, num_threads=<int>an_most(ctx.threads), schedule='dynamic'):
            nest(an_cut(0, 1, trip, piece, parts), an_cut(0, 1, trip, piece + 1, parts), m, x, n, p)
            an_streamed()
    an_streamed()
    return 0


cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) noexcept nogil:
    return softmax(ints[0], ints[1], ctx, <an_f8p>ptrs[0], <an_f8p>results[0])


cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:
    cdef int64_t n, m
    n = ints[0]
    m = ints[1]
    dims[0] = n
    dims[1] = m
