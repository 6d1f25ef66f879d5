"""``python -m tests.mutation [NAME…]``: tries the faults, all or those named; says of each which test catches it.

With ``--first`` only the test that caught it before is tried, some seconds for each. Exit 0 when all are caught.
"""

from __future__ import annotations

import sys

import tests.settings
from tests.mutation.faults import FAULTS
from tests.mutation.trying import tried

__all__ = ["tests"]


def main(arguments: list[str]) -> int:
    names = [one for one in arguments if one != "--first"]
    missed = 0
    for fault in FAULTS:
        if names and fault.name not in names:
            continue
        found = tried(fault, only_first="--first" in arguments)
        missed += not found.by
        print(f"{'caught' if found.by else 'MISSED'}  {fault.name}: {fault.why}", flush=True)
        print(f"        {found.seconds:.0f} s  {found.by or found.said.strip().splitlines()[-1]}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
