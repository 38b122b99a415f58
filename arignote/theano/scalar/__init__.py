"""`theano.scalar`"""

# ruff: noqa: F403
from . import basic as basic
from .basic import *
