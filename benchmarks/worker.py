"""The process of one side: reads a request a line from its input, answers a line on its output.

    {"program": "gated", "n": 1000, "dtype": "float64"}   ->  {"first": seconds, "checksum": [...]}
    {"go": true}                                          ->  {"seconds": of one call}

Started as a script, `worker.py SIDE THREADS`, by the Python that has the side installed; pins
itself to as many cores as it has threads before anything else is imported.
"""

import contextlib
import json
import os
import sys
import time

_BATCH_S = 0.004  # one answer times calls for about as long


def main(side: str, threads: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not look like an answer

    import numpy as np
    from programs import BY_NAME
    from sides import SIDES, checksum

    call, calls = None, 1
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, object]
        try:
            if "program" in request:
                call = None
                program = BY_NAME[request["program"]]
                random = np.random.default_rng(0)
                arguments = program.arguments(random, request["n"], request["dtype"])
                start = time.perf_counter()
                call = SIDES[side](program, request["dtype"], threads, arguments)
                result = call()
                first = time.perf_counter() - start
                result = arguments[0] if result is None else result
                with undisturbed():
                    calls = _calls(call)
                answer = {"first": first, "checksum": checksum(result)}
            elif call is None:
                answer = {"error": "not prepared"}
            else:
                with undisturbed():
                    call()
                    start = time.perf_counter()
                    for _ in range(calls):
                        call()
                    answer = {"seconds": (time.perf_counter() - start) / calls}
        except Exception as error:  # reported, and the next request goes on
            call = None
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


@contextlib.contextmanager
def undisturbed():  # type: ignore[no-untyped-def]
    """With BENCHMARK_REALTIME set: all threads of this process go before those of others."""
    if not os.environ.get("BENCHMARK_REALTIME"):
        yield
        return
    _policy(os.SCHED_FIFO, 1)
    try:
        yield
    finally:
        _policy(os.SCHED_OTHER, 0)


def _policy(policy, priority):  # type: ignore[no-untyped-def]
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setscheduler(int(thread), policy, os.sched_param(priority))


def _calls(call):  # type: ignore[no-untyped-def]
    """How many calls fill a batch."""
    count = 1
    while True:
        start = time.perf_counter()
        for _ in range(count):
            call()
        spent = time.perf_counter() - start
        if spent > _BATCH_S / 4 or count > 100_000:
            return max(1, round(count * _BATCH_S / spent))
        count *= 4


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
