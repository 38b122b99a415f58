"""`arignote cache`: where built functions are kept, how much, and how to have less of it."""

import argparse
import time

from rich.console import Console
from rich.table import Table

from arignote.config import FLAGS, config, parse
from arignote.emit.cache import Cache, default_cache
from arignote.errors import ConfigError


def main(arguments: list[str]) -> int:
    """Runs one action on the cache that the flags select; returns the exit status."""
    parser = argparse.ArgumentParser(prog="arignote cache", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("dir", help="print the folder, and nothing else")
    actions.add_parser("list", help="every entry, the least recently used first")
    prune = actions.add_parser("prune", help="remove the least used entries and what died half-way")
    prune.add_argument("size", nargs="?", help="bytes to leave, such as 500MB (or the flag)")
    actions.add_parser("clear", help="remove every entry")
    given = parser.parse_args(arguments)
    cache = default_cache()
    if given.action == "dir":
        print(cache.root)
    elif given.action == "list":
        _list(cache)
    elif given.action == "prune":
        try:
            limit = parse(FLAGS["cache_size"], given.size or config.cache_size, "the command line")
        except ConfigError as error:
            parser.error(str(error))
        print(f"freed {in_words(cache.prune(limit))}")
    elif given.action == "clear":
        print(f"freed {in_words(cache.clear())}")
    else:
        rows = cache.entries()
        used = in_words(sum(row.bytes for row in rows))
        print(f"{cache.root}\n{len(rows)} entries, {used} of {in_words(config.cache_size)}")
    return 0


def in_words(count: float) -> str:
    """A number of bytes as a person reads it."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _list(cache: Cache) -> None:
    table = Table("entry", "size", "last used", box=None)
    for row in cache.entries():
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.used))
        table.add_row(str(row.folder.relative_to(cache.root)), in_words(row.bytes), used)
    Console(soft_wrap=True).print(table)
