"""All straight-line programs of the corpus."""

from __future__ import annotations

from . import (
    straight_calls,
    straight_dtypes,
    straight_functions,
    straight_indexing,
    straight_views,
)  # fmt: skip

CASES = [
    *straight_views.CASES,
    *straight_indexing.CASES,
    *straight_dtypes.CASES,
    *straight_functions.CASES,
    *straight_calls.CASES,
]
