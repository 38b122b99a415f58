"""What the machine is: cores, vector instructions, and the bandwidth of copying."""

import threading
import time
from pathlib import Path

import numpy as np

from .worker import undisturbed

_FEATURES = ("avx512f", "avx2", "avx", "fma", "sse4_2", "asimd", "sve")


def summary() -> str:
    """Cores and instruction sets in a line."""
    import os

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    words: set[str] = set()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.lower().startswith(("flags", "features")):
                words = set(line.split())
                break
    found = [name for name in _FEATURES if name in words]
    return f"{cores} cores, {', '.join(found) or 'unknown vector instructions'}"


def copy_bandwidth(threads: int, elements: int = 10**7, rounds: int = 9) -> float:
    """Bytes a second read and written together by np.copyto, the median of some rounds."""
    source, target = np.ones(elements), np.zeros(elements)
    parts = np.array_split(np.arange(elements), threads)
    windows = [slice(int(part[0]), int(part[-1]) + 1) for part in parts]
    rates = []
    for _ in range(rounds):
        workers = [
            threading.Thread(target=np.copyto, args=(target[w], source[w])) for w in windows[1:]
        ]
        with undisturbed():
            start = time.perf_counter()
            for worker in workers:
                worker.start()
            np.copyto(target[windows[0]], source[windows[0]])
            for worker in workers:
                worker.join()
            rates.append(2 * source.nbytes / (time.perf_counter() - start))
    return float(np.median(rates))
