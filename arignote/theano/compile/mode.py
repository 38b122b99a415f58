"""`theano.compile.mode`"""

from ...tensor.databases import optdb as optdb
from ...tensor.modes import Mode as Mode
from ...tensor.modes import get_default_mode as get_default_mode
from ...tensor.modes import get_mode as get_mode
from ...tensor.modes import register_mode as register_mode

__all__ = ["Mode", "get_default_mode", "get_mode", "optdb", "register_mode"]
