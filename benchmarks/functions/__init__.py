"""Single functions of NumPy, as users write them, beside NumPy."""
