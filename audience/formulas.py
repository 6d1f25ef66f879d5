"""Cells that a spreadsheet would take for formulas: made harmless in files that leave, restored in files that come in.

Pure. The two are each other's reverse for every text, so what was exported comes in as it was (R-079).
"""

from __future__ import annotations

import re

FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""What a spreadsheet runs begins with one of these (OWASP, CSV injection); with apostrophes before it, it is text.

The last is a return as readers of files have it, ours among them.
"""


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would calculate it: ``=1+1`` → ``'=1+1``."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that ``guarded`` (or a person) put before it; any other as it is."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
