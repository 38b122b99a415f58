"""`arignote explain FILE FUNCTION ARGUMENTS`: what a function in a file becomes for a call.

    arignote explain model.py step "np.zeros((64, 10)), np.ones(300), 0.5"
    arignote explain model.py step "np.zeros(9)" --show source

The file is run as a module, not as a program; the arguments are an expression with `np` and
everything that the file defines.  The function itself is traced and compiled, but not run.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from typing import Any

import numpy as np
from rich.console import Console

from arignote.api import Compiled, compile
from arignote.debug.printing import debugprint
from arignote.errors import ArignoteError

STAGES = ("table", "graph", "tree", "program", "source")


def main(arguments: list[str]) -> int:
    """Prints one stage; 1 when the function cannot be compiled, 2 for what is not there."""
    parser = argparse.ArgumentParser(
        prog="arignote explain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_call(parser)
    parser.add_argument("--show", choices=STAGES, default="table")
    given = parser.parse_args(arguments)
    compiled, call = called(parser, given)
    try:
        _show(compiled, given.show, *call)
    except ArignoteError as error:
        print(f"arignote: {error}", file=sys.stderr)
        return 1
    return 0


def add_call(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a function in a file and a call of it."""
    parser.add_argument("file")
    parser.add_argument("function")
    parser.add_argument("arguments", nargs="?", default="", help="of the call, as in Python")


def called(
    parser: argparse.ArgumentParser, given: argparse.Namespace
) -> tuple[Compiled, tuple[tuple[Any, ...], dict[str, Any]]]:
    """The function, compiled, and the arguments of the call; ends with a message for what is not
    there."""
    try:
        names = runpy.run_path(given.file, run_name="explained")
    except OSError as error:
        parser.error(str(error))
    function: Any = names.get(given.function)
    if not callable(function):
        known = sorted(n for n, v in names.items() if callable(v) and not n.startswith("_"))
        parser.error(f"{given.file} defines no function {given.function!r}, but {', '.join(known)}")
    compiled = function if isinstance(function, Compiled) else compile(function)
    call = eval(f"_call({given.arguments})", {"np": np, **names, "_call": _call})
    return compiled, call


def _call(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


def _show(f: Compiled, stage: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if stage == "table":
        Console(highlight=False).print(f.explain(*args, **kwargs))
    elif stage == "tree":
        debugprint(f.graph(*args, **kwargs))
    else:
        print(getattr(f, stage)(*args, **kwargs))
