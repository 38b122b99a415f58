"""Arrays whose length only the run tells, and which turn out to have no elements: NumPy's answers
and errors, and no read or write outside of them."""

import warnings

import numpy as np
import pytest

from arignote.api import compile
from tests.fuzz.kinds import KINDS, differs, function_of

#: What is done with v, which has none, one or some of the elements of x.
USES = """
np.take(v, [0, 1], mode='clip') / np.take(v, [0, 5, -1], mode='wrap') / np.take(v, [0])
np.take(v, np.zeros(0, int), mode='clip') / np.resize(v, 4) / np.resize(v, (2, 3))
np.interp(x, v, v) / np.interp(v, x, x) / np.roll(v, 1) / np.tile(v, 3) / np.repeat(v, 2)
np.max(v) / np.nanmax(v) / np.nanmin(v) / np.argmin(v) / np.ptp(v) / np.minimum.reduce(v) / min(v)
np.median(v) / np.median(v.astype(int)) / np.nanmedian(v) / np.nanpercentile(v, 40)
np.quantile(v, 0.3) / np.nanquantile(v, 0.5) / np.median(np.stack([v, v]), axis=1)
np.mean(v) / np.std(v, ddof=1) / np.cov(v) / np.cov(v, v) / np.linalg.norm(v)
np.linalg.norm(v, np.inf) / np.linalg.norm(v, -np.inf) / np.linalg.norm(v, 1)
np.pad(v, 1, mode='edge') / np.pad(v, (2, 1), mode='wrap') / np.pad(v, 1, mode='reflect')
np.pad(v, 1, mode='constant') / np.pad(v, 1, mode='mean') / np.pad(v, 1, mode='linear_ramp')
np.diff(v) / np.diff(v, n=2) / np.ediff1d(v) / np.trapezoid(v) / np.gradient(v) / np.cumsum(v)
np.gradient(v, edge_order=2) / np.histogram(v, 3)[0] / np.histogram(v, 3)[1]
np.bincount(v.astype(int)) / np.digitize(x, v) / np.searchsorted(v, x) / np.unique(v)
np.isin(x, v) / np.intersect1d(x, v)
np.trim_zeros(v - 4) / np.delete(v, 0) / np.insert(v, 0, 5) / np.partition(v, 0) / v[-1]
np.add.reduceat(v, [0]) / np.fft.fft(v) / np.convolve(v, x) / np.polyfit(v, v, 0)
np.stack([v, v]).max(0) / np.stack([v, v]).max(1) / np.stack([v, v]).argmax(1)
"""
WRITES = """
np.put(y, [0, 1, 2], v) / np.put(v, [0, 1], 9, mode='clip') / np.put(v, [0, 1], 9, mode='wrap')
np.put(v, [0], 9) / np.put(v, np.zeros(0, int), 9) / np.put(y, [4, 7], v, mode='wrap')
np.putmask(y, y > 1, v) / np.place(y, y > 1, v) / np.place(y, y > 9, v) / np.putmask(v, v > 0, y)
"""
PROGRAMS = [f"return {e.strip()}" for line in USES.split("\n") for e in line.split(" / ") if e] + [
    f"{e.strip()}; return y, v" for line in WRITES.split("\n") for e in line.split(" / ") if e
]
X = np.arange(5.0)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_arrays_that_turn_out_to_be_empty(program, mode):
    text = f"import numpy as np\ndef f(x, k):\n y = x.copy(); v = x[x > k]; {program}\n"
    f = function_of(text, f"empty {program}")
    run = compile(f, mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in (1.0, 9.0, 3.0):
            assert not differs(KINDS["calls"], f, (X, k), run), k
