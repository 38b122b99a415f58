"""CUDA kernels written by hand, right as they stand, and inputs for them: what the tests of the
emulation and of the compiler use, and plant faults in."""

import ctypes

import numpy as np

from arignote.emit.cuda.emulate.child import Call

INT = ctypes.c_int

VECTORED = r"""
extern "C" __global__ void __launch_bounds__(256)
vectored(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ o, int n) {
    int n4 = n >> 2, step = gridDim.x * blockDim.x, i = blockIdx.x * blockDim.x + threadIdx.x;
    for (int k = i; k < n4; k += step) {
        float4 x = reinterpret_cast<const float4*>(a)[k];
        float4 y = reinterpret_cast<const float4*>(b)[k], z;
        z.x = expf(x.x) * y.x + 1.f;
        z.y = expf(x.y) * y.y + 1.f;
        z.z = expf(x.z) * y.z + 1.f;
        z.w = expf(x.w) * y.w + 1.f;
        reinterpret_cast<float4*>(o)[k] = z;
    }
    int t = (n4 << 2) + i;
    if (t < n) o[t] = expf(a[t]) * b[t] + 1.f;
}
"""

STRIDED = r"""
extern "C" __global__ void strided(const float* a, int rows, int columns, int step, float* o) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < columns) o[i] = a[(rows - 1) * step + i * 0] + a[0];
}
"""

TOTAL = r"""
__device__ __forceinline__ double warp_sum(double v) {
    for (int d = 16; d; d >>= 1) v += __shfl_down_sync(0xffffffffu, v, d);
    return v;
}
extern "C" __global__ void __launch_bounds__(256)
total(const double* __restrict__ a, int n, double* partial, unsigned* ticket, double* out) {
    __shared__ double s[32];
    __shared__ bool last;
    int lane = threadIdx.x & 31, w = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
    double v = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        v += a[i] * a[i];
    v = warp_sum(v);
    if (lane == 0) s[w] = v;
    __syncthreads();
    if (w == 0) {
        v = warp_sum(lane < warps ? s[lane] : 0.0);
        if (lane == 0) {
            partial[blockIdx.x] = v;
            __threadfence();
            last = atomicAdd(ticket, 1u) == gridDim.x - 1;
        }
    }
    __syncthreads();
    if (last) {
        v = 0;
        for (int i = threadIdx.x; i < gridDim.x; i += blockDim.x) v += __ldcg(partial + i);
        v = warp_sum(v);
        if (lane == 0) s[w] = v;
        __syncthreads();
        if (w == 0) {
            v = warp_sum(lane < warps ? s[lane] : 0.0);
            if (lane == 0) { out[0] = v; *ticket = 0; }
        }
    }
}
"""

SOFTMAX = r"""
extern "C" __global__ void __launch_bounds__(128)
softmax(const float* __restrict__ x, float* __restrict__ o, int n) {
    __shared__ float s[32];
    const float* r = x + (size_t)blockIdx.x * n;
    float* q = o + (size_t)blockIdx.x * n;
    int lane = threadIdx.x & 31, w = threadIdx.x >> 5, warps = blockDim.x >> 5;
    float m = -3.4e38f;
    for (int i = threadIdx.x; i < n; i += blockDim.x) m = fmaxf(m, r[i]);
    for (int d = 16; d; d >>= 1) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
    if (lane == 0) s[w] = m;
    __syncthreads();
    m = s[0];
    for (int k = 1; k < warps; k++) m = fmaxf(m, s[k]);
    __syncthreads();
    float t = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) t += expf(r[i] - m);
    for (int d = 16; d; d >>= 1) t += __shfl_xor_sync(0xffffffffu, t, d);
    if (lane == 0) s[w] = t;
    __syncthreads();
    t = s[0];
    for (int k = 1; k < warps; k++) t += s[k];
    for (int i = threadIdx.x; i < n; i += blockDim.x) q[i] = expf(r[i] - m) / t;
}
"""

RECURRENCE = r"""
__device__ __forceinline__ void grid_sync(unsigned* bar, unsigned* gen) {
    __syncthreads();
    if (threadIdx.x == 0) {
        unsigned g = __nv_atomic_load_n(gen, __NV_ATOMIC_RELAXED, __NV_THREAD_SCOPE_DEVICE);
        if (__nv_atomic_fetch_add(bar, 1u, __NV_ATOMIC_ACQ_REL, __NV_THREAD_SCOPE_DEVICE)
            == gridDim.x - 1) {
            __nv_atomic_store_n(bar, 0u, __NV_ATOMIC_RELAXED, __NV_THREAD_SCOPE_DEVICE);
            __nv_atomic_fetch_add(gen, 1u, __NV_ATOMIC_RELEASE, __NV_THREAD_SCOPE_DEVICE);
        } else while (__nv_atomic_load_n(gen, __NV_ATOMIC_ACQUIRE, __NV_THREAD_SCOPE_DEVICE) == g)
            __nanosleep(32);
    }
    __syncthreads();
}
extern "C" __global__ void __launch_bounds__(256)
recurrence(const float* __restrict__ W, const float* __restrict__ x, float* h, int n, int T,
           unsigned* bar) {
    extern __shared__ float hs[];
    int lane = threadIdx.x & 31, w = (blockIdx.x * blockDim.x + threadIdx.x) >> 5;
    int warps = (gridDim.x * blockDim.x) >> 5;
    for (int t = 0; t < T; t++) {
        const float* from = h + (size_t)(t & 1) * n;
        float* to = h + (size_t)((t + 1) & 1) * n;
        for (int i = threadIdx.x; i < n; i += blockDim.x) hs[i] = __ldcg(from + i);
        __syncthreads();
        for (int r = w; r < n; r += warps) {
            float v = 0;
            for (int k = lane; k < n; k += 32) v += W[(size_t)r * n + k] * hs[k];
            for (int d = 16; d; d >>= 1) v += __shfl_down_sync(0xffffffffu, v, d);
            if (lane == 0) to[r] = tanhf(v + x[(size_t)t * n + r]);
        }
        grid_sync(bar, bar + 1);
    }
}
"""

SCATTER = r"""
extern "C" __global__ void scatter(const int* __restrict__ at, const float* __restrict__ v,
                                   float* o, int n, int m) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        int k = at[i];
        if (k < 0) k += m;
        atomicAdd(o + k, v[i]);
    }
}
"""

ALL = VECTORED + TOTAL + SOFTMAX + RECURRENCE + SCATTER


def vectored(n=1003):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(n + 1, dtype=np.float32)[:n].copy() for _ in "ab")
    arrays = {"a": a, "b": b, "o": np.zeros(n, np.float32)}
    call = Call("vectored", (2,), (64,), ("a", "b", "o", (INT, n)))
    return arrays, call, {"o": np.exp(a.astype(float)) * b + 1}


def strided(rows=3, columns=70, step=70):
    a = np.random.default_rng(1).standard_normal(3 * 70).astype(np.float32)
    arrays = {"a": a, "o": np.zeros(columns, np.float32)}
    call = Call("strided", (1,), (96,), ("a", (INT, rows), (INT, columns), (INT, step), "o"))
    return arrays, call, {"o": np.full(columns, a[(rows - 1) * step % 210] + a[0])}


def total(n=1003):
    a = np.random.default_rng(2).standard_normal(n)
    arrays = {
        "a": a, "partial": np.full(8, np.nan), "ticket": np.zeros(1, np.uint32), "out": np.zeros(1),
    }
    call = Call("total", (5,), (96,), ("a", (INT, n), "partial", "ticket", "out"))
    return arrays, call, {"out": np.array([(a * a).sum()]), "ticket": np.zeros(1)}


def softmax(rows=3, n=100):
    x = np.random.default_rng(3).standard_normal((rows, n), dtype=np.float32)
    e = np.exp(x - x.max(1, keepdims=True), dtype=float)
    arrays = {"x": x, "o": np.full((rows, n), -7, np.float32)}
    call = Call("softmax", (rows,), (128,), ("x", "o", (INT, n)))
    return arrays, call, {"o": e / e.sum(1, keepdims=True)}


def recurrence(n=64, steps=4, cooperative=True):
    rng = np.random.default_rng(4)
    W = (rng.standard_normal((n, n)) / np.sqrt(n)).astype(np.float32)
    x = rng.standard_normal((steps, n), dtype=np.float32)
    h = np.zeros(n)
    for t in range(steps):
        h = np.tanh(W.astype(float) @ h + x[t])
    arrays = {"W": W, "x": x, "h": np.zeros((2, n), np.float32), "bar": np.zeros(2, np.uint32)}
    arguments = ("W", "x", "h", (INT, n), (INT, steps), "bar")
    call = Call("recurrence", (4,), (64,), arguments, shared=4 * n, cooperative=cooperative)
    return arrays, call, {("h", steps % 2): h}


def scatter(n=500, m=7):
    rng = np.random.default_rng(5)
    at = rng.integers(-m, m, n).astype(np.int32)
    v = rng.integers(-9, 9, n).astype(np.float32)
    want = np.zeros(m)
    np.add.at(want, at, v)
    arrays = {"at": at, "v": v, "o": np.zeros(m, np.float32)}
    call = Call("scatter", (3,), (64,), ("at", "v", "o", (INT, n), (INT, m)))
    return arrays, call, {"o": want}


KERNELS = {
    "vectored": (VECTORED, vectored),
    "total": (TOTAL, total),
    "softmax": (SOFTMAX, softmax),
    "recurrence": (RECURRENCE, recurrence),
    "scatter": (SCATTER, scatter),
}


def right(arrays, want):
    def value(k):
        return arrays[k] if isinstance(k, str) else arrays[k[0]][k[1]]

    return all(np.allclose(value(k), v, rtol=1e-4, atol=1e-5) for k, v in want.items())
