"""Looking at what a compiled function does: texts of every stage, and an explanation in a table."""
