"""Faults of the printed text, which only running it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from arignote.debug.report import Finding
from arignote.emit import kernel as kernel_stages
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated


def kernels() -> Iterator[Mutant]:
    """Faults of the printed text, which only running it shows."""
    edits = {
        "ends early": ("range(first, last)", "range(first, last - 1)", victims.doubled),
        "ends late": ("range(first, last)", "range(first, last + 1)", victims.doubled),
        "another operation": ("a[i] * 2.0", "a[i] * 2.5", victims.doubled),
        "writes its argument": ("a[i] * 2.0", "a[i] * 2.0; a[i] = 1.0", victims.doubled),
        "single precision": ("a[i] * 2.0", "<float>a[i] * 2.0", victims.doubled),
    }
    for label, (old, new, victim) in edits.items():

        def plant(patch: Any, old: str = old, new: str = new) -> None:
            real = kernel_stages.print_program

            def bad(*args: Any, **options: Any) -> str:
                text = real(*args, **options).replace(old, new)
                assert new in text, text
                return text

            patch.setattr(kernel_stages, "print_program", bad)

        def run(victim: Any = victim) -> list[Finding]:
            return validated(victim, (np.linspace(0.1, 1, 7),), build=True)

        yield Mutant(f"kernel {label}", plant, run, "kernel", victim.__name__, honest=False)
