"""A Program as one Cython text.

The text exports C functions only: `entry` (the kernel), `shapes` (the sizes of results) and, where
libraries are called, `bind`.  The kernel proper is a function named like the user's; `entry` hands
it the arguments by name and frees its scratch whatever it returns.
"""

from __future__ import annotations

from ...fxgraph.node import Node
from ...optimize.loopnest.program import Buffer, Fold, Point, Program, walk
from ..library_table import externs
from ..scalar_code import ScalarFunction, code, library
from .ahead import PART as AHEAD
from .expressions import ATOM
from .header import MOST_PARTS, NEAR, NEAR_SLOTS, PARTS, Part, type_part, without_cuda
from .libraries_c import COMMON, bind_text
from .memory import size_text
from .outline import share
from .reductions import early_part
from .scope import Module, Scope, function_text, root
from .short import HALF_WIDTH, steps_are_short
from .statements import each
from .streaming import PART as STREAMING
from .team import C as TEAM
from .vectors import vector_text

#: `Loop.work` counts tenths of nanoseconds.
WORK_PER_MICROSECOND = 10_000.0

_IMPORTS = """\
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
"""


def print_program(program: Program, *, parallel_min_us: float = 50.0) -> str:
    """The Cython text of a kernel.

    Loops marked parallel use threads where there are `parallel_min_us` microseconds of work.
    """
    module = _module(program, parallel_min_us * WORK_PER_MICROSECOND)
    arguments = _bind_arguments(module)
    kernel = module.names.fresh(program.name)
    scope = Scope(module)
    _guards(scope)
    starts = [*each(scope, program.statements), len(scope.lines)]
    _scalar_results(scope)  # what they read is not a statement's own
    share(scope, starts)
    if scope.streamed:
        scope.put("an_streamed()")
    scope.put("return 0")
    call = [(module.types[x], x, arguments[x]) for x in scope.free]
    head = f"cdef int32_t {kernel}({', '.join(f'{t} {x}' for t, x, _ in call)}) noexcept nogil:"
    functions = [*module.functions, function_text(head, scope)]
    functions.append(_entry(module, f"{kernel}({', '.join(text for _, _, text in call)})"))
    functions.append(_shapes(module))
    if module.libraries:
        functions.append(
            "cdef api void bind(void** functions) noexcept nogil:\n    an_bind(functions)"
        )
    return "\n\n\n".join([_head(module), *functions]) + "\n"


def _module(program: Program, parallel_work: float) -> Module:
    pointed: set[Buffer] = set()
    folded: set[Node] = set()
    for s in walk(program.statements):
        if isinstance(s, Point):
            pointed.update(root(b) for b in (*s.aliases, *s.buffers))
        elif isinstance(s, Fold):
            folded.add(s.local)
    return Module(program, parallel_work, frozenset(pointed), frozenset(folded))


def _bind_arguments(module: Module) -> dict[str, str]:
    """Names for what the caller passes -> how `entry` finds it."""
    program = module.program
    out = {"ctx": "ctx", "ws": "ws"}
    module.types["ctx"] = "an_context*"
    for k, n in enumerate(program.integers):
        name = module.names.fresh(str(n.attr("name")))
        module.held[n], module.types[name], out[name] = name, "int64_t", f"ints[{k}]"
    for k, p in enumerate(program.pointers):
        if isinstance(p, Buffer):
            _bind_buffer(module, p, f"ptrs[{k}]", out)
        else:
            name = module.names.fresh(str(p.attr("name")))
            kind = module.type_of(code(p.dtype))
            module.held[p], module.types[name], out[name] = name, kind, f"(<{kind}*>ptrs[{k}])[0]"
    for k, r in enumerate(program.results):
        if r.buffer is not None and r.static and root(r.buffer) not in module.pointers:
            _bind_buffer(module, root(r.buffer), f"results[{k}]", out)
    module.types["results"], out["results"] = "void**", "results"
    return out


def _bind_buffer(module: Module, b: Buffer, place: str, out: dict[str, str]) -> None:
    kind = module.pointer_type(b)
    name = module.names.fresh(b.name)
    module.pointers[b], module.types[name], out[name] = name, kind, f"<{kind}>{place}"


def _guards(scope: Scope) -> None:
    for g in scope.module.program.guards:
        scope.put(f"if {scope.text(g)} < 0:")
        scope.put("    return 1")


def _scalar_results(scope: Scope) -> None:
    for k, r in enumerate(scope.module.program.results):
        if r.value is not None:
            kind = scope.module.type_of(code(r.type.dtype))
            value = scope.text(r.value)
            scope.put(f"(<{kind}*>{scope.read('results')}[{k}])[0] = {value}")


def _entry(module: Module, call: str) -> str:
    head = (
        "cdef api int32_t entry(an_context* ctx, void** ptrs, const int64_t* ints, void** results) "
        "noexcept nogil:"
    )
    if not module.slots:
        return f"{head}\n    return {call}"
    most = module.slots * (MOST_PARTS if module.slots_a_thread else 1)
    count = f"{module.slots}*an_most(ctx.threads)" if module.slots_a_thread else f"{module.slots}"
    near = 0 if module.slots_a_thread else min(module.slots, NEAR_SLOTS)
    stack = f"\n    cdef char near[{near * NEAR + 64}]" if near else ""
    return f"""\
{head}
    cdef an_slot ws[{most}]{stack}
    cdef int32_t code
    an_open(ws, {count}, ctx, {'near' if near else 'NULL'})
    code = {call}
    an_close(ws, {count})
    return code"""


def _shapes(module: Module) -> str:
    """The sizes of the results whose shape follows from the integers.  Some may be below zero where
    a guard fails: the first is the least integer then, and the kernel is not called."""
    scope = Scope(module)
    sizes = []
    for r in module.program.results:
        if r.buffer is None or not r.static:
            continue
        sizes += [size_text(scope, d) for d in r.type.shape]
    if any("-" in size for size in sizes):
        for g in module.program.guards:
            scope.put(f"if {scope.text(g)} < 0:")
            scope.put("    dims[0] = -9223372036854775807 - 1")
            scope.put("    return")
    for position, size in enumerate(sizes):
        scope.put(f"dims[{position}] = {size}")
    reads = {module.held[n]: k for k, n in enumerate(module.program.integers)}
    inside = [f"    {x} = ints[{reads[x]}]" for x in scope.free]
    for x in scope.free:
        scope.declared[x] = f"int64_t {x}"
    scope.lines = [*inside, *scope.lines] or ["    pass"]
    return function_text(
        "cdef api void shapes(const int64_t* ints, int64_t* dims) noexcept nogil:", scope
    )


# ---- the head: imports and the C the text stands on ----------------------------------------------
def _head(module: Module) -> str:
    parts = _parts(module)
    c = [p.c for p in parts if p.c]
    cython = [p.cython for p in parts if p.cython]
    c += [macro for macro, _ in module.folds.values()]
    cython += [_declared(f) for f in module.scalars.values()]
    cython += [d for _, d in module.folds.values()]
    if module.libraries:
        c.append(bind_text(externs(module.program)))
        cython.append("void an_bind(void** functions) noexcept nogil")
    if module.slots_a_thread:
        c.append(f"#define AN_SLOTS {module.slots}")
        cython.append("const int64_t AN_SLOTS")
    if "threads" in module.parts or any("#pragma omp" in text for text in c):
        c.insert(0, TEAM)
    if module.vectors:
        c.append(vector_text(module))
        cython += ["const int64_t AN_WIDE", *(f.declaration for f in module.vectors.values())]
    c.insert(0, without_cuda(library(module.scalars.values(), "\n".join(c))))
    if steps_are_short(module.program):
        c.insert(0, HALF_WIDTH)
    imports = _IMPORTS
    if "threads" in module.parts:
        imports += "from cython.parallel cimport prange, threadid\n"
    return (
        f"# {module.program.name}: printed from its loop program\n{imports}\n"
        f'cdef extern from *:\n    """\n{_indent(c)}\n    """\n{_indent(cython)}'
    )


def _declared(f: ScalarFunction) -> str:
    """A scalar function as Cython sees it."""
    args = ", ".join(f"an_{t}" for t in f.operands)
    return f"an_{f.result} {f.name}({args}) noexcept nogil"


def _indent(texts: list[str]) -> str:
    return "\n".join(
        f"    {line}".rstrip() for text in texts for line in text.replace("\\", "\\\\").split("\n")
    )


def _parts(module: Module) -> list[Part]:
    """The header's parts that the text uses, what they need first."""
    known = {
        **PARTS,
        "streaming": STREAMING,
        "ahead": AHEAD,
        "library": COMMON,
        "all": early_part("ALL"),
        "any": early_part("ANY"),
    }
    wanted = ["base", *sorted(p for p in module.parts if p.startswith("type_"))]
    wanted += [p for p in known if p in module.parts]
    out: dict[str, Part] = {}

    def add(name: str) -> None:
        part = type_part(name[5:]) if name.startswith("type_") else known[name]
        for need in part.needs:
            if need not in out:
                add(need)
        out[name] = part

    for name in wanted:
        if name not in out:
            add(name)
    for name, part in module.libraries.items():
        for need in part.needs:
            if need not in out:
                add(need)
        out[name] = part
    return list(out.values())


__all__ = ["ATOM", "print_program"]
