"""The example under mpiexec, and compiled functions that travel."""

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import arignote as ag

ROOT = Path(__file__).resolve().parents[2]
_BESIDE = Path(sys.executable).with_name("mpiexec")
MPIEXEC = str(_BESIDE) if _BESIDE.exists() else shutil.which("mpiexec")
needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason="mpi4py and mpiexec are an extra: pip install 'arignote[mpi]' mpich",
)


@needs_mpi
@pytest.mark.parametrize("rule", ["sync", "easgd", "asgd", "downpour"])
def test_rules_of_training(rule, tmp_path):
    command = [
        str(MPIEXEC),
        "-n",
        "2",
        sys.executable,
        "examples/distributed/data_parallel.py",
        rule,
    ]
    environment = {
        **os.environ,
        "ARIGNOTE_FLAGS": f"cache_dir={tmp_path}",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "2 processes" in done.stdout and "same: True" in done.stdout
    assert float(done.stdout.split("% right")[0].split()[-1]) > 93


def test_a_closure_travels_with_its_code():
    pytest.importorskip("cloudpickle", reason="functions without a name travel with cloudpickle")
    factor = np.arange(3.0)
    f = ag.distributed.portable(ag.compile(lambda x: np.sum(x * factor)))
    back = pickle.loads(pickle.dumps(f))
    assert back(np.ones(3)) == f(np.ones(3)) == 3
    assert pickle.loads(pickle.dumps(f)) is back  # compiled once a process


def test_dask_workers():
    distributed = pytest.importorskip("distributed", reason="Dask is no dependency")
    f = ag.distributed.portable(lambda x: np.sum(np.tanh(x) ** 2))
    parts = [np.arange(4.0) + k for k in range(4)]
    with distributed.Client(n_workers=1, threads_per_worker=2, processes=False) as client:
        answers = client.gather(client.map(f, parts))
    np.testing.assert_allclose(answers, [np.sum(np.tanh(p) ** 2) for p in parts])
