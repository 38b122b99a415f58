"""The nodes with bodies: loops (`scan`) and branches (`cond`), and how gradients go through them.

Importing the package installs their derivative rules.
"""

from . import derivatives

__all__ = ["derivatives"]
