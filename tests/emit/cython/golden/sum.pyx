# total: printed from its loop program
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
    int64_t an_most(int32_t threads) noexcept nogil
    int64_t an_share(int32_t threads, int64_t trip, double work, double least) noexcept nogil
    int64_t an_parts(int32_t threads, int64_t trip, double work, double least) noexcept nogil
    ctypedef void an_nest
    int64_t an_cut(int64_t lo, int64_t step, int64_t trip, int64_t k, int64_t n) noexcept nogil
    int64_t an_trip(int64_t lo, int64_t hi, int64_t step) noexcept nogil
    int64_t an_chunks(int64_t trip, int64_t size) noexcept nogil
    int64_t an_chunk(int64_t lo, int64_t trip, int64_t k, int64_t chunks) noexcept nogil
    void an_report(an_context* ctx, const an_context* part) noexcept nogil
    void AN_FRESH_sum_f8(int64_t k, int64_t lo, int64_t hi, an_f8 s0, an_f8 e0) noexcept nogil
    an_f8 an_join_sum_f8(an_f8 s, an_f8* v, int64_t n) noexcept nogil


cdef an_nest chunk(int64_t first, int64_t last, an_f8* s_out, an_f8p x) noexcept nogil:
    cdef an_f8 s_2
    cdef int64_t i
    s_2 = 0.0
    AN_FRESH_sum_f8(i, first, last, s_2, x[i])
    s_out[0] = s_2


cdef int32_t total(int64_t n, an_f8p x, an_context* ctx, void** results) noexcept nogil:
    cdef an_f8 s, s_part[256]
    cdef int64_t trip, chunks, piece, most
    s = 0.0
    # example.py:2: np.sum(x)
    trip = an_trip(0, n, 1)
    chunks = an_chunks(trip, 65536)
    most = an_share(ctx.threads, trip, 1, 500000.0)
    if chunks == 1:
        chunk(0, n, &s_part[0], x)
    else:
        for piece in prange(chunks, num_threads=<int>most, schedule='dynamic'):
            chunk(an_chunk(0, trip, piece, chunks), an_chunk(0, trip, piece + 1, chunks), &s_part[piece], x)
    s = an_join_sum_f8(s, s_part, chunks)
    (<an_f8*>results[0])[0] = s
    return 0


cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) noexcept nogil:
    return total(ints[0], <an_f8p>ptrs[0], ctx, results)


cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:
    pass
