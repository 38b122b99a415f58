"""Every planted fault is found, and the right place is blamed."""

import pytest

from tests.debug.mutants import mutants

MUTANTS = mutants()


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name) for m in MUTANTS])
def test_planted_faults_are_found(mutant, monkeypatch):
    if mutant.honest:
        assert mutant.run() == []
    mutant.plant(monkeypatch)
    found = mutant.run()
    assert found, f"{mutant.name} escaped"
    assert found[0].stage == mutant.stage, str(found[0])
    assert mutant.blame in found[0].blame, str(found[0])


def test_there_are_enough():
    assert len(MUTANTS) >= 150
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
