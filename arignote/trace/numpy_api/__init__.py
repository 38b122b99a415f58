"""NumPy's functions over traced values, one file a subject; importing this package registers them."""
