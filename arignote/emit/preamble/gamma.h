/* The gamma function's relatives.  Written for double, read once more for float; what computes is
   in double for both. */

AN_FN double an_gamma_of(double x) { return tgamma(x); }

AN_FN an_f8 an_gamma_f8(an_f8 x) { return (an_f8)an_gamma_of(x); }

/* What Stirling's formula leaves out of log gamma, for x of 10 and more: Abramowitz and Stegun
   6.1.41. */
AN_FN double an_stirling_rest(double x) {
    const double u = 1 / (x * x);
    return (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u * (1.0 / 1680 - u * (1.0 / 1188
        - u * (691.0 / 360360 - u / 156)))))) / x;
}

/* log |B(a, b)|.  Large arguments by Stirling's formula, whose large terms cancel on paper. */
AN_FN double an_log_beta(double a, double b) {
    const double p = a < b ? a : b, q = a < b ? b : a;
    if (!(p > 0) || q < 10) return lgamma(a) + lgamma(b) - lgamma(a + b);
    const double share = log1p(-p / (p + q));
    if (p < 10) {
        const double rest = an_stirling_rest(q) - an_stirling_rest(p + q);
        return lgamma(p) + rest + p - p * log(p + q) + (q - 0.5) * share;
    }
    const double rest = an_stirling_rest(p) + an_stirling_rest(q) - an_stirling_rest(p + q);
    return 0.91893853320467274178 - 0.5 * log(q) + rest + (p - 0.5) * log(p / (p + q)) + q * share;
}

AN_FN double an_beta_of(double a, double b) {
    if (fabs(a) < 100 && fabs(b) < 100) return tgamma(a) / tgamma(a + b) * tgamma(b);
    return exp(an_log_beta(a, b));
}

AN_FN an_f8 an_beta_f8(an_f8 a, an_f8 b) { return (an_f8)an_beta_of(a, b); }

AN_FN double an_betaln_of(double a, double b) {
    const double small = fabs(an_beta_of(a, b));
    return fabs(a) < 10 && fabs(b) < 10 && small > 1e-300 ? log(small) : an_log_beta(a, b);
}

AN_FN an_f8 an_betaln_f8(an_f8 a, an_f8 b) { return (an_f8)an_betaln_of(a, b); }

/* log gamma(1 + a) for |a| <= 1/2, by Abramowitz and Stegun 6.1.33. */
AN_FN double an_lgamma_near_1(double a) {
    const double c[] = {
        0.644934066848226436, 0.202056903159594285, 0.0823232337111381915, 0.0369277551433699263,
        0.0173430619844491397, 0.00834927738192282684, 0.00407735619794433938,
        0.00200839282608221442, 0.000994575127818085337, 0.000494188604119464559,
        0.000246086553308048299, 0.000122713347578489147, 0.0000612481350587048293,
        0.0000305882363070204936, 0.0000152822594086518717, 7.63719763789976227e-6,
        3.81729326499983986e-6, 1.90821271655393893e-6, 9.53962033872796113e-7,
        4.76932986787806463e-7, 2.3845050272773299e-7, 1.19219925965311073e-7,
    };
    double sum = 0;
    for (int k = 21; k >= 0; k--) sum = c[k] / (k + 2) - sum * a;
    return a * (0.42278433509846713939 + a * sum) - log1p(a);
}

/* x^a exp(-x) / gamma(a + 1).  For large a by Stirling's formula and log(1 + m) - m as a series,
   because its two parts nearly cancel where x is near a. */
AN_FN double an_gamma_front(double a, double x) {
    if (a < 10) return pow(x, a) * exp(-x) / tgamma(a + 1);
    const double m = (x - a) / a, s = m / (2 + m);
    double gap = log(x / a) - m;
    if (fabs(m) < 0.5) {
        double term = 2 * s * s * s, sum = 0;
        for (int k = 3; fabs(term) > 1e-18 * fabs(s) && k < 60; k += 2) {
            sum += term / k;
            term *= s * s;
        }
        gap = sum - m * s;
    }
    return exp(a * gap - an_stirling_rest(a)) * 0.39894228040143267794 / sqrt(a);
}

/* sum of x^n / ((a + 1) ... (a + n)), Abramowitz and Stegun 6.5.29 */
AN_FN double an_lower_gamma(double a, double x) {
    double term = 1, sum = 1;
    for (double n = a + 1; term > 1e-17 * sum && n < a + 1e5; n += 1) {
        term *= x / n;
        sum += term;
    }
    return an_gamma_front(a, x) * sum;
}

/* The continued fraction 6.5.31 of Abramowitz and Stegun, by Lentz's method. */
AN_FN double an_upper_gamma(double a, double x) {
    double b = x + 1 - a, c = 1e300, d = 1 / b, found = d, step = 0;
    for (int n = 1; n < 100000 && fabs(step - 1) > 1e-16; n++) {
        const double top = -n * (n - a);
        b += 2;
        d = top * d + b;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = b + top / c;
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        step = d * c;
        found *= step;
    }
    return an_gamma_front(a, x) * a * found;
}

/* The upper share for x about 1 and less: 1 less the series of the lower one, term by term. */
AN_FN double an_small_upper_gamma(double a, double x) {
    double term = 1, sum = 0;
    for (int n = 1; n < 200; n++) {
        term *= -x / n;
        sum += term / (a + n);
        if (fabs(term) < 1e-17 * fabs(sum)) break;
    }
    const double whole = a * log(x) - (fabs(a) <= 0.5 ? an_lgamma_near_1(a) : lgamma(a + 1));
    return -expm1(whole) - a * exp(whole) * sum;
}

/* The regularized incomplete gamma functions: the lower share, or the upper one. */
AN_FN double an_gamma_share(double a, double x, int upper) {
    if (!(a >= 0) || !(x >= 0) || (a == 0 && x == 0)) return NAN;
    if (a == INFINITY && x == INFINITY) return NAN;
    if (a == 0 || x == INFINITY) return upper ? 0 : 1;
    if (x == 0 || a == INFINITY) return upper ? 1 : 0;
    const int low = x <= 1.1 ? (x > 0.5 ? x * 1.1 < a : -0.4 / log(x) < a) : x < a;
    if (!low) {
        const double found = x <= 1.1 ? an_small_upper_gamma(a, x) : an_upper_gamma(a, x);
        if (upper) return found;
        return x > 1 ? 1 - found : an_lower_gamma(a, x);
    }
    const double found = an_lower_gamma(a, x);
    return upper ? 1 - found : found;
}

AN_FN an_f8 an_gammainc_f8(an_f8 a, an_f8 x) { return (an_f8)an_gamma_share(a, x, 0); }

AN_FN an_f8 an_gammaincc_f8(an_f8 a, an_f8 x) { return (an_f8)an_gamma_share(a, x, 1); }

/* The first and second derivative of the lower share by a: of its series, term by term. */
AN_FN double an_gamma_share_slope(double a, double x, int order) {
    if (!(a > 0) || !(x >= 0)) return NAN;
    if (x == 0 || x > 2 * a + 200) return 0;
    double term = 1, sum = 1, slope = 0, slopes = 0, curve = 0, curves = 0;
    for (double n = a + 1; n < a + 1e5; n += 1) {
        const double lower = slope - term / n;
        curve = (curve - 2 * lower / n) * (x / n);
        slope = lower * (x / n);
        term *= x / n;
        sum += term;
        slopes += slope;
        curves += curve;
        if (n <= x) continue;
        if (order == 1 ? fabs(slope) <= 1e-17 * fabs(slopes) : fabs(curve) <= 1e-17 * fabs(curves))
            break;
    }
    const double front = an_gamma_front(a, x), turn = log(x) - an_digamma_f8(a + 1);
    if (order == 1) return front * (slopes + sum * turn);
    return front * (curves + 2 * slopes * turn + sum * (turn * turn - an_trigamma_f8(a + 1)));
}

AN_FN an_f8 an_gammainc_shape_f8(an_f8 a, an_f8 x) {
    return (an_f8)an_gamma_share_slope(a, x, 1);
}

AN_FN an_f8 an_gammainc_curve_f8(an_f8 a, an_f8 x) {
    return (an_f8)an_gamma_share_slope(a, x, 2);
}
