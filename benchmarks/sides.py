"""How each side makes a callable of a program.  Imported by worker processes only.

`ready(program, dtype, threads, arguments)` of a side gives a function without arguments that
computes once and has finished when it returns.
"""

import atexit
import builtins
import functools
import importlib
import inspect
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from programs import Program

Ready = Callable[[], Any]


def numpy(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    return lambda: program.function(*arguments)


def arignote(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    compiled = _arignote(program)
    return lambda: compiled(*arguments)


@functools.cache
def _arignote(program: Program) -> Any:
    from arignote.api import compile

    return compile(program.function)


def numexpr(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    import numexpr as ne

    if not program.numexpr:
        raise NotImplementedError("no such expression in numexpr")
    ne.set_num_threads(threads)
    names = inspect.signature(program.function).parameters
    values = dict(zip(names, arguments))
    return lambda: ne.evaluate(program.numexpr, values, truediv=True)


def numba(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    compiled = _numba(program, threads)
    return lambda: compiled(*arguments)


@functools.cache
def _numba(program: Program, threads: int) -> Any:
    import numba as library

    library.set_num_threads(threads)
    return library.njit(parallel=threads > 1)(program.function)


def jax(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    import jax as library

    library.config.update("jax_platforms", "cpu")
    import jax.numpy as jnp

    library.config.update("jax_enable_x64", dtype == "float64")

    f = program.function
    compiled = library.jit(types.FunctionType(f.__code__, _globals(jnp), f.__name__))
    given = [jnp.asarray(x) for x in arguments]
    return lambda: compiled(*given).block_until_ready()


def torch(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    import torch as library

    library.set_num_threads(threads)
    f = program.function
    names = types.SimpleNamespace(
        **{k: getattr(library, k) for k in ("tanh", "log1p", "exp", "sin", "abs", "log", "sqrt")},
        sum=library.sum, mean=library.mean, max=library.amax,
    )  # fmt: skip
    compiled = library.compile(types.FunctionType(f.__code__, _globals(names), f.__name__))
    given = [library.from_numpy(x) for x in arguments]
    return lambda: compiled(*given)


def _globals(library: Any) -> dict[str, Any]:
    return {"np": library, "__builtins__": builtins}


def pythran(program: Program, dtype: str, threads: int, arguments: tuple[Any, ...]) -> Ready:
    kinds = ", ".join(f"{dtype}[{','.join(':' * x.ndim)}]" for x in arguments)
    compiled = _pythran(program, f"{program.function.__name__}({kinds})", threads)
    return lambda: compiled(*arguments)


@functools.cache
def _pythran(program: Program, export: str, threads: int) -> Any:
    f = program.function
    text = f"# pythran export {export}\nimport numpy as np\n{inspect.getsource(f)}"
    folder = tempfile.mkdtemp(prefix="benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"{f.__name__}_{'double' if 'float64' in export else 'single'}"
    with open(os.path.join(folder, f"{name}.py"), "w") as file:
        file.write(text)
    flags = ["-O3", "-march=native", "-DUSE_XSIMD", *(["-fopenmp"] if threads > 1 else [])]
    built = f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    command = [sys.executable, "-m", "pythran.run", *flags, f"{name}.py", "-o", built]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, folder)
    try:
        return getattr(importlib.import_module(name), f.__name__)
    finally:
        sys.path.remove(folder)


def checksum(value: Any) -> list[float]:
    """A few numbers by which a result is compared with NumPy's."""
    x = np.asarray(value, dtype=np.float64).ravel()
    return [float(x.size), float(np.mean(x)), float(x[0]), float(x[-1])] if x.size else [0.0]


SIDES = {f.__name__: f for f in (numpy, arignote, numexpr, numba, jax, torch, pythran)}
