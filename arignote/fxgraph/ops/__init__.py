"""Every op, declared once: NumPy meaning, type rule, derivative, scalar C, samples."""
