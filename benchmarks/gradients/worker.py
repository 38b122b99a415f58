"""The process of one side, as in `benchmarks/worker.py`: a request a line, an answer a line.

{"problem": "heat", "n": 1000}   ->  {"first": s, "value": v, "slopes": [a projection each]}
{"go": true}                     ->  {"seconds": of one gradient}
{"memory": true}                 ->  {"bytes": by which one gradient raised the peak}
"""

import ctypes
import gc
import json
import os
import sys
import time
from typing import Any


def main(side: str, threads: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not look like an answer

    from problems import BY_NAME
    from sides import SIDES

    call: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, object]
        try:
            if "problem" in request:
                call = None
                call, answer = _prepared(SIDES[side], BY_NAME[request["problem"]], request, threads)
            elif call is None:
                answer = {"error": "not prepared"}
            elif "memory" in request:
                answer = {"bytes": _peak(call)}
            else:
                start = time.perf_counter()
                call()
                answer = {"seconds": time.perf_counter() - start}
        except Exception as error:  # reported, and the next request goes on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _prepared(side: Any, problem: Any, request: Any, threads: int) -> tuple[Any, dict[str, Any]]:
    """The call, made once, and what it gave: the gradient as its products with fixed vectors."""
    import numpy as np

    arguments = problem.arguments(np.random.default_rng(0), request["n"])
    start = time.perf_counter()
    call = side(problem, arguments, threads)
    value, slopes = call()
    first = time.perf_counter() - start
    random = np.random.default_rng(1)
    products = [float(np.sum(np.asarray(g) * random.normal(size=np.shape(g)))) for g in slopes]
    sizes = [float(np.linalg.norm(np.asarray(g))) for g in slopes]
    return call, {"first": first, "value": float(value), "slopes": products, "sizes": sizes}


def _peak(call: Any) -> int:
    """By how much a call raises the most memory that the process had (Linux only, else 0)."""
    gc.collect()
    ours = sys.modules.get("arignote")
    if ours is not None:
        ours.config.scratch = 0  # what is kept between calls counts too
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak starts anew
    except OSError:
        return 0
    before = _status("VmRSS")
    call()
    return max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return 1024 * int(line.split()[1])
    return 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
