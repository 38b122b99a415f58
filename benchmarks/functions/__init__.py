"""Single functions of NumPy, as users write them, beside NumPy."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread for either side; before NumPy comes
