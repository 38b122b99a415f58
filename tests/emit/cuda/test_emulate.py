"""Launching emulated kernels: limits that a GPU has, messages, and what a build depends on."""

import ctypes

import handwritten as h
import numpy as np
import pytest

from arignote.emit.cuda.device import TINY
from arignote.emit.cuda.emulate import EmulatedModule, build
from arignote.emit.cuda.emulate.build import host_text, kernels
from arignote.errors import BuildError, EmulationError


def softmax(**changes):
    arrays, call, _ = h.softmax()
    sizes = {"grid": call.grid, "block": call.block, **changes}
    module = EmulatedModule(build(h.ALL), h.ALL)
    module.launch("softmax", sizes.pop("grid"), sizes.pop("block"),
                  [arrays["x"], arrays["o"], ctypes.c_int(100)], **sizes)


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"block": (2048,)}, "1024"),
        ({"grid": (1, 70000)}, "65535"),
        ({"shared": 300000}, "shared memory"),
        ({"grid": (1000,), "cooperative": True}, "cooperative"),
    ],
)
def test_launches_that_a_gpu_refuses_are_refused(changes, word):
    with pytest.raises(EmulationError, match=word):
        softmax(**changes)


def test_a_cooperative_grid_may_fill_the_device():
    text = 'extern "C" __global__ void one(int* o) { atomicAdd(o, 1); }'
    out = np.zeros(1, np.int32)
    module = EmulatedModule(build(text), text)
    module.launch("one", (TINY.sms * 2,), (1024,), [out], cooperative=True)
    assert out[0] == TINY.sms * 2 * 1024


def test_too_much_static_shared_memory_is_an_error():
    text = 'extern "C" __global__ void big(float* o) {\n__shared__ float s[20000];\no[0] = s[0]; }'
    with pytest.raises(EmulationError, match="static shared memory"):
        EmulatedModule(build(text), text).launch("big", (1,), (1,), [np.zeros(1, np.float32)])


def test_the_message_shows_the_line():
    text = 'extern "C" __global__ void stop(int n) {\n  if (n)\n    __trap();\n}'
    with pytest.raises(EmulationError, match=r"stop: __trap\(\) at line 3\n  3: __trap\(\);"):
        EmulatedModule(build(text), text).launch("stop", (1,), (1,), [ctypes.c_int(1)])
    EmulatedModule(build(text), text).launch("stop", (1,), (1,), [ctypes.c_int(0)])


def test_after_a_fault_the_next_launch_is_right():
    text = h.RECURRENCE
    arrays, call, want = h.recurrence()
    module = EmulatedModule(build(text), text)
    arguments = [arrays[a] if isinstance(a, str) else a[0](a[1]) for a in call.arguments]
    with pytest.raises(EmulationError):
        module.launch(call.kernel, call.grid, call.block, arguments, shared=call.shared)
    for name in ("h", "bar"):
        arrays[name][:] = 0
    module.launch(
        call.kernel, call.grid, call.block, arguments, shared=call.shared, cooperative=True
    )
    assert h.right(arrays, want)


def test_the_text_keeps_its_lines():
    a, b, c = "double a[4][33]", "float b[]", "unsigned long long c"
    made = host_text(f"__shared__ {a};\nextern __shared__ {b};\n__shared__ {c};\n").splitlines()
    assert [("a", "b", "c")[k] in line for k, line in enumerate(made[:3])] == [True] * 3
    assert not any("__shared__" in line for line in made)


def test_kernels_of_one_signature_are_told_apart():
    text = "".join(f'extern "C" __global__ void k{n}(int* o) {{ *o = {n}; }}\n' for n in (1, 2))
    module, out = EmulatedModule(build(text), text), np.zeros(1, np.int32)
    for n in (1, 2, 1):
        module.launch(f"k{n}", (1,), (1,), [out])
        assert out[0] == n


def test_kernels_are_found_by_name():
    assert kernels(h.ALL) == ["vectored", "total", "softmax", "recurrence", "scatter"]


def test_text_that_does_not_build_says_where():
    with pytest.raises(BuildError, match=r"kernel\.cu:2:.*nowhere"):
        build('extern "C" __global__ void bad(int* o) {\n  o[0] = nowhere; }')


def test_macros_make_a_module_of_their_own():
    text = 'extern "C" __global__ void which(int* o) {\n#ifdef AN_WIDE\n*o = 1;\n#endif\n}'
    out = np.zeros(1, np.int32)
    EmulatedModule(build(text), text).launch("which", (1,), (1,), [out])
    assert out[0] == 0
    EmulatedModule(build(text, defines=("AN_WIDE=1",)), text).launch("which", (1,), (1,), [out])
    assert out[0] == 1


@pytest.mark.parametrize(
    "expression, want",
    [
        ("__reduce_add_sync(~0u, t)", 496), ("__reduce_max_sync(~0u, t)", 31),
        ("__reduce_min_sync(~0u, t - 5)", -5), ("__popc(__ballot_sync(~0u, t & 1))", 16),
        ("__shfl_up_sync(~0u, t, 3)", 7), ("__shfl_xor_sync(~0u, t, 1, 8)", 11),
        ("__any_sync(~0u, t == 3)", 1), ("__all_sync(~0u, t < 31)", 0),
        ("__syncthreads_count(t < 7)", 7), ("__syncthreads_or(t == 9)", 1),
        ("__clz(t)", 28), ("(int)__umulhi(t << 28, 32u)", 20),
    ],
)  # fmt: skip
def test_intrinsics(expression, want):
    text = f"""extern "C" __global__ void f(int* o) {{
    int t = threadIdx.x;
    int v = {expression};
    if (t == 10) *o = v;
}}"""
    out = np.full(1, -99, np.int32)
    EmulatedModule(build(text), text).launch("f", (1,), (32,), [out])
    assert out[0] == want
