"""`python -m arignote` is the command `arignote`."""

import sys

from arignote.cli import main

if __name__ == "__main__":
    sys.exit(main())
