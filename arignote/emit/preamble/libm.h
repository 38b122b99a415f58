/* The vector variants of libm's functions, declared so that the compiler calls them in loops.
   glibc's header offers them only together with -ffast-math, which would lose nan and inf.
   Written for double: `exp` stands for `expf` as well. */

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__CUDACC__)
#define AN_VECTOR_1(T, f) __attribute__((simd("notinbranch"))) T f(T);
#define AN_VECTOR_2(T, f) __attribute__((simd("notinbranch"))) T f(T, T);
#else
#define AN_VECTOR_1(T, f)
#define AN_VECTOR_2(T, f)
#endif

/* gcc joins the sine and the cosine of one value into a call without vector variant, so these two
   have names that it does not know. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__CUDACC__)
#define AN_APART(f) an_apart_##f
#define AN_VECTOR_APART(T, f) \
    __attribute__((simd("notinbranch"), const)) T an_apart_##f(T) __asm__(#f);
#else
#define AN_APART(f) f
#define AN_VECTOR_APART(T, f)
#endif

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
#define AN_VECTOR35_1(T, f) AN_VECTOR_1(T, f)
#define AN_VECTOR35_2(T, f) AN_VECTOR_2(T, f)
#endif
#endif
#ifndef AN_VECTOR35_1
#define AN_VECTOR35_1(T, f)
#define AN_VECTOR35_2(T, f)
#endif

AN_VECTOR_APART(an_f8, sin)
#define sin(x) AN_APART(sin)(x)

AN_VECTOR_APART(an_f8, cos)
#define cos(x) AN_APART(cos)(x)

AN_VECTOR_1(an_f8, exp)

AN_VECTOR_1(an_f8, log)

AN_VECTOR_2(an_f8, pow)

AN_VECTOR35_1(an_f8, tan)

AN_VECTOR35_1(an_f8, asin)

AN_VECTOR35_1(an_f8, acos)

AN_VECTOR35_1(an_f8, atan)

AN_VECTOR35_2(an_f8, atan2)

AN_VECTOR35_1(an_f8, sinh)

AN_VECTOR35_1(an_f8, cosh)

AN_VECTOR35_1(an_f8, tanh)

AN_VECTOR35_1(an_f8, asinh)

AN_VECTOR35_1(an_f8, acosh)

AN_VECTOR35_1(an_f8, atanh)

AN_VECTOR35_1(an_f8, exp2)

AN_VECTOR35_1(an_f8, expm1)

AN_VECTOR35_1(an_f8, log2)

AN_VECTOR35_1(an_f8, log10)

AN_VECTOR35_1(an_f8, log1p)

AN_VECTOR35_1(an_f8, cbrt)

AN_VECTOR35_1(an_f8, erf)

AN_VECTOR35_1(an_f8, erfc)

AN_VECTOR35_2(an_f8, hypot)
