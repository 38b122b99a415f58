"""`python -m tests.emit.cuda.gpu`: everything that is tried on a GPU, within nine minutes.

Groups of jobs run in processes of their own, some at once.  A process that crashes, hangs or loses
the GPU costs the job that did it; another goes on after that one.  Rows are written to a JSON file
as they come, a table of what is wrong is printed last.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from arignote.emit.cuda.emulate.build import preload
from arignote.emit.cuda.emulate.child import OPTIONS, telling

HERE = Path(__file__).resolve().parent
GROUPS = (
    "device libraries straight straight_calls straight_dtypes straight_functions straight_indexing "
    "straight_views loops_discrete loops_numeric loops_state loops_traps"
).split()
QUIET_S = 75  # without a line, a process is taken for hung
MOST_STARTS = 40  # of one group


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.emit.cuda.gpu", description=__doc__)
    parser.add_argument("--group", action="append", choices=GROUPS, help="this one; repeatable")
    parser.add_argument("--job", action="append", default=[], help="part of a name; repeatable")
    parser.add_argument("--seconds", type=float, default=500, help="for all together")
    parser.add_argument("--at-once", type=int, default=max(2, min(6, (os.cpu_count() or 2) // 2)))
    parser.add_argument("--out", type=Path, default=Path("cuda-tests.json"), help="the JSON file")
    parser.add_argument("--stand-in", action="store_true", help="without a GPU, to try this out")
    parser.add_argument(
        "--sanitize", choices=["address", "thread"],
        help="without a GPU: the corpus in the emulation under a sanitizer",
    )  # fmt: skip
    given = parser.parse_args()
    end = time.monotonic() + given.seconds
    console = Console(highlight=False, soft_wrap=True)
    rows, more = [], ["--stand-in"] * given.stand_in
    for part in given.job:
        more += ["--job", part]
    groups = given.group or (GROUPS[2:] if given.sanitize else GROUPS)
    if given.sanitize:
        more += ["--sanitize", given.sanitize]
        os.environ.update(surroundings(given.sanitize))
    with ThreadPoolExecutor(given.at_once) as pool:
        work = {g: pool.submit(rows_of, g, end, more) for g in groups}
        for group, future in work.items():
            try:
                rows += future.result()
            except Exception as error:  # of this program: the other groups still count
                rows.append({"group": group, "job": "(all)", "error": f"{error}"})
            given.out.write_text(json.dumps(rows, indent=1))
            console.print(summary(group, rows))
    console.print(table(rows))
    return 1 if any(r["error"] for r in rows) else 0


def surroundings(flavour):
    """Variables of a worker under a sanitizer: the first report ends it, in the job that did it."""
    thread = OPTIONS["TSAN_OPTIONS"].replace("exitcode=0", "exitcode=66:halt_on_error=1")
    return {**OPTIONS, "TSAN_OPTIONS": thread, "LD_PRELOAD": preload(flavour)}


def rows_of(group, end, more=()):
    """A row a job: group, job, seconds, error ("" where it is right), skipped, told."""
    with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        file, found = Path(folder, "rows"), ""
        for _ in range(MOST_STARTS):
            said = process(group, file, end, more)
            rows = read(file)
            open_jobs = [r["job"] for r in rows if "error" not in r]
            done = {r["job"] for r in rows if "error" in r}
            lost = [j for j in open_jobs if j not in done]
            for name in lost:
                with file.open("a") as out:
                    out.write(json.dumps({"group": group, "job": name, "error": said}) + "\n")
            if not said:
                break
            if not rows:
                found = said  # it does not even begin
                break
            if time.monotonic() > end:
                found = "stopped: no time is left"
                break
        rows = [r for r in read(file) if "error" in r]
    return rows + ([{"group": group, "job": "(the rest)", "error": found}] if found else [])


def process(group, file, end, more):
    """Run a worker; "" where it came to its end, else what became of it."""
    words = [sys.executable, str(HERE / "worker.py"), group, str(file), *more]
    log = file.with_name("log")
    with log.open("w") as out:
        worker = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)
    said = ""
    while worker.poll() is None:
        time.sleep(0.2)
        last = file.stat().st_mtime if file.exists() else os.stat(log).st_ctime
        if time.time() - last > QUIET_S:
            said = f"hung: nothing for {QUIET_S} s"
        elif time.monotonic() > end:
            said = "stopped: no time is left"
        if said:
            worker.kill()
            worker.wait()
            return said
    if worker.returncode == 0:
        return ""
    if worker.returncode == 3:
        return "the GPU was lost"
    text = log.read_text(errors="replace")
    told = telling(text).splitlines()[:6] or text.strip().splitlines()[-3:]
    return f"the process ended with {worker.returncode}: {' | '.join(told)}"[:900]


def read(file):
    rows = []
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue  # half a line of a process that was killed
    return rows


def summary(group, rows):
    own = [r for r in rows if r["group"] == group]
    wrong, away = (sum(bool(r.get(k)) for r in own) for k in ("error", "skipped"))
    seconds = sum(r.get("seconds", 0) for r in own)
    return f"{group}: {len(own)} jobs, {wrong} wrong, {away} not here, {seconds:.0f} s"


def table(rows):
    """What is wrong, and a line of sums."""
    wrong = [r for r in rows if r["error"]]
    title = f"{len(rows)} jobs on a GPU: {len(rows) - len(wrong)} right, {len(wrong)} wrong"
    made = Table(title=title)
    for heading in ("group", "job", "what is wrong"):
        made.add_column(heading)
    for r in wrong:
        made.add_row(r["group"], r["job"], r["error"])
    for told in sorted({t for r in rows for t in r.get("told", ())}):
        made.add_row("", "(said)", told)
    return made


if __name__ == "__main__":
    sys.exit(main())
