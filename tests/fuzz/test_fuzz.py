"""A fixed set of random programs against plain Python: the meaning of their graphs, and kernels."""

import pytest

from .__main__ import WAYS
from .running import LAYOUTS, verdict


@pytest.mark.parametrize("first", range(0, 60, 6))
def test_random_programs_agree(first):
    for seed in range(first, first + 6):
        said = verdict(seed, "FAST_COMPILE")
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"


#: Programs that were wrong once come first.
KERNELS = [
    *(14, 64, 65, 120, 147, 198, 321, 592, 715, 749, 753, 763, 804, 935, 1016, 1080),
    *range(600, 609),
]


@pytest.mark.parametrize("first", range(0, len(KERNELS), 6))
def test_kernels_of_random_programs_agree(first):
    for seed in KERNELS[first : first + 6]:
        said = verdict(seed, "FAST_RUN")
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"


@pytest.mark.parametrize("layout", LAYOUTS[1:])
def test_layouts_of_the_arguments_do_not_matter(layout):
    for seed in range(30, 38):
        said = verdict(seed, "FAST_RUN" if seed < 32 else "FAST_COMPILE", layout)
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"


def test_single_calls_in_all_forms_of_their_arguments():
    for seed, said in WAYS["meaning"]("calls", range(300)):
        if "ndarray array(" in said:  # np.where of numbers: see differences.md
            continue
        assert not said.startswith(("answer", "arguments afterwards")), f"seed {seed}: {said}"


def test_gradients_agree_with_difference_quotients():
    for seed, said in WAYS["gradients"]("smooth", range(25)):
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"


def test_what_an_error_leaves_is_the_same_at_every_stage():
    """Arguments after errors that were different once."""
    for kind, seed in (("short", 1875), ("short", 200816), ("short", 783), ("typed", 21162)):
        for _, said in WAYS["stages"](kind, range(seed, seed + 1)):
            assert not said or said.startswith("refused"), f"{kind} {seed}: {said}"


def test_what_finally_and_errors_leave_is_what_python_leaves():
    for seed, said in WAYS["meaning"]("unwinding", [*range(24), 138, 204]):
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"
