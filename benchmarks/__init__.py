"""Measurements of Arignote beside NumPy and other compilers: `python -m benchmarks --help`.

Every side runs in a process of its own, under its own Python, and the sides are measured in turns,
so that a busy machine is busy for all of them.
"""
