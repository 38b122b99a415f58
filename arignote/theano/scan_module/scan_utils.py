"""`theano.scan_module.scan_utils`"""

from ...tensor.cloning import clone as clone
from ...tensor.comparing import equal_computations as equal_computations
from ...tensor.comparing import map_variables as map_variables
from ...tensor.scanning import until as until
from ...tensor.updating import OrderedUpdates as OrderedUpdates

__all__ = ["OrderedUpdates", "clone", "equal_computations", "map_variables", "until"]
