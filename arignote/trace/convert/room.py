"""Room for recursion: a sum of thousands of terms, or as many `elif`, nests that deep.

Python's own compiler recurses over the tree that it is given, and so do the passes over nested
statements.  Both get a thread with a large stack; it costs a fraction of a millisecond and is
used only where the ordinary depth did not do.
"""

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from ...forks import renew_in_children

STACK_BYTES = 512 << 20  # reserved, not used
DEPTH = 60_000

Result = TypeVar("Result")

_lock = threading.Lock()
renew_in_children(globals(), "_lock", threading.Lock)


def with_room(work: Callable[[], Result]) -> Result:
    """The result of `work`, run where it may recurse 60,000 calls deep; its error is raised."""
    results: list[Result] = []
    errors: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            results.append(context.run(work))  # the flags that hold here hold there
        except BaseException as error:
            errors.append(error)

    with _lock:
        stack, depth = threading.stack_size(STACK_BYTES), sys.getrecursionlimit()
        sys.setrecursionlimit(max(depth, DEPTH))
        try:
            thread = threading.Thread(target=run, name="arignote conversion")
            thread.start()
            thread.join()
        finally:
            threading.stack_size(stack)
            sys.setrecursionlimit(depth)
    if errors:
        raise errors[0]
    return results[0]
