"""What others planted in the cache is neither executed nor followed."""

import hashlib
import json
import os
import pickle
import time

import numpy as np
import pytest

from arignote.emit import warm
from arignote.emit.cache import Cache
from arignote.emit.references import Reference

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, forks and owners")


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def dotted(*names):
    """A pickle of `module.name(path)`, with a name that has dots in it."""
    module, name, path = names
    return b"\x80\x04" + b"".join(
        b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name)
    ) + b"\x93\x8c" + bytes([len(path)]) + path.encode() + b"\x85R."  # fmt: skip


@pytest.mark.parametrize("way", ["os", "eval", "import", "through us", "popen"])
def test_a_planted_pickle_is_not_executed(tmp_path, way, monkeypatch):
    cache, mark = Cache(tmp_path / "cache"), tmp_path / "mark"
    (tmp_path / "planted.py").write_text(f"open({str(mark)!r}, 'w')\nclass E(Exception): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    data = {
        "os": lambda: pickle.dumps(Hostile(os.mkdir, str(mark))),
        "eval": lambda: pickle.dumps(Hostile(eval, f"open({str(mark)!r}, 'w')")),
        "import": lambda: b"cplanted\nE\n.",
        "through us": lambda: dotted("arignote.emit.cache", "os.mkdir", str(mark)),
        "popen": lambda: dotted("arignote.emit.compiler", "subprocess.Popen", f"touch {mark}"),
    }[way]()
    cache.put("k", {"object.pickle": data})
    assert cache.get_object("k") is None and cache.entries() == []
    time.sleep(0.1 if way == "popen" else 0)
    assert not mark.exists()


def test_plain_values_and_plans_are_read_back(tmp_path):
    cache = Cache(tmp_path / "cache")
    value = [np.float32(2), np.dtype("c16"), np.arange(3), {1, 2}, slice(1), 3j, KeyError, ...,
             np.dtype([("a", "i4")]), range(3), b"x", warm.Wanted(frozenset({1}))]  # fmt: skip
    cache.put_object("k", value)
    assert str(cache.get_object("k")) == str(value)


@pytest.mark.parametrize("what", ["shelf", "folder", "module.so", "checksums.json"])
def test_entries_of_another_user_are_not_used(tmp_path, monkeypatch, what):
    """Left from a time when the folder was open to others."""
    cache = Cache(tmp_path / "cache")
    folder = cache.put("k", {"module.so": b"1"})
    planted = {"shelf": folder.parent, "folder": folder}.get(what, folder / what)
    real = type(planted).lstat

    def lstat(path):
        status = list(real(path))
        if path == planted:
            status[4] += 1
        return os.stat_result(status)

    monkeypatch.setattr(type(planted), "lstat", lstat)
    assert cache.get("k") is None


def test_links_out_of_the_cache_are_not_followed(tmp_path):
    cache = Cache(tmp_path / "cache")
    folder = cache.put("k", {"module.so": b"1"})
    (tmp_path / "elsewhere").write_bytes(b"1")
    (folder / "module.so").unlink()
    (folder / "module.so").symlink_to(tmp_path / "elsewhere")
    assert cache.get("k") is None and (tmp_path / "elsewhere").exists()
    sums = {"../../../elsewhere": hashlib.sha256(b"1").hexdigest()}
    folder = cache.put("k", {"a": b"1"})
    (folder / "checksums.json").write_text(json.dumps(sums))
    assert cache.get_object("k") is None and (tmp_path / "elsewhere").exists()


def test_attributes_of_a_planted_plan_are_not_executed(tmp_path):
    """A plan holds the attributes of operations packed, which are read when it runs."""
    reference = object.__new__(Reference)
    mark = tmp_path / "mark"
    packed = pickle.dumps(Hostile(os.mkdir, str(mark)))
    reference.__dict__.update(name="sort", attrs=None, several=False, kept=[0], _packed=packed)
    with pytest.raises(pickle.UnpicklingError):
        reference(np.arange(3.0))
    assert not mark.exists()
