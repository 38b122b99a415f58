"""A program for a process of its own, with faults that can be asked for by name."""

import time

import numpy as np

X = np.arange(6.0)
#: Seconds after which a child counts as hung.
LIMIT_S = 120

def counted(a, n):
    """Some seconds for n of 10**7, and a[0] tells how far it came."""
    s = 0.0
    for i in range(n):
        a[0] = i
        for j in range(1, len(a)):
            a[j] = a[j] * 0.5 + a[j - 1] + i
        s += a[-1]
    return s


def shared_rows(m):
    """Rows that threads may share."""
    out = np.zeros(m.shape[0])
    for i in range(m.shape[0]):
        s = 0.0
        for j in range(m.shape[1]):
            s += np.sin(m[i, j]) * np.exp(-m[i, j])
        out[i] = s
    return out


PROGRAM = """
import os, signal, sys
import numpy as np
import arignote as ag
import arignote.emit.cache as cache
import arignote.emit.cython.build as build
import arignote.emit.warm as warm

warm.package_fingerprint = lambda: "the same"

@ag.compile
def f(x):
    return (x * 3 - 1)[::-1] + x.sum()

{fault}

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if len(sys.argv) > 1:
    FAULTS[sys.argv[1]]()
x = np.arange(6.0)
np.testing.assert_array_equal(f(x), (x * 3 - 1)[::-1] + x.sum())
print("right", len(f.traces))
"""
FAULTS = """
def before_translation():
    build._compile = die

def after_compiling():
    real = build._compile
    build._compile = lambda *a: (real(*a), die())

def while_writing():
    real = cache._write_flushed
    def half(path, data):
        if path.name == "module.so":
            path.write_bytes(data[: len(data) // 2])
            die()
        real(path, data)
    cache._write_flushed = half

def before_the_checksums():
    real = cache._write_flushed
    cache._write_flushed = lambda path, data: (
        die() if path.name == "checksums.json" and (path.parent / "module.so").exists()
        else real(path, data))

def before_publishing():
    real = cache.Cache._publish
    cache.Cache._publish = lambda self, staged, folder, key: (
        die() if (staged / "module.so").exists() else real(self, staged, folder, key))

def after_publishing():
    build.load = die

def before_the_plan_is_kept():
    warm.remember = die

def after_the_plan_is_kept():
    real = warm.remember
    warm.remember = lambda *a: (real(*a), die())

FAULTS = {name: value for name, value in globals().items() if callable(value)}
"""
POINTS = [line[4:-3] for line in FAULTS.splitlines() if line.startswith("def ")]


def ended_well(children, seconds=LIMIT_S):
    deadline = time.monotonic() + seconds
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
    hung = [child for child in children if child.exitcode is None]
    for child in hung:
        child.kill()
    return not hung and [child.exitcode for child in children] == [0] * len(children)
