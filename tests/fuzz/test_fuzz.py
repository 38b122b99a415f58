"""A fixed set of random programs, the meaning of their graphs against plain Python."""

import pytest

from .running import verdict


@pytest.mark.parametrize("first", range(0, 60, 6))
def test_random_programs_agree(first):
    for seed in range(first, first + 6):
        said = verdict(seed, "FAST_COMPILE")
        assert not said or said.startswith("refused"), f"seed {seed}: {said}"
