"""The flags `debug` and `keep`: what is printed and kept of a compilation."""

import numpy as np
import pytest

import arignote as ag


def compiled():
    return ag.compile(lambda a: np.log(1 + np.exp(a)) * 1.0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path):
    with ag.config(cache_dir=str(tmp_path / "cache")):
        yield


@pytest.mark.parametrize(
    "level, shown, hidden",
    [
        (1, ["built in"], ["graph after"]),
        (2, ["graph after stabilize", "softplus_form"], ["parallel for", "cdef"]),
        (3, ["graph after stabilize", "program after lower", "cdef api int32_t entry"], []),
    ],
)
def test_levels_of_debug(level, shown, hidden, capfd):
    with ag.config(debug=level):
        compiled()(np.ones(3))
    text = capfd.readouterr().err
    assert all(words in text for words in shown), text
    assert not any(words in text for words in hidden), text


def test_level_4_compares_every_call(monkeypatch):
    with ag.config(debug=4):
        f = compiled()
        f(np.ones(3))
        monkeypatch.setattr(
            "arignote.debug.checked.Validation.later", lambda self, *_: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            f(np.ones(3))


def test_every_text_is_kept(tmp_path):
    with ag.config(keep=str(tmp_path / "kept")):
        compiled()(np.ones(3))
    kept = "\n".join(sorted(p.name for p in (tmp_path / "kept").iterdir()))
    for part in ("graph.txt", "graph_after_stabilize", "program_after_lower", "source.txt"):
        assert part in kept
