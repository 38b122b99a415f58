"""The GPU benchmark without a GPU: our programs run in the emulation, its table can be made."""

import json
import subprocess
import sys
from pathlib import Path

import fake_cupy
import numpy as np
import pytest
from rich.console import Console

import arignote as ag
from arignote.emit.cuda.runtime.devices import what_is_missing
from arignote.trace.pytree import flatten

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import cuda, cuda_sides  # noqa: E402
from benchmarks.cuda_cases import CASES, arguments  # noqa: E402


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_our_side_of_every_case_is_right_in_the_emulation(case):
    given = arguments(case, tiny=True)
    function = case.program(np)
    if case.gradient:
        function = ag.value_and_grad(function, argnums=case.gradient)
    got = flatten(ag.compile(function, device="emulate")(*given))[0]
    wide = tuple(a.astype("f8") if a.dtype == "f4" else a for a in given)
    want = flatten(ag.compile(function)(*wide) if case.gradient else function(*wide))[0]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-4)


def test_our_sides_process_measures_every_case(monkeypatch, tmp_path):
    fake_cupy.install(monkeypatch)
    cuda_sides.main("arignote", str(tmp_path / "rows"), True)
    rows = [json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    rows = [r for r in rows if "begun" not in r]
    assert [r.get("error") for r in rows] == [None] * len(CASES)
    assert all(r["seconds"] > 0 and r["wrong"] < 1e-3 for r in rows)


def test_the_table_has_a_line_for_every_case():
    facts = {"gpu": "a GPU", "date": "today", "copy": 3e12, "product": 5e13}
    rows = [
        {"side": "arignote", "case": c.name, "seconds": 1e-3, "host": 5e-6, "first": 0.1}
        for c in CASES
    ] + [{"side": "jax", "case": CASES[0].name, "error": "RuntimeError: no memory"}]
    console = Console(width=300, record=True, file=open("/dev/null", "w"))
    console.print(cuda.table(rows, facts))
    text = console.export_text()
    assert all(c.name in text for c in CASES) and "RuntimeError" in text and "71" in text


@pytest.mark.skipif(not what_is_missing(), reason="there is a GPU")
def test_without_a_gpu_the_command_says_so():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cuda"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1 and "no GPU" in done.stdout


def test_a_case_that_takes_the_process_with_it_is_one_error(monkeypatch, tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "cuda_sides.py").write_text(CRASHES)
    monkeypatch.chdir(tmp_path)
    rows = cuda.side_rows("any", 60, Console(file=open("/dev/null", "w")))
    assert [r.get("error") for r in rows] == [None, "the GPU was lost", None]


CRASHES = """
import json, sys, os
file = sys.argv[2]
begun = {json.loads(x)["case"] for x in open(file)} if os.path.exists(file) else set()
for name in "abc":
    if name in begun:
        continue
    print(json.dumps({"case": name, "begun": True}), file=open(file, "a"))
    if name == "b":
        os._exit(3)
    print(json.dumps({"case": name, "seconds": 1.0}), file=open(file, "a"))
"""
