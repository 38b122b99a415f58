"""CUDA source on the CPU: the text that a GPU gets, compiled by a C++ compiler and run as fibers.

`build.py` makes a module of a text, `launch.py` loads it and starts its kernels, `child.py` does so
in a process under a sanitizer.  What it finds and what it cannot find: docs/cuda.md.
"""

from .build import FLAVOURS, build
from .launch import EmulatedModule

__all__ = ["FLAVOURS", "EmulatedModule", "build"]
