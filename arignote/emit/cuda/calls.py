"""Library calls as records of the host."""

from __future__ import annotations

from ...optimize.loopnest.program import Library, Program
from . import plan
from .scope import source_line

BLAS = frozenset(("gemm", "gemv", "ger", "dot", "syrk"))


def library_record(
    s: Library,
    outputs: tuple[plan.Panel, ...],
    inputs: tuple[plan.Panel, ...],
    alpha: str | None,
    program: Program,
) -> plan.Record:
    """The record of a call; `alpha`: the host variable of a factor that is known at run time.

    Raises LookupError for a routine that no library on the device has.
    """
    line = source_line(s.origin) if s.origin is not None else ""
    if s.name == "python":
        node = program.sites[s.site].node
        assert node is not None
        return plan.HostCallback(node.op.name, s.site, outputs, inputs, line)
    if s.name not in BLAS:
        raise LookupError(f"no library routine is called {s.name!r}")
    attrs = {**dict(s.attrs), **({"alpha": alpha} if alpha is not None else {})}
    return plan.Lib(s.name, outputs, inputs, tuple(attrs.items()), line)
