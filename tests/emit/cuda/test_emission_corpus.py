"""Every program of the corpus, printed as CUDA and executed by the emulation, is what NumPy says.

A table lists what has no form on a GPU yet, with the reason; nothing else may fall back to the CPU.
"""

from __future__ import annotations

import dataclasses
import warnings

import pytest

import arignote.specialise
from arignote.api import compile
from tests.corpus import loops_discrete, loops_numeric, loops_state, loops_traps, straight
from tests.corpus.cases import Case, check_same

CASES = [
    case
    for module in (straight, loops_numeric, loops_state, loops_discrete, loops_traps)
    for case in module.CASES
]
#: Program -> why no kernel does it.
NOT_YET: dict[str, str] = {}


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_program_on_the_emulated_device_is_as_numpy_says(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    fallen: list[str] = []
    monkeypatch.setattr(arignote.specialise, "warn_once", lambda key, text: fallen.append(text))
    # sums are added in another order than NumPy's; which arrays share memory is the host's affair
    loose = dataclasses.replace(case, rtol=max(case.rtol, 1e-9), shares=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_same(loose, compile(case.function, device="emulate"))
    assert bool(fallen) == (case.name in NOT_YET), fallen
