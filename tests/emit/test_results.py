"""Memory of large results is reused once their arrays are gone, and never before."""

import gc
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import arignote as ag
from arignote.emit import dispatch

runtime = pytest.importorskip("arignote.emit.runtime")  # its twin in Python asks NumPy for memory
SIZE = 200_000


@pytest.fixture(autouse=True)
def compiled_runtime():
    assert dispatch.compiled()


@ag.compile
def shifted(x, y):
    return x + y


@ag.compile
def positive(x):
    return x[x > 0]


def test_a_freed_result_is_used_again():
    x = np.ones(SIZE)
    place = shifted(x, 1.0).ctypes.data
    assert shifted(x, 2.0).ctypes.data == place
    assert runtime.scratch_held() >= x.nbytes


def test_results_that_live_keep_their_memory():
    x = np.arange(float(SIZE))
    kept = [shifted(x, float(k)) for k in range(6)]
    part = shifted(x, 7.0)[5:10]  # a view keeps all of it
    for k in range(6):
        shifted(x, -1.0)
        np.testing.assert_array_equal(kept[k], x + k)
    np.testing.assert_array_equal(part, x[5:10] + 7)


def test_large_results_keep_their_place_and_their_values():
    x = np.arange(12_000_000.0)  # pages that the system may take in between
    place = shifted(x, 1.0).ctypes.data
    for k in range(3):
        y = shifted(x, float(k))
        assert y.ctypes.data == place
        np.testing.assert_array_equal(y, x + k)
        del y


def test_no_memory_is_kept_where_none_is_wanted():
    with ag.config(scratch=0):
        x = np.ones(SIZE)
        y = shifted(x, 1.0)
        del y
        gc.collect()
        assert runtime.scratch_held() == 0


def test_results_of_sizes_known_late_too():
    x = np.linspace(-1, 2, SIZE)
    for k in range(3):
        np.testing.assert_array_equal(positive(x - k), (x - k)[x - k > 0])


def test_results_do_what_arrays_do():
    x = np.arange(float(SIZE))
    y = shifted(x, 1.0)
    assert y.flags.owndata and y.flags.writeable and y.flags.c_contiguous
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(y)), x + 1)
    y.resize(2 * SIZE, refcheck=False)
    np.testing.assert_array_equal(y[:SIZE], x + 1)
    y.resize(10, refcheck=False)
    np.testing.assert_array_equal(y, x[:10] + 1)
    np.testing.assert_array_equal(shifted(x, 2.0).astype(np.float32)[:3], [2, 3, 4])


def test_matrices_in_fortran_order():
    m = np.asfortranarray(np.arange(float(SIZE)).reshape(400, -1))
    np.testing.assert_array_equal(shifted(m, 1.0), m + 1)


def test_threads_do_not_share_results():
    x = np.arange(float(SIZE))
    wrong = []

    def work(k):
        for _ in range(30):
            if not np.array_equal(shifted(x, float(k)), x + k):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_arrays_alive_at_the_end_of_the_process_do_no_harm():
    script = (
        "import numpy as np, arignote as ag, builtins\n"
        "def f(x):\n    return x + 1.0\n"
        f"builtins.kept = ag.compile(f, mode='FAST_RUN')(np.ones({SIZE}))\n"
    )
    # a function needs its source, so the script stands in a file
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy, tempfile, os\nfd, p = tempfile.mkstemp('.py')\n"
         f"os.write(fd, {script.encode()!r}); os.close(fd)\nrunpy.run_path(p); os.remove(p)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def placed(n, place):
    """Numbers that begin so many bytes behind the start of a page."""
    memory = np.ones(n + 1024)
    first = (place - memory.ctypes.data) % 4096 // 8
    return memory[first : first + n]


def test_large_results_begin_far_from_their_arguments_in_a_page():
    """A store a little ahead in its page of what is loaded next holds that up."""
    for places in ((16, 16), (64, 2048), (0, 1024), (4080, 512), (3000, 1000)):
        x, y = (placed(SIZE, place) for place in places)
        result = shifted(x, y)
        np.testing.assert_array_equal(result, x + y)
        assert result.ctypes.data % 64 == 0
        for a in (x, y):
            ahead = (result.ctypes.data - a.ctypes.data) % 4096
            assert 900 < ahead < 4096 - 300


def test_results_of_several_places_use_one_memory():
    kept = runtime.scratch_held()
    for place in range(0, 4096, 520):
        x = placed(SIZE, place)
        np.testing.assert_array_equal(shifted(x, 1.0), x + 1)
    assert runtime.scratch_held() <= kept + 2 * x.nbytes
