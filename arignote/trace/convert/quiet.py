"""Text that Python has compiled before is parsed and compiled again without a word: what there is
to warn of (`"\\d"`, `x is 1`, a jump out of `finally`) was said when it was imported, and where
warnings are errors it would seem not to be Python at all.
"""

import ast
import threading
import warnings
from collections.abc import Callable
from types import CodeType
from typing import TypeVar

from ...forks import renew_in_children

Result = TypeVar("Result")

_lock = threading.Lock()
renew_in_children(globals(), "_lock", threading.Lock)


def parsed(text: str) -> ast.Module:
    return _quietly(lambda: ast.parse(text))


def compiled(tree: ast.Module, file: str, flags: int) -> CodeType:
    def work() -> CodeType:
        code: CodeType = compile(tree, file, "exec", flags=flags, dont_inherit=True)
        return code

    return _quietly(work)


def _quietly(work: Callable[[], Result]) -> Result:
    with _lock, warnings.catch_warnings():  # the filters belong to all threads
        warnings.simplefilter("ignore")
        return work()
