"""`theano.tensor.sharedvar`"""

from ...tensor.sharing import ScalarSharedVariable as ScalarSharedVariable
from ...tensor.sharing import SharedVariable as SharedVariable
from ...tensor.sharing import TensorSharedVariable as TensorSharedVariable
from ...tensor.sharing import shared as shared

__all__ = ["ScalarSharedVariable", "SharedVariable", "TensorSharedVariable", "shared"]
