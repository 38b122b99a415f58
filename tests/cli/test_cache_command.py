"""`arignote cache` and its actions."""

import pytest

from arignote.cli import main
from arignote.config import config
from arignote.emit.cache import default_cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path):
    with config(cache_dir=tmp_path / "cache"):
        for name in "ab":
            default_cache().put(name, {"data": b"x" * 5000})
        yield


def test_summary_and_folder(capsys, tmp_path):
    assert main(["cache"]) == 0
    assert "2 entries, 10." in capsys.readouterr().out
    assert main(["cache", "dir"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'cache'}\n"


def test_list(capsys):
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out.count("5.1 kB") == 2


def test_prune_and_clear(capsys):
    assert main(["cache", "prune"]) == 0
    assert capsys.readouterr().out == "freed 0 bytes\n"
    assert main(["cache", "prune", "6kB"]) == 0 and len(default_cache().entries()) == 1
    assert main(["cache", "clear"]) == 0 and default_cache().entries() == []


def test_a_size_that_is_none_says_what_it_wants(capsys):
    with pytest.raises(SystemExit):
        main(["cache", "prune", "lots"])
    assert "500MB or 2GB" in capsys.readouterr().err
