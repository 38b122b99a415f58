"""The C functions of a translated module, without the Python module that Cython puts around them.

The functions that the printer makes hold no Python object, so nothing of the 5,000 lines of module
code is ever run, and Python.h is not needed.  Reading and optimizing those lines took 0.14 s of the
0.25 s that the C compiler needed for a short kernel.  A table tells `load` the addresses of the
exported functions (`cdef api`).
"""

from __future__ import annotations

import re

_EXPORTED = re.compile(r"^cdef api [^(]*?(\w+)\(", re.MULTILINE)
_SECTION = r"/\* #### Code section: {name} ### \*/\n(.*?)(?=/\* #### Code section: )"
_QUOTED = re.compile(r'\n */\* "[^"\n]*\.pyx":\d+\n(?: \*.*\n)*?\*/\n')
_LAST = re.compile(r"firstprivate\((\w+)\) lastprivate\(\1\)")
_PYTHON = re.compile(r"\b(?:__Pyx_\w+|Py[A-Z_]\w*|CYTHON_\w+|__pyx_(?:mstate|n_s|kp|int_)\w*)")

#: What the functions need of Cython's own definitions.  A loop shared by threads is between two
#: notes on the GIL, which a kernel does not hold.
_DEFINED = """\
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define CYTHON_UNUSED __attribute__((unused))
#define CYTHON_INLINE inline
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
typedef int __Pyx_UnknownThreadState;
#define __Pyx_SaveUnknownThread() 0
#define __Pyx_RestoreUnknownThread(state) (void)(state)
#define __Pyx_FastGIL_Remember()
#define __Pyx_FastGIL_Forget()
"""
_KNOWN = frozenset(_PYTHON.findall(_DEFINED))
_TABLE = """
#define AN_EXPORTED __attribute__((visibility("default")))
AN_EXPORTED const char {names}[] = "{listed}";
AN_EXPORTED void *const {addresses}[] = {{{functions}}};
"""
#: The symbols of a built library: names, between blanks, and as many addresses.
NAMES, ADDRESSES = "arignote_names", "arignote_addresses"


def bare(c: str, pyx: str, module: str) -> str:
    """The C text to compile: of `c`, which Cython made of the text `pyx` of the module `module`.

    Where something of Python's is used (or another Cython orders its text differently) the whole
    text is left as it is; the table of what it exports is added in any case.
    """
    functions = _functions(c, module)
    prefix = f"__pyx_f_{len(module)}{module}_"
    exported = table({name: prefix + name for name in _EXPORTED.findall(pyx)})
    return (c if functions is None else _DEFINED + functions) + exported


def table(exported: dict[str, str]) -> str:
    """The C of the table of exported functions: names of the text -> names in C."""
    return _TABLE.format(
        names=NAMES,
        addresses=ADDRESSES,
        listed=" ".join(exported),
        functions=", ".join(f"(void *){name}" for name in exported.values()),
    )


def _functions(c: str, module: str) -> str | None:
    """Declarations and functions of a module; None where they need more than `_DEFINED`."""
    early = re.search(
        r"/\* Early includes \*/\n(.*?)(?=#if defined\(PYREX_WITHOUT_ASSERTIONS\))", c, re.DOTALL
    )
    start = c.find(f'/* Module declarations from "{module}" */')
    end = c.find("/* #### Code section: typeinfo ### */", start)
    parts = [early.group(1) if early else None]
    parts += [_section(c, kind) for kind in ("numeric_typedefs", "complex_type_declarations")]
    parts += [_section(c, "type_declarations"), c[start:end] if 0 <= start < end else None]
    parts.append(_section(c, "module_code"))
    known = [p for p in parts if p is not None]
    if len(known) < len(parts):
        return None
    # the index of a shared loop is read nowhere behind it: threads need not agree on its last value
    ours = _LAST.sub(r"private(\1)", "".join(known[1:]))
    if any(name not in _KNOWN for name in _PYTHON.findall(ours)):
        return None
    return known[0] + _QUOTED.sub("\n", ours)


def _section(c: str, name: str) -> str | None:
    found = re.search(_SECTION.format(name=name), c, re.DOTALL)
    return found.group(1) if found else None
