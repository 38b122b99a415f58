"""The examples run, and print what they promise."""

import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
EXPECTED = {
    "gradient_descent.py": ["slope 2.9", "offset -0.9"],
    "hamiltonian.py": ["class_0: 13.7", "of the trajectories accepted"],
    "legacy_loop.py": ["plain: ", "compiled: "],
    "logistic_regression.py": ["loss 0.11", "% right"],
    "looking_inside.py": ["reduce_max", "parallel for", "cdef", "operations a call", "[id A]"],
    "newton_cg.py": ["gradient norms: 6.1e-01"],
}


def test_every_example_is_run():
    assert sorted(EXPECTED) == sorted(path.name for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example(name, capsys):
    runpy.run_path(str(FOLDER / name), run_name="__main__")
    text = capsys.readouterr().out
    for words in EXPECTED[name]:
        assert words in text


def test_plain_and_compiled_distances_are_the_same(capsys):
    runpy.run_path(str(FOLDER / "legacy_loop.py"), run_name="__main__")
    plain, compiled = capsys.readouterr().out.splitlines()
    assert plain.split(":")[1].split(" in ")[0] == compiled.split(":")[1].split(" in ")[0]
