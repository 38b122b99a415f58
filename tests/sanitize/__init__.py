"""The tests under sanitizers: `python -m tests.sanitize` (docs/checking.md)."""
