"""One group of jobs in a process of its own: `python worker.py GROUP FILE`.

A line of JSON is written before and after each job, so that whoever started this knows which job a
crash or a hang belongs to; jobs that have a line are not run again.  Kernels fail late: each job
ends with a wait for the GPU.  A process whose GPU is lost ends with status 3.
"""

import json
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[3]), str(HERE.parents[1]), str(HERE.parent), str(HERE)]

GPU_IS_LOST = 3


def main(group, file, stand_in, only, sanitizer):
    if stand_in:
        import fake_cupy
        import pytest

        fake_cupy.install(pytest.MonkeyPatch())
    import jobs

    begun = jobs_of(file)
    for name, job in jobs.sanitized(group, sanitizer) if sanitizer else jobs.jobs(group):
        if name in begun or not any(part in name for part in only or [name]):
            continue
        written(file, group=group, job=name)
        started, error, skipped = time.perf_counter(), "", ""
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            try:
                job()
                if not sanitizer:
                    wait()
            except jobs.NotHere as reason:
                skipped = str(reason)
            except Exception as wrong:
                words = str(wrong).strip().splitlines()
                error = f"{type(wrong).__name__}: {' | '.join(words[:6])}"[:900]
        told = sorted({str(w.message)[:200] for w in seen if "Arignote" in w.category.__name__})
        seconds = time.perf_counter() - started
        row = {"seconds": seconds, "error": error, "skipped": skipped, "told": told}
        written(file, group=group, job=name, **row)
        if error and not sanitizer and not alive():
            sys.exit(GPU_IS_LOST)


def jobs_of(file):
    """The jobs of the file's lines; half a line is what a process that was killed has left."""
    found = set()
    for line in Path(file).read_text().splitlines() if Path(file).exists() else ():
        try:
            found.add(json.loads(line)["job"])
        except ValueError:
            continue
    return found


def written(file, **row):
    with open(file, "a") as out:
        out.write(json.dumps(row) + "\n")


def wait():
    import cupy

    cupy.cuda.Device().synchronize()


def alive():
    try:
        wait()
        import cupy

        return float(cupy.asnumpy(cupy.asarray([1.0]))[0]) == 1.0
    except Exception:
        return False


if __name__ == "__main__":
    words = sys.argv[3:]
    parts = [after for word, after in zip(words, words[1:]) if word == "--job"]
    sanitizers = [after for word, after in zip(words, words[1:]) if word == "--sanitize"]
    main(sys.argv[1], sys.argv[2], "--stand-in" in words, parts, "".join(sanitizers))
