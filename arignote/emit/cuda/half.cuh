// The part of cuda_fp16.h that emitted kernels use, for the emulation.
struct __half;
static inline __half __double2half(double x);
struct __half {
    unsigned short bits;
    __half() = default;
    __half(double x);
    operator float() const;
};
static inline float __half2float(__half h) {
    const unsigned sign = (h.bits & 0x8000u) << 16, e = (h.bits >> 10) & 31u, m = h.bits & 1023u;
    if (e == 31) return __uint_as_float(sign | 0x7f800000u | (m << 13));
    if (e == 0) return __uint_as_float(sign | __float_as_uint((float)m * 5.9604644775390625e-8f));
    return __uint_as_float(sign | ((e + 112) << 23) | (m << 13));
}
static inline __half __double2half(double x) {
    unsigned long long b;
    memcpy(&b, &x, 8);
    const unsigned short sign = (unsigned short)((b >> 48) & 0x8000u);
    const double a = fabs(x);
    __half h;
    if (x != x) { h.bits = sign | 0x7e00u; return h; }
    if (a >= 65520.0) { h.bits = sign | 0x7c00u; return h; }
    int e;
    frexp(a, &e);
    const int low = a < 6.103515625e-05 ? -24 : e - 11;
    const double n = rint(ldexp(a, -low));
    if (low == -24) { h.bits = sign | (unsigned short)n; return h; }
    h.bits = sign | (unsigned short)(((low + 24) << 10) + (unsigned)n);
    return h;
}
static inline __half __float2half_rn(float x) { return __double2half((double)x); }
inline __half::__half(double x) { *this = __double2half(x); }
inline __half::operator float() const { return __half2float(*this); }
