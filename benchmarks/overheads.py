"""What is measured of Arignote alone: importing, building, warm starts, calls, tracing."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .programs import PROGRAMS

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Number:
    """One line of the report."""

    what: str
    value: float
    unit: str
    goal: str = ""


def imports(rounds: int, environment: Mapping[str, str]) -> list[Number]:
    """Seconds that `import arignote` takes once NumPy is there, and the first use of compile."""
    script = (
        "import time, numpy; a = time.perf_counter(); import arignote; b = time.perf_counter();"
        "arignote.compile; c = time.perf_counter(); print([b - a, c - b])"
    )
    pairs = [_python(script, environment) for _ in range(rounds)]
    plain, use = (statistics.median(pair[k] for pair in pairs) for k in (0, 1))
    return [
        Number("import arignote, beyond numpy's own", plain, "s", "0.15 s"),
        Number("first use of arignote.compile", use, "s"),
    ]


def builds(environment: Mapping[str, str]) -> list[Number]:
    """First calls of every program, with an empty cache and then, in a new process, a full one."""
    cold = _python(_FIRST_CALLS, environment)
    warm = _python(_FIRST_CALLS, environment)
    return [
        Number(f"first call, empty cache, median of {len(cold)}", statistics.median(cold), "s",
               "0.5 s"),
        Number("the slowest of them", max(cold), "s"),
        Number("first call, full cache, new process, median", 1e3 * statistics.median(warm), "ms",
               "5 ms"),
    ]  # fmt: skip


_FIRST_CALLS = """
import sys, time
sys.path.insert(0, {here!r})
import numpy as np
from programs import PROGRAMS
from arignote.api import compile
def warm_up(x):
    return x - 1.0
compile(warm_up)(np.ones(3))
seconds = []
for program in PROGRAMS:
    arguments = program.arguments(np.random.default_rng(0), 1000, "float64")
    start = time.perf_counter()
    compile(program.function)(*arguments)
    seconds.append(time.perf_counter() - start)
print(seconds)
""".replace("{here!r}", repr(str(_HERE)))


def fresh(environment: Mapping[str, str]) -> list[Number]:
    """First calls of some programs, each in a new process with an empty cache; the interpreter has
    compiled the package's files before, as an installation does."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="overheads-") as folder:
        bytecode = {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
        flags = environment.get("ARIGNOTE_FLAGS", "")
        for k in (0, *range(0, len(PROGRAMS), 3)):
            own = ",".join(filter(None, (flags, f"cache_dir={folder}/{len(seconds)}")))
            given = {**environment, **bytecode, "ARIGNOTE_FLAGS": own}
            seconds.append(_python(_ONE_CALL.replace("{number}", str(k)), given))
    return [
        Number("first call, empty cache, new process, median", statistics.median(seconds[1:]), "s",
               "0.6 s"),
    ]  # fmt: skip


_ONE_CALL = """
import sys, time
sys.path.insert(0, {here!r})
import numpy as np
from programs import PROGRAMS
import arignote.api
program = PROGRAMS[{number}]
arguments = program.arguments(np.random.default_rng(0), 1000, "float64")
start = time.perf_counter()
arignote.api.compile(program.function)(*arguments)
print(time.perf_counter() - start)
""".replace("{here!r}", repr(str(_HERE)))


def calls(rounds: int, environment: Mapping[str, str]) -> list[Number]:
    """x + y on 8 elements, compiled and np.add, in turns in one process."""
    ours, numpy = _python(_CALLS.replace("{rounds}", str(rounds)), environment)
    return [
        Number("x + y on 8 elements", 1e9 * ours, "ns"),
        Number("np.add on the same arrays", 1e9 * numpy, "ns"),
        Number("ratio", ours / numpy, "", "0.6"),
    ]


_CALLS = """
import statistics, timeit
import sys
sys.path.insert(0, {here!r})
import numpy as np
from programs import add
from arignote.api import compile
f, x, y = compile(add), np.arange(8.0), np.ones(8)
f(x, y)
ours, theirs = [], []
for _ in range(5 * {rounds}):
    ours.append(timeit.timeit("f(x, y)", globals=dict(f=f, x=x, y=y), number=20000) / 20000)
    theirs.append(timeit.timeit("f(x, y)", globals=dict(f=np.add, x=x, y=y), number=20000) / 20000)
print([statistics.median(ours), statistics.median(theirs)])
""".replace("{here!r}", repr(str(_HERE)))


def tracing(lengths: Sequence[int], environment: Mapping[str, str]) -> list[Number]:
    """Microseconds of processor time a node that tracing and rewriting take, for straight-line
    code."""
    out = []
    for length in lengths:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "chain.py"  # in a file: its text is converted, as a user's is
            script.write_text(_TRACING.replace("{length}", str(length)))
            run = f"import runpy; runpy.run_path({str(script)!r})"
            nodes, trace, rewrite = _python(run, environment)
        out.append(Number(f"tracing {nodes:,.0f} nodes", 1e6 * trace / nodes, "µs a node"))
        out.append(Number(f"rewriting {nodes:,.0f} nodes", 1e6 * rewrite / nodes, "µs a node"))
        both = 1e6 * (trace + rewrite) / nodes
        out.append(Number(f"both, {nodes:,.0f} nodes", both, "µs a node", "50 µs"))
    return out


_TRACING = """
import functools, time
import numpy as np
from arignote.api import compile
from arignote.optimize.pipeline import optimize
steps = [np.sin, np.cos, np.tanh, np.sqrt]
def chain(count):
    def f(x, y):
        return functools.reduce(lambda v, k: steps[k % 4](v) * y + x, range(count), x)
    return compile(f)
f, x, y = chain({length} // 3), np.ones(5), np.ones(5)
optimize(chain(10).graph(x, y))  # imports, tables
start = time.process_time()
trace = f.trace_of(x, y)
traced = time.process_time()
optimize(trace.graph)
print([len(trace.graph.order), traced - start, time.process_time() - traced])
"""


def _python(script: str, environment: Mapping[str, str]) -> Any:
    """The number or list that a script prints, run by this Python in a new process."""
    env = {**os.environ, "PYTHONPATH": str(_HERE.parent), **environment}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


MEASURES: dict[str, Callable[..., list[Number]]] = {
    "import": lambda rounds, quick, env: imports(rounds, env),
    "build": lambda rounds, quick, env: [*builds(env), *fresh(env)],
    "call": lambda rounds, quick, env: calls(rounds, env),
    "tracing": lambda rounds, quick, env: tracing(
        (1000, 10_000) if quick else (1000, 10_000, 100_000), env
    ),
}
