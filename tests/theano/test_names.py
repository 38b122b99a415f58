"""docs/theano.md agrees with what can be imported."""

import importlib.util
import re
from pathlib import Path

import pytest

import arignote

SOURCE = Path(arignote.__file__).parent.parent / "docs" / "theano_names.py"


@pytest.fixture(scope="module")
def names():
    spec = importlib.util.spec_from_file_location("theano_names", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_offered_name_is_there(names):
    missing = []
    for _, name in names.entries():
        try:
            names.found(name)
        except (AttributeError, ImportError):
            missing.append(name)
    assert not missing


def test_no_name_that_is_not_offered_is_there(names):
    there = []
    for name in names.NOT:
        try:
            names.found(name)
        except (AttributeError, ImportError):
            continue
        there.append(name)
    assert not there


def test_every_note_is_about_an_offered_name(names):
    offered = [name for _, name in names.entries()]
    ends = {name.rpartition(".")[2] for name in offered}
    assert not [n for n in names.DIFFERENT if n not in offered and n not in ends]


def test_the_page_is_up_to_date(names):
    assert names.PAGE.read_text() == names.page(), "run python docs/theano_names.py"


def test_every_offered_name_is_used_by_some_test(names):
    """Constructors are tested by their prefixes and shapes."""
    tests = SOURCE.parent.parent / "tests"
    folders = [tests / name for name in ("theano", "sparse", "distributed")]
    files = [p for folder in folders for p in folder.glob("*.py")]
    words = set(re.findall(r"\w+", "\n".join(p.read_text() for p in files)))
    unused = [
        name
        for heading, name in names.entries()
        if (last := name.rpartition(".")[2]) not in words
        and not re.fullmatch(r"[bwilfdcz]?(scalar|vector|row|col|matrix|tensor[3-7])", last)
        and not re.fullmatch(r"register_\w+", last)
    ]
    assert not unused
