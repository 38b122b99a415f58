"""Every exception class of Arignote.  Imports nothing from arignote.

Each class is also the builtin exception that NumPy or Python would raise in the same place, so code
written for plain NumPy keeps catching what it caught.
"""

import warnings


class ArignoteError(Exception):
    """Root of every error raised on purpose."""


class ShapeError(ArignoteError, ValueError):
    """Operand shapes do not fit an op's shape rule."""


class DTypeError(ArignoteError, TypeError):
    """A dtype is not supported, or two dtypes do not go together."""


class TraceError(ArignoteError, TypeError):
    """A function cannot be captured as it stands; the message names its line and what to do."""


class UnsupportedError(ArignoteError, NotImplementedError):
    """A NumPy function, an option of one or a Python construct that Arignote does not know."""


class VerifyError(ArignoteError, AssertionError):
    """A graph or program broke an invariant: a bug in Arignote, never in the user's code."""


class DebugError(ArignoteError, AssertionError):
    """DEBUG_MODE found a difference from NumPy; `report` says where and what is to blame."""

    report: object = None


class NanGuardError(ArignoteError, FloatingPointError, AssertionError):
    """NanGuardMode met a nan, an infinity or a number that is too big.

    Old programs catch an AssertionError.
    """


class DeviceError(ArignoteError, RuntimeError):
    """A device is missing, refuses a program or has failed; the message says what mends it."""


class EmulationError(DeviceError):
    """The emulation of CUDA saw a fault in a kernel, or a launch that a GPU would refuse."""


class BuildError(ArignoteError, RuntimeError):
    """Emitted code did not build; the message has the command, its output and the kept text."""


class CompilerMissingError(BuildError):
    """There is no working C compiler, or Python's C headers are missing."""


class ConfigError(ArignoteError, ValueError):
    """A flag was given a value it cannot take; the message says where the value came from."""


class UnknownFlagError(ConfigError, AttributeError):
    """There is no flag of this name; the message has the nearest one."""


class CacheError(ArignoteError, OSError):
    """A cache folder cannot be used or is not private to this user."""


class ArignoteWarning(UserWarning):
    """Something works, but not as well as it could; the message names the remedy."""


_warned: set[str] = set()


def warn_once(subject: str, text: str) -> None:
    """Issue an ArignoteWarning, at most once in a process for each subject."""
    if subject not in _warned:
        _warned.add(subject)
        warnings.warn(text, ArignoteWarning, stacklevel=3)
