"""Memory that the cache does not hold is asked for early, where no processor foresees the need.

A loop over a few rows at once reads streams that all jump when the row ends.  Where rows are short
the processor sees no pattern, and sums down the columns of a tall matrix ran at 40 % of what memory
gives; elements that lie on the page offset of one that was just written wait besides.  Such a loop
runs in pieces, each after a request for what is 32 KB further on: rows follow each other, so that
is what will be read.  Matrices that the cache holds are left alone, they would lose a quarter.
"""

from __future__ import annotations

from collections.abc import Callable

from ...optimize.loopnest.program import Loop, Rows
from .header import Part
from .scope import Scope

PART = Part(
    """\
/* Steps in a piece of a loop over the rows of a matrix, each `bytes` of it: 64 where the cache does
   not hold it and rows are short and follow each other; otherwise more than there are. */
static inline int64_t an_piece(int64_t steps, int64_t rows, const void *row, const void *next,
                               int64_t bytes) {
    const int64_t pitch = (intptr_t)next - (intptr_t)row;
    return pitch == steps * bytes && pitch * rows >= 25165824 && pitch <= 16384 ? 64
        : steps + 64;
}
static inline int64_t an_end_of_piece(int64_t first, int64_t piece, int64_t steps) {
    return first + piece < steps ? first + piece : steps;
}
/* Ask for the part that is as far behind `row` as from `first` to `last`, and 32 KB. */
static inline void an_ahead(const void *row, int64_t first, int64_t last) {
#if defined(__GNUC__)
    for (; first < last; first += 64) __builtin_prefetch((const char *)row + 32768 + first, 0, 2);
#endif
}""",
    """\
int64_t an_piece(int64_t steps, int64_t rows, const void* row, const void* next, int64_t bytes) \
noexcept nogil
int64_t an_end_of_piece(int64_t first, int64_t piece, int64_t steps) noexcept nogil
void an_ahead(const void* row, int64_t first, int64_t last) noexcept nogil""",
    ("base",),
)


def print_pieces(
    scope: Scope, loop: Loop, bounds: tuple[str, str], inside: Callable[[tuple[str, str]], None]
) -> None:
    """The loop that `inside` prints between bounds, piece by piece; it runs from 0 by 1."""
    scope.require("ahead")
    steps, piece, first, last = (
        scope.variable(w, "int64_t") for w in ("steps", "piece", "first", "last")
    )
    places = [_places(scope, rows) for rows in loop.ahead]
    (here, after), rows = places[0], loop.ahead[0]
    scope.put(f"{steps} = {bounds[1]}")
    scope.put(
        f"{piece} = an_piece({steps}, {scope.text(rows.rows)}, {here}, {after}, "
        f"{rows.here.dtype.itemsize})"
    )
    scope.put(f"{first} = 0")
    scope.put(f"while {first} < {steps}:")
    scope.depth += 1
    scope.put(f"{last} = an_end_of_piece({first}, {piece}, {steps})")
    scope.put(f"if {piece} == 64:")
    for (here, _), rows in zip(places, loop.ahead):
        wide = rows.jam * rows.here.dtype.itemsize
        scope.put(f"    an_ahead({here}, {first}*{wide}, {last}*{wide})")
    inside((first, last))
    scope.put(f"{first} = {last}")
    scope.depth -= 1


def _places(scope: Scope, rows: Rows) -> tuple[str, str]:
    here, after = scope.texts(rows.here, rows.after)
    return f"&{here.text}", f"&{after.text}"
