"""Every test run has its own cache, no rc file, and verifies graphs after each pass."""

import os
import shutil
import tempfile
from pathlib import Path

os.environ["ARIGNOTERC"] = os.devnull
_FLAGS = os.environ.pop("ARIGNOTE_FLAGS", "")
if "sanitize=True" in _FLAGS.split(","):  # tests.sanitize
    os.environ["ARIGNOTE_FLAGS"] = "sanitize=True"

# one folder for all workers of a parallel run, so that they share what they build
_RUN = os.environ.setdefault("ARIGNOTE_TEST_RUN", str(os.getpid()))
_CACHE = Path(tempfile.gettempdir(), f"arignote-tests-{_RUN}")


from arignote.config import config  # noqa: E402

config.cache_dir = _CACHE
config.verify = True


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(_CACHE, ignore_errors=True)
