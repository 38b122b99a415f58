"""What the emulation is tested with, on a GPU: `python -m tests.emit.cuda.gpu` tells more.

Without a CUDA device all but the dry run, which has a stand-in for CuPy and the driver, is skipped.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arignote.emit.cuda.runtime.devices import what_is_missing
from tests.emit.cuda.gpu.__main__ import GROUPS, rows_of, table

ROOT = Path(__file__).resolve().parents[4]
with_gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(bool(what_is_missing()), reason=f"no CUDA device: {what_is_missing()}"),
]


@pytest.mark.parametrize("group", [pytest.param(g, marks=with_gpu) for g in GROUPS])
def test_on_the_gpu(group):
    rows = rows_of(group, time.monotonic() + 500)
    assert rows and not [r for r in rows if r["error"]]


def test_the_command_without_a_gpu(tmp_path):
    """With `--group device` instead of the few jobs here, it takes a minute."""
    out = tmp_path / "rows.json"
    words = ["-m", "tests.emit.cuda.gpu", "--stand-in", "--group", "device", "--out", str(out)]
    words += ["--job", "several", "--job", "product", "--job", "by hand", "--job", "pytorch"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT)
    rows = json.loads(out.read_text())
    assert done.returncode == 0 and not [r for r in rows if r["error"]], done.stdout
    assert len(rows) == 7 and "wrong" in done.stdout.splitlines()[-1] + done.stdout


def test_a_job_that_takes_the_process_with_it_is_one_wrong_row(monkeypatch, tmp_path):
    from tests.emit.cuda.gpu import __main__ as runner

    worker = tmp_path / "worker.py"
    worker.write_text(CRASHES)
    monkeypatch.setattr(runner, "HERE", tmp_path)
    rows = runner.rows_of("any", time.monotonic() + 60)
    assert [(r["job"], bool(r["error"])) for r in rows] == [("a", False), ("b", True), ("c", False)]
    assert "the GPU was lost" in rows[1]["error"] and "1 wrong" in table(rows).title


CRASHES = """
import json, sys, os
file = sys.argv[2]
begun = {json.loads(x)["job"] for x in open(file)} if os.path.exists(file) else set()
for name in "abc":
    if name in begun:
        continue
    print(json.dumps({"group": "any", "job": name}), file=open(file, "a"))
    if name == "b":
        os._exit(3)
    print(json.dumps({"group": "any", "job": name, "error": ""}), file=open(file, "a"))
"""

CHECKED = """
import cupy, numpy as np, arignote as ag
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), x.sum(), x.sum(axis=0)
def scan(x):
    v = np.zeros(x.shape[1])
    for t in range(x.shape[0]):
        v = np.tanh(0.9 * v + x[t])
    return v
def scatter(at, v):
    out = np.zeros(50)
    np.add.at(out, at, v)
    return out
host = np.random.default_rng(0).standard_normal((40, 50))
x, at = cupy.asarray(host), cupy.asarray(abs(host[0]).astype(int))
ag.compile(softmax)(x), ag.compile(scan)(x), ag.compile(scatter)(at, x[1])
"""


@pytest.mark.gpu
@pytest.mark.skipif(
    bool(what_is_missing()) or shutil.which("compute-sanitizer") is None,
    reason="no CUDA device, or no compute-sanitizer here",
)
@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "synccheck"])
def test_kernels_are_clean_under_compute_sanitizer(tool, tmp_path):
    words = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", sys.executable]
    done = checked(words, tmp_path, CHECKED)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_programs_for_compute_sanitizer_run(tmp_path):
    done = checked([sys.executable], tmp_path, STAND_IN + CHECKED)
    assert done.returncode == 0, done.stderr


def checked(words, folder, text):
    """The text in a file of its own, as loops are captured from their source."""
    file = folder / "checked.py"
    file.write_text(text)
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "emit" / "cuda")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run([*words, str(file)], capture_output=True, text=True, env=environment)


STAND_IN = "import fake_cupy, pytest\nfake_cupy.install(pytest.MonkeyPatch())\n"


def test_half_a_line_of_a_killed_process_is_passed_over(tmp_path):
    file = tmp_path / "rows"
    file.write_text('{"job": "a", "case": "b"}\n{"job": "c')
    sys.path.insert(0, str(ROOT))
    from benchmarks.cuda_sides import _begun
    from tests.emit.cuda.gpu.worker import jobs_of

    assert jobs_of(file) == {"a"} and _begun(str(file)) == {"b"}
