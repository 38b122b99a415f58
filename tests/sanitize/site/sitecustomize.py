"""Python imports this at its start where the folder is on its path: the runtime of Arignote comes
from the file that ARIGNOTE_RUNTIME names, in child processes too."""

import importlib.abc
import importlib.util
import os
import sys


class _Runtime(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname != "arignote.emit.runtime":
            return None
        return importlib.util.spec_from_file_location(fullname, os.environ["ARIGNOTE_RUNTIME"])


if "ARIGNOTE_RUNTIME" in os.environ:
    sys.meta_path.insert(0, _Runtime())
