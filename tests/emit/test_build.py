"""Building modules: what is built once, what failing compilers say, what a Ctrl-C leaves."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from runtime_specs import kernel_text

import arignote.emit.cython.build as build_module
from arignote.config import config
from arignote.emit import compiler as compiler_module
from arignote.emit.cache import default_cache
from arignote.emit.compiler import compiler_here, cpu_identity, find_compiler
from arignote.emit.cython.build import build, build_key
from arignote.emit.cython.load import extern_address
from arignote.errors import BuildError, CompilerMissingError

TEXT = kernel_text("(<double *>results[0])[0] = sqrt((<double *>ptrs[0])[0])")
TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(build_module, "_loaded", {})
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))  # texts of failed builds
    with config(cache_dir=tmp_path / "cache"):
        yield


def script(tmp_path, name, body):
    path = tmp_path / name
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return str(path)


def left_in_temp():
    return set(Path(tempfile.gettempdir()).glob("arignote-build-*"))


def test_a_text_is_built_once_in_a_process_and_found_in_the_next(monkeypatch):
    first = build(TEXT)
    assert build(TEXT) is first and first.entry and first.shapes
    monkeypatch.setattr(build_module, "_loaded", {})
    monkeypatch.setattr(build_module, "_make", None)  # must not be needed
    assert build(TEXT).path == first.path
    assert build_module.find(first.key).path == first.path
    assert build_module.find("nothing") is None


def test_keys_depend_on_text_compiler_and_externs():
    compiler = find_compiler()
    keys = {build_key(TEXT, compiler), build_key(TEXT + " ", compiler),
            build_key(TEXT, compiler, ("a:b",))}  # fmt: skip
    with config(cflags="-DX"):
        keys.add(build_key(TEXT, find_compiler()))
    assert len(keys) == 4 and cpu_identity() == cpu_identity()


def test_a_damaged_module_is_built_again(monkeypatch):
    path = build(TEXT).path
    copy = path.read_bytes()
    path.unlink()  # a new file: the old one is mapped into this process
    path.write_bytes(copy[: len(copy) // 2])
    monkeypatch.setattr(build_module, "_loaded", {})
    assert build(TEXT).path.read_bytes()[:4] == copy[:4]
    assert build(TEXT).path.stat().st_size > len(copy) // 2


def test_a_module_that_does_not_load_is_built_again(monkeypatch):
    key = build_key(TEXT, find_compiler())
    default_cache().put(key, {"module.so": b"not a library", "source.pyx": b""})
    assert build(TEXT).entry


def test_text_that_is_no_cython_is_a_build_error_with_the_place():
    with pytest.raises(BuildError) as caught:
        build(kernel_text("cdef int x = undefined_name"), "my function")
    message = str(caught.value)
    assert "my function" in message and "undefined_name" in message
    kept = Path(message.split("kept in ")[1].splitlines()[0])
    assert (kept / "my_function.pyx").exists()


def test_text_that_is_no_c_is_a_build_error_with_command_and_text():
    text = TEXT.replace("#include <stdint.h>", "#include <stdint.h>\n    int broken = ;")
    before = left_in_temp()
    with pytest.raises(BuildError) as caught:
        build(text)
    message = str(caught.value)
    assert "error" in message and "-O3" in message and "kept in" in message
    kept = Path(message.split("kept in ")[1].splitlines()[0])
    assert {path.suffix for path in kept.iterdir()} == {".pyx", ".c"}
    assert left_in_temp() == before


def test_kept_texts(tmp_path):
    with config(keep=tmp_path / "kept"):
        build(TEXT, "f(x)")
    assert sorted(path.suffix for path in (tmp_path / "kept").iterdir()) == [".c", ".pyx"]


def test_no_compiler_names_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compiler_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CompilerMissingError, match="pip install ziglang"):
        build(TEXT)
    assert compiler_here() is None


def test_a_broken_compiler_is_named_with_its_words(tmp_path):
    cc = script(tmp_path, "cc", 'echo "cc: error: cannot find cc1" >&2; exit 1\n')
    with config(cc=cc), pytest.raises(CompilerMissingError, match="does not run"):
        build(TEXT)
    cc = script(tmp_path, "cc2", '[ "$1" = --version ] && echo cc 1 && exit\n'
                'echo "fatal error: Python.h: No such file" >&2; exit 1\n')  # fmt: skip
    with config(cc=cc), pytest.raises(CompilerMissingError, match=r"Python\.h"):
        build(TEXT)
    with config(cc="no-such-compiler"), pytest.raises(CompilerMissingError, match="no-such-comp"):
        build(TEXT)


def test_a_broken_first_choice_gives_way_to_the_next(monkeypatch, tmp_path):
    script(tmp_path, "gcc", "exit 1\n")
    working = find_compiler().command
    monkeypatch.setattr(
        compiler_module, "candidates", lambda cc: iter([(str(tmp_path / "gcc"),), working])
    )
    compiler_module._find.cache_clear()
    assert find_compiler().command == working
    compiler_module._find.cache_clear()


def test_a_compiler_without_openmp_or_native_is_used_without(tmp_path):
    real = find_compiler().command[0]
    cc = script(tmp_path, "cc", 'for a in "$@"; do case "$a" in -fopenmp|-march=native)\n'
                f'echo "error: unknown option $a" >&2; exit 1;; esac; done; exec {real} "$@"\n')
    with config(cc=cc):
        found = find_compiler()
        assert not found.openmp and "-march=native" not in found.options
        assert build(TEXT).entry
    with config(cc=cc, openmp="yes"), pytest.raises(CompilerMissingError, match="unknown option"):
        build(TEXT)


def test_a_probe_is_remembered_on_disk(monkeypatch, tmp_path):
    found = find_compiler()
    compiler_module._find.cache_clear()
    with config(cflags="-DREMEMBERED"):
        first = find_compiler()
        compiler_module._find.cache_clear()
        monkeypatch.setattr(compiler_module, "_probe", None)
        assert find_compiler() == first != found


def test_functions_of_other_packages_are_bound():
    text = kernel_text(
        "(<double *>results[0])[0] = dot(<int *>ptrs[1], <double *>ptrs[0], <int *>ptrs[2],"
        " <double *>ptrs[0], <int *>ptrs[2])"
    ).replace(
        "cdef api int32_t entry",
        "ctypedef double (*dot_t)(int *, double *, int *, double *, int *) noexcept nogil\n"
        "cdef dot_t dot\n\ncdef api void bind(void **functions) noexcept nogil:\n"
        "    global dot\n    dot = <dot_t>functions[0]\n\ncdef api int32_t entry",
    )
    built = build(text, externs=("scipy.linalg.cython_blas:ddot",))
    x, n, one, out = np.arange(4.0), np.array([4], "i4"), np.array([1], "i4"), np.zeros(1)
    import ctypes

    entry = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(built.entry)
    ptrs = (ctypes.c_void_p * 3)(x.ctypes.data, n.ctypes.data, one.ctypes.data)
    results = (ctypes.c_void_p * 1)(out.ctypes.data)
    assert entry(None, ptrs, None, results) == 0 and out[0] == 14
    with pytest.raises(BuildError, match="no_such_function"):
        extern_address("scipy.linalg.cython_blas:no_such_function")


def test_threads_that_want_one_text_build_it_once(monkeypatch):
    made, real = [], build_module._make
    monkeypatch.setattr(build_module, "_make", lambda *a: made.append(1) or real(*a))
    found = []
    threads = [threading.Thread(target=lambda: found.append(build(TEXT))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(set(map(id, found))) == 1


def build_in_child(folder, queue):
    with config(cache_dir=folder):
        queue.put(build(kernel_text("pass") + "# from several processes\n").path)


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_build_the_same_function(tmp_path, method):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    workers = [
        context.Process(target=build_in_child, args=(tmp_path / "shared", queue)) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    paths = {queue.get() for _ in workers}
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 3 and len(paths) == 1


def test_ctrl_c_in_a_build_leaves_nothing_and_the_next_build_works(tmp_path):
    real = find_compiler().command[0]
    flag = tmp_path / "slow"
    cc = script(tmp_path, "cc", f'case "$*" in *arignote_*) if [ -e {flag} ]; then '
                f'touch {tmp_path}/started; exec sleep 30; fi;; esac; exec {real} "$@"\n')
    flag.write_text("")
    code = textwrap.dedent(f"""
        import sys; sys.path.insert(0, {str(TESTS)!r})
        from runtime_specs import kernel_text
        from arignote.emit.cython.build import build
        text = kernel_text("pass") + "# interrupted" + chr(10)
        try:
            build(text)
        except KeyboardInterrupt:
            import os; os.unlink({str(flag)!r})
            print("again", build(text).entry > 0)
    """)
    temp = tmp_path / "temp"
    temp.mkdir()
    environment = {
        **os.environ,
        "ARIGNOTE_FLAGS": f"cc={cc},cache_dir={tmp_path / 'cache'}",
        "TMPDIR": str(temp),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    assert not list(temp.glob("arignote-failed-*"))
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=30)
    assert output == "again True\n" and child.returncode == 0
    assert list(temp.iterdir()) == [] and not list((tmp_path / "cache").glob("tmp-*"))


@pytest.mark.unsanitized
def test_sanitized_modules_want_a_sanitized_process():
    with config(sanitize=True), pytest.raises(BuildError, match="LD_PRELOAD=.*libasan"):
        build(TEXT)


def test_a_full_cache_folder_does_not_stop_a_build(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("arignote.errors._warned", set())
    with config(cache_dir=tmp_path / "file" / "c"), pytest.warns(UserWarning, match="cannot be us"):
        assert build(kernel_text("pass") + "# no folder\n").entry


def test_comments_are_no_reason_to_build_again():
    found = find_compiler()
    line = TEXT.splitlines(True)
    at = next(k for k, text in enumerate(line) if text.startswith("cdef"))
    noted = "".join([*line[:at], "# script.py:7: y = x\n", *line[at:]])
    assert build_key(noted, found) == build_key(TEXT, found)
    quoted = 'cdef extern from *:\n    """\n    #define A {}\n    """\n'
    assert build_key(quoted.format(1), found) != build_key(quoted.format(2), found)
