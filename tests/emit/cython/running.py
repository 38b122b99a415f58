"""Builds a Program and calls its kernel through ctypes, as the runtime does."""

import ctypes
from dataclasses import dataclass

import numpy as np

from arignote.emit.cython.build import build
from arignote.emit.cython.printer import print_program
from arignote.emit.library_table import externs

P, I32, I64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64
CALLBACK = ctypes.CFUNCTYPE(I32, P, I32, ctypes.POINTER(P), ctypes.POINTER(I64))
RESULT = ctypes.CFUNCTYPE(P, P, I32, ctypes.POINTER(I64))
INTERRUPTED = ctypes.CFUNCTYPE(I32)


class Error(ctypes.Structure):
    _fields_ = [("site", I32), ("pad", I32), ("values", I64 * 6)]


class Context(ctypes.Structure):
    _fields_ = [
        ("owner", P), ("threads", I32), ("flags", I32), ("callback", CALLBACK),
        ("result", RESULT), ("interrupted", INTERRUPTED),
        ("borrow", ctypes.c_void_p), ("give_back", ctypes.c_void_p), ("error", Error),
    ]  # fmt: skip


@dataclass
class Answer:
    """What a call gave: return code, results, and the error record of code 2."""

    code: int
    results: list
    site: int = -1
    values: tuple = ()
    text: str = ""

    @property
    def value(self):
        assert self.code == 0
        return self.results[0]


def run_program(program, pointers=(), integers=(), *, threads=1, callback=None, interrupt=0, **how):
    """Build, call, collect.  pointers: arrays and NumPy scalars; integers: ints."""
    text = print_program(program, **how)
    built = build(text, program.name, externs(program))
    held = [np.array(p) if not isinstance(p, np.ndarray) else p for p in pointers]
    ptrs = (P * max(len(held), 1))(*[a.ctypes.data for a in held])
    ints = (I64 * max(len(integers), 1))(*integers)
    dims = (I64 * (1 + sum(r.type.rank for r in program.results)))()
    ctypes.CFUNCTYPE(None, P, P)(built.shapes)(ctypes.addressof(ints), ctypes.addressof(dims))
    results, addresses, at = [], [], 0
    for r in program.results:
        if r.buffer is not None and not r.static:
            results.append(None)
            addresses.append(None)
            continue
        rank = r.type.rank if r.buffer is not None else 0
        results.append(np.full(tuple(dims[at : at + rank]), 99).astype(r.type.dtype))
        at += rank
        addresses.append(results[-1].ctypes.data)
    outs = (P * max(len(results), 1))(*addresses)

    def late(owner, k, sizes):
        t = program.results[k].type
        results[k] = np.full(tuple(sizes[: t.rank]), 99).astype(t.dtype)
        return results[k].ctypes.data

    seen = []

    def interrupted():
        seen.append(1)
        return int(interrupt and len(seen) >= interrupt)

    ctx = Context(threads=threads)
    ctx.callback = CALLBACK(callback or (lambda *_: 1))
    ctx.result, ctx.interrupted = RESULT(late), INTERRUPTED(interrupted)
    entry = ctypes.CFUNCTYPE(I32, P, P, P, P)(built.entry)
    rc = entry(*map(ctypes.addressof, (ctx, ptrs, ints, outs)))
    return Answer(rc, results, ctx.error.site, tuple(ctx.error.values), text)
