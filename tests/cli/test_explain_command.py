"""`arignote explain`: finds the function, shows the stage asked for, and says what is wrong."""

import pytest

from arignote.cli import main


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np\nimport arignote as ag\n\nsize = 5\n\n"
        "def step(x, rate=0.5):\n    return x - rate * np.exp(x)\n\n"
        "@ag.compile\ndef double(x):\n    return 2 * x\n\n"
        "def broken(x):\n    return np.nditer([x, x])\n\n"
        "if __name__ == '__main__':\n    raise SystemExit('is not to be run')\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("table", ["step: 1 nests", "model.py:7", "x - rate * np.exp(x)"]),
        ("graph", ["graph step(", "exp("]),
        ("tree", ["subtract [id A]"]),
        ("program", ["program step(", "out0["]),
        ("source", ["cdef api", "model.py:7"]),
    ],
)
def test_every_stage(file, capsys, stage, words):
    assert main(["explain", file, "step", "np.ones(size), rate=0.25", "--show", stage]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in words), text


def test_a_function_that_is_compiled_already(file, capsys):
    assert main(["explain", file, "double", "np.ones(3)", "--show", "graph"]) == 0
    assert "multiply" in capsys.readouterr().out


def test_names_that_are_not_there(file, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", file, "stop", "np.ones(3)"])
    assert stopped.value.code == 2
    assert "no function 'stop', but broken, double, step" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["explain", file + "x", "step"])
    assert stopped.value.code == 2


def test_what_cannot_be_compiled_is_status_1(file, capsys):
    assert main(["explain", file, "broken", "np.ones(3)"]) == 1
    assert "nditer" in capsys.readouterr().err


def test_pictures_of_functions(file, tmp_path, capsys):
    target = tmp_path / "step.svg"
    given = ["view", file, "step", "np.ones(size), rate=0.25", "-o", str(target)]
    for more in ([], ["--rewritten"]):
        assert main([*given, *more]) == 0
        assert capsys.readouterr().out.strip() == str(target)
        assert target.read_text().startswith("<svg")
    assert main([*given[:-1], str(tmp_path / "step.bmp")]) == 1
    assert ".svg, .png or .pdf" in capsys.readouterr().err
