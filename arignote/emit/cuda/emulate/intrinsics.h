/* Vector types, atomics, cached loads, bit casts and arithmetic intrinsics of CUDA, in C++.

   Alignment of the vector types is CUDA's, so that -fsanitize=alignment sees what a GPU would trap
   on.  Functions of <math.h> serve as they are; the last digits differ from a GPU's. */
#pragma once

/* ---- vector types --------------------------------------------------------------------------------- */
#define SIM_VECTOR2(T, N, SIZE)                                                     \
    struct __attribute__((aligned(SIZE))) N##2 { T x, y; };                         \
    static inline N##2 make_##N##2(T a, T b) { return {a, b}; }
#define SIM_VECTOR4(T, N, SIZE)                                                     \
    struct __attribute__((aligned(SIZE))) N##4 { T x, y, z, w; };                   \
    static inline N##4 make_##N##4(T a, T b, T c, T d) { return {a, b, c, d}; }
#define SIM_VECTORS(T, N) SIM_VECTOR2(T, N, 2 * sizeof(T)) SIM_VECTOR4(T, N, SIM_16(4 * sizeof(T)))
#define SIM_16(n) ((n) < 16 ? (n) : 16)
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef signed char schar;
typedef long long longlong;
typedef unsigned long long ulonglong;
SIM_VECTORS(signed char, char)
SIM_VECTORS(unsigned char, uchar)
SIM_VECTORS(short, short)
SIM_VECTORS(unsigned short, ushort)
SIM_VECTORS(int, int)
SIM_VECTORS(unsigned int, uint)
SIM_VECTORS(long long, longlong)
SIM_VECTORS(unsigned long long, ulonglong)
SIM_VECTORS(float, float)
SIM_VECTORS(double, double)

/* ---- atomics --------------------------------------------------------------------------------------- */
template <class T> struct sim_bits;
template <> struct sim_bits<float> { typedef uint32_t type; };
template <> struct sim_bits<double> { typedef uint64_t type; };
template <class A, class B> struct sim_equal { enum { v = 0 }; };
template <class A> struct sim_equal<A, A> { enum { v = 1 }; };
template <class T> static inline T atomicAdd(T* p, typename sim_same<T>::type v) {
    if constexpr (sim_equal<T, float>::v || sim_equal<T, double>::v) {
        typedef typename sim_bits<T>::type U;
        U old = __atomic_load_n((U*)p, __ATOMIC_RELAXED), next;
        T f;
        do {
            memcpy(&f, &old, sizeof f);
            f += v;
            memcpy(&next, &f, sizeof f);
        } while (!__atomic_compare_exchange_n((U*)p, &old, next, 0, __ATOMIC_ACQ_REL,
                                              __ATOMIC_RELAXED));
        memcpy(&f, &old, sizeof f);
        return f;
    } else return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL);
}
#define SIM_ATOMIC(NAME, NEXT)                                                      \
    template <class T> static inline T NAME(T* p, typename sim_same<T>::type v) {   \
        T old = __atomic_load_n(p, __ATOMIC_RELAXED);                               \
        while (!__atomic_compare_exchange_n(p, &old, (T)(NEXT), 0, __ATOMIC_ACQ_REL,\
                                            __ATOMIC_RELAXED)) {}                   \
        return old;                                                                 \
    }
SIM_ATOMIC(atomicSub, old - v)
SIM_ATOMIC(atomicMax, old > v ? old : v)
SIM_ATOMIC(atomicMin, old < v ? old : v)
SIM_ATOMIC(atomicAnd, old & v)
SIM_ATOMIC(atomicOr, old | v)
SIM_ATOMIC(atomicXor, old ^ v)
SIM_ATOMIC(atomicInc, old >= v ? 0 : old + 1)
SIM_ATOMIC(atomicDec, old == 0 || old > v ? v : old - 1)
template <class T> static inline T atomicExch(T* p, typename sim_same<T>::type v) {
    T old;
    __atomic_exchange(p, &v, &old, __ATOMIC_ACQ_REL);
    return old;
}
template <class T>
static inline T atomicCAS(T* p, typename sim_same<T>::type old, typename sim_same<T>::type v) {
    __atomic_compare_exchange_n(p, &old, v, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return old;
}

/* Scoped atomics, built into nvcc and NVRTC from 12.8 on: no header is needed there either. */
#define __NV_ATOMIC_RELAXED __ATOMIC_RELAXED
#define __NV_ATOMIC_ACQUIRE __ATOMIC_ACQUIRE
#define __NV_ATOMIC_RELEASE __ATOMIC_RELEASE
#define __NV_ATOMIC_ACQ_REL __ATOMIC_ACQ_REL
#define __NV_THREAD_SCOPE_BLOCK 1
#define __NV_THREAD_SCOPE_DEVICE 2
template <class T> static inline T sim_load(const T* p, int order) {
    sim_polled();
    return order == __ATOMIC_RELAXED ? __atomic_load_n(p, __ATOMIC_RELAXED)
                                     : __atomic_load_n(p, __ATOMIC_ACQUIRE);
}
#define __nv_atomic_load_n(p, order, scope)          sim_load(p, order)
#define __nv_atomic_store_n(p, v, order, scope)      __atomic_store_n(p, v, order)
#define __nv_atomic_fetch_add(p, v, order, scope)    __atomic_fetch_add(p, v, order)

/* ---- loads and stores with cache hints -------------------------------------------------------------- */
#define SIM_LOAD(NAME) template <class T> static inline T NAME(const T* p) { return *p; }
#define SIM_STORE(NAME) template <class T> static inline void NAME(T* p, T v) { *p = v; }
SIM_LOAD(__ldg) SIM_LOAD(__ldcs) SIM_LOAD(__ldcg) SIM_LOAD(__ldca) SIM_LOAD(__ldcv) SIM_LOAD(__ldlu)
SIM_STORE(__stcs) SIM_STORE(__stcg) SIM_STORE(__stwb) SIM_STORE(__stwt)

/* ---- bits --------------------------------------------------------------------------------------------- */
static inline int __popc(unsigned x) { return __builtin_popcount(x); }
static inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
static inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
static inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
static inline int __ffs(int x) { return __builtin_ffs(x); }
static inline int __ffsll(long long x) { return __builtin_ffsll(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((uint64_t)a * b) >> 32); }
static inline int __mulhi(int a, int b) { return (int)(((int64_t)a * b) >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
#define SIM_CAST(NAME, FROM, TO)                                                    \
    static inline TO NAME(FROM v) { TO r; memcpy(&r, &v, sizeof r); return r; }
SIM_CAST(__float_as_int, float, int)
SIM_CAST(__int_as_float, int, float)
SIM_CAST(__float_as_uint, float, unsigned)
SIM_CAST(__uint_as_float, unsigned, float)
SIM_CAST(__double_as_longlong, double, long long)
SIM_CAST(__longlong_as_double, long long, double)

/* ---- arithmetic ------------------------------------------------------------------------------------- */
#define __expf(x)     expf(x)
#define __logf(x)     logf(x)
#define __log2f(x)    log2f(x)
#define __sinf(x)     sinf(x)
#define __cosf(x)     cosf(x)
#define __powf(x, y)  powf(x, y)
/* Newer C libraries declare functions of these names, and compute other bits. */
#define rsqrtf sim_rsqrtf
#define rsqrt sim_rsqrt
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1.0f / a; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline double __dsqrt_rn(double a) { return sqrt(a); }
static inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678118654752f); }
static inline double normcdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
static inline float max(float a, float b) { return fmaxf(a, b); }
static inline float min(float a, float b) { return fminf(a, b); }
static inline double max(double a, double b) { return fmax(a, b); }
static inline double min(double a, double b) { return fmin(a, b); }
