"""Conversion: Python's control flow becomes calls of operators that look at the values.

    def first_above(a, v):
        for i in range(len(a)):
            if a[i] > v:
                return i
        return -1

becomes (sites and the accessors of the inner block left out)

    def first_above(a, v):
        _ag_val = _ag.undefined('_ag_val')
        i = _ag.undefined('i')
        _ag_ret = False
        def _ag_body1(_ag_item):
            nonlocal _ag_ret, _ag_val, i
            i = _ag_item
            def _ag_then2():
                nonlocal _ag_ret, _ag_val
                _ag_val = i
                _ag_ret = True
            def _ag_else2():
                pass
            ...
            _ag.if_(_ag.item(a)[i] > v, _ag_then2, _ag_else2, _ag_get2, _ag_put2, ...)
        def _ag_test1():
            return _ag.not_(_ag_ret)
        ...
        _ag.loop_for(_ag.call(site, range, _ag.call(site, len, a)), _ag_body1, _ag_test1, ...)
        def _ag_then3():
            nonlocal _ag_ret, _ag_val
            _ag_val = -1
            _ag_ret = True
        ...
        _ag.if_(_ag.not_(_ag_ret), _ag_then3, _ag_else3, _ag_get3, _ag_put3, ...)
        return _ag_val

The passes are pure work on syntax trees, in this order, one subject a file:

| file | what it does |
|---|---|
| `source` | finds the definition of a function object in its file |
| `scope`, `binding` | which names are whose; which reads may meet an unassigned name |
| `generators` | `yield` -> a call of the body of the loop that the value is for |
| `matching` | `match` -> `if`, `elif` |
| `jumps` | `break`, `continue`, `return`, loop `else` -> flags and tests |
| `liveness` | which names a loop carries and a branch gives |
| `blocks`, `if_stmt`, `for_loop`, `while_loop` | blocks -> functions over the same variables |
| `boolean`, `tested`, `comprehension`, `display`, `calls` | expressions, one construct each |
| `assign`, `asserts`, `guarded` | statements, one construct each |
| `refused` | what cannot be converted |
| `expressions`, `statements` | the drivers |
| `code`, `function` | compiles under the user's lines; twins of function objects |
| `sourceless` | catches the calls of functions whose text is not to be had |
| `syntax`, `site`, `context`, `room` | what these share |

`interface` says what each operator means.  With plain Python values the converted function does
what the original does, errors and their lines included.
"""

from .code import converted_text, is_converted, is_straight
from .function import converted
from .interface import Operators
from .site import Site

__all__ = ["Operators", "Site", "converted", "converted_text", "is_converted", "is_straight"]
