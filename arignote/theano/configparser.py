"""`theano.configparser`"""

from .settings import change_flags as change_flags

__all__ = ["change_flags"]
