// Functions of complex numbers that C's library has and CUDA has not.  Written for double; read once
// more for float, with _c8, _f4 and the suffix f.  Formulas: W. Kahan, "Branch cuts for complex
// elementary functions", 1987; T. Hull et al., ACM TOMS 23 (1997), for the inverse sine and cosine.

AN_FN an_c16 cexp(an_c16 z) {
    const an_f8 size = exp(z.re);
    if (z.im == 0) return an_pair_c16(size, z.im);
    if (z.re == -(an_f8)INFINITY && !(fabs(z.im) < (an_f8)INFINITY)) return an_pair_c16(0, 0);
    if (z.re == (an_f8)INFINITY && !(fabs(z.im) < (an_f8)INFINITY)) return an_pair_c16(z.re, (an_f8)NAN);
    return an_pair_c16(size * cos(z.im), size * sin(z.im));
}

AN_FN an_c16 clog(an_c16 z) {
    const an_f8 a = fabs(z.re), b = fabs(z.im), big = a > b ? a : b, small = a > b ? b : a;
    const an_f8 near = big > (an_f8)0.7 && big < (an_f8)1.5 && small < 2
        ? (an_f8)0.5 * log1p((big - 1) * (big + 1) + small * small) : log(hypot(a, b));
    return an_pair_c16(near, atan2(z.im, z.re));
}

AN_FN an_c16 csqrt(an_c16 z) {
    const an_f8 a = z.re, b = z.im;
    if (a == 0 && b == 0) return an_pair_c16(0, b);
    if (fabs(b) == (an_f8)INFINITY) return an_pair_c16(fabs(b), b);
    if (a != a) return an_pair_c16(a, a);
    if (a == (an_f8)INFINITY) return an_pair_c16(a, b == b ? copysign((an_f8)0, b) : b);
    if (a == -(an_f8)INFINITY) return an_pair_c16(b == b ? 0 : b, copysign(-a, b));
    const an_f8 t = sqrt((fabs(a) / 8 + hypot(a / 8, b / 8)) * 4);
    if (a >= 0) return an_pair_c16(t, b / (2 * t));
    return an_pair_c16(fabs(b) / (2 * t), copysign(t, b));
}

AN_FN an_c16 cpow(an_c16 x, an_c16 y) { return cexp(an_multiply_c16(y, clog(x))); }

AN_FN an_c16 csinh(an_c16 z) {
    return an_pair_c16(sinh(z.re) * cos(z.im), z.im == 0 ? z.im : cosh(z.re) * sin(z.im));
}

AN_FN an_c16 ccosh(an_c16 z) {
    const an_f8 im = z.im == 0 || z.re == 0 ? z.re * z.im : sinh(z.re) * sin(z.im);
    return an_pair_c16(cosh(z.re) * cos(z.im), im);
}

AN_FN an_c16 ctanh(an_c16 z) {
    if (fabs(z.re) > 20) {
        const an_f8 low = 4 * sin(z.im) * cos(z.im) * exp(-2 * fabs(z.re));
        return an_pair_c16(copysign((an_f8)1, z.re), low);
    }
    const an_f8 t = tan(z.im), beta = 1 + t * t, s = sinh(z.re), rho = sqrt(1 + s * s);
    if (fabs(t) == (an_f8)INFINITY) return an_pair_c16(rho / s, 1 / t);
    const an_f8 d = 1 + beta * s * s;
    return an_pair_c16(beta * rho * s / d, t / d);
}

AN_FN an_c16 csin(an_c16 z) {
    const an_c16 w = csinh(an_pair_c16(-z.im, z.re));
    return an_pair_c16(w.im, -w.re);
}

AN_FN an_c16 ccos(an_c16 z) { return ccosh(an_pair_c16(-z.im, z.re)); }

AN_FN an_c16 ctan(an_c16 z) {
    const an_c16 w = ctanh(an_pair_c16(-z.im, z.re));
    return an_pair_c16(w.im, -w.re);
}

AN_FN an_c16 casinh(an_c16 z) {
    const an_c16 w = an_pair_c16(-z.im, z.re);
    const an_c16 p = csqrt(an_pair_c16(1 - w.re, -w.im)), q = csqrt(an_pair_c16(1 + w.re, w.im));
    const an_f8 re = atan2(w.re, p.re * q.re - p.im * q.im);
    const an_f8 im = asinh(p.re * q.im - p.im * q.re);
    return an_pair_c16(im, -re);
}

AN_FN an_c16 casin(an_c16 z) {
    const an_c16 w = casinh(an_pair_c16(-z.im, z.re));
    return an_pair_c16(w.im, -w.re);
}

AN_FN an_c16 cacos(an_c16 z) {
    const an_c16 p = csqrt(an_pair_c16(1 - z.re, -z.im)), q = csqrt(an_pair_c16(1 + z.re, z.im));
    return an_pair_c16(2 * atan2(p.re, q.re), asinh(q.re * p.im - q.im * p.re));
}

AN_FN an_c16 cacosh(an_c16 z) {
    const an_c16 p = csqrt(an_pair_c16(z.re - 1, z.im)), q = csqrt(an_pair_c16(z.re + 1, z.im));
    return an_pair_c16(asinh(p.re * q.re + p.im * q.im), 2 * atan2(p.im, q.re));
}

AN_FN an_c16 catanh(an_c16 z) {
    const an_f8 a = z.re, b = z.im, down = (1 - a) * (1 - a) + b * b;
    const an_f8 re = (an_f8)0.25 * log1p(4 * a / down);
    return an_pair_c16(re, (an_f8)0.5 * atan2(2 * b, (1 - a) * (1 + a) - b * b));
}

AN_FN an_c16 catan(an_c16 z) {
    const an_c16 w = catanh(an_pair_c16(-z.im, z.re));
    return an_pair_c16(w.im, -w.re);
}
