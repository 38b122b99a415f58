"""CUDA: a Program becomes one .cu text and a plan of what the host does with it.

Nothing here imports CuPy or needs a GPU, except `runtime/` when a CUDA device is opened.
"""

from .device import H100, TINY, DeviceInfo
from .plan import CudaModule, CudaPlan
from .printer import emit, prepare

__all__ = ["H100", "TINY", "CudaModule", "CudaPlan", "DeviceInfo", "emit", "prepare"]
