"""Where buffers live: scratch in slots of the call, small ones on the stack, late results."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ...fxgraph.affine import affine_op, size_node
from ...fxgraph.node import Node
from ...fxgraph.types import Size
from ...optimize.loopnest.program import Alloc, Buffer, Library, Panel, Point
from ..scalar_code import code
from .expressions import ATOM
from .scope import Scope, root

#: Results from so many bytes on are cleared past the cache, as `streaming` writes them.
FAR = 25165824
#: Temporaries of literal size up to this many bytes are C arrays on the stack.
ON_STACK = 4096


def print_alloc(scope: Scope, s: Alloc) -> None:
    """The buffer exists from here on."""
    b = root(s.buffer)
    if b.role == "result":
        _result(scope, b, s.zero)
    elif stack_bytes(b) and b not in scope.module.pointed:
        _on_stack(scope, b, s.zero)
    else:
        _scratch(scope, b, s.zero)


def stack_bytes(b: Buffer) -> int:
    """The bytes of a buffer that may live on the stack; 0 for others."""
    if not all(isinstance(d, int) for d in b.shape):
        return 0
    size = prod(d for d in b.shape if isinstance(d, int)) * int(b.dtype.itemsize)
    return size if size <= ON_STACK else 0


def _on_stack(scope: Scope, b: Buffer, zero: bool) -> None:
    element = scope.module.type_of(code(b.dtype))
    size = prod(d for d in b.shape if isinstance(d, int))
    name = scope.module.pointers.get(b)
    if name is None:
        name = scope.variable(b.name, f"{element}q")
        scope.declared[name] = f"{element} {name}[{size}]"
        scope.module.pointers[b] = name
    if zero:
        scope.module.parts["clear"] = None
        scope.put(f"an_clear({scope.read(name)}, {size} * sizeof({element}))")


def _scratch(scope: Scope, b: Buffer, zero: bool) -> None:
    module = scope.module
    element = module.type_of(code(b.dtype))
    pointer = module.pointer_type(b)
    name = module.pointers.get(b)
    if name is None:
        name = module.pointers[b] = scope.variable(b.name, pointer)
    module.parts["scratch"] = None
    module.types["ws"] = "an_slot*"
    module.slot_of[b] = module.slots
    slot = _slot(scope, b)
    module.slots += 1
    call = "an_reserve_zero" if zero else "an_reserve"
    size = _bytes(scope, b, element)
    scope.put(f"{scope.read(name)} = <{pointer}>{call}({scope.read('ws')}, {slot}, {size})")
    scope.put(f"if {name} == NULL:")
    scope.put("    return 4")
    scope.fails = True


def _slot(scope: Scope, b: Buffer) -> str:
    """The place among the slots of what is scratch of the call, or of a thread of it."""
    slot = str(scope.module.slot_of[b])
    if not scope.parts_of_loop:
        return slot
    scope.module.slots_a_thread = True
    return f"{scope.read('place')}*AN_SLOTS + {slot}"


def print_growth(scope: Scope, s: Library) -> None:
    """The scratch has more rows from here on."""
    (after,), (before,) = s.outputs, s.inputs
    assert isinstance(before, Panel)
    module, b = scope.module, root(after.buffer)
    pointer = module.pointer_type(b)
    element = module.type_of(code(b.dtype))
    name = scope.read(module.pointers[b])
    bytes_of = [_bytes(scope, replace(b, shape=p.shape), element) for p in (before, after)]
    module.parts["growing"] = None
    call = f"an_grow(ws, {_slot(scope, b)}, {name}, {', '.join(bytes_of)})"
    scope.read("ws")
    scope.put(f"{name} = <{pointer}>{call}")
    scope.put(f"if {name} == NULL:")
    scope.put("    return 4")
    scope.fails = True


def _bytes(scope: Scope, b: Buffer, element: str) -> str:
    """How long a buffer is.  Sizes are any numbers: a product that wrapped would ask for less."""
    size = f"<int64_t>sizeof({element})"
    if all(isinstance(d, int) for d in b.shape):
        return f"{scope.count(b)}*{size}"
    for d in b.shape:
        size = f"an_times({size_text(scope, d)}, {size})"
    return size


def size_text(scope: Scope, d: Size) -> str:
    """A size for whoever makes memory of it: too much for anybody where 64 bits are too few.

    A sum that wraps on its way is right if its value fits, which the sum of doubles tells.
    """
    n = size_node(d)
    exact = scope.text(n)
    if n.op is not affine_op or (max(n.attr("coefs")) <= 1 and not _grows(n)):
        return exact
    terms = zip(n.inputs, n.attr("coefs"), strict=True)
    about = " + ".join(f"{float(k)!r}*{scope.text(atom, ATOM)}" for atom, k in terms)
    scope.module.parts["size"] = None
    return f"an_size({about} + {float(n.attr('const'))!r}, {exact})"


def _grows(n: Node) -> bool:
    """May the value be more than the one atom that is counted once?"""
    return sum(k > 0 for k in n.attr("coefs")) > 1 or bool(n.attr("const") > 0)


def _result(scope: Scope, b: Buffer, zero: bool) -> None:
    """A result: the caller's memory already, or asked for now that its size is known."""
    module = scope.module
    element = module.type_of(code(b.dtype))
    position = next(
        k
        for k, r in enumerate(module.program.results)
        if r.buffer is not None and root(r.buffer) is b
    )
    if not module.program.results[position].static:
        pointer = module.pointer_type(b)
        name = module.pointers[b] = scope.variable(b.name, pointer)
        dims = scope.variable("dims", "int64_t*")
        scope.declared[dims] = f"int64_t {dims}[{max(b.rank, 1)}]"
        for k, d in enumerate(b.shape):
            scope.put(f"{dims}[{k}] = {size_text(scope, d)}")
        ctx = scope.context()
        scope.put(f"{name} = <{pointer}>{ctx}.result({ctx}.owner, {position}, {dims})")
        scope.put(f"if {name} == NULL:")
        scope.put("    return 3")
        scope.fails = True
    if zero:
        sizes = [d for d in b.shape if isinstance(d, int)]
        known = len(sizes) == len(b.shape)
        far = known and prod(sizes) * int(b.dtype.itemsize) >= FAR
        module.parts["clear_far" if far else "clear"] = None
        clear = "an_clear_far" if far else "an_clear"
        scope.put(f"{clear}({scope.pointer(b)}, {scope.count(b)}*<int64_t>sizeof({element}))")


def print_point(scope: Scope, s: Point) -> None:
    """Pointer variables take buffers' places, all at once."""
    sources = [scope.pointer(b) for b in s.buffers]
    targets = []
    for a in s.aliases:
        name = scope.module.pointers.get(root(a))
        if name is None:
            name = scope.variable(a.name, scope.module.pointer_type(a))
            scope.module.pointers[root(a)] = name
        targets.append(scope.read(name))
    moves = [(t, x) for t, x in zip(targets, sources, strict=True) if t != x]
    if len(moves) > 1 and any(
        t in [x for _, x in moves[k + 1 :]] for k, (t, _) in enumerate(moves)
    ):
        held = []
        for t, x in moves:
            held.append(scope.variable(f"{t}_next", scope.module.types[t]))
            scope.put(f"{held[-1]} = {x}")
        moves = [(t, h) for (t, _), h in zip(moves, held, strict=True)]
    for t, x in moves:
        scope.put(f"{t} = {x}")
