"""Every planted fault is found, and the right place is blamed.

Each runs in a process of its own: kernels with faults may write where they must not.
"""

import os
import pickle
import sys
import traceback

import pytest

from tests.debug.mutants import mutants

MUTANTS = mutants()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not copied on this system")
@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name) for m in MUTANTS])
def test_planted_faults_are_found(mutant, monkeypatch):
    assert apart(lambda: said_of(mutant, monkeypatch)) == ""


def said_of(mutant, patch):
    """What is wrong with what is found, if anything."""
    if mutant.honest and mutant.run():
        return "found without a fault"
    mutant.plant(patch)
    found = mutant.run()
    if not found:
        return f"{mutant.name} escaped"
    right = found[0].stage == mutant.stage and mutant.blame in found[0].blame
    return "" if right else str(found[0])


def apart(work):
    """What `work` returns, a text, in a copy of this process; an error's trace, or how it died."""
    receive, send = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            answer = work()
        except BaseException:
            answer = traceback.format_exc()
        with os.fdopen(send, "wb") as to:
            pickle.dump(answer, to)
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(text) if text else f"the process died: {status}"


def test_there_are_enough():
    assert len(MUTANTS) >= 150
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
