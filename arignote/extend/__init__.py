"""What users add: ops from Python, with C, with CUDA; rewrites; functions as ops."""

from .composite import OpFromGraph
from .declare import as_op, op
from .rewrites import remove_rule, rule

__all__ = ["OpFromGraph", "as_op", "op", "remove_rule", "rule"]
