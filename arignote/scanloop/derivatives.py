"""Installs the derivative rules of loops and branches; imported with the package."""

from . import flow, reverse_scan

__all__ = ["flow", "reverse_scan"]
