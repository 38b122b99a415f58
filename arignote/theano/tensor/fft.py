"""`theano.tensor.fft`"""

from ...tensor.transforms import irfft as irfft
from ...tensor.transforms import rfft as rfft

__all__ = ["irfft", "rfft"]
