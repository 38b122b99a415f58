"""Faults of the printed text, for the CPU and for CUDA, which only running it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arignote import config
from arignote.debug.report import Finding
from arignote.emit import kernel as kernel_stages
from arignote.emit.cuda.runtime import specialised
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated

LINE = np.linspace(0.1, 1, 7)
GRID = np.arange(48.0).reshape(6, 8)[::2, ::2]
KINDS = np.array([0, 3, 1, 3, 3])
#: Work below which a nest stays on one thread, as the text has it: none with the fault.
ALWAYS = (f"{1e4 * config.parallel_min_us:.1f}", "0.0")
#: The same of loops that write what is written again.
ALWAYS_AGAIN = (f"{4e4 * config.parallel_min_us:.1f}", "0.0")

#: Results from so many bytes on are streamed past the cache: nearly all with the fault.
FAR = ("#define AN_FAR 25165824", "#define AN_FAR 8")

#: name -> (victim, its arguments, what is replaced in the text by what)
EDITS: dict[str, tuple[Any, tuple[Any, ...], tuple[tuple[str, str], ...]]] = {
    "ends early": (
        victims.doubled, (LINE,), (("range(first, last)", "range(first, last - 1)"),)),
    "ends late": (
        victims.doubled, (LINE,), (("range(first, last)", "range(first, last + 1)"),)),
    "another operation": (victims.doubled, (LINE,), (("a[i] * 2.0", "a[i] * 2.5"),)),
    "writes its argument": (
        victims.doubled, (LINE,), (("a[i] * 2.0", "a[i] * 2.0; a[i] = 1.0"),)),
    "single precision": (victims.doubled, (LINE,), (("a[i] * 2.0", "<float>a[i] * 2.0"),)),
    "in place too early": (victims.turned, (LINE,), (("t[i] =", "a[i] ="), ("= t[i]", "= a[i]"))),
    "in place and not written back": (victims.turned, (LINE,), (("a[i] = t[i]", "pass"),)),
    "stride of another axis": (victims.spaced, (GRID,), (("j*m_step1", "j*m_step0"),)),
    "stride of one": (victims.spaced, (GRID,), (("j*m_step1", "j"),)),
    "offset of a row": (victims.spaced, (GRID,), (("i*m_step0", "(i + 1)*m_step0"),)),
    "memory that is not set": (
        victims.counted, (KINDS,), (("an_clear(out0, 4", "an_clear(out0, 0"),)),
    "threads share a step": (
        victims.running_sum, (LINE,), (ALWAYS_AGAIN, ("piece + 1, parts", "piece + 2, parts"))),
    "threads leave a step out": (
        victims.doubled, (LINE,), (ALWAYS, ("trip, piece, parts", "trip, piece + 1, parts"))),
    "a search ends early": (
        victims.sought, (LINE, LINE + 0.1), (("<an_f8>(a_n - 1)", "<an_f8>(a_n - 5)"),)),
    "a search on the other side": (
        victims.sought, (LINE, LINE[::-1].copy()), (("< sought", "<= sought"),)),
    "interpolation by another slope": (
        victims.between, (LINE**2 - 0.05, LINE**2, LINE**3), (("p[t + 1] - p[t]", "p[1] - p[0]"),)),
    "a bin too low": (victims.binned, (LINE**2,), (("* 4.0, 0.0)", "* 1.0, 0.0)"),)),
    "a stream without its end": (
        victims.doubled, (LINE,), (FAR, ("memcpy(t + head, f + head, bytes - head)", ""))),
    "a stream without its head": (victims.doubled, (LINE,), (FAR, ("memcpy(t, f, head)", ""))),
    "a stream beside its place": (
        victims.doubled, (LINE,), (FAR, ("an_stream(&out0[first]", "an_stream(&out0[first + 1]"))),
    "a stream of an element less": (
        victims.doubled, (LINE,), (FAR, ("(stop - first)*", "(stop - first - 1)*"))),
}  # fmt: skip

CUDA_EDITS: dict[str, tuple[Any, tuple[Any, ...], tuple[tuple[str, str], ...]]] = {
    "another operation": (victims.doubled, (LINE,), (("* 2.0", "* 2.5"),)),
    "ends early": (victims.doubled, (LINE,), (("an_k < an_hi", "an_k < an_hi - 1"),)),
    "ends late": (victims.doubled, (LINE,), (("an_k < an_hi", "an_k < an_hi + 1"),)),
    "steps overlap": (
        victims.inplace, (np.linspace(0.1, 1, 3000),), (("+= an_size)", "+= an_size - 1)"),)),
    "starts late": (victims.total, (LINE,), (("s_part = 0;", "s_part = 1;"),)),
    "threads are not added": (
        victims.total, (LINE,), (("s_part = an_block_reduce(", "(void)an_block_reduce("),)),
    "the part of a block is lost": (
        victims.total, (LINE,), (("an_parts[blockIdx.x] = s_part;", ";"),)),
}  # fmt: skip


def kernels() -> Iterator[Mutant]:
    """Edits of the text that is built."""
    for label, (victim, args, edits) in EDITS.items():

        def plant(patch: Any, edits: Any = edits) -> None:
            real = kernel_stages.print_program

            def bad(*given: Any, **options: Any) -> str:
                return edited(real(*given, **options), edits)

            patch.setattr(kernel_stages, "print_program", bad)

        def run(victim: Any = victim, args: Any = args) -> list[Finding]:
            return validated(victim, args, build=True)

        yield Mutant(f"kernel {label}", plant, run, "kernel", victim.__name__, honest=False)


def cuda() -> Iterator[Mutant]:
    """Edits of the CUDA source, which the emulation executes."""
    for label, (victim, args, edits) in CUDA_EDITS.items():

        def plant(patch: Any, edits: Any = edits) -> None:
            real = specialised.emit

            def bad(*given: Any) -> Any:
                module = real(*given)
                head, start, body = module.source.rpartition('extern "C" __global__')
                return replace(module, source=head + start + edited(body, edits))

            patch.setattr(specialised, "emit", bad)

        def run(victim: Any = victim, args: Any = args) -> list[Finding]:
            return validated(victim, args, emulate=True)

        yield Mutant(f"CUDA {label}", plant, run, "emulation", victim.__name__, honest=False)


def edited(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    """The text with each edit made; a fault that is not planted is no test."""
    for old, new in edits:
        assert old in text, f"{old!r} is not in\n{text}"
        text = text.replace(old, new)
    return text
