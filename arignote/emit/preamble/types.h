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

/* Halves are bits, which vector code loads and stores; compilers do neither with halves of their
   own.  Up: the bits of a float whose exponent is 112 too low, or all ones of exponent for what is
   not finite.  Down: adding a power of two that depends on the number rounds to its 11 bits (the
   algorithm of M. Dukhan's FP16).  From double: by way of a float rounded to odd, which rounds
   once in the end. */
#if defined(__CUDACC__)
#include <cuda_fp16.h>
typedef __half an_f2;
#define an_f4_of_f2(h) __half2float(h)
#define an_f2_of_f4(x) __float2half_rn(x)
#define an_f2_of_f8(x) __double2half(x)
#else
typedef uint16_t an_f2;
AN_FN float an_float_of_bits(uint32_t b) { float x; memcpy(&x, &b, 4); return x; }
AN_FN uint32_t an_bits_of_float(float x) { uint32_t b; memcpy(&b, &x, 4); return b; }
AN_FN float an_f4_of_f2(uint16_t h) {
    const float size = an_float_of_bits((uint32_t)(h & 0x7fff) << 13) * 0x1p112f;
    const uint32_t special = size >= 65536.0f ? 0x7f800000u : 0;
    return an_float_of_bits(an_bits_of_float(size) | special | (uint32_t)(h & 0x8000) << 16);
}
AN_FN uint16_t an_f2_of_f4(float x) {
    const uint32_t w = an_bits_of_float(x), twice = w + w, top = twice & 0xff000000u;
    const uint32_t bias = top < 0x71000000u ? 0x71000000u : top;
    const float size = an_float_of_bits(w & 0x7fffffff) * 0x1p112f * 0x1p-110f;
    const uint32_t b = an_bits_of_float(an_float_of_bits((bias >> 1) + 0x07800000u) + size);
    const uint32_t body = ((b >> 13) & 0x7c00u) + (b & 0xfffu);
    return (uint16_t)((w >> 16 & 0x8000u) | (twice > 0xff000000u ? 0x7e00u : body));
}
AN_FN uint16_t an_f2_of_f8(double x) {
    const float near = (float)x;
    const uint32_t b = an_bits_of_float(near);
    const uint32_t below = b - (fabs((double)near) > fabs(x));
    return an_f2_of_f4(an_float_of_bits((double)near == x || x != x ? b : below | 1));
}
#endif
