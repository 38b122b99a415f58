"""The passes over a Program, in order.  A pass's name is what `excluding` takes.

A pass never mutates, and gives back the program it was given when it has nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...fxgraph.prove import Knowledge, construction
from .accumulate import accumulate
from .batch import batch
from .collapse import collapse
from .contract import contract
from .decide import decide, decide_all
from .distribute import distribute
from .epilogue import epilogues
from .extremes import extremes
from .forward import forward
from .fuse import fuse
from .interchange import interchange
from .layouts import layouts
from .parallel import parallelize
from .pin import pin
from .program import Program
from .propagate import propagate
from .raise_blas import raise_products, raise_recurrences
from .raise_outer import raise_outer
from .raise_rows import raise_rows
from .row_fills import row_fills
from .settle import settle
from .single_steps import single_steps
from .slots import slots
from .strips import strips
from .sums import share_sums
from .sweep import sweep
from .tiles import tile
from .window_adjoints import window_adjoints


@dataclass(frozen=True)
class ProgramPass:
    """run(program) returns the same object when nothing changed."""

    name: str
    run: Callable[[Program], Program]


PASSES: tuple[ProgramPass, ...] = (
    ProgramPass("pinning", pin),
    ProgramPass("decided_choices", decide),
    ProgramPass("settle", settle),
    ProgramPass("slots", slots),
    ProgramPass("sweep", sweep),
    ProgramPass("fusion", fuse),
    ProgramPass("contraction", contract),
    ProgramPass("forwarding", forward),
    ProgramPass("propagation", propagate),
    ProgramPass("layouts", layouts),
    ProgramPass("accumulation", accumulate),
    ProgramPass("distribution", distribute),
    ProgramPass("batch", batch),
    ProgramPass("raise_outer", raise_outer),
    ProgramPass("raise_rows", raise_rows),
    ProgramPass("raise_products", raise_products),
    ProgramPass("decided_products", decide_all),
    ProgramPass("epilogues", epilogues),
    ProgramPass("interchange", interchange),
    ProgramPass("raise_recurrences", raise_recurrences),
    ProgramPass("tiles", tile),
    ProgramPass("window_adjoints", window_adjoints),
    ProgramPass("extremes", extremes),
    ProgramPass("collapse", collapse),
    ProgramPass("sums", share_sums),
    ProgramPass("row_fills", row_fills),
    ProgramPass("single_steps", single_steps),
    ProgramPass("strips", strips),
    ProgramPass("parallel", parallelize),
)


def schedule(
    program: Program, excluding: Collection[str] = (), seconds: dict[str, float] | None = None
) -> Program:
    """The program after every pass that is not excluded; `seconds` gets the time of each."""
    with construction(Knowledge(facts=list(program.guards))):
        for p in PASSES:
            if p.name in excluding:
                continue
            started = time.perf_counter()
            program = p.run(program)
            if seconds is not None:
                seconds[p.name] = time.perf_counter() - started
    return program
