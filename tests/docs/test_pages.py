"""The code of README and docs runs, and the outputs that the pages show are the real ones."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
refresh = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(refresh)

SETUP = (
    "python3 -m venv .venv && .venv/bin/pip install '.[demo]' && .venv/bin/arignote demo",
    "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest",
)


@pytest.mark.parametrize("page", refresh.PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_its_code_does(page):
    text = page.read_text()
    assert refresh.refreshed(text) == text, "run python docs/refresh.py and look at what changed"


def test_the_set_up_is_two_commands():
    text = (ROOT / "README.md").read_text()
    assert all(text.count(command) == 1 for command in SETUP)


def test_links_between_pages_lead_somewhere():
    for page in refresh.PAGES:
        for target in refresh.re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_an_output_that_has_changed_is_noticed():
    page = "```python\nx = 2\n```\n\n<!-- shows: x + 1 -->\n```text\n4\n```\n"
    assert refresh.refreshed(page) == page.replace("4", "3")
