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
    double up = 0, down = 1;  /* the sum of the 1 / at as one quotient */
    for (; at < 10; at += 1) {
        up = up * at + down;
        down *= at;
    }
    sum -= up / down;
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

/* The derivative of order n of digamma: (-1)**(n+1) n! zeta(n+1, x), the sum by Euler and Maclaurin
   from 15 on (Abramowitz and Stegun 23.1.30 with the first eight Bernoulli numbers). */
AN_FN an_f8 an_polygamma_f8(an_f8 x, int64_t n) {
    static const double bernoulli[] = {
        1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510,
    };
    if (n <= 0) return n == 0 ? an_digamma_f8(x) : (an_f8)NAN;
    if (x <= 0 && x == floor(x)) return n % 2 ? (an_f8)INFINITY : -(an_f8)INFINITY;
    if (x == (an_f8)INFINITY) return 0;
    const double s = (double)n + 1;
    double at = x, sum = 0, factor = n % 2 ? 1 : -1;
    for (; at < 15; at += 1) sum += pow(at, -s);
    double power = pow(at, -s), term = s * power / (2 * at);
    sum += at * power / (s - 1) + 0.5 * power;
    for (int k = 0; k < 8; k++) {
        sum += bernoulli[k] * term;
        term *= (s + 2 * k + 1) * (s + 2 * k + 2) / ((2 * k + 3.0) * (2 * k + 4.0) * at * at);
    }
    for (int64_t k = 2; k <= n && isfinite(factor); k++) factor *= (double)k;
    return (an_f8)(factor * sum);
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
    double up = 0, down = 1;  /* the sum of the 1 / at^2 as one quotient */
    for (; at < 12; at += 1) {
        up = up * (at * at) + down;
        down *= at * at;
    }
    sum += sign * (up / down);
    const double u = 1 / (at * at);
    const double tail = 1.0 / 6 - u * (1.0 / 30 - u * (1.0 / 42 - u * (1.0 / 30 - u * (5.0 / 66
        - u * (691.0 / 2730 - u * (7.0 / 6 - u * (3617.0 / 510)))))));
    return (an_f8)(sum + sign * (1 / at + 0.5 * u + tail * u / at));
}

/* ---- divergences ---- */

/* x log(x / y), near 1 by way of log1p. */
AN_FN double an_log_ratio(double x, double y) {
    const double ratio = x / y, near = an_log1p_f8((x - y) / y), far = an_log_f8(ratio);
    const double apart = an_log_f8(x) - an_log_f8(y);
    const double single = ratio > 2.2250738585072014e-308 && ratio < INFINITY ? far : apart;
    return ratio > 0.5 && ratio < 2 ? near : single;
}

AN_FN an_f8 an_rel_entr_f8(an_f8 x, an_f8 y) {
    const double edge = (x == 0) & (y >= 0) ? 0 : INFINITY, found = x * an_log_ratio(x, y);
    return (an_f8)((x != x) | (y != y) ? (double)(x + y) : (x > 0) & (y > 0) ? found : edge);
}

AN_FN double an_kl_of(double x, double y) {
    const double edge = (x == 0) & (y >= 0) ? y : INFINITY, found = x * an_log_f8(x / y) - x + y;
    return (x != x) | (y != y) ? x + y : (x > 0) & (y > 0) ? found : edge;
}

AN_FN an_f8 an_kl_div_f8(an_f8 x, an_f8 y) { return (an_f8)an_kl_of(x, y); }

AN_FN an_f8 an_huber_f8(an_f8 delta, an_f8 r) {
    const an_f8 size = fabs(r), inside = (an_f8)0.5 * r * r;
    const an_f8 outside = delta * (size - (an_f8)0.5 * delta);
    return delta < 0 ? (an_f8)INFINITY : size <= delta ? inside : outside;
}

AN_FN an_f8 an_pseudo_huber_f8(an_f8 delta, an_f8 r) {
    const double size = fabs(r), u = size / delta, root = u > 1e8 ? u : sqrt((double)(1 + u * u));
    const double wide = delta * (u > 1e8 ? size : size * (u / (1 + root)));
    const double found = u < 1 ? size * size / (1 + root) : wide;
    const an_f8 edge = (delta == 0) | (r == 0) ? 0 : (an_f8)found;
    return delta < 0 ? (an_f8)INFINITY : edge;
}

AN_FN an_f8 an_exp10_f8(an_f8 x) { return pow((an_f8)10, x); }

AN_FN double an_exprel_of(double x) {
    const double found = an_expm1_f8(x) / x;
    return fabs(x) < 1e-16 ? 1 : x > 717 ? INFINITY : found;
}

AN_FN an_f8 an_exprel_f8(an_f8 x) { return (an_f8)an_exprel_of(x); }
