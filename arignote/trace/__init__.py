"""Tracing: from a plain Python function and example arguments to a Graph."""
