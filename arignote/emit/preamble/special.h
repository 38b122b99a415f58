/* Special functions of real numbers.  Written for double, read once more for float. */

AN_FN an_f8 an_log_expit_f8(an_f8 x) { return -an_softplus_f8(-x); }

/* Near 1/2, where the quotient is near 1, by way of the exact 2x - 1. */
AN_FN an_f8 an_logit_f8(an_f8 x) {
    const an_f8 middle = 2 * atanh(2 * x - 1), other = an_log_f8(x / (1 - x));
    return fabs(x - (an_f8)0.5) < (an_f8)0.2 ? middle : other;
}

AN_FN an_f8 an_xlogy_f8(an_f8 x, an_f8 y) {
    const an_f8 product = x * an_log_f8(y);
    return (x == 0) & (y == y) ? 0 : product;
}

AN_FN an_f8 an_xlog1py_f8(an_f8 x, an_f8 y) {
    const an_f8 product = x * an_log1p_f8(y);
    return (x == 0) & (y == y) ? 0 : product;
}

AN_FN an_f8 an_entr_f8(an_f8 x) {
    const an_f8 product = -x * an_log_f8(x);
    return x == 0 ? 0 : x < 0 ? -(an_f8)INFINITY : product;
}

AN_FN an_f8 an_gammaln_f8(an_f8 x) { return x == -(an_f8)INFINITY ? x : lgamma(x); }

/* The inverse of erf: M. J. Wichura, "The percentage points of the normal distribution", Applied
   Statistics 37 (1988), algorithm AS 241, for (x + 1) / 2. */
AN_FN an_f8 an_erfinv_f8(an_f8 x) {
    const double root_half = 0.70710678118654752440, q = 0.5 * x;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        const double up = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
            + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
            + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
            + 1.3314166789178437745e2) * r + 3.3871328727963666080e0;
        const double down = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
            + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
            + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
            + 4.2313330701600911252e1) * r + 1.0;
        return (an_f8)(root_half * q * up / down);
    }
    double r = sqrt(-log(0.5 - fabs(q))), up, down;
    if (r <= 5) {
        r -= 1.6;
        up = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
            + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
            + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
            + 4.63033784615654529590e0) * r + 1.42343711074968357734e0;
        down = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
            + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
            + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
            + 2.05319162663775882187e0) * r + 1.0;
    } else {
        r -= 5;
        up = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
            + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
            + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
            + 5.46378491116411436990e0) * r + 6.65790464350110377720e0;
        down = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
            + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
            + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
            + 5.99832206555887937690e-1) * r + 1.0;
    }
    const double size = fabs(x) == 1 ? INFINITY : fabs(x) < 1 ? root_half * up / down : NAN;
    return (an_f8)copysign(size, x);
}

/* The derivative of log gamma: Abramowitz and Stegun 6.3.5 (recurrence), 6.3.7 (reflection) and
   6.3.18 (expansion for large numbers); around its positive root the Taylor series, whose
   coefficients are polygamma(n, root) / n!, so that the relative error stays small there. */
AN_FN an_f8 an_digamma_f8(an_f8 x) {
    double at = x, sum = 0;
    if (x == -(an_f8)INFINITY || (x < 0 && x == floor(x))) return (an_f8)NAN;
    if (x == 0) return copysign((an_f8)INFINITY, -x);
    if (x < 0) {
        const double rest = at - rint(at);
        sum = -3.14159265358979323846 / tan(3.14159265358979323846 * rest);
        at = 1 - at;
    }
    const double from_root = (at - 1.4616321449683622) - 9.549995429965697e-17;
    if (fabs(from_root) < 0.35) return (an_f8)(sum + an_digamma_series(from_root));
    for (; at < 10; at += 1) sum -= 1 / at;
    const double u = 1 / (at * at);
    const double tail = u * (1.0 / 12 - u * (1.0 / 120 - u * (1.0 / 252 - u * (1.0 / 240
        - u * (1.0 / 132 - u * (691.0 / 32760 - u * (1.0 / 12 - u * (3617.0 / 8160))))))));
    return (an_f8)(sum + log(at) - 0.5 / at - tail);
}

AN_FN double an_digamma_series(double d) {
    const double c[] = {
        0.9676722454476214, -0.44276316898359214, 0.2584997609556512, -0.16394270544240658,
        0.10782405069126239, -0.07219956125645476, 0.048804288164143145, -0.033161126474847376,
        0.022597648232218125, -0.015424765904948968, 0.010538791616612182, -0.007204534386356875,
        0.004926781395729858, -0.0033698016554393312, 0.00230512632673493, -0.0015769367714301987,
        0.0010788252019162975, -0.000738070938996006, 0.0005049532658346026, -0.0003454680251063082,
        0.00023635601564027086, -0.00016170622091974825, 0.0001106337276874743, -7.569179582195077e-05,
        5.178575795222089e-05, -3.543007094765968e-05, 2.424006611860136e-05, -1.6584242271854155e-05,
    };
    double sum = 0;
    for (int k = 27; k >= 0; k--) sum = (sum + c[k]) * d;
    return sum;
}

/* The derivative of digamma: Abramowitz and Stegun 6.4.6, 6.4.7 and 6.4.12. */
AN_FN an_f8 an_trigamma_f8(an_f8 x) {
    double at = x, sum = 0, sign = 1;
    if (fabs(x) == (an_f8)INFINITY) return x > 0 ? 0 : (an_f8)NAN;
    if (x <= 0 && x == floor(x)) return (an_f8)INFINITY;
    if (x < 0) {
        const double s = sin(3.14159265358979323846 * (at - rint(at)));
        sum = 9.86960440108935861883 / (s * s);
        at = 1 - at;
        sign = -1;
    }
    for (; at < 12; at += 1) sum += sign / (at * at);
    const double u = 1 / (at * at);
    const double tail = 1.0 / 6 - u * (1.0 / 30 - u * (1.0 / 42 - u * (1.0 / 30 - u * (5.0 / 66
        - u * (691.0 / 2730 - u * (7.0 / 6 - u * (3617.0 / 510)))))));
    return (an_f8)(sum + sign * (1 / at + 0.5 * u + tail * u / at));
}

/* Modified Bessel functions: Abramowitz and Stegun 9.6.10 (all terms positive, so exact to the last
   bits) and, from 30 on, 9.7.1.  exp is taken of half the number, twice, so as not to overflow. */
AN_FN double an_bessel_i(double x, int order) {
    const double size = fabs(x), quarter = 0.25 * size * size;
    double term = order ? 0.5 * size : 1, sum = term;
    if (size < 30) {
        for (int k = 1; k < 120 && term > sum * 1e-17; k++) {
            term *= quarter / ((double)k * (k + order));
            sum += term;
        }
    } else {
        const double half = exp(0.5 * size);
        term = sum = 1;
        for (int k = 1; k < 30 && fabs(term) > 1e-17; k++) {
            term *= ((2.0 * k - 1) * (2.0 * k - 1) - 4.0 * order) / (8 * size * k);
            sum += term;
        }
        sum = half * (half * sum / (2.50662827463100050242 * sqrt(size)));
    }
    return order && x < 0 ? -sum : x != x ? x : sum;
}

AN_FN an_f8 an_i0_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 0); }

AN_FN an_f8 an_i1_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 1); }
