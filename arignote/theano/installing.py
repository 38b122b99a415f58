"""`install()`: this package under the name `theano`."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any

_OURS = __name__.rpartition(".")[0]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `theano.x` as `arignote.theano.x`, the same module object."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != "theano" and not fullname.startswith("theano."):
            return None
        if importlib.util.find_spec(_OURS + fullname[6:]) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: Any) -> ModuleType:
        module = importlib.import_module(_OURS + spec.name[6:])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module has run under its own name, which it keeps."""
        spec: Any = module.__spec__
        if spec.loader_state is not None:
            module.__spec__ = spec.loader_state


_finder = _Finder()


def install() -> None:
    """Let `import theano` give this package.  Raises ImportError where Theano itself is loaded."""
    loaded = sys.modules.get("theano")
    if loaded is not None and loaded is not sys.modules[_OURS]:
        raise ImportError("theano is imported already: call install() before anything imports it")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    sys.modules["theano"] = sys.modules[_OURS]


def uninstall() -> None:
    """Undo `install`."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == "theano" or n.startswith("theano.")]:
        del sys.modules[name]
