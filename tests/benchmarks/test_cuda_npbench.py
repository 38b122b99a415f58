"""NPBench on a GPU, without one: the work of a process on the stand-in for CuPy, and the table."""

import json
import sys
from pathlib import Path

import fake_cupy
import pytest
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import cuda_npbench  # noqa: E402

INFO = {
    "benchmark": {
        "relative_path": "scaled", "module_name": "scaled", "func_name": "scaled",
        "parameters": {"S": {"n": 9}, "paper": {"n": 40}},
        "init": {"func_name": "initialize", "input_args": ["n"], "output_args": ["x"]},
        "input_args": ["x", "n"], "array_args": ["x"], "output_args": ["x"],
    }
}  # fmt: skip
KERNEL = "import numpy as np\n\ndef scaled(x, n):\n    x *= 2\n    return np.exp(-x).sum()\n"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [m for m in sys.modules if m.partition(".")[0] == "npbench"]:
        monkeypatch.delitem(sys.modules, name)
    folder = tmp_path / "npbench" / "benchmarks" / "scaled"
    folder.mkdir(parents=True)
    (tmp_path / "bench_info").mkdir()
    (tmp_path / "bench_info" / "scaled.json").write_text(json.dumps(INFO))
    (folder / "scaled.py").write_text(
        "import numpy as np\n\ndef initialize(n):\n    return np.linspace(0, 1, n)\n"
    )
    (folder / "scaled_numpy.py").write_text(KERNEL)
    (folder / "scaled_cupy.py").write_text("def scaled(x, n):\n    raise RuntimeError('no')\n")
    return tmp_path


def test_both_sides_of_a_kernel(checkout, monkeypatch):
    fake_cupy.install(monkeypatch)
    monkeypatch.setattr(cuda_npbench, "BUDGET_S", 0.0)
    assert cuda_npbench.kernels(checkout) == ["scaled"]
    rows = []
    for side in cuda_npbench.SIDES:
        file = checkout / side
        cuda_npbench.work(str(file), side, str(checkout), "scaled", "S", "paper")
        rows.append({"side": side, "kernel": "scaled", **json.loads(file.read_text())})
    assert rows[0]["wrong"] < 1e-12 and rows[0]["seconds"] > 0 and "error" not in rows[0]
    assert rows[1]["error"] == "RuntimeError: no"
    for name, seconds in (("fast", 1e-3), ("slow", 3e-3)):
        rows.append({"side": "arignote", "kernel": name, "seconds": 1e-3, "first": 1, "wrong": 0.0})
        rows.append({"side": "cupy", "kernel": name, "seconds": seconds * 3, "wrong": 0.0})
    console = Console(width=200, record=True, file=open("/dev/null", "w"))
    console.print(cuda_npbench.table(rows))
    text = console.export_text()
    assert "5.20 times CuPy (geometric mean of 2)" in text and "RuntimeError: no" in text


def test_a_process_that_ends_is_a_row(checkout):
    row = cuda_npbench.row_of(("arignote", str(checkout), "absent", "S", "paper"), 60)
    assert "error" in row and row["kernel"] == "absent"
