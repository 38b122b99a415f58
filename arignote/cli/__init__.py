"""The command `arignote`: one sub-command a file, each with `main(arguments) -> exit status`."""

import importlib
import importlib.metadata
import sys

_COMMANDS = {
    "demo": "trains, measures and draws on real data, each beside plain NumPy",
    "explain": "what a function in a file becomes: loops, work, memory, calls, copies",
    "view": "the graph of a function in a file as a picture",
    "doctor": "what this machine has for building and running, and how to mend what it lacks",
    "cache": "the cache of built functions: dir, list, prune, clear",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command; returns its exit status (2 for a command that does not exist)."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help"):
        print(_usage())
        return 0 if given else 2
    if given[0] == "--version":
        print(f"arignote {importlib.metadata.version('arignote')}")
        return 0
    if given[0] not in _COMMANDS:
        print(f"arignote: there is no command {given[0]!r}\n\n{_usage()}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"arignote.cli.{given[0]}")
    return int(module.main(given[1:]) or 0)


def _usage() -> str:
    rows = "\n".join(f"  {name:<10}{text}" for name, text in _COMMANDS.items())
    return f"usage: arignote COMMAND [options]\n\n{rows}\n\narignote COMMAND --help says more."
