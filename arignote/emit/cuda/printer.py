"""A Program as CUDA: one .cu text and the host's plan.

The program is the one that the CPU's kernel is printed from, before the passes that are for CPUs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from ...fxgraph.prove import Knowledge, construction
from ...optimize.loopnest.fuse import fuse_for_threads
from ...optimize.loopnest.mentions import mentioned
from ...optimize.loopnest.parallel import parallelize
from ...optimize.loopnest.program import (
    Buffer,
    Fold,
    Point,
    Program,
    Store,
    walk,
)
from ...optimize.loopnest.schedule import PASSES
from .. import plan as calls
from ..cython.header import PARTS
from ..cython.names import legal
from ..scalar_code import library
from . import plan
from .batches import rows_first
from .chunks import cut, kinds
from .convolutions import convolved
from .device import DeviceInfo
from .expand import expand
from .host import HostValues
from .hosted import hosted_variables
from .kernel import Setting
from .lanes import lanes_first
from .nest import Analysis
from .planner import Planner
from .rotations import tell_apart
from .scope import KernelNames, ModuleText, root
from .sums import as_sums

#: The passes over programs that are for a GPU as well.
SHARED = ("fusion", "contraction", "forwarding", "propagation", "raise_products", "collapse")


def prepare(program: Program, excluding: Sequence[str] = ()) -> Program:
    """The program after the passes that a GPU wants, products in loops written out."""
    with construction(Knowledge(facts=list(program.guards))):
        program = convolved(program)
        for p in PASSES:
            if p.name in SHARED and p.name not in excluding:
                if p.name == "fusion":
                    program = fuse_for_threads(program, kinds(program))
                    continue
                if p.name == "raise_products":
                    program = lanes_first(program)
                if p.name == "collapse":
                    program = rows_first(expand(tell_apart(cut(as_sums(program)))))
                program = p.run(program)
        program = parallelize(program)
    return program


def emit(
    program: Program,
    sources: Sequence[calls.DataOf | calls.ValueOf | calls.Constant],
    device: DeviceInfo,
) -> CudaModule:
    """Text and plan of a program that `prepare` gave.

    sources: where its pointers come from (`Plan.ptrs`).  Raises LookupError for what cannot be
    done, with the reason.
    """
    program, own = _with_results(program)
    with construction(Knowledge(facts=list(program.guards))):
        return _emit(program, own, sources, device)


CudaModule = plan.CudaModule


def _emit(
    program: Program, own: dict[int, Buffer],
    sources: Sequence[calls.DataOf | calls.ValueOf | calls.Constant], device: DeviceInfo,
) -> CudaModule:  # fmt: skip
    host = HostValues()
    names = KernelNames()
    for n in program.integers:
        host.names[n] = names.fresh(str(n.attr("name")) + "_")
    integers = tuple(host.names.values())
    buffers: dict[Buffer, plan.BufferInfo] = {}
    module = ModuleText(legal(program.name))
    setting = Setting(
        module,
        Analysis(mentioned(replace(program, results=()))),
        host,
        device,
        frozenset(s.local for s in walk(program.statements) if isinstance(s, Fold)),
        _pointed(program),
        lambda b: _place(b, buffers),
    )
    planner = Planner(program, setting, buffers, hosted_variables(program, host))
    _bind(planner, sources, own)
    planner.block(program.statements)
    guards = tuple(planner.known(g) for g in program.guards)
    results = tuple(
        buffers[own[k] if k in own else root(_buffer_of(r.buffer))].name
        for k, r in enumerate(program.results)
    )
    made = plan.CudaPlan(
        program.name, integers, guards, tuple(buffers.values()), tuple(planner.records), results,
        (*program.notes, *planner.notes),
    )  # fmt: skip
    return CudaModule(_source(planner, module), made)


def _buffer_of(b: Buffer | None) -> Buffer:
    assert b is not None
    return b


def _place(b: Buffer, buffers: dict[Buffer, plan.BufferInfo]) -> str:
    """The plan's name of a root buffer; an alias is made known when it is first named."""
    if b not in buffers:
        if b.role != "alias":
            raise LookupError(f"{b} is used before it is allocated")
        taken = {i.name for i in buffers.values()}
        name = next(
            n for n in (b.name, *(f"{b.name}_{k}" for k in range(2, 10**6))) if n not in taken
        )
        buffers[b] = plan.BufferInfo(name, b.dtype, (), "alias")
    return buffers[b].name


def _with_results(program: Program) -> tuple[Program, dict[int, Buffer]]:
    """Scalar results become stores into cells of the caller's."""
    own: dict[int, Buffer] = {}
    stores = []
    for k, r in enumerate(program.results):
        if r.value is not None:
            own[k] = Buffer(f"result{k}", r.type.dtype, (), "result")
            stores.append(Store(own[k], (), r.value))
    return replace(program, statements=(*program.statements, *stores)), own


def _pointed(program: Program) -> frozenset[Buffer]:
    return frozenset(
        root(b)
        for s in walk(program.statements)
        if isinstance(s, Point)
        for b in (*s.aliases, *s.buffers)
    )


def _bind(
    planner: Planner,
    sources: Sequence[calls.DataOf | calls.ValueOf | calls.Constant],
    own: dict[int, Buffer],
) -> None:
    """Entries for what exists when the call starts."""
    program = planner.program
    for k, p in enumerate(program.pointers):
        if isinstance(p, Buffer):
            given = k < len(sources) and not isinstance(sources[k], calls.Constant)
            role = "argument" if given else "constant"
            planner.add(p, role, k)
        elif k < len(sources) and isinstance(sources[k], calls.DataOf):
            cell = Buffer(str(p.attr("name")), p.dtype, (), "argument", written=False)
            planner.cells[p] = cell
            planner.add(cell, "argument", k)
        else:
            planner.setting.host.values[p] = plan.Value(k, p.dtype)
    for k, r in enumerate(program.results):
        if k in own:
            planner.add(own[k], "result", k)
        elif r.static and r.buffer is not None:
            b = root(r.buffer)
            known = all(planner.setting.host.size(d) is not None for d in b.shape)
            if b not in planner.buffers and known:
                planner.add(b, "result", k)


# ---- text ----------------------------------------------------------------------------------------
def _source(planner: Planner, module: ModuleText) -> str:
    if not planner.texts:
        return ""
    kernels = "\n\n".join(planner.texts)
    own = preamble()
    if "an_wide" in kernels:
        own += PARTS["wide"].c.replace("static inline", "AN_DEVICE") + "\n"
    scalars = library(module.scalars.values(), f"{own}\n{kernels}")
    if "cpow" in scalars:
        scalars = library(
            module.scalars.values(), f"{own}\n{kernels}\nan_multiply_c16 an_multiply_c8"
        )
    head = f"// {planner.program.name}: printed from its loop program"
    emulated = "#if defined(AN_EMULATED) && !defined(__CUDACC__)\n#define __CUDACC__ 1\n#endif"
    return f"{head}\n{emulated}\n{_halves(_complex(scalars))}\n{own}\n{kernels}\n"


_DECLARED = re.compile(r"^an_(c8|c16) (c\w+)\([^)]*\);$", re.MULTILINE)


def _complex(c: str) -> str:
    """Definitions in place of C's declarations of functions of complex numbers."""
    wanted = {
        (m[1], m[2].removesuffix("f") if m[1] == "c8" else m[2]) for m in _DECLARED.finditer(c)
    }
    if not wanted:
        return c
    declared = _DECLARED.sub(lambda m: f"AN_FN {m[0]}", c)
    return declared + "\n" + "\n".join(_complex_text(kind, wanted) for kind in ("c16", "c8"))


def _complex_text(kind: str, wanted: set[tuple[str, str]]) -> str:
    """The functions that are wanted of one type, and those they call, in the file's order."""
    pieces = [p for p in re.split(r"\n\s*\n", _text("complex.cuh")) if p.startswith("AN_FN")]
    named = {re.match(r"AN_FN an_c16 (c\w+)\(", p)[1]: p for p in pieces}  # type: ignore[index]
    kept: set[str] = set()
    stack = [name for k, name in wanted if k == kind]
    while stack:
        name = stack.pop()
        if name in named and name not in kept:
            kept.add(name)
            stack += [other for other in named if re.search(rf"\b{other}\(", named[name])]
    text = "\n".join(p for name, p in named.items() if name in kept)
    if kind == "c16":
        return text
    text = text.replace("an_f8", "an_f4").replace("_c16", "_c8")
    real = "exp|sin|cos|tan|sinh|cosh|asinh|atan2|log|log1p|hypot|sqrt|fabs|copysign"
    return re.sub(rf"\b({real}|{'|'.join(named)})(?=\()", r"\1f", text)


def _halves(c: str) -> str:
    """Half precision in the emulation, whose compiler has no such header."""
    include = "#include <cuda_fp16.h>"
    if include not in c:
        return c
    return c.replace(
        include, f"#if !defined(AN_EMULATED)\n{include}\n#else\n{_text('half.cuh')}#endif"
    )


@cache
def preamble() -> str:
    return _text("preamble.cuh")


@cache
def _text(name: str) -> str:
    return (files(__package__) / name).read_text()


__all__ = ["CudaModule", "emit", "prepare"]
