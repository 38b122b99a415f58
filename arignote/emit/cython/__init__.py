"""The CPU back end: a program printed as Cython and built into an extension module."""
