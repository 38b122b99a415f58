"""A dynamic program as it was written twenty years ago, as it stands and compiled."""

import time

import numpy as np

import arignote as ag


def edit_distance(a, b):
    """The least number of insertions, deletions and replacements that make b of a."""
    row = np.arange(b.shape[0] + 1)
    for i in range(a.shape[0]):
        diagonal = row[0]
        row[0] = i + 1
        for j in range(b.shape[0]):
            above = row[j + 1]
            if a[i] == b[j]:
                row[j + 1] = diagonal
            else:
                row[j + 1] = 1 + min(diagonal, above, row[j])
            diagonal = above
    return row[-1]


def main():
    random = np.random.default_rng(0)
    a, b = random.integers(0, 4, 400), random.integers(0, 4, 500)
    compiled = ag.compile(edit_distance)
    compiled(a[:2], b[:3])  # traces and builds; other sizes use the same kernel
    for name, function in (("plain", edit_distance), ("compiled", compiled)):
        start = time.perf_counter()
        distance = function(a, b)
        print(f"{name:>8}: {distance} in {1e3 * (time.perf_counter() - start):.2f} ms")


if __name__ == "__main__":
    main()
