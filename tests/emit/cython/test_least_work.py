"""From how much work on threads share a nest: more where it writes what was written before."""

import re

import numpy as np

import arignote as ag
from arignote.config import config
from arignote.emit.cython.parallel import AGAIN


def least(f, *arguments):
    with config(parallel_min_us=7.0):
        text = ag.compile(f).source(*arguments)
    return {float(x) / 1e4 for x in re.findall(r"an_parts\(.*, ([\d.]+)\)", text)}


def fresh(x):
    return np.exp(x) * 2


def in_place(x):
    x *= 2


def in_steps(x):
    y = x.copy()
    for _ in range(5):
        y[1:-1] = (y[2:] + y[:-2]) * 0.5
    return y


def test_results_are_shared_sooner_than_what_is_written_again():
    x = np.ones(50)
    assert least(fresh, x) == {7.0}
    assert least(in_place, x) == {7.0 * AGAIN}
    assert 7.0 * AGAIN in least(in_steps, x)
