"""Functions, graphs and the arguments of `function` in files."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def function_dump(
    filename: Any, inputs: Any, outputs: Any = None, mode: Any = None, updates: Any = None,
    givens: Any = None, no_default_updates: Any = False, accept_inplace: bool = False,
    name: str | None = None, rebuild_strict: bool = True, allow_input_downcast: bool | None = None,
    profile: Any = None, on_unused_input: str | None = None, extra_tag_to_remove: Any = None,
) -> None:  # fmt: skip
    """Write the arguments of a call of `function` to a file: `function(**pickle.load(it))` makes
    the same function elsewhere.  extra_tag_to_remove: tags of variables that are left out."""
    call = {
        "inputs": inputs, "outputs": outputs, "mode": mode,
        "updates": list(updates.items()) if isinstance(updates, dict) else updates,
        "givens": list(givens.items()) if isinstance(givens, dict) else givens,
        "no_default_updates": no_default_updates, "accept_inplace": accept_inplace, "name": name,
        "rebuild_strict": rebuild_strict, "allow_input_downcast": allow_input_downcast,
        "profile": profile, "on_unused_input": on_unused_input,
    }  # fmt: skip
    with Path(filename).open("wb") as file:
        StripPickler(file, protocol=-1, extra_tag_to_remove=extra_tag_to_remove).dump(call)


class StripPickler(pickle.Pickler):
    """A pickler that leaves out tags of variables which are only for debugging."""

    def __init__(
        self, file: Any, protocol: int = 0, extra_tag_to_remove: Sequence[str] | None = None
    ) -> None:
        super().__init__(file, protocol if protocol > 1 else pickle.HIGHEST_PROTOCOL)
        self._tags = {"trace", "test_value", *(extra_tag_to_remove or ())}

    def reducer_override(self, obj: Any) -> Any:
        """Tags without those."""
        if type(obj).__name__ != "SimpleNamespace":
            return NotImplemented
        kept = {k: v for k, v in vars(obj).items() if k not in self._tags}
        return (type(obj), (), kept)


def dump(obj: Any, file_handler: Any, protocol: int = pickle.HIGHEST_PROTOCOL, **_: Any) -> None:
    """Write an object (functions, shared variables, ...) to an open file."""
    pickle.dump(obj, file_handler, protocol=protocol)


def load(f: Any, persistent_load: Any = None) -> Any:
    """What `dump` wrote."""
    return pickle.load(f)
