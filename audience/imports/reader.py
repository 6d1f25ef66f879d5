"""Rows of a delimited text with the physical lines on which they begin (RFC 4180, and what people make of it). Pure.

The standard reader says neither where a row began nor that a quote was never closed: it swallows the rest of the file.
This one names the bad row and goes on with the next line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from audience.formulas import unguarded
from audience.imports.decoding import Chunks, Unreadable, encoding_of, texts, whole

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
LONGEST_ROW = 1_000_000
"""Characters. So much of the file is in memory, and no more than twice as much."""
CUT_AT_ONCE = 50_000
"""Characters of plain lines."""
MOST_LINES_OF_A_CELL = 1000
MOST_COLUMNS = 500
SHOWN = 200
UNCLOSED = 'a quote (") is opened and never closed'
TOO_LONG = f"a row of more than {LONGEST_ROW:,} characters"


@dataclass(slots=True)
class Row:
    """One row. With a ``fault`` it could not be read and has no cells but the text of its line."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A file as a table. ``rows`` are those after the header, each time from the start.

    ``decimal_comma`` is whether the comma is its decimal sign, as far as the file tells.
    """

    encoding: str
    delimiter: str
    header: list[str]
    read: Callable[[], Iterator[Row]]
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """The rows, blank lines left out; one with another number of cells than the header has a fault."""
        width = len(self.header)
        for row in self.read():
            if len(row.cells) != width and not row.fault:
                cells = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
                row.fault = f"{cells} where the header has {width}"
            yield row


def read_table(data: bytes | Chunks, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """A delimited file as a table. Raises Unreadable."""
    chunks = whole(data) if isinstance(data, bytes) else data
    encoding = encoding_of(chunks, encoding)
    head = _head(texts(chunks, encoding))
    told = _told_delimiter(head)
    delimiter = delimiter or told or sniffed(head)
    if len(delimiter) != 1 or delimiter in '"\n':
        raise Unreadable(f"“{delimiter}” cannot be a delimiter: one character is wanted")
    before = 1 if told else 0
    header = next(islice(_filled(iter((head,)), delimiter), before, None), None)
    if header is None:
        raise Unreadable("the file is empty")
    if header.fault:
        raise Unreadable(f"the header cannot be read: {header.fault}")
    names = checked_header(header.cells)

    def read() -> Iterator[Row]:
        return islice(_filled(texts(chunks, encoding), delimiter), before + 1, None)

    return Table(encoding, delimiter, names, read)


def checked_header(cells: list[str]) -> list[str]:
    """The names of the columns. Raises Unreadable where they are too many, or where one holds what no text can."""
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(f"the file has {len(cells):,} columns; at most {MOST_COLUMNS} are possible")
    if any("\x00" in name for name in cells):
        raise Unreadable("this is no CSV file: its header holds the character NUL")
    return [name.strip() for name in cells]


def _head(pieces: Iterator[str]) -> str:
    """The beginning of the file, in which header and sample stand."""
    head = ""
    for piece in pieces:
        head += piece
        if len(head) > LONGEST_ROW:
            break
    return head


def _told_delimiter(text: str) -> str | None:
    """Excel's first line ``sep=;`` says the delimiter."""
    told = text.partition("\n")[0].strip().removeprefix('"').removesuffix('"')
    return told[-1] if told.lower().startswith("sep=") and len(told) == len("sep=;") else None


def sniffed(text: str) -> str:
    """The delimiter that cuts the header into cells and most rows into as many."""
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        rows = list(islice(_filled(iter((text,)), delimiter), SAMPLE_ROWS))
        width = len(rows[0].cells) if rows else 0
        alike = sum(len(row.cells) == width for row in rows if not row.fault)
        if width > 1 and (alike, width) > most:
            best, most = delimiter, (alike, width)
    return best


def _filled(pieces: Iterator[str], delimiter: str) -> Iterator[Row]:
    """All rows but blank lines."""
    rows = _rows(pieces, delimiter)
    return (row for row in rows if row.fault or len(row.cells) > 1 or row.cells[0].strip())


def _rows(pieces: Iterator[str], delimiter: str) -> Iterator[Row]:
    """The rows of a text that comes in pieces; a window on it is moved along, wider than any row."""
    text, at, line, is_whole, quote, apostrophe = "", 0, 1, False, -1, -1
    while True:
        while len(text) - at < LONGEST_ROW and not is_whole:
            piece = next(pieces, None)
            is_whole = piece is None
            text, at, quote, apostrophe = text[at:] + (piece or ""), 0, -1, -1
        if at >= len(text):
            return
        quote = _next(text, '"', at) if quote < at else quote
        apostrophe = _next(text, "'", at) if apostrophe < at else apostrophe
        if (plain := text.rfind("\n", at, min(quote, apostrophe, at + CUT_AT_ONCE))) > at:
            # No quote and no apostrophe up to here: the lines are cut as they stand.
            for each in text[at:plain].split("\n"):
                yield Row(line, each.split(delimiter))
                line += 1
            at = plain + 1
            continue
        row, end = _row(text, at, line, delimiter)
        if end == len(text) and not is_whole:
            yield Row(line, [text[at : at + SHOWN]], TOO_LONG)
            line += text.count("\n", at) + 1
            text, at, quote, apostrophe = _after_line(pieces), 0, -1, -1
            continue
        yield row
        line += text.count("\n", at, end) + 1
        at = end + 1


def _next(text: str, sign: str, at: int) -> int:
    """Where a sign stands next, after which a line has to be looked at closely."""
    found = text.find(sign, at)
    return found if found >= 0 else len(text)


def _row(text: str, at: int, line: int, delimiter: str) -> tuple[Row, int]:
    """The row at ``at`` and where it ends, at its newline."""
    end = _end_of_line(text, at)
    if text.find('"', at, end) < 0:
        cells = text[at:end].split(delimiter)
    else:
        cells, end, broken = _quoted_row(text, at, delimiter)
        if broken:
            # Everything up to the line with the open quote is this row; what comes after is read anew.
            return Row(line, [text[at:end]], UNCLOSED), end
    if text.find("'", at, end) >= 0:
        cells = [unguarded(cell) for cell in cells]
    return Row(line, cells), end


def _after_line(pieces: Iterator[str]) -> str:
    """What comes after the end of this line, as far as it is read for finding it."""
    for piece in pieces:
        _, newline, rest = piece.partition("\n")
        if newline:
            return rest
    return ""


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
