"""Installs the derivative rules of loops and branches; imported with the package."""

from . import flow, forward_bodies, reverse_cond, reverse_scan

__all__ = ["flow", "forward_bodies", "reverse_cond", "reverse_scan"]
