"""`theano.scan_module.scan_utils`"""

from ...tensor.cloning import clone as clone
from ...tensor.scanning import until as until
from ...tensor.updating import OrderedUpdates as OrderedUpdates

__all__ = ["OrderedUpdates", "clone", "until"]
