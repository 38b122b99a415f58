"""The disk cache: entries whole or absent, private, bounded; every way a disk can be bad."""

import errno
import multiprocessing
import os
import stat
import warnings

import pytest

import arignote.emit.cache as cache_module
from arignote.config import config
from arignote.emit.cache import Cache, default_cache, package_fingerprint, temporary_cache
from arignote.errors import ArignoteWarning, CacheError


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def fresh(monkeypatch):
    """Forget which caches are open and which warnings were given."""
    monkeypatch.setattr("arignote.errors._warned", set())
    cache_module._opened.cache_clear()
    yield
    cache_module._opened.cache_clear()


def test_what_was_put_is_got(cache):
    assert cache.get("k") is None
    folder = cache.put("k", {"a.txt": b"1", "b.txt": b"22"})
    assert folder == cache.get("k")
    assert (folder / "a.txt").read_bytes() == b"1" and (folder / "b.txt").read_bytes() == b"22"


def test_objects(cache):
    cache.put_object("k", {"a": (1, 2.5)})
    assert cache.get_object("k") == {"a": (1, 2.5)}
    cache.put_object("lambda", lambda: 0)
    assert cache.get_object("lambda") is None and cache.get_object("none") is None


def test_the_folder_is_private(cache):
    cache.put("k", {"a": b"1"})
    assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
    os.chmod(cache.root, 0o777)
    assert stat.S_IMODE(Cache(cache.root).root.stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners here")
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(CacheError, match="another user"):
        Cache(tmp_path)


@pytest.mark.parametrize("damage", ["change", "truncate", "delete", "manifest", "garbage", "list"])
def test_a_damaged_entry_counts_as_absent_and_is_made_again(cache, damage):
    folder = cache.put("k", {"a": b"hello"})
    manifest = folder / "checksums.json"
    {
        "change": lambda: (folder / "a").write_bytes(b"hellO"),
        "truncate": lambda: (folder / "a").write_bytes(b""),
        "delete": lambda: (folder / "a").unlink(),
        "manifest": lambda: manifest.unlink(),
        "garbage": lambda: manifest.write_bytes(b"\xff{"),
        "list": lambda: manifest.write_bytes(b"[1]"),
    }[damage]()
    assert cache.get("k") is None
    folder = cache.put("k", {"a": b"hello"})
    assert (cache.get("k") / "a").read_bytes() == b"hello"


def test_a_pickle_that_does_not_load_is_removed(cache):
    cache.put("k", {"object.pickle": b"cmissing_module\nf\n."})
    assert cache.get_object("k") is None and cache.entries() == []


def test_the_second_writer_finds_the_entry_of_the_first(cache):
    first = cache.put("k", {"a": b"1"})
    assert cache.put("k", {"a": b"1"}) == first
    assert len(cache.entries()) == 1 and not list(cache.root.glob("tmp-*"))


def test_pruning_removes_the_least_used(cache):
    for name in "abc":
        cache.put(name, {"data": b"x" * 1000})
    for age, name in enumerate("bca"):
        os.utime(cache.get(name) / "checksums.json", (1000 + age, 1000 + age))
    size = cache.entries()[0].bytes
    assert cache.prune(2 * size) == size
    assert cache.get("b") is None and cache.get("a") and cache.get("c")
    assert cache.clear() == 2 * size and cache.entries() == []


def test_a_limit_holds_without_being_asked(tmp_path):
    cache = Cache(tmp_path / "c", limit=5000)
    for j in range(130):
        cache.put(f"k{j}", {"data": b"x" * 1000})
    assert len(cache.entries()) < 80


def test_staging_folders_of_dead_processes_are_swept(cache):
    old, new = cache.root / "tmp-old", cache.root / "tmp-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (1000, 1000))
    cache.prune(10**9)
    assert not old.exists() and new.exists()


def test_a_folder_that_vanished_is_made_again(cache):
    cache.put("k", {"a": b"1"})
    cache_module.shutil.rmtree(cache.root)
    assert cache.get("k") is None and cache.put("k", {"a": b"1"}) == cache.get("k")


def test_a_full_disk_is_one_warning(cache, monkeypatch, fresh):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module, "_write_flushed", full)
    with pytest.warns(ArignoteWarning, match=r"No space left.*cache_dir=") as caught:
        assert cache.put("a", {"x": b"1"}) is None
        assert cache.put("b", {"x": b"1"}) is None
    assert len(caught) == 1 and cache.get("a") is None and not list(cache.root.glob("tmp-*"))


def test_a_folder_that_cannot_be_made_gives_a_private_one(tmp_path, fresh):
    (tmp_path / "file").write_text("")
    with config(cache_dir=tmp_path / "file" / "cache"):
        with pytest.warns(ArignoteWarning, match="cannot be used") as caught:
            cache = default_cache()
            assert default_cache() is cache
        assert len(caught) == 1 and cache is temporary_cache()
        assert cache.put("k", {"a": b"1"}) == cache.get("k")


def test_a_read_only_folder_gives_a_private_one(tmp_path, fresh, monkeypatch):
    root = tmp_path / "cache"
    root.mkdir(mode=0o700)
    real = os.access  # a superuser may write everywhere, so the answer is made up
    monkeypatch.setattr(os, "access", lambda p, mode: str(p) != str(root) and real(p, mode))
    with config(cache_dir=root), pytest.warns(ArignoteWarning, match="not writable"):
        assert default_cache() is temporary_cache()


def test_switched_off_nothing_is_left_on_disk(tmp_path):
    with config(cache=False, cache_dir=tmp_path / "c"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert default_cache() is temporary_cache()
    assert not (tmp_path / "c").exists()


def put_often(root, number):
    cache = Cache(root)
    for j in range(60):
        key = f"k{j % 5}"
        if cache.get(key) is None:
            cache.put(key, {"a": key.encode() * 1000})
        elif j % 7 == number % 7:
            cache.remove(key)


def test_processes_share_a_folder(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=put_often, args=(tmp_path / "c", n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    cache = Cache(tmp_path / "c")
    for j in range(5):
        folder = cache.get(f"k{j}") or cache.put(f"k{j}", {"a": f"k{j}".encode() * 1000})
        assert (folder / "a").read_bytes() == f"k{j}".encode() * 1000


def test_the_fingerprint_is_stable_in_a_process():
    assert package_fingerprint() == package_fingerprint()
