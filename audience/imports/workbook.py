"""Workbooks (XLSX, XLSM, XLSB, ODS) as tables. A row's line is the number of the row in its sheet.

A process of its own reads the file (workbook_process) and writes down its rows: here nobody has more than one of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Any, BinaryIO

from audience.formulas import unguarded
from audience.imports.decoding import Chunks, Unreadable, head_of
from audience.imports.reader import Row, Table, checked_header

PACKED = b"PK\x03\x04"
PROGRAM = Path(__file__).with_name("workbook_process.py")
LONGEST_LAST = 4096
"""Bytes at the end in which the last line stands."""
TOO_LARGE = "the workbook is too large to be read here; save its sheet as CSV"


def is_workbook(chunks: Chunks) -> bool:
    """Whether the bytes are those of a packed file, as today's workbooks are."""
    return head_of(chunks, len(PACKED)).startswith(PACKED)


def read_workbook(chunks: Chunks, sheet: str = "") -> Table:
    """A sheet as a table: the one told, else the first visible one that has rows. Raises Unreadable."""
    said = _said(chunks, sheet)
    about, header = (json.loads(said.readline()) for _ in range(2))
    if isinstance(header, dict):
        raise Unreadable("the sheet is empty")
    names = checked_header(_without_blank_end(header[1], 0))
    start = said.tell()

    def read() -> Iterator[Row]:
        said.seek(start)
        for line in said:
            row = json.loads(line)
            if isinstance(row, list):
                cells = _without_blank_end(row[1], len(names))
                yield Row(row[0], [unguarded(cell) for cell in cells])

    return Table("", "", names, read, about["sheet"], tuple(about["sheets"]))


def _without_blank_end(cells: list[str], width: int) -> list[str]:
    """The cells without those at the end that are blank, filled up to the width of the header."""
    filled = next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)
    return (cells + [""] * width)[: max(filled, width)]


def _said(chunks: Chunks, sheet: str) -> BinaryIO:
    """What the process says about the file, on disk; the file there goes when nobody reads it. Raises Unreadable."""
    said: BinaryIO = TemporaryFile()  # noqa: SIM115 (it lives as long as the table)
    with NamedTemporaryFile(suffix=".workbook") as file:
        for data in chunks():
            file.write(data)
        file.flush()
        command = [sys.executable, "-I", str(PROGRAM), file.name, sheet]
        subprocess.run(command, stdout=said, stderr=subprocess.DEVNULL, check=False)
    last = _last_line(said)
    if "error" in last:
        raise Unreadable(last["error"])
    if "rows" not in last:
        raise Unreadable(TOO_LARGE)  # it ended by its own limit of memory or time
    said.seek(0)
    return said


def _last_line(said: BinaryIO) -> dict[str, Any]:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - LONGEST_LAST))
    try:
        last = json.loads(said.read().rpartition(b"\n")[0].rpartition(b"\n")[2])
    except ValueError:
        return {}
    return last if isinstance(last, dict) else {}
