"""Locks over forks: one that a thread of the parent held would be held for ever in the child."""

import os
from collections.abc import Callable
from typing import Any


def renew_in_children(module: dict[str, Any], name: str, make: Callable[[], Any]) -> None:
    """Give `name` of a module (its `globals()`) a new value from `make` in each forked child."""

    def renew() -> None:
        module[name] = make()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
