"""Rows of a delimited text with the physical lines on which they begin (RFC 4180, and what people make of it). Pure.

The standard reader says neither where a row began nor that a quote was never closed: it swallows the rest of the file.
This one names the bad row and goes on with the next line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from audience.imports.decoding import Unreadable, decoded

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
MOST_LINES_OF_A_CELL = 1000
MOST_COLUMNS = 500
UNCLOSED = 'a quote (") is opened and never closed'


@dataclass(frozen=True)
class Row:
    """One row. With a ``fault`` it could not be read and has no cells but the text of its line."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A file as a table. ``rows`` are those after the header, each time from the start."""

    text: str
    encoding: str
    delimiter: str
    header: list[str]

    def rows(self) -> Iterator[Row]:
        """The rows, blank lines left out; one with another number of cells than the header has a fault."""
        for row in islice(_filled(self.text, self.delimiter), 1, None):
            if row.fault or len(row.cells) == len(self.header):
                yield row
            else:
                cells = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
                yield Row(row.line, row.cells, f"{cells} where the header has {len(self.header)}")


def read_table(data: bytes, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """The bytes of a file as a table. Raises Unreadable."""
    text, found = decoded(data, encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, told = _told_delimiter(text)
    delimiter = delimiter or told or sniffed(text)
    if len(delimiter) != 1 or delimiter in '"\n':
        raise Unreadable(f"“{delimiter}” cannot be a delimiter: one character is wanted")
    header = next(_filled(text, delimiter), None)
    if header is None:
        raise Unreadable("the file is empty")
    if header.fault:
        raise Unreadable(f"the header cannot be read: {header.fault}")
    if len(header.cells) > MOST_COLUMNS:
        raise Unreadable(f"the file has {len(header.cells):,} columns; at most {MOST_COLUMNS} are possible")
    return Table(text, found, delimiter, [name.strip() for name in header.cells])


def _told_delimiter(text: str) -> tuple[str, str | None]:
    """Excel's first line ``sep=;`` says the delimiter. It stays as a blank line, so that lines keep their numbers."""
    first, newline, rest = text.partition("\n")
    told = first.strip().removeprefix('"').removesuffix('"')
    if told.lower().startswith("sep=") and len(told) == len("sep=;"):
        return newline + rest, told[-1]
    return text, None


def sniffed(text: str) -> str:
    """The delimiter that cuts the header into cells and most rows into as many."""
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        rows = list(islice(_filled(text, delimiter), SAMPLE_ROWS))
        width = len(rows[0].cells) if rows else 0
        alike = sum(len(row.cells) == width for row in rows if not row.fault)
        if width > 1 and (alike, width) > most:
            best, most = delimiter, (alike, width)
    return best


def _filled(text: str, delimiter: str) -> Iterator[Row]:
    """All rows but blank lines."""
    return (row for row in _rows(text, delimiter) if row.fault or len(row.cells) > 1 or row.cells[0].strip())


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    at, line = 0, 1
    while at < len(text):
        end = _end_of_line(text, at)
        if text.find('"', at, end) < 0:
            yield Row(line, text[at:end].split(delimiter))
        else:
            cells, end, broken = _quoted_row(text, at, delimiter)
            if broken:
                # Everything up to the line with the open quote is this row; what comes after is read anew.
                yield Row(line, [text[at:end]], UNCLOSED)
            else:
                yield Row(line, cells)
        line += text.count("\n", at, end) + 1
        at = end + 1


def _quoted_row(text: str, at: int, delimiter: str) -> tuple[list[str], int, bool]:
    """Cells of the row at ``at``, where it ends (at its newline), and whether a quote in it is never closed."""
    cells = []
    while True:
        opening = at
        while text.startswith(" ", opening):
            opening += 1
        if text.startswith('"', opening):
            found = _quoted_cell(text, opening, delimiter)
            if found is None:
                return [], _end_of_line(text, opening), True
            cell, end = found
        else:
            end = _end_of_cell(text, at, delimiter)
            cell = text[at:end]
        cells.append(cell)
        if not text.startswith(delimiter, end):
            return cells, end, False
        at = end + 1


def _quoted_cell(text: str, opening: int, delimiter: str) -> tuple[str, int] | None:
    """The cell whose quote stands at ``opening`` and where it ends; None where that quote is never closed.

    A quote that seems to close lines below and has text right behind it opens a cell there: the one here stayed open.
    """
    closing = text.find('"', opening + 1)
    while text.startswith('""', closing) and closing >= 0:
        closing = text.find('"', closing + 2)
    if closing < 0:
        return None
    inside = text[opening + 1 : closing].replace('""', '"')
    end = _end_of_cell(text, closing + 1, delimiter)
    behind = text[closing + 1 : end]
    lines = inside.count("\n")
    if lines > MOST_LINES_OF_A_CELL or (lines and behind.strip()):
        return None
    return inside + behind, end


def _end_of_cell(text: str, at: int, delimiter: str) -> int:
    line = _end_of_line(text, at)
    end = text.find(delimiter, at, line)
    return line if end < 0 else end


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
