"""einsum: every contraction as views (diagonals, transposes), products and sums.

Operands are contracted in pairs, the cheapest first as far as sizes are known (a greedy order as in
`numpy.einsum_path`); a pair that shares summed labels becomes one matmul, others multiply and sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import same
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.products import matmul
from ...fxgraph.ops.reduce import reduce_sum
from ...fxgraph.ops.structure import reshape, view
from ...fxgraph.prove import hinted
from ...fxgraph.types import Shape, Size
from ...fxgraph.window import Window, transposed
from ..registry import hooks, implements
from .arguments import array, finish, known_equal, said, supported

#: Labels of the axes an ellipsis stands for, last axis first.
_ELLIPSIS = "0123456789"


@dataclass(frozen=True)
class Term:
    """A value and one label an axis; no label twice."""

    value: Node
    labels: str


@implements(np.einsum)
def einsum(
    *operands: Any,
    out: Any = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """Raises ValueError for subscripts that do not fit the operands.

    Axes of one operand in another order are a view, as in NumPy.
    """
    subscripts, arrays = _arguments(operands)
    parts = [array(a) for a in arrays]
    inputs, output = parse(subscripts, [p.rank for p in parts])
    plain = out is None and dtype is None and hooks.is_proxy(arrays[0])
    if plain and inputs == [_permuted(output, inputs[0])]:
        axes = [inputs[0].index(label) for label in output]
        return hooks.view(arrays[0], transposed(parts[0].shape, axes))
    kind = supported(dtype) if dtype is not None else np.result_type(*(p.dtype for p in parts))
    triples = enumerate(zip(parts, inputs, strict=True))
    terms = [_distinct(cast_to(p, kind), s, k) for k, (p, s) in triples]
    return finish(contracted(terms, output), out)


def _permuted(output: str, labels: str) -> str | None:
    """The labels if the output has the same, each once."""
    same = len(set(labels)) == len(labels) and sorted(labels) == sorted(output)
    return labels if same and len(output) > 0 else None


def _arguments(operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """(subscripts, arrays) from either calling form."""
    if not operands:
        raise ValueError("must specify the einstein sum subscripts string and at least one operand")
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), operands[1:]
    arrays, lists = list(operands[0::2]), list(operands[1::2])
    output = None
    if len(operands) % 2:
        output = arrays.pop()
    text = ",".join(_letters(s) for s in lists)
    return (text if output is None else f"{text}->{_letters(output)}"), arrays


def _letters(sublist: Sequence[Any]) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join("..." if s is Ellipsis else alphabet[int(s)] for s in sublist)


def parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Labels of each operand and of the result, ellipses written out."""
    left, arrow, right = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        more = "more" if len(terms) > len(ranks) else "fewer"  # NumPy says it this way round
        raise ValueError(
            f"{more} operands provided to einstein sum function than specified in the "
            "subscripts string"
        )
    inputs = [_written_out(t, r, k) for k, (t, r) in enumerate(zip(terms, ranks, strict=True))]
    wide = max((c for t in inputs for c in t if c in _ELLIPSIS), default=None)
    dots = "" if wide is None else _ELLIPSIS[: int(wide) + 1][::-1]
    if not arrow:
        letters = sorted({c for t in inputs for c in t if c.isalpha()})
        everything = "".join(inputs)
        return inputs, dots + "".join(c for c in letters if everything.count(c) == 1)
    if "..." not in right and dots:
        raise ValueError(
            "output has ellipsis dimensions that are not in the output subscripts: write "
            "'...' there"
        )
    output = right.replace("...", dots)
    for c in output:
        if output.count(c) > 1:
            raise ValueError(
                f"einstein sum subscripts string includes output subscript '{c}' multiple times"
            )
        if not any(c in t for t in inputs):
            raise ValueError(
                f"einstein sum subscripts string included output subscript '{c}' which never "
                "appeared in an input"
            )
    return inputs, output


def _written_out(term: str, rank: int, k: int) -> str:
    named = term.replace("...", "")
    bad = [c for c in named if not (c.isalpha() and c.isascii())]
    if bad:
        if bad[0] == ".":
            raise ValueError(
                "einstein sum subscripts string contains a '.' that is not part of an "
                "ellipsis ('...')"
            )
        raise ValueError(
            f"invalid subscript '{bad[0]}' in einstein sum subscripts string, subscripts "
            "must be letters"
        )
    if "..." in term:
        missing = rank - len(named)
        if missing >= 0:
            return term.replace("...", _ELLIPSIS[:missing][::-1])
    elif len(named) == rank:
        return named
    elif len(named) < rank:
        raise ValueError(
            "operand has more dimensions than subscripts given in einstein sum, "
            "but no '...' ellipsis provided to broadcast the extra dimensions."
        )
    raise ValueError(f"einstein sum subscripts string contains too many subscripts for operand {k}")


def _distinct(x: Node, labels: str, k: int) -> Term:
    """Repeated labels become a diagonal."""
    if len(set(labels)) == len(labels):
        return Term(x, labels)
    kept = "".join(dict.fromkeys(labels))
    sizes: dict[str, Size] = {}
    for c, d in zip(labels, x.shape, strict=True):
        if c in sizes and known_equal(sizes[c], d) is False:
            raise ValueError(
                f"dimensions in operand {k} for collapsing index '{c}' don't match "
                f"({said(sizes[c])} != {said(d)})"
            )
        sizes[c] = dim(same(size_node(sizes[c]), size_node(d))) if c in sizes else d
    w = Window(
        (lit(0),) * x.rank,
        (1,) * x.rank,
        tuple(kept.index(c) for c in labels),
        tuple(sizes[c] for c in kept),
    )
    return Term(view(x, w), kept)


def contracted(terms: list[Term], output: str) -> Node:
    """All terms joined; the result's axes are `output`."""
    sizes = _label_sizes(terms)
    terms = [_squeezed(t, sizes) for t in terms]
    while len(terms) > 1:
        i, j = _cheapest(terms, output, sizes)
        rest = [t for k, t in enumerate(terms) if k not in (i, j)]
        needed = set(output).union(*(t.labels for t in rest))
        terms = [*rest, _pair(terms[i], terms[j], needed)]
    last = _summed(terms[0], set(output))
    missing = [c for c in output if c not in last.labels]
    value, labels = last.value, last.labels
    if missing:
        value = sh.expand(value, tuple(range(len(missing))))
        labels = "".join(missing) + labels
    value = sh.transpose(value, [labels.index(c) for c in output]) if output else value
    return sh.spread(value, tuple(sizes[c] for c in output))


def _label_sizes(terms: Sequence[Term]) -> dict[str, Size]:
    """The size of each label; 1 gives way, others must agree."""
    sizes: dict[str, Size] = {}
    for t in terms:
        for c, d in zip(t.labels, t.value.shape, strict=True):
            old = sizes.get(c, 1)
            if old == 1:
                sizes[c] = d
            elif d != 1:
                if known_equal(old, d) is False:
                    raise ValueError(
                        "operands could not be broadcast together with remapped shapes "
                        f"[original->remapped]: label '{c}' has sizes {said(old)} and {said(d)}"
                    )
                sizes[c] = dim(same(size_node(old), size_node(d)))
    return sizes


def _squeezed(t: Term, sizes: dict[str, Size]) -> Term:
    """Axes of length 1 whose label is longer elsewhere go; the others get the one size node."""
    gone = [
        k
        for k, (c, d) in enumerate(zip(t.labels, t.value.shape, strict=True))
        if d == 1 and sizes[c] != 1
    ]
    value = sh.squeeze(t.value, gone) if gone else t.value
    labels = "".join(c for k, c in enumerate(t.labels) if k not in gone)
    shape = tuple(sizes[c] for c in labels)
    if shape != value.shape:
        value = view(
            value,
            Window((lit(0),) * value.rank, (1,) * value.rank, tuple(range(value.rank)), shape),
        )
    return Term(value, labels)


def _cheapest(terms: Sequence[Term], output: str, sizes: dict[str, Size]) -> tuple[int, int]:
    """The pair whose result grows least over its operands, then the one that costs least."""
    best: tuple[float, float, int, int] | None = None
    for i in range(len(terms)):
        for j in range(i + 1, len(terms)):
            rest = set(output).union(*(t.labels for k, t in enumerate(terms) if k not in (i, j)))
            both = set(terms[i].labels) | set(terms[j].labels)
            grows = (
                _volume(both & rest, sizes)
                - _volume(terms[i].labels, sizes)
                - _volume(terms[j].labels, sizes)
            )
            choice = (grows, _volume(both, sizes), i, j)
            best = choice if best is None or choice < best else best
    assert best is not None
    return best[2], best[3]


def _volume(labels: Any, sizes: dict[str, Size]) -> float:
    """Elements under these labels; sizes that nobody knows count as 64."""
    out = 1.0
    for c in labels:
        d = sizes[c]
        known = d if isinstance(d, int) else hinted(d)
        out *= known if known is not None else 64
    return out


def _summed(t: Term, needed: set[str]) -> Term:
    axes = tuple(k for k, c in enumerate(t.labels) if c not in needed)
    if not axes:
        return t
    return Term(reduce_sum(t.value, axes=axes), "".join(c for c in t.labels if c in needed))


def _pair(a: Term, b: Term, needed: set[str]) -> Term:
    """Two terms joined; labels that nobody needs any more are summed."""
    a = _summed(a, needed | set(b.labels))
    b = _summed(b, needed | set(a.labels))
    shared = [c for c in a.labels if c in b.labels]
    summed = [c for c in shared if c not in needed]
    batch = [c for c in shared if c in needed]
    only_a = [c for c in a.labels if c not in shared]
    only_b = [c for c in b.labels if c not in shared]
    if not summed:
        labels = "".join([*batch, *only_a, *only_b])
        return Term(ew.multiply(_placed(a, labels), _placed(b, labels)), labels)
    left = _blocks(a, batch, only_a, summed)
    right = _blocks(b, batch, summed, only_b)
    out = matmul(left, right)
    sizes = dict(zip(a.labels, a.value.shape, strict=True)) | dict(
        zip(b.labels, b.value.shape, strict=True)
    )
    labels = "".join([*batch, *only_a, *only_b])
    return Term(reshape(out, tuple(sizes[c] for c in labels)), labels)


def _placed(t: Term, labels: str) -> Node:
    """t's axes in the order of `labels`, with length 1 where it has none."""
    mine = [c for c in labels if c in t.labels]
    x = sh.transpose(t.value, [t.labels.index(c) for c in mine]) if mine else t.value
    new = tuple(k for k, c in enumerate(labels) if c not in t.labels)
    return sh.expand(x, new) if new else x


def _blocks(t: Term, *groups: Sequence[str]) -> Node:
    """t as (batch..., rows, columns): the last two groups are merged to one axis each."""
    batch, rows, columns = groups
    x = sh.transpose(t.value, [t.labels.index(c) for c in (*batch, *rows, *columns)])
    cut, mid = len(batch), len(batch) + len(rows)
    shape: Shape = (*x.shape[:cut], dim(sh.count(x.shape[cut:mid])), dim(sh.count(x.shape[mid:])))
    return reshape(x, shape)


@implements(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """NumPy's own answer for the sizes of this call; raises TypeError where they are not known."""
    subscripts, arrays = _arguments(operands)
    shapes = []
    for a in arrays:
        known = [d if isinstance(d, int) else hinted(d) for d in array(a).shape]
        if None in known:
            raise TypeError("einsum_path: sizes that depend on data are not known while tracing")
        shapes.append([int(d) for d in known if d is not None])
    return np.einsum_path(subscripts, *(np.broadcast_to(0.0, s) for s in shapes), optimize=optimize)
