"""How many threads BLAS uses while our kernels call it: one, and the threads that share a call are
OpenMP's.

OpenBLAS's own threads wait for each other in loops that burn their cores.  Where another process
held a core, a call took seventy times as long; parts that meet only at their end take at most twice
as long.  The switch is the library's and global, so it is thrown while somebody is inside and put
back by the last who leaves; what the user's own calls see in between is one thread.

Calls below some milliseconds are shared as long as that was measured to be faster: a thread whose
core is taken may wait for it longer than the call takes.
"""

from __future__ import annotations

import ctypes
import functools
import os
from types import ModuleType

#: What an emitted module is given beside its routines, in this order, under these names.
NAMES = ("set_threads", "get_threads", "state", "costs")
#: The externs of those: see `load.extern_address`.
PREFIX = "threads of scipy.linalg.cython_blas"
EXTERNS = tuple(f"{PREFIX}:{name}" for name in NAMES)

_SWITCHES = (
    ("scipy_openblas_set_num_threads", "scipy_openblas_get_num_threads"),
    ("scipy_openblas_set_num_threads64_", "scipy_openblas_get_num_threads64_"),
    ("openblas_set_num_threads", "openblas_get_num_threads"),
    ("openblas_set_num_threads64_", "openblas_get_num_threads64_"),
)
# a lock, how many callers are inside, the number of threads before the first came
_state = (ctypes.c_int32 * 3)()
_found: list[int] = []
# for products, what memory bounds, stacks and substitution: cost of a multiplication on one
# thread and on several, calls until the worse of them is tried again, after how many that was last
_costs = (ctypes.c_double * 16)()

COMMON = """\
#ifdef _OPENMP
#include <omp.h>
#endif
#include <time.h>
/* BLAS has one thread while it is called from here, and calls worth it are cut into parts for
   OpenMP's: see blas_threads.py.  Without the switch the library decides itself. */
static void (*an_blas_set_threads)(int);
static int (*an_blas_get_threads)(void);
static int32_t *an_blas_state;
static double *an_blas_costs;
static void an_blas_enter(int32_t change) {
    if (!an_blas_set_threads) return;
    while (__atomic_exchange_n(an_blas_state, 1, __ATOMIC_ACQUIRE)) ;
    if (change > 0 && an_blas_state[1] == 0) {
        an_blas_state[2] = an_blas_get_threads();
        if (an_blas_state[2] > 1) an_blas_set_threads(1);
    }
    an_blas_state[1] += change;
    if (change < 0 && an_blas_state[1] == 0 && an_blas_state[2] > 1)
        an_blas_set_threads(an_blas_state[2]);
    __atomic_store_n(an_blas_state, 0, __ATOMIC_RELEASE);
}
/* A call with `work` multiplications: kind 0 products, 1 bound by memory, 2 stacks of matrices,
   3 substitution. */
typedef struct { double work, start; int kind, threads; } an_blas_call;
static inline double an_blas_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
/* Costs are of all threads: an update may get lost, a half one is never seen. */
static inline double an_blas_get(const double *c) {
    double v;
    __atomic_load(c, &v, __ATOMIC_RELAXED);
    return v;
}
static inline void an_blas_put(double *c, double v) { __atomic_store(c, &v, __ATOMIC_RELAXED); }
static int an_blas_shared(const double work, double *c) {
    const double one = an_blas_get(c), several = an_blas_get(c + 1);
    if (work > 2e8 || several == 0) return 1;
    if (one == 0) return 0;
    const int better = several < 0.9 * one;
    const double left = an_blas_get(c + 2) - 1, last = an_blas_get(c + 3);
    const double next = better ? 32 : last < 8 ? 8 : last < 512 ? 2 * last : 1024;
    an_blas_put(c + 2, left > 0 ? left : next);
    if (left > 0) return better;
    an_blas_put(c + 3, next);
    return !better;
}
/* BLAS is set to one thread from here to an_blas_end; says how many of ours share the call. */
static an_blas_call an_blas_begin(int32_t threads, double work, int kind, double alone) {
    an_blas_call call = {work, 0, kind, 1};
    if (!an_blas_set_threads || work <= alone) { call.work = 0; return call; }
    an_blas_enter(1);
#ifdef _OPENMP
    const double least = kind == 1 ? 1.25e5 : kind == 3 ? 5e5 : 4e6;
    if (threads < 2 || work < least || omp_in_parallel()) return call;
    if (an_blas_shared(work, an_blas_costs + 4 * kind)) call.threads = threads;
    call.start = an_blas_clock();
#endif
    return call;
}
static void an_blas_end(const an_blas_call *call) {
    if (call->work == 0) return;
    an_blas_enter(-1);
    if (call->start == 0) return;
    double *c = an_blas_costs + 4 * call->kind + (call->threads > 1);
    const double cost = (an_blas_clock() - call->start) / call->work;
    const double known = an_blas_get(c);
    an_blas_put(c, known == 0 || cost < known ? cost : 0.7 * known + 0.3 * cost);
}
/* Parts of a call, cut along `rows`: a few for each thread where they are large, so that a thread
   whose core is taken holds the others up less. */
static inline int64_t an_blas_parts(const an_blas_call *call, int64_t rows, int64_t grain) {
    if (call->threads < 2) return 1;
    int64_t each = rows / (grain * call->threads);
    each = each < 1 ? 1 : each > 4 ? 4 : each;
    return each * call->threads < rows ? each * call->threads : rows;
}
/* Where a part starts: at multiples of what BLAS's inner kernels take at once, so that an element
   is computed alike whatever part it is in. */
static inline int64_t an_blas_cut(int64_t rows, int64_t part, int64_t parts) {
    const int64_t at = (int64_t)((__int128)rows * part / parts);
    return part < parts && rows > 64 * parts ? at - at % 48 : at;
}"""


def address(name: str, blas: ModuleType) -> int:
    """The address of one of `NAMES` for the library under this extension; 0 where it has none."""
    if name == "state":
        return ctypes.addressof(_state)
    if name == "costs":
        return ctypes.addressof(_costs)
    switch = _switch(str(blas.__file__))
    return switch[NAMES.index(name)] if switch else 0


@functools.cache
def _switch(file: str) -> tuple[int, int] | None:
    library = ctypes.CDLL(file)  # loaded already; names are looked for in what it is linked to
    for names in _SWITCHES:
        if all(hasattr(library, n) for n in names):
            first, second = (_value(getattr(library, n)) for n in names)
            _found[:] = [first]
            return first, second
    return None


def _value(function: object) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def _nobody_inside() -> None:
    """A child of fork has none of the threads that were inside."""
    if _state[1] > 0 and _state[2] > 1 and _found:
        ctypes.CFUNCTYPE(None, ctypes.c_int)(_found[0])(_state[2])
    _state[0] = _state[1] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_nobody_inside)
