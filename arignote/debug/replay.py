"""The writes before an error, where a function is interpreted: its loop program is executed
statement by statement on copies of the arguments, and what it wrote until the error is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..emit.interface import meet
from ..optimize.loopnest.lower import lower
from ..optimize.loopnest.simulate import simulate
from ..trace.plan import Trace
from ..trace.signature import is_odd
from .lowering import arguments


def replay(trace: Trace, leaves: Sequence[Any], error: Exception) -> bool:
    """Write what comes before `error`, which an interpreted call raised; nothing and False where
    the program cannot be executed, or ends in another way."""
    arrays = [x for x in leaves if isinstance(x, np.ndarray)]
    if trace.signature.shared or any(map(is_odd, arrays)):
        return False
    copies = [x.copy(order="K") if isinstance(x, np.ndarray) else x for x in leaves]
    try:
        meeting = meet(trace, trace.graph)
        program = lower(meeting.graph, meeting.interface)
        simulate(program, *arguments(trace, meeting, copies))
    except type(error):
        for k in trace.written:
            np.copyto(leaves[k], copies[k])
        return True
    except Exception:
        return False
    return False
