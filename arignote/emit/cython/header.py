"""The C that emitted texts stand on: types, the call context, scratch memory, error records.

A text contains only the parts it uses, because each line of C and each declaration is build time.
`PARTS` holds their C and their Cython declarations by name; `printer` puts together what is used.
"""

from __future__ import annotations

from dataclasses import dataclass

#: dtype code -> what Cython takes the element type for; it calculates with none of the last three
CYTHON_TYPES = {
    "b1": "unsigned char", "i1": "signed char", "i2": "short", "i4": "int", "i8": "long long",
    "u1": "unsigned char", "u2": "unsigned short", "u4": "unsigned int",
    "u8": "unsigned long long", "f4": "float", "f8": "double", "f2": "float",
    "c8": "struct", "c16": "struct",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """C text and the Cython declarations (lines of an extern block) that go with it."""

    c: str
    cython: str = ""
    needs: tuple[str, ...] = ()


def type_part(name: str) -> Part:
    """The element type `an_<code>` (of emit/preamble) and its pointers.

    `an_<code>p` promises that nothing else overlaps what it points to, `an_<code>q` does not.
    """
    t, cython = f"an_{name}", CYTHON_TYPES[name]
    c = f"typedef {t} *__restrict__ {t}p; typedef {t} *{t}q;"
    kind = f"ctypedef struct {t}:\n    pass" if cython == "struct" else f"ctypedef {cython} {t}"
    pair = ""
    if cython == "struct":
        # a copy part by part: gcc does not vectorise loops that copy complex numbers whole
        c += f"\n#define an_parts_{name}(x) an_pair_{name}(__real__(x), __imag__(x))"
        pair = f"\n{t} an_pair_{name}(double re, double im) noexcept nogil"
        pair += f"\n{t} an_parts_{name}({t} x) noexcept nogil"
    return Part(c, f"{kind}\nctypedef {t}* {t}p\nctypedef {t}* {t}q{pair}")


#: Bytes of scratch on the stack for each of the first slots, and how many slots.
NEAR, NEAR_SLOTS = 512, 8

PARTS: dict[str, Part] = {
    "base": Part(
        """\
#include <stdlib.h>
typedef struct { int32_t site; int32_t pad; int64_t values[6]; } an_error;
typedef struct an_context {
    void *owner;
    int32_t threads;
    int32_t flags;
    int32_t (*callback)(void *owner, int32_t site, void **ptrs, const int64_t *ints);
    void *(*result)(void *owner, int32_t k, const int64_t *dims);
    int32_t (*interrupted)(void);
    void *(*borrow)(size_t bytes, int zero, size_t *got);
    void (*give_back)(void *p, size_t n);
    an_error error;
} an_context;""",
        """\
ctypedef struct an_context:
    void* owner
    int32_t threads
    int32_t (*callback)(void* owner, int32_t site, void** ptrs, const int64_t* ints) noexcept nogil
    void* (*result)(void* owner, int32_t k, const int64_t* dims) noexcept nogil
    int32_t (*interrupted)() noexcept nogil""",
    ),
    "special": Part(
        "#define AN_INF INFINITY\n#define AN_NAN NAN\n#define AN_INT_MIN INT64_MIN",
        "const double AN_INF, AN_NAN\nconst int64_t AN_INT_MIN",
        ("base",),
    ),
    "clock": Part(
        """\
#include <time.h>
static __attribute__((noinline)) double an_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}""",
        "double an_seconds() noexcept nogil",
    ),
    "fail": Part(
        """\
static __attribute__((noinline, cold)) int32_t an_fail(an_context *ctx, int32_t site, int64_t a,
        int64_t b, int64_t c, int64_t d, int64_t e, int64_t f) {
    const int64_t v[6] = {a, b, c, d, e, f};
    ctx->error.site = site;
    memcpy(ctx->error.values, v, sizeof v);
    return 2;
}
static inline int64_t an_bits(double x) { int64_t b; memcpy(&b, &x, 8); return b; }""",
        """\
int32_t an_fail(an_context* ctx, int32_t site, int64_t a, int64_t b, int64_t c, int64_t d,
                int64_t e, int64_t f) noexcept nogil
int64_t an_bits(double x) noexcept nogil""",
        ("base",),
    ),
    "wide": Part(
        """\
typedef __int128 an_wide;
static inline an_wide an_wide_abs(an_wide x) { return x < 0 ? -x : x; }
static inline an_wide an_wide_floordiv(an_wide a, an_wide b) {
    if (!b) return 0;
    an_wide q = a / b;
    return q - ((a % b != 0) & ((a < 0) != (b < 0)));
}
static inline an_wide an_wide_power(an_wide a, an_wide b) {  /* saturates beyond 2**63 */
    const an_wide top = (an_wide)1 << 64;
    an_wide r = 1;
    if (a == 1 || b <= 0) return b == 0 || a == 1;
    if (a == 0 || a == -1) return a * (b & 1) + (a != 0) * (1 - (b & 1));
    for (; b > 0 && r < top && r > -top; b--) r *= a;
    return r;
}
static inline an_wide an_wide_shift(an_wide a, an_wide b) {
    const an_wide far = a < 0 ? -((an_wide)1 << 100) : (an_wide)1 << 100;
    return a == 0 || b < 0 ? 0 : b > 63 ? far : a * ((an_wide)1 << b);
}
static inline an_wide an_wide_real(double x) {
    return x >= -0x1p63 && x < 0x1p63 ? (an_wide)(int64_t)x : (an_wide)1 << 100;
}
static inline int an_fits64(an_wide x) { return x == (an_wide)(int64_t)x; }""",
        """\
ctypedef long long an_wide
an_wide an_wide_abs(an_wide x) noexcept nogil
an_wide an_wide_floordiv(an_wide a, an_wide b) noexcept nogil
an_wide an_wide_power(an_wide a, an_wide b) noexcept nogil
an_wide an_wide_shift(an_wide a, an_wide b) noexcept nogil
an_wide an_wide_real(double x) noexcept nogil
int an_fits64(an_wide x) noexcept nogil""",
        ("base",),
    ),
    "scratch": Part(
        f"#define AN_NEAR {NEAR}\n#define AN_NEAR_SLOTS {NEAR_SLOTS}\n"
        """\
/* The first slots have a few lines of the stack each: malloc and free take 30 ns, small calls 200.
   AddressSanitizer sees the bounds of what malloc gives only, and guard zones are around what is
   borrowed: AN_LENT. */
#define AN_LENT 1
#if defined(__SANITIZE_ADDRESS__)
#undef AN_NEAR_SLOTS
#define AN_NEAR_SLOTS 0
#define AN_GOT(n, need) (need) /* no more than was asked for */
#else
#define AN_GOT(n, need) (n)
#endif
typedef struct { char *p; size_t n; an_context *ctx; char *near; } an_slot;
static inline void an_open(an_slot *ws, int64_t slots, an_context *ctx, char *stack) {
    char *near = stack && !(ctx->flags & AN_LENT) ? stack + 64 - ((uintptr_t)stack & 63) : 0;
    for (int64_t k = 0; k < slots; k++)
        ws[k] = (an_slot){0, 0, ctx, near && k < AN_NEAR_SLOTS ? near + k * AN_NEAR : 0};
}
static inline void an_drop(an_slot *w) {
    if (w->p && w->ctx->give_back) w->ctx->give_back(w->p, w->n);
    else free(w->p);
}
static inline void an_close(an_slot *ws, int64_t slots) {
    for (int64_t k = 0; k < slots; k++) an_drop(ws + k);
}
/* Calls of a `malloc` function tell the compiler that scratch overlaps nothing: it does not trust
   local restrict pointers.  What an older pointer of the slot held is dead by then. */
#define AN_FRESH static __attribute__((noinline, malloc))
AN_FRESH void *an_take(an_slot *w, int64_t bytes, int zero) {
    const size_t need = (size_t)bytes + 64;
    if (bytes < 0) return 0;
    if (w->near && bytes <= AN_NEAR) return zero ? memset(w->near, 0, bytes) : w->near;
    if (!w->p || w->n < need) {
        an_drop(w);
        w->n = need;
        w->p = w->ctx->borrow ? w->ctx->borrow(need, zero, &w->n)
                              : zero ? calloc(need, 1) : malloc(need);
        w->n = AN_GOT(w->n, need);
        zero = 0;
    }
    if (!w->p) return 0;
    char *p = w->p + 64 - ((uintptr_t)w->p & 63);
    return zero ? memset(p, 0, bytes) : p;
}
/* a size times another one, more than there is where 64 bits are too few */
static inline int64_t an_times(int64_t a, int64_t b) {
    int64_t c;
    return __builtin_mul_overflow(a, b, &c) ? INT64_MAX : c;
}
#define an_reserve(ws, slot, bytes) an_take((ws) + (slot), bytes, 0)
#define an_reserve_zero(ws, slot, bytes) an_take((ws) + (slot), bytes, 1)""",
        """\
ctypedef struct an_slot:
    pass
void an_open(an_slot* ws, int64_t slots, an_context* ctx, char* stack) noexcept nogil
void an_close(an_slot* ws, int64_t slots) noexcept nogil
int64_t an_times(int64_t a, int64_t b) noexcept nogil
void* an_reserve(an_slot* ws, int64_t slot, int64_t bytes) noexcept nogil
void* an_reserve_zero(an_slot* ws, int64_t slot, int64_t bytes) noexcept nogil""",
        ("base",),
    ),
    "growing": Part(
        """\
/* More room in a slot, for what the first bytes hold already.  NULL: there is no memory, and what
   there was stays. */
AN_FRESH void *an_grow_slot(an_slot *w, const void *old, int64_t used, int64_t bytes) {
    const size_t need = (size_t)bytes + 64;
    if (bytes < used) return 0; /* more than there are numbers for */
    if (w->near && bytes <= AN_NEAR) return w->near;
    char *block = w->p, *drop = 0;
    size_t n = w->n, dropped = 0;
    if (!block || n < need) {
        drop = block; dropped = n; n = need;
        block = w->ctx->borrow ? w->ctx->borrow(need, 0, &n) : malloc(need);
        if (!block) return 0;
        n = AN_GOT(n, need);
    }
    char *p = block + 64 - ((uintptr_t)block & 63);
    if (p != old) memcpy(p, old, used);
    if (drop) an_drop(&(an_slot){drop, dropped, w->ctx, 0});
    w->p = block; w->n = n;
    return p;
}
#define an_grow(ws, slot, old, used, bytes) an_grow_slot((ws) + (slot), old, used, bytes)""",
        """\
void* an_grow(an_slot* ws, int64_t slot, const void* old, int64_t used,
              int64_t bytes) noexcept nogil""",
        ("scratch",),
    ),
    "size": Part(
        "static inline int64_t an_size(double about, int64_t exact) "
        "{ return about < 0x1p62 ? exact : INT64_MAX; }",
        "int64_t an_size(double about, int64_t exact) noexcept nogil",
        ("base",),
    ),
    "polls": Part(
        """\
#include <time.h>
/* A Ctrl-C is looked for some 20 times a second, whatever a step of the loop takes: the number of
   steps between two looks at the clock grows until it pays. */
typedef struct { int64_t left, step; double last; } an_polls;
static inline double an_now(void) {  /* the clock on the wall: clock() would ask the kernel */
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static inline void an_watch(an_polls *w) { w->left = w->step = 1; w->last = an_now(); }
static __attribute__((noinline, cold)) int an_look_up(an_context *ctx, an_polls *w) {
    const double now = an_now(), elapsed = now - w->last;
    if (elapsed < 0.05 && w->step < 1 << 24) w->step *= elapsed < 0.0125 ? 4 : 2;
    if (elapsed > 0.2 && w->step > 1) w->step /= 2;
    w->left = w->step;
    if (elapsed < 0) w->last = now;  /* somebody has set it back */
    if (elapsed < 0.05) return 0;
    w->last = now;
    return ctx->interrupted();
}
static inline int an_stopped(an_context *ctx, an_polls *w) {
    return --w->left <= 0 && an_look_up(ctx, w);
}""",
        """\
ctypedef struct an_polls:
    pass
void an_watch(an_polls* w) noexcept nogil
int an_stopped(an_context* ctx, an_polls* w) noexcept nogil""",
        ("base",),
    ),
    "clear": Part(
        "static inline void an_clear(void *p, int64_t bytes) { memset(p, 0, bytes); }",
        "void an_clear(void* p, int64_t bytes) noexcept nogil",
        ("base",),
    ),
    "clear_far": Part(
        """\
/* memset keeps what it writes in the cache for longer than there is room for it. */
static void an_clear_far(void *p, int64_t bytes) {
    static const char none[2048];
    char *at = p;
    if (AN_FAR == INT64_MAX) {
        memset(p, 0, bytes);
        return;
    }
    while (bytes > 0) {
        int64_t size = sizeof none - ((uintptr_t)at & 63);
        size = size < bytes ? size : bytes;
        an_stream(at, none, size);
        at += size;
        bytes -= size;
    }
    an_streamed();
}""",
        "void an_clear_far(void* p, int64_t bytes) noexcept nogil",
        ("base", "streaming"),
    ),
    "threads": Part(
        """\
/* A nest is called for the whole loop and for its parts: inlined in both places it would be
   compiled twice, which took up to a third of the time of a build. */
#if defined(__GNUC__) || defined(__clang__)
#define an_nest __attribute__((noinline)) void
#else
#define an_nest void
#endif
static inline int64_t an_most(int32_t threads) {
    return threads < 1 ? 1 : threads < 128 ? threads : 128;
}
/* Threads that share a loop of `trip` steps, each `work` tenths of nanoseconds: one below `least`,
   or where threads that sleep would come too late. */
static inline int64_t an_share(int32_t threads, int64_t trip, double work, double least) {
    if (threads < 2 || trip < 2 || trip * work < least) return 1;
#ifdef AN_TEAM
    if (least > 0 && (!arignote_team || !arignote_team->pays(0.1 * trip * work))) return 1;
#elif !defined(_OPENMP)
    return 1;
#endif
    return an_most(threads);
}
/* How many parts the loop is cut into: whoever is free takes the next, of 10 µs or more. */
static inline int64_t an_parts(int32_t threads, int64_t trip, double work, double least) {
    const int64_t most = an_share(threads, trip, work, least);
    if (most < 2) return 1;
    int64_t parts = trip * work < 8e5 * most ? (int64_t)(trip * work / 1e5) : 8 * most;
    parts = parts < most ? most : parts < 128 ? parts : 128;
    return parts < trip ? parts : trip;
}
/* Where part `k` starts; long loops are cut at multiples of 16 steps. */
static inline int64_t an_cut(int64_t lo, int64_t step, int64_t trip, int64_t k, int64_t parts) {
    int64_t at = k == parts ? trip : (int64_t)((__int128)trip * k / parts);
    if (k < parts && trip > 64 * parts) at &= ~(int64_t)15;
    return lo + at * step;
}
static inline int64_t an_trip(int64_t lo, int64_t hi, int64_t step) {
    int64_t n = step > 0 ? (hi - lo + step - 1) / step : (lo - hi - step - 1) / -step;
    return n > 0 ? n : 0;
}
/* Chunks of a long reduction, of `size` steps or more: their number and their bounds depend on its
   length alone. */
static inline int64_t an_chunks(int64_t trip, int64_t size) {
    return trip < 2 * size ? 1 : trip / size < 256 ? trip / size : 256;
}
static inline int64_t an_chunk(int64_t lo, int64_t trip, int64_t k, int64_t chunks) {
    const int64_t at = k * (((trip + chunks - 1) / chunks + 1023) & ~(int64_t)1023);
    return lo + (at < trip ? at : trip);
}
static inline void an_report(an_context *ctx, const an_context *part) {
    ctx->error = part->error;
}""",
        """\
int64_t an_most(int32_t threads) noexcept nogil
int64_t an_share(int32_t threads, int64_t trip, double work, double least) noexcept nogil
int64_t an_parts(int32_t threads, int64_t trip, double work, double least) noexcept nogil
ctypedef void an_nest
int64_t an_cut(int64_t lo, int64_t step, int64_t trip, int64_t k, int64_t n) noexcept nogil
int64_t an_trip(int64_t lo, int64_t hi, int64_t step) noexcept nogil
int64_t an_chunks(int64_t trip, int64_t size) noexcept nogil
int64_t an_chunk(int64_t lo, int64_t trip, int64_t k, int64_t chunks) noexcept nogil
void an_report(an_context* ctx, const an_context* part) noexcept nogil""",
        ("base",),
    ),
}
#: The most parts a parallel loop is cut into (see an_parts).
MOST_PARTS = 128
#: The most chunks a long reduction is cut into (see an_chunks).
MOST_CHUNKS = 256


def without_cuda(c: str) -> str:
    """Shared C text as the CPU reads it: what only CUDA's compilers see is left out."""
    out: list[str] = []
    kept = [True]  # of each open #if: do its lines stay?
    own: list[bool] = []  # of each open #if: does it ask for CUDA?
    for line in c.split("\n"):
        word = line.strip()
        if word.startswith("#if"):
            own.append(word in ("#if defined(__CUDACC__)", "#if defined(__CUDACC_RTC__)"))
            kept.append(kept[-1] and not own[-1])
            if own[-1]:
                continue
        elif word == "#else" and own[-1]:
            kept[-1] = kept[-2]
            continue
        elif word == "#endif":
            stays = kept.pop()
            if own.pop():
                continue
            if stays:
                out.append(line)
            continue
        if kept[-1]:
            out.append(line)
    return "\n".join(out)
