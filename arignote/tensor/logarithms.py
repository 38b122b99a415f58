"""x log x and its like, 0 where x is 0."""

from __future__ import annotations

import scipy.special as special

from .elementwise import elementwise

xlogy0 = elementwise("xlogy0", special.xlogy, 2, "float")
xlogx = elementwise("xlogx", lambda x: special.xlogy(x, x), 1, "float")
