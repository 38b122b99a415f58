"""`--update-golden` writes the golden texts anew instead of comparing them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # programs.py and running.py


def pytest_addoption(parser):
    try:
        parser.addoption("--update-golden", action="store_true", help="write golden files anew")
    except ValueError:  # another folder's conftest has it
        pass


@pytest.fixture
def update_golden(request):
    return request.config.getoption("--update-golden", default=False)
