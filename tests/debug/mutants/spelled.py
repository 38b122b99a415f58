"""Faults between the printed text and what is built: the C that is made of it, and equal parts that
become one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import arignote.emit.cython.build as build_module
from arignote.debug.report import Finding
from arignote.emit.cython import outline
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated
from tests.debug.mutants.texts import LINE, edited

_PARTS = tuple(np.linspace(0.1, 1, n) for n in (5, 6, 7, 8))

#: name -> (victim, its arguments, what is replaced in the C by what)
EDITS: dict[str, tuple[Any, tuple[Any, ...], tuple[tuple[str, str], ...]]] = {
    "a loop ends early": (victims.doubled, (LINE,), (("v_i < end_1", "v_i < end_1 - 1"),)),
    "a loop ends late": (victims.doubled, (LINE,), (("v_i < end_1", "v_i <= end_1"),)),
    "a loop by twos": (victims.doubled, (LINE,), (("v_i += 1", "v_i += 2"),)),
    "another operator": (victims.doubled, (LINE,), (("v_a[v_i] * 2.0", "v_a[v_i] / 2.0"),)),
    "else without if": (victims.signed, (LINE,), (("else {", "{"),)),
    "another argument": (victims.sought, (LINE, LINE + 0.1), (("v_ptrs[0]", "v_ptrs[1]"),)),
    "a stride lost": (victims.spaced, (np.ones((6, 8)).cumsum(0)[::2, ::2],),
                      (("v_i*v_m_step0", "v_i"),)),
}  # fmt: skip


def spelled() -> Iterator[Mutant]:
    """Edits of the C, and parts that are taken for equal."""
    for label, (victim, args, edits) in EDITS.items():

        def plant(patch: Any, edits: Any = edits, label: str = label) -> None:
            make, key = build_module.c_of, build_module.build_key
            patch.setattr(build_module, "c_of", lambda text: edited(make(text) or "", edits))
            # the text is that of the right C, which may be built already
            patch.setattr(build_module, "build_key", lambda *a: key(*a)[:32] + label.encode().hex())

        yield _mutant(f"C {label}", plant, victim, args)
    yield _mutant("functions taken for equal", _numbers_lost, victims.scaled, _PARTS[:3])
    yield _mutant("calls of what is shared", _first_for_all, victims.four, _PARTS)


def _numbers_lost(patch: Any) -> None:
    shape = outline._shape
    patch.setattr(outline, "_shape", lambda text, name: shape(text.replace("2.0", "3.0"), name))


def _first_for_all(patch: Any) -> None:
    call = outline._call
    first: dict[str, Any] = {}
    patch.setattr(
        outline, "_call", lambda scope, part, name, fails:
        call(scope, first.setdefault(name, part), name, fails),
    )  # fmt: skip


def _mutant(label: str, plant: Callable[[Any], None], victim: Any, args: Any) -> Mutant:
    def run() -> list[Finding]:
        return validated(victim, args, build=True)

    return Mutant(f"spelling {label}", plant, run, "kernel", victim.__name__, honest=False)
