"""`arignote demo`: what a person sees, and the exit status."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from arignote import config
from arignote.cli import demo, main

pytest.importorskip("sklearn", reason="the demo's data come with scikit-learn")
from arignote.cli import demo_programs

NAMES = ("softmax", "gaussian", "laplacian", "lasso", "waves", "bodies")


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        status = main(["demo", "--quick", "--out", str(folder)])
    return status, text.getvalue(), folder


def test_every_program_is_in_the_table_and_agrees(quick_run):
    status, text, _ = quick_run
    assert status == 0
    assert all(name in text for name in NAMES)
    assert "Every result agrees with NumPy." in text


def test_ends_with_a_picture_and_its_path(quick_run):
    _, text, folder = quick_run
    path = folder / demo.PICTURE
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path.resolve()) in text.replace("\n", "")


def test_a_result_that_differs_is_status_1(monkeypatch, capsys, tmp_path):
    good = demo_programs.cases(quick=True)
    monkeypatch.setattr(demo, "cases", lambda quick: good[:2])
    monkeypatch.setattr(demo, "difference", lambda ours, theirs: 0.5)
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 1
    assert "Not as NumPy: softmax, gaussian" in capsys.readouterr().out


def test_a_program_that_fails_is_named_and_the_others_run(monkeypatch, capsys, tmp_path):
    def broken(points, gamma):
        raise RuntimeError("no such luck")

    good = demo_programs.cases(quick=True)[1]
    bad = replace(good, name="lasso", function=broken)
    monkeypatch.setattr(demo, "cases", lambda quick: (bad, good))
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert "no such luck" in text
    assert "Not as NumPy: lasso" in text


def test_runs_without_a_compiler(monkeypatch, capsys, tmp_path):
    case = demo_programs.cases(quick=True)[1]
    monkeypatch.setattr(demo, "cases", lambda quick: (case,))
    with config(cc="no-such-compiler-here"):
        assert main(["demo", "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "interpreted" in text
    assert "arignote doctor" in text


def test_a_folder_that_cannot_be_written_costs_the_picture_only(monkeypatch, capsys, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    case = demo_programs.cases(quick=True)[1]
    monkeypatch.setattr(demo, "cases", lambda quick: (case,))
    assert main(["demo", "--quick", "--out", str(file)]) == 0
    assert "No picture" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (1.0, 1.0, 0.0),
        (np.array([1.0, 2.2]), np.array([1.0, 2.0]), 0.1),
        ((np.zeros(2), 3.0), (np.zeros(2), 2.0), 0.5),
        (np.zeros(3), np.zeros(2), np.inf),
        (np.float32(1), np.float64(1), np.inf),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), 0.0),
        (np.array([np.nan, 1.0]), np.array([1.0, 1.0]), np.inf),
    ],
)
def test_difference(ours, theirs, expected):
    assert demo.difference(ours, theirs) == pytest.approx(expected)


def test_gradient_of_the_classifier_is_that_of_its_loss():
    images, labels, _ = demo_programs.digits()
    images, labels = images[:50], labels[:50]
    weights = np.random.default_rng(0).normal(size=(64, 10))
    along = np.random.default_rng(1).normal(size=(64, 10))
    step = 1e-6
    slope = (
        demo_programs.cross_entropy(weights + step * along, images, labels)
        - demo_programs.cross_entropy(weights - step * along, images, labels)
    ) / (2 * step)
    gradient = demo_programs.cross_entropy_gradient(weights, images, labels)
    assert np.sum(gradient * along) == pytest.approx(slope, rel=1e-6)
