/* Bessel functions.  Written for double, read once more for float; what computes is in double for
   both. */

/* Modified ones: Abramowitz and Stegun 9.6.10 (all terms positive, so exact to the last bits) and,
   from 30 on, 9.7.1.  exp is taken of half the number, twice, so as not to overflow.
   scaled: times exp(-|x|). */
AN_FN double an_bessel_i(double x, int order, int scaled) {
    const double size = fabs(x), quarter = 0.25 * size * size;
    double term = order ? 0.5 * size : 1, sum = term;
    if (size < 30) {
        for (int k = 1; k < 120 && term > sum * 1e-17; k++) {
            term *= quarter / ((double)k * (k + order));
            sum += term;
        }
        sum = scaled ? sum * exp(-size) : sum;
    } else {
        const double half = scaled ? 1 : exp(0.5 * size);
        term = sum = 1;
        for (int k = 1; k < 30 && fabs(term) > 1e-17; k++) {
            term *= ((2.0 * k - 1) * (2.0 * k - 1) - 4.0 * order) / (8 * size * k);
            sum += term;
        }
        sum = half * (half * sum / (2.50662827463100050242 * sqrt(size)));
    }
    return order && x < 0 ? -sum : x != x ? x : sum;
}

AN_FN an_f8 an_i0_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 0, 0); }

AN_FN an_f8 an_i1_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 1, 0); }

AN_FN an_f8 an_i0e_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 0, 1); }

AN_FN an_f8 an_i1e_f8(an_f8 x) { return (an_f8)an_bessel_i(x, 1, 1); }

/* As SciPy has it, nan at infinity. */
AN_FN double an_bessel_jy(double x, int order, int second) {
    if (fabs(x) == INFINITY) return NAN;
    if (second) return x == 0 ? -INFINITY : order ? y1(x) : y0(x);
    return order ? j1(x) : j0(x);
}

AN_FN an_f8 an_j0_f8(an_f8 x) { return (an_f8)an_bessel_jy(x, 0, 0); }

AN_FN an_f8 an_j1_f8(an_f8 x) { return (an_f8)an_bessel_jy(x, 1, 0); }

AN_FN an_f8 an_y0_f8(an_f8 x) { return (an_f8)an_bessel_jy(x, 0, 1); }

AN_FN an_f8 an_y1_f8(an_f8 x) { return (an_f8)an_bessel_jy(x, 1, 1); }
