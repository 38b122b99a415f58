"""OpenMP of emitted modules: what gcc calls for `prange` and `#pragma omp`, by our threads.

A module has these functions itself, so the linker does not take libgomp's.  They hand everything on
to the threads of native/team.h, whose ranks are claimed by whoever is free: a region here has as
many ranks as OpenMP would have threads, but no rank waits for another, so there are no barriers.
Where the runtime was not compiled a region runs on one thread.  Other compilers than gcc call their
own library.
"""

from __future__ import annotations

import ctypes

from ..dispatch import team_address

#: The pointer in a library that `join` fills in.
TEAM = "arignote_team"

C = """\
#if defined(_OPENMP) && defined(__GNUC__) && !defined(__clang__)
#define AN_TEAM
typedef struct {
    void (*parallel)(void (*body)(void *), void *data, unsigned size);
    int (*loop_start)(long start, long end, long step, long chunk, long *first, long *last);
    int (*loop_next)(long *first, long *last);
    int (*rank)(void);
    int (*size)(void);
    int (*pays)(double work);
    void (*loop_set)(long start, long end, long step, long chunk);
} an_team_functions;
__attribute__((visibility("default"))) const an_team_functions *arignote_team = 0;
void GOMP_parallel(void (*body)(void *), void *data, unsigned size, unsigned flags) {
    if (arignote_team) arignote_team->parallel(body, data, size);
    else body(data);
}
typedef struct { void (*body)(void *); void *data; long start, end, step, chunk; } an_team_loop;
static void an_team_body(void *given) {
    const an_team_loop *t = given;
    arignote_team->loop_set(t->start, t->end, t->step, t->chunk);
    t->body(t->data);
}
/* A region that is a loop: its body asks for chunks at once.  Alone it gets them in one piece. */
static __thread const an_team_loop *an_team_alone;
void GOMP_parallel_loop_nonmonotonic_dynamic(void (*body)(void *), void *data, unsigned size,
        long start, long end, long step, long chunk, unsigned flags) {
    an_team_loop loop = {body, data, start, end, step, chunk};
    if (arignote_team) arignote_team->parallel(an_team_body, &loop, size);
    else an_team_alone = &loop, body(data);
}
_Bool GOMP_loop_nonmonotonic_dynamic_start(long start, long end, long step, long chunk,
                                           long *first, long *last) {
    if (arignote_team) return arignote_team->loop_start(start, end, step, chunk, first, last);
    *first = start; *last = end;
    return step > 0 ? start < end : start > end;
}
_Bool GOMP_loop_nonmonotonic_dynamic_next(long *first, long *last) {
    if (arignote_team) return arignote_team->loop_next(first, last);
    const an_team_loop *t = an_team_alone;
    an_team_alone = 0;
    if (!t) return 0;
    *first = t->start; *last = t->end;
    return t->step > 0 ? *first < *last : *first > *last;
}
void GOMP_loop_end(void) {}
void GOMP_loop_end_nowait(void) {}
void GOMP_barrier(void) {}
int omp_get_thread_num(void) { return arignote_team ? arignote_team->rank() : 0; }
int omp_get_num_threads(void) { return arignote_team ? arignote_team->size() : 1; }
int omp_get_max_threads(void) { return 1; }
int omp_in_parallel(void) { return omp_get_num_threads() > 1; }
#endif"""


def join(library: ctypes.CDLL) -> None:
    """Let a loaded library share its loops."""
    try:
        place = ctypes.c_void_p.in_dll(library, TEAM)
    except ValueError:  # it has no loops to share
        return
    place.value = team_address() or None
