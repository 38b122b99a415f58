"""What schedules need to know of a GPU.  `TINY` is for the emulation: few and small blocks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceInfo:
    """sms: multiprocessors.  threads: of a block.  blocks_per_sm: that a grid-stride kernel starts.
    shared_bytes: shared memory that a block may declare.  arch: for NVRTC.
    warp_row: steps with inner loops of at most this length are taken by warps, others by blocks."""

    name: str
    sms: int
    threads: int
    blocks_per_sm: int
    shared_bytes: int
    arch: str
    warp_row: int = 1024


H100 = DeviceInfo("NVIDIA H100", 132, 256, 8, 48 * 1024, "sm_90")
TINY = DeviceInfo("emulation", 4, 64, 1, 16 * 1024, "sm_90", warp_row=4)
