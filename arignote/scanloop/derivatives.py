"""Installs the derivative rules of loops and branches; imported with the package."""

from . import flow, reverse_cond, reverse_scan

__all__ = ["flow", "reverse_cond", "reverse_scan"]
