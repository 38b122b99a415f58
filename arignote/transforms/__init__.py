"""Functions from functions: gradients, tangents, Jacobians, batches; usable inside compiled
functions and on each other.

A transformation runs while a function is traced: it traces the function it was given on values that
are variables of their own (`grad_point`), takes derivatives as graph nodes, and returns those.  So
a derivative is a graph like any other, and derivatives of derivatives need nothing more.
"""
