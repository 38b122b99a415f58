"""Slopes of NumPy replicas, by difference quotients."""

import numpy as np


def differences(f, values, step=1e-6):
    """Central difference quotients of f(*values) by each element of each value."""
    out = []
    for k, value in enumerate(values):
        slope = np.zeros_like(value)
        for at in np.ndindex(value.shape):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in values]
                moved[k][at] += sign * step
                ends.append(f(*moved))
            slope[at] = (ends[0] - ends[1]) / (2 * step)
        out.append(slope)
    return out
