# sweep: printed from its loop program
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


cdef int32_t sweep(int64_t n, an_f8p a) noexcept nogil:
    cdef int64_t i
    # example.py:5: a[i] = (a[i-1] + a[i] + a[i+1]) / 3
    for i in range(1, n - 1):
        a[i] = (a[i - 1] + a[i] + a[i + 1]) / 3.0
    return 0


cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) noexcept nogil:
    return sweep(ints[0], <an_f8p>ptrs[0])


cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:
    pass
