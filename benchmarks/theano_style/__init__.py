"""Theano's style beside PyTensor and JAX's scan: `python -m benchmarks.theano_style`."""
