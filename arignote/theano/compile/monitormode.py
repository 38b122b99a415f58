"""`theano.compile.monitormode`"""

from ...tensor.monitoring import MonitorMode as MonitorMode
from ...tensor.monitoring import detect_nan as detect_nan

__all__ = ["MonitorMode", "detect_nan"]
