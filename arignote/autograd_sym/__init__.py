"""Derivatives as graphs: reverse mode, forward mode, Jacobians, and their check by differences."""
