# f: printed from its loop program
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
    an_f8 an_exp_f8(an_f8) noexcept nogil
    const int64_t AN_WIDE
    void vectors(int64_t k, int64_t last, an_f8*, an_f8*, an_f8*) noexcept nogil


cdef int32_t f(int64_t n, an_f8p x, an_f8p y, an_f8p out) noexcept nogil:
    cdef int64_t i
    # example.py:3: exp(x) * y + x
    if AN_WIDE:
        vectors(0, n, x, y, out)
    else:
        for i in range(n):
            out[i] = an_exp_f8(x[i]) * y[i] + x[i]
    return 0


cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) noexcept nogil:
    return f(ints[0], <an_f8p>ptrs[0], <an_f8p>ptrs[1], <an_f8p>results[0])


cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:
    cdef int64_t n
    n = ints[0]
    dims[0] = n
