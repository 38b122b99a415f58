"""The C parts that texts stand on."""

from arignote.emit.cython.header import without_cuda


def test_what_only_cuda_sees_is_left_out():
    c = """\
a
#if defined(__CUDACC__)
b
#if X
c
#endif
#else
d
#if Y
e
#else
f
#endif
#endif
#if defined(__CUDACC_RTC__)
g
#endif
h"""
    assert without_cuda(c).split() == "a d #if Y e #else f #endif h".split()
