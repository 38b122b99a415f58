"""`theano.scan_module`"""

from ...tensor.scanning import foldl, foldr, map, reduce, scan, scan_checkpoints, until
from . import scan_utils

__all__ = ["foldl", "foldr", "map", "reduce", "scan", "scan_checkpoints", "scan_utils", "until"]
