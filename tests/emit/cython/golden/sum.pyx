# total: printed from its loop program
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

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
    void AN_FOLD_sum_f8(int64_t k, int64_t lo, int64_t hi, an_f8 s0, an_f8 e0) noexcept nogil


cdef int32_t total(int64_t n, an_f8p x, void** results) noexcept nogil:
    cdef an_f8 s
    cdef int64_t i
    s = 0.0
    # example.py:2: np.sum(x)
    AN_FOLD_sum_f8(i, 0, n, s, x[i])
    (<an_f8*>results[0])[0] = s
    return 0


cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) noexcept nogil:
    return total(ints[0], <an_f8p>ptrs[0], results)


cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:
    pass
