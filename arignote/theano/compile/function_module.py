"""`theano.compile.function_module`"""

from ...tensor.functions import Function as Function
from ...tensor.functions import UnusedInputError as UnusedInputError

__all__ = ["Function", "UnusedInputError"]
