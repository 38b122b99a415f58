"""CUDA graphs: several launches of a call as one, where its addresses come again.

A program that is called over and over gets the same blocks from the pool, so its words repeat
(launches.py).  Words seen a second time are captured on a stream of their own and started as a
graph from then on; others are launched one by one, so nothing is ever patched.  Products of cuBLAS
are captured with the kernels: the workspace they were captured with is among the words.  Whatever
the driver refuses ends the attempt for good.
"""

from __future__ import annotations

import ctypes
import threading
from collections import OrderedDict
from typing import Any

from ....config import config
from .driver import NON_BLOCKING, NOT_READY_CONTEXT, RELAXED
from .launches import Libraries

_WORTH = 4  # launches; below, a graph's own start costs as much
_GRAPHS, _SEEN = 8, 64


class Graphs:
    """The graphs of one kind of call.  launcher: starts its steps.  count: how many they are."""

    def __init__(self, launcher: Any, count: int, libraries: Libraries) -> None:
        self._launcher, self._libraries = launcher, libraries
        self._driver = libraries.driver
        self.wanted = count >= _WORTH
        self.made: dict[tuple[int, ...], int] = {}
        self._seen: OrderedDict[tuple[int, ...], None] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, words: list[int], stream: int, handle: int = 0) -> int:
        """Start the call; 0, or (1 + step) << 32 | the library's error.  handle: of cuBLAS."""
        if not self.wanted or not config.cuda_graphs:
            return int(self._launcher.run(words, stream, 0, handle))
        key = tuple(words)
        graph = self.made.get(key)
        if graph is None and self._again(key):
            graph = self._captured(key, words, stream, handle)
        if graph is not None:
            code = self._driver.cuGraphLaunch(graph, stream)
            if code == 0:
                return 0
            self.wanted = code in NOT_READY_CONTEXT  # the launcher's caller sees to that
        return int(self._launcher.run(words, stream, 0, handle))

    def _again(self, key: tuple[int, ...]) -> bool:
        """Were these words seen before?"""
        with self._lock:
            if key in self._seen:
                return True
            self._seen[key] = None
            if len(self._seen) > _SEEN:
                self._seen.popitem(last=False)
            return False

    def _captured(
        self, key: tuple[int, ...], words: list[int], stream: int, handle: int
    ) -> int | None:
        """Graphs that run may not be destroyed: the few there are stay."""
        with self._lock:
            if not self.wanted or len(self.made) >= _GRAPHS:
                return self.made.get(key)
            code, made = captured(self._driver, self._launcher, words, handle)
            if self._libraries.cublas is not None:  # away from the stream that is no more
                self._libraries.cublas.cublasSetStream_v2(handle, stream)
            if made:
                self.made[key] = made
                return made
            self.wanted = code in NOT_READY_CONTEXT
            return None


def captured(
    driver: Any, launcher: Any, words: list[int], handle: int = 0
) -> tuple[int, int]:
    """(the driver's error, the steps of a call as an executable graph, 0 where it refuses)."""
    stream, graph, made = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    code = driver.cuStreamCreate(ctypes.byref(stream), NON_BLOCKING)
    if code:
        return code, 0
    try:
        code = driver.cuStreamBeginCapture_v2(stream, RELAXED)
        if code:
            return code, 0
        refused = launcher.run(words, stream.value, 0, handle)
        ended = driver.cuStreamEndCapture(stream, ctypes.byref(graph))
        if refused or ended or not graph.value:
            return (refused & 0xFFFFFFFF) or ended or -1, 0
        code = driver.cuGraphInstantiateWithFlags(ctypes.byref(made), graph, 0)
        return code, 0 if code else made.value or 0
    finally:
        if graph.value:
            driver.cuGraphDestroy(graph)
        driver.cuStreamDestroy_v2(stream)
