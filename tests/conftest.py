"""Every test run has its own cache, no rc file, and verifies graphs after each pass."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

os.environ["ARIGNOTERC"] = os.devnull
if "ARIGNOTE_RUNTIME" not in os.environ:  # tests.sanitize sets both
    os.environ.pop("ARIGNOTE_FLAGS", None)
# started in the background of a shell, Python ignores Ctrl-C, which tests send
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# one folder for all workers of a parallel run, so that they share what they build
_RUN = os.environ.setdefault("ARIGNOTE_TEST_RUN", str(os.getpid()))
_CACHE = Path(tempfile.gettempdir(), f"arignote-tests-{_RUN}")


from arignote.config import config  # noqa: E402

config.cache_dir = _CACHE
config.verify = True


def pytest_collection_modifyitems(items):
    if "ARIGNOTE_RUNTIME" in os.environ:
        for item in items:
            if item.get_closest_marker("unsanitized"):
                item.add_marker(pytest.mark.skip(reason="a sanitizer is in the process"))


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(_CACHE, ignore_errors=True)
