"""Gradients beside JAX, PyTorch and HIPS autograd: `python -m benchmarks.gradients`.

The same objective in two forms: as one writes it in NumPy, with loops and writes (`plain`), and
without writes, over the loop constructs of a library (`functional`).
"""
