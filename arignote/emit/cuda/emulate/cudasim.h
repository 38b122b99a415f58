/* CUDA C++ on one CPU thread: what a kernel's text finds in place of nvcc's built-in names.

   Given to the compiler with -include; the kernel's text is unchanged but for its __shared__
   declarations (see build.py).  Every CUDA thread is a fiber; it runs until it blocks at a barrier,
   a warp collective or __nanosleep (runtime.cpp), so statements between those are indivisible. */
#pragma once
#define AN_EMULATED 1

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __constant__ static
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

/* ---- the running thread and its place ---------------------------------------------------------- */
struct sim_thread { uint3 thread, block; };

extern "C" {
extern sim_thread* sim_current;
extern dim3 sim_block_dim, sim_grid_dim;
void sim_syncthreads(int line, int predicate, int* count, int* all, int* any);
uint64_t sim_warp(int what, unsigned mask, uint64_t value, int argument, int width, int line);
void sim_yield(void);
void sim_polled(void);
void* sim_shared(int number, size_t bytes);
void* sim_dynamic_shared(void);
[[noreturn]] void sim_fail(const char* format, ...);
long long sim_clock(void);
}

#define threadIdx (sim_current->thread)
#define blockIdx  (sim_current->block)
#define blockDim  sim_block_dim
#define gridDim   sim_grid_dim
#define warpSize  32

/* ---- barriers: each carries its line, so that two different ones do not pass for one ------------ */
static inline int sim_sync_count(int line, int p) {
    int r; sim_syncthreads(line, p, &r, nullptr, nullptr); return r;
}
static inline int sim_sync_and(int line, int p) {
    int r; sim_syncthreads(line, p, nullptr, &r, nullptr); return r;
}
static inline int sim_sync_or(int line, int p) {
    int r; sim_syncthreads(line, p, nullptr, nullptr, &r); return r;
}
#define __syncthreads()         sim_syncthreads(__LINE__, 0, nullptr, nullptr, nullptr)
#define __syncthreads_count(p)  sim_sync_count(__LINE__, p)
#define __syncthreads_and(p)    sim_sync_and(__LINE__, p)
#define __syncthreads_or(p)     sim_sync_or(__LINE__, p)
#define __nanosleep(n)          sim_yield()
#define __trap()                sim_fail("__trap() at line %d", __LINE__)
#define clock64()               sim_clock()
static inline void __threadfence() { __asm__ volatile("" ::: "memory"); }
static inline void __threadfence_block() { __asm__ volatile("" ::: "memory"); }
static inline void __threadfence_system() { __asm__ volatile("" ::: "memory"); }

/* ---- warp collectives ---------------------------------------------------------------------------- */
enum {
    SIM_SHFL, SIM_UP, SIM_DOWN, SIM_XOR, SIM_BALLOT, SIM_SYNCWARP,
    SIM_ADD, SIM_MIN, SIM_MAX, SIM_AND, SIM_OR, SIM_BITXOR
};
template <class T>
static inline T sim_shuffle(int line, int what, unsigned mask, T v, int argument, int width = 32) {
    static_assert(sizeof(T) <= 8, "shuffles take values of at most 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof v);
    bits = sim_warp(what, mask, bits, argument, width, line);
    memcpy(&v, &bits, sizeof v);
    return v;
}
#define __shfl_sync(...)       sim_shuffle(__LINE__, SIM_SHFL, __VA_ARGS__)
#define __shfl_up_sync(...)    sim_shuffle(__LINE__, SIM_UP, __VA_ARGS__)
#define __shfl_down_sync(...)  sim_shuffle(__LINE__, SIM_DOWN, __VA_ARGS__)
#define __shfl_xor_sync(...)   sim_shuffle(__LINE__, SIM_XOR, __VA_ARGS__)
#define __ballot_sync(m, p)    ((unsigned)sim_warp(SIM_BALLOT, m, (uint64_t)!!(p), 0, 32, __LINE__))
#define __any_sync(m, p)       (__ballot_sync(m, p) != 0)
#define __all_sync(m, p)       (__ballot_sync(m, !(p)) == 0)
static inline void sim_syncwarp(int line, unsigned mask = 0xffffffffu) {
    sim_warp(SIM_SYNCWARP, mask, 0, 0, 32, line);
}
#define __syncwarp(...) sim_syncwarp(__LINE__ __VA_OPT__(, ) __VA_ARGS__)
template <class T> static inline T sim_reduce(int line, int what, unsigned mask, T v) {
    return (T)sim_warp(what, mask, (uint64_t)(int64_t)v, 0, 32, line);
}
#define __reduce_add_sync(m, v) sim_reduce(__LINE__, SIM_ADD, m, v)
#define __reduce_min_sync(m, v) sim_reduce(__LINE__, SIM_MIN, m, v)
#define __reduce_max_sync(m, v) sim_reduce(__LINE__, SIM_MAX, m, v)
#define __reduce_and_sync(m, v) sim_reduce(__LINE__, SIM_AND, m, v)
#define __reduce_or_sync(m, v)  sim_reduce(__LINE__, SIM_OR, m, v)
#define __reduce_xor_sync(m, v) sim_reduce(__LINE__, SIM_BITXOR, m, v)

/* ---- launches: arguments are an array of pointers, as cuLaunchKernel takes them ------------------ */
template <int...> struct sim_list {};
template <int N, int... I> struct sim_count : sim_count<N - 1, N - 1, I...> {};
template <int... I> struct sim_count<0, I...> { typedef sim_list<I...> type; };
template <class T> struct sim_same { typedef T type; };
template <class... A, int... I>
static inline void sim_call(void (*f)(A...), void** arguments, sim_list<I...>) {
    f(*(typename sim_same<A>::type*)arguments[I]...);
}
template <class... A> struct sim_trampoline {
    static void go(void* f, void** arguments) {
        sim_call((void (*)(A...))f, arguments, typename sim_count<sizeof...(A)>::type());
    }
};
/* What stands for a CUfunction. */
struct sim_function { void (*trampoline)(void*, void**); void* function; };
template <class... A> static inline sim_function sim_function_of(void (*f)(A...)) {
    return {&sim_trampoline<A...>::go, (void*)f};
}
#define SIM_EXPORT extern "C" __attribute__((visibility("default")))
#define SIM_KERNEL(k) \
    SIM_EXPORT void* sim_kernel_##k(void) { \
        static sim_function made = sim_function_of(&k); \
        return &made; \
    }

#include "intrinsics.h"
