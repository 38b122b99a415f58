"""Programs of one loop each, of the statements that `typed` makes: cheap enough for sanitizers.

Half of the loops may have loops and branches inside; a third of the programs have a second
statement.
"""

from __future__ import annotations

from .typed import Writer


def program(seed: int) -> str:
    """The text of one program, with `def f(...)`."""
    return _Short(f"short {seed}").text()


class _Short(Writer):
    def statements(self) -> None:
        self.loop(1, self.random.choice((1, 2)))
        if self.random.random() < 0.33:
            self.write(1)
