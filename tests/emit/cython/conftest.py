"""`--update-golden` writes the golden texts anew instead of comparing them."""

import pytest


def pytest_addoption(parser):
    try:
        parser.addoption("--update-golden", action="store_true", help="write golden files anew")
    except ValueError:  # another folder's conftest has it
        pass


@pytest.fixture
def update_golden(request):
    return request.config.getoption("--update-golden", default=False)
