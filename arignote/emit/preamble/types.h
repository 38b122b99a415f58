/* Element types and what differs between C and CUDA C++.  Every piece of these files, from one blank
   line to the next, is copied into an emitted text only where something names what it defines. */

#if defined(__CUDACC_RTC__)
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
#else
#include <math.h>
#include <stdint.h>
#include <string.h>
#endif
#if defined(__CUDACC__)
#define AN_FN static __device__ __forceinline__
#else
#define AN_FN static inline
#endif

typedef uint8_t an_b1;

typedef int8_t an_i1;

typedef int16_t an_i2;

typedef int32_t an_i4;

typedef int64_t an_i8;

typedef uint8_t an_u1;

typedef uint16_t an_u2;

typedef uint32_t an_u4;

typedef uint64_t an_u8;

typedef float an_f4;

typedef double an_f8;

#if defined(__CUDACC__)
#include <cuda_fp16.h>
typedef __half an_f2;
#define an_f4_of_f2(h) __half2float(h)
#define an_f2_of_f4(x) __float2half_rn(x)
#define an_f2_of_f8(x) __double2half(x)
#else
typedef _Float16 an_f2;
#define an_f4_of_f2(h) ((float)(h))
#define an_f2_of_f4(x) ((an_f2)(x))
#define an_f2_of_f8(x) ((an_f2)(x))
#endif
