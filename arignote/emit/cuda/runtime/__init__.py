"""Running CUDA programs: the plan's host part, memory, launches and libraries of a device."""

from .call import DeviceProgram
from .emulated import EmulatedMachine

__all__ = ["DeviceProgram", "EmulatedMachine"]
