"""``python -m tests.mutation [NAME…]``: tries the faults, all or those named; says of each whether it is caught.

Exit 0 when all are, else 1.
"""

from __future__ import annotations

import sys

import tests.settings
from tests.mutation.faults import FAULTS
from tests.mutation.trying import is_caught

__all__ = ["tests"]


def main(names: list[str]) -> int:
    missed = 0
    for fault in FAULTS:
        if names and fault.name not in names:
            continue
        caught, said = is_caught(fault)
        missed += not caught
        print(f"{'caught' if caught else 'MISSED'}  {fault.name}: {fault.why}", flush=True)
        failed = [line for line in said.splitlines() if line.startswith("FAILED")]
        print("        " + ("".join(failed[:1])[:150] or said.strip().splitlines()[-1]), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
