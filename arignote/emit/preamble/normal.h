/* The normal distribution and the error function's relatives.  Written for double, read once more
   for float; what computes is in double for both. */

/* exp(x * x) erfc(x): W. J. Cody, "Rational Chebyshev approximations for the error function",
   Mathematics of Computation 23 (1969). */
AN_FN double an_scaled_erfc(double x) {
    const double c[] = {
        5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
        8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
        2.15311535474403846e-8};
    const double d[] = {
        1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3};
    const double p[] = {
        3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4, 1.63153871373020978e-2};
    const double q[] = {
        2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3};
    const double y = fabs(x);
    double up, down, found;
    if (!(y > 0.46875)) return exp(x * x) * erfc(x);
    if (y <= 4) {
        up = c[8] * y;
        down = y;
        for (int k = 0; k < 7; k++) {
            up = (up + c[k]) * y;
            down = (down + d[k]) * y;
        }
        found = (up + c[7]) / (down + d[7]);
    } else {
        const double u = 1 / (y * y);
        up = p[5] * u;
        down = u;
        for (int k = 0; k < 4; k++) {
            up = (up + p[k]) * u;
            down = (down + q[k]) * u;
        }
        found = (0.56418958354775628695 - u * (up + p[4]) / (down + q[4])) / y;
    }
    return x < 0 ? 2 * exp(x * x) - found : found;
}

AN_FN an_f8 an_erfcx_f8(an_f8 x) { return (an_f8)an_scaled_erfc(x); }

/* The number that a standard normal one is below with probability q + 1/2, for |q| <= 0.425, and
   the one that it exceeds with probability exp(-r * r), for smaller ones: M. J. Wichura, "The
   percentage points of the normal distribution", Applied Statistics 37 (1988), algorithm AS 241. */
AN_FN double an_quantile_middle(double q) {
    const double r = 0.180625 - q * q;
    const double up = ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r
        + 6.7265770927008700853e4) * r + 4.5921953931549871457e4) * r
        + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
        + 1.3314166789178437745e2) * r + 3.3871328727963666080e0;
    const double down = ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r
        + 3.9307895800092710610e4) * r + 2.1213794301586595867e4) * r
        + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
        + 4.2313330701600911252e1) * r + 1.0;
    return q * up / down;
}

AN_FN double an_quantile_tail(double root) {
    const int near = root <= 5;
    const double r = near ? root - 1.6 : root - 5;
    const double up = near ? ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r
            + 2.41780725177450611770e-1) * r + 1.27045825245236838258e0) * r
            + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
            + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        : ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
            + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2) * r
            + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
            + 5.46378491116411436990e0) * r + 6.65790464350110377720e0;
    const double down = near ? ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r
            + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r
            + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
            + 2.05319162663775882187e0) * r + 1.0
        : ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r
            + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r
            + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
            + 5.99832206555887937690e-1) * r + 1.0;
    return up / down;
}

/* The same for a share of the distribution itself. */
AN_FN double an_quantile_beyond(double share) {
    const double found = an_quantile_tail(sqrt(-log(share)));
    return share == 0 ? INFINITY : share > 0 ? found : NAN;
}

AN_FN double an_erfinv_of(double x) {
    const double q = 0.5 * x;
    if (fabs(q) <= 0.425) return 0.70710678118654752440 * an_quantile_middle(q);
    return copysign(0.70710678118654752440 * an_quantile_beyond(0.5 - fabs(q)), x);
}

AN_FN an_f8 an_erfinv_f8(an_f8 x) { return (an_f8)an_erfinv_of(x); }

AN_FN double an_erfcinv_of(double x) {
    const double q = 0.5 * (1 - x);
    if (fabs(q) <= 0.425) return 0.70710678118654752440 * an_quantile_middle(q);
    const double share = x < 1 ? x : 2 - x;
    const double size = share < 0 ? NAN : an_quantile_beyond(0.5 * share);
    return 0.70710678118654752440 * (x < 1 ? size : -size);
}

AN_FN an_f8 an_erfcinv_f8(an_f8 x) { return (an_f8)an_erfcinv_of(x); }

/* The quantile of the normal distribution. */
AN_FN double an_ndtri_of(double x) {
    const double q = x - 0.5;
    if (fabs(q) <= 0.425) return an_quantile_middle(q);
    const double size = an_quantile_beyond(q < 0 ? x : 1 - x);
    return q < 0 ? -size : size;
}

AN_FN an_f8 an_ndtri_f8(an_f8 x) { return (an_f8)an_ndtri_of(x); }

AN_FN double an_ndtr_of(double x) { return 0.5 * erfc(x * -0.70710678118654752440); }

AN_FN an_f8 an_ndtr_f8(an_f8 x) { return (an_f8)an_ndtr_of(x); }

AN_FN double an_log_ndtr_of(double x) {
    const double t = x * 0.70710678118654752440;
    if (x < -1) return log(0.5 * an_scaled_erfc(-t)) - 0.5 * x * x;
    return log1p(-0.5 * erfc(t));
}

AN_FN an_f8 an_log_ndtr_f8(an_f8 x) { return (an_f8)an_log_ndtr_of(x); }
