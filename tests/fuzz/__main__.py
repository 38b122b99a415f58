"""Random programs until the time is over: `python -m tests.fuzz --minutes 5 --seed 0`.

Prints how many agree and how many are refused, and every program that differs.
"""

from __future__ import annotations

import argparse
import sys
import time

from .programs import program
from .running import LAYOUTS, verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=0, help="stop after this many programs")
    parser.add_argument("--mode", default="FAST_COMPILE")
    parser.add_argument("--layout", default="plain", choices=LAYOUTS, help="of the arguments")
    parser.add_argument("--quiet", action="store_true", help="do not print the programs")
    given = parser.parse_args()
    end = time.monotonic() + 60 * given.minutes
    seed, agree, refused, wrong = given.seed, 0, {}, []
    while time.monotonic() < end and (not given.count or seed < given.seed + given.count):
        said = verdict(seed, given.mode, given.layout)
        if not said:
            agree += 1
        elif said.startswith("refused"):
            refused.setdefault(said, []).append(seed)
        else:
            wrong.append(seed)
            print(f"seed {seed}: {said}")
            if not given.quiet:
                print(program(seed))
        seed += 1
    print(f"{agree} agree, {sum(map(len, refused.values()))} refused, {len(wrong)} differ: {wrong}")
    for reason, seeds in refused.items():
        print(f"  {len(seeds)} {reason} {seeds[:6]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
