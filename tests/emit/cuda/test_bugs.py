"""The emulation's own test: faults planted in right kernels are found, right kernels are clean."""

import copy

import handwritten as h
import numpy as np
import pytest

from arignote.emit.cuda.emulate import EmulatedModule, build
from arignote.emit.cuda.emulate.child import kernels_job, watched
from arignote.errors import EmulationError

SCHEDULES = range(6)


def planted(text, old, new):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def found_by_schedules(text, case):
    """What several orders of the CUDA threads show: an error's text, or answers that differ."""
    module = EmulatedModule(build(text), text)
    arrays, call, _ = case
    answers = []
    for schedule in SCHEDULES:
        given = copy.deepcopy(arrays)
        arguments = [given[a] if isinstance(a, str) else a[0](a[1]) for a in call.arguments]
        try:
            module.launch(
                call.kernel, call.grid, call.block, arguments, shared=call.shared,
                cooperative=call.cooperative, schedule=schedule,
            )
        except EmulationError as error:
            return str(error)
        answers.append(given)
    first = answers[0]
    if any(np.isnan(x).any() for a in answers for x in a.values() if x.dtype.kind == "f"):
        return "nan"
    same = all(np.array_equal(first[k], a[k]) for a in answers for k in first)
    return "" if same else "answers differ"


def found_by(flavour, text, case, schedule=0):
    arrays, call, _ = case
    return watched(kernels_job, (text, flavour, arrays, [call], schedule), flavour).report


# ---- right kernels -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", h.KERNELS)
def test_right_kernels_are_clean_in_every_order(name):
    text, make = h.KERNELS[name]
    module = EmulatedModule(build(h.ALL), h.ALL)
    arrays, call, want = make()
    for schedule in SCHEDULES:
        given = copy.deepcopy(arrays)
        arguments = [given[a] if isinstance(a, str) else a[0](a[1]) for a in call.arguments]
        if name == "total":
            given["partial"][:] = np.nan
        module.launch(
            call.kernel, call.grid, call.block, arguments, shared=call.shared,
            cooperative=call.cooperative, schedule=schedule,
        )
        assert h.right(given, want)


@pytest.mark.parametrize("flavour", ["address", "thread"])
def test_right_kernels_are_clean_under_sanitizers(flavour):
    for name in h.KERNELS:
        _, make = h.KERNELS[name]
        arrays, call, want = make()
        seen = watched(kernels_job, (h.ALL, flavour, arrays, [call], 3), flavour)
        assert seen.report == "", (name, seen.report)
        assert h.right(seen.value, want), name


# ---- faults that orders and built-in checks show -------------------------------------------------
def test_a_barrier_missing_before_a_read():
    text = planted(h.SOFTMAX, "s[w] = m;\n    __syncthreads();", "s[w] = m;")
    assert found_by_schedules(text, h.softmax()) != ""


def test_a_barrier_missing_before_a_buffer_is_used_again():
    text = planted(h.SOFTMAX, "m = fmaxf(m, s[k]);\n    __syncthreads();", "m = fmaxf(m, s[k]);")
    assert found_by_schedules(text, h.softmax()) != ""


def test_shared_memory_read_before_it_is_written():
    text = planted(h.SOFTMAX, "k < warps; k++) t +=", "k <= warps; k++) t +=")
    assert found_by_schedules(text, h.softmax()) == "nan"


def test_a_barrier_in_a_branch_that_not_all_threads_take():
    extra = "    if (threadIdx.x < 64) __syncthreads();\n"
    text = planted(h.SOFTMAX, "s[w] = t;\n", "s[w] = t;\n" + extra)
    said = found_by_schedules(text, h.softmax())
    assert "divergent barrier" in said and "__syncthreads();" in said


def test_a_return_before_a_barrier():
    text = planted(h.SOFTMAX, "float m =", "if (threadIdx.x >= n) return; float m =")
    assert "divergent barrier" in found_by_schedules(text, h.softmax())


def test_a_block_barrier_where_the_grid_must_wait():
    text = planted(h.RECURRENCE, "grid_sync(bar, bar + 1);", "__syncthreads();")
    assert found_by_schedules(text, h.recurrence()) == "answers differ"


def test_a_grid_barrier_in_a_launch_that_is_not_cooperative():
    assert "livelock" in found_by_schedules(h.RECURRENCE, h.recurrence(cooperative=False))


def test_a_grid_barrier_that_polls_without_sleeping_is_stopped_too():
    text = planted(h.RECURRENCE, "__nanosleep(32);", ";")
    assert found_by_schedules(text, h.recurrence()) == ""
    assert "livelock" in found_by_schedules(text, h.recurrence(cooperative=False))


def test_a_lane_outside_of_its_own_mask():
    text = planted(h.TOTAL, "__shfl_down_sync(0xffffffffu", "__shfl_down_sync(0xffffu")
    assert "not in mask" in found_by_schedules(text, h.total())


def test_a_collective_that_some_lanes_do_not_reach():
    text = planted(h.TOTAL, "    v = warp_sum(v);\n    if (lane == 0) s[w]",
                   "    if (lane < 20) v = warp_sum(v);\n    if (lane == 0) s[w]")
    said = found_by_schedules(text, h.total())
    assert "deadlock" in said or "different ones" in said or "divergent" in said


# ---- faults that sanitizers show -----------------------------------------------------------------
@pytest.mark.parametrize(
    "old, new",
    [("o[t] = expf(a[t])", "o[t + 1] = expf(a[t])"), ("* b[t] + 1.f", "* b[t + 1] + 1.f")],
    ids=["write", "read"],
)
def test_an_access_one_past_an_array(old, new):
    arrays, call, want = h.vectored()
    arrays = {k: a.copy() for k, a in arrays.items()}
    said = found_by("address", planted(h.VECTORED, old, new), (arrays, call, want))
    assert "heap-buffer-overflow" in said and "kernel.cu:" in said


def test_a_shared_array_that_is_too_small():
    text = planted(h.SOFTMAX, "__shared__ float s[32];", "__shared__ float s[3];")
    assert "heap-buffer-overflow" in found_by("address", text, h.softmax())


def test_a_vector_load_from_an_address_that_is_not_aligned():
    text = planted(h.VECTORED, "float4*>(a)[k]", "float4*>(a + 1)[k]")
    assert "misaligned address" in found_by("address", text, h.vectored())


def test_an_index_that_overflows_32_bits_needs_no_big_array():
    said = found_by("address", h.STRIDED, h.strided(rows=65537, step=65536))
    assert "signed integer overflow" in said


@pytest.mark.parametrize(
    "text, old, new, case",
    [
        (h.SOFTMAX, "s[w] = m;\n    __syncthreads();", "s[w] = m;", h.softmax),
        (h.RECURRENCE, "grid_sync(bar, bar + 1);", "__syncthreads();", h.recurrence),
        (h.SCATTER, "atomicAdd(o + k, v[i])", "o[k] += v[i]", h.scatter),
    ],
    ids=["block barrier", "grid barrier", "atomic"],
)
def test_races_between_cuda_threads(text, old, new, case):
    said = found_by("thread", planted(text, old, new), case())
    assert "data race" in said and "kernel.cu:" in said
