"""Results too large for the cache are written past it.

An ordinary store first reads the line that it changes: a result that nobody reads soon then costs
twice its size in memory traffic.  Such a nest runs over short stretches, writes each into a small
array that stays in the first cache, and non-temporal stores take it from there.  The nest itself
stays as it is, so the values have the same bits.
"""

from __future__ import annotations

from ...optimize.loopnest.access import effects_of
from ...optimize.loopnest.program import Assign, Buffer, Loop, Store
from ..scalar_code import code
from .header import Part
from .scope import Module, Scope, function_text, root

#: A stretch is a page's half: longer ones were slower (1.5 times as fast as ordinary stores, 512
#: elements; the same at 1024).
STRETCH = 2048

PART = Part(
    """\
/* Results from so many bytes on are written past the cache. */
#if defined(__GNUC__) && (defined(__AVX__) || defined(__AVX512F__))
#define AN_FAR 25165824
#else
#define AN_FAR INT64_MAX
#endif
/* Where the stretch ends: the next one starts at a whole line of the result. */
static inline int64_t an_stretch(int64_t first, int64_t last, const void *at, int64_t size) {
    const int64_t stop = first + (2048 - ((uintptr_t)at & 63)) / size;
    return stop < last ? stop : last;
}
typedef char an_line __attribute__((vector_size(64), aligned(1), may_alias));
static void an_stream(void *to, const void *from, int64_t bytes) {
    char *t = to;
    const char *f = from;
    int64_t head = -(uintptr_t)t & 63;
    head = head < bytes ? head : bytes;
    memcpy(t, f, head);
#if defined(__clang__)
    for (; head + 64 <= bytes; head += 64)
        __builtin_nontemporal_store(*(an_line *)(f + head), (an_line *)(t + head));
#elif defined(__AVX512F__)
    typedef long long line __attribute__((vector_size(64), may_alias));
    for (; head + 64 <= bytes; head += 64)
        __builtin_ia32_movntdq512((void *)(t + head), (line)*(an_line *)(f + head));
#elif defined(__AVX__)
    typedef char half __attribute__((vector_size(32), aligned(1), may_alias));
    typedef long long line __attribute__((vector_size(32), may_alias));
    for (; head + 32 <= bytes; head += 32)
        __builtin_ia32_movntdq256((void *)(t + head), (line)*(half *)(f + head));
#endif
    memcpy(t + head, f + head, bytes - head);
}
/* Others see the stores before anything that is written after them. */
static inline void an_streamed(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}""",
    """\
const int64_t AN_FAR
int64_t an_stretch(int64_t first, int64_t last, const void* at, int64_t size) noexcept nogil
void an_stream(void* to, const void* data, int64_t bytes) noexcept nogil
void an_streamed() noexcept nogil""",
    ("base",),
)


def streamed_buffers(module: Module, loop: Loop) -> tuple[Buffer, ...]:
    """The buffers that the loop writes from end to end, one element a step, and does not read.

    Empty where the loop does anything else, and where all is not of one size.
    """
    if loop.index.attr("step") != 1 or not all(isinstance(s, Assign | Store) for s in loop.body):
        return ()
    stores = [s for s in loop.body if isinstance(s, Store)]
    effects = effects_of(loop.body)
    read = {root(b) for b in effects.reads}
    found = tuple(dict.fromkeys(s.buffer for s in stores))
    if not 0 < len(found) <= 2 or len({root(b) for b in found}) < len(found):
        return ()
    alike = len({b.dtype.itemsize for b in found}) == 1 and found[0].dtype.itemsize in (4, 8)
    if not alike or len(stores) > len(found):
        return ()
    for s in stores:
        b = root(s.buffer)
        flat = s.index == (loop.index,) and s.buffer.strides is None and not s.accumulate
        owned = b.role in ("result", "argument") and module.pointer_type(b).endswith("p")
        if not flat or not owned or b in read:
            return ()
    return found


def print_streamed(
    module: Module, nest: str, inner: Scope, bounds: tuple[str, str], buffers: tuple[Buffer, ...]
) -> str:
    """A function that takes the loop's length and then what `nest` takes; its name."""
    module.parts["streaming"] = None
    first, last = bounds
    outer = Scope(module, inner.outer)
    kinds = {module.pointers[root(b)]: module.type_of(code(b.dtype)) for b in buffers}
    steps, stop = (module.names.counter(w) for w in ("steps", "stop"))
    outer.declared[stop] = f"int64_t {stop}"
    near = {}
    size_of = buffers[0].dtype.itemsize
    for pointer, kind in kinds.items():
        near[pointer] = module.names.counter(f"{pointer}_near")
        outer.declared[near[pointer]] = f"{kind} {near[pointer]}[{STRETCH // size_of}]"
    args = ", ".join(inner.free)
    stretch = ", ".join(
        f"<{kinds[x]}p>({near[x]} - {first})" if x in near else x for x in inner.free
    )
    main, kind = next(iter(kinds.items()))
    size = f"<int64_t>sizeof({kind})"
    outer.put(f"if {steps}*{size} < AN_FAR:")
    outer.put(f"    {nest}({first}, {last}, {args})")
    outer.put("    return")
    outer.put(f"while {first} < {last}:")
    outer.put(f"    {stop} = an_stretch({first}, {last}, &{main}[{first}], {size})")
    outer.put(f"    {nest}({first}, {stop}, {stretch})")
    for pointer, scratch in near.items():
        outer.put(f"    an_stream(&{pointer}[{first}], {scratch}, ({stop} - {first})*{size})")
    outer.put(f"    {first} = {stop}")
    outer.put("an_streamed()")
    name = module.names.fresh(f"{nest}_streamed")
    typed = ", ".join(
        ["int64_t " + x for x in (steps, first, last)]
        + [f"{module.types[x]} {x}" for x in inner.free]
    )
    module.functions.append(function_text(f"cdef void {name}({typed}) noexcept nogil:", outer))
    for pointer, scratch in near.items():
        module.names.release(f"{pointer}_near", scratch)
    module.names.release("steps", steps)
    module.names.release("stop", stop)
    return name
