"""Programs here are built without optimization, unless a test says otherwise."""

import pytest

from arignote.config import config


@pytest.fixture(autouse=True)
def _fast_compile():
    with config(mode="FAST_COMPILE"):
        yield
