"""What `python -m tests.sanitize` prepares: the runtime that it names is used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sanitize.__main__ import ROOT

SITE = Path(__file__).with_name("site")


def test_the_runtime_is_the_one_that_is_named(tmp_path):
    runtime = pytest.importorskip("arignote.emit.runtime")
    copy = tmp_path / Path(runtime.__file__).name
    shutil.copy(runtime.__file__, copy)
    told = subprocess.run(
        [sys.executable, "-c", "import arignote.emit.runtime as r; print(r.__file__)"],
        env={**os.environ, "PYTHONPATH": f"{SITE}{os.pathsep}{ROOT}",
             "ARIGNOTE_RUNTIME": str(copy)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == str(copy)
