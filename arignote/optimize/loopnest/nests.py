"""Library ops that are loop nests here: no call, and what computes their operands may join them."""

from __future__ import annotations

from collections.abc import Callable

from ...fxgraph.node import Node
from .positions import lower_compress, lower_count
from .scope import Scope
from .search import is_search, lower_search
from .tables import lower_tally

_NESTS: dict[str, Callable[[Node, Scope], None]] = {
    "compress": lower_compress,
    "count_true": lower_count,
    "tally": lower_tally,
}


def nest_of(n: Node) -> Callable[[Node, Scope], None] | None:
    """What lowers this node to a nest, if anything does."""
    return lower_search if is_search(n) else _NESTS.get(n.op.name)
