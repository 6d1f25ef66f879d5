"""Workbooks as tables: dates, numbers, sheets, and what would do harm (R-080)."""

from __future__ import annotations

import io
import zipfile

import pytest

from audience.imports.decoding import Unreadable, whole
from audience.imports.workbook import is_workbook, read_workbook
from tests.workbooks import DAY, INSTANT, number, row, sheet_of, text, workbook

PEOPLE = row(text("Email"), text("Name"))


def read(data: bytes, sheet: str = "") -> list[tuple[int, list[str], str]]:
    return [(row.line, row.cells, row.fault) for row in read_workbook(whole(data), sheet).rows()]


def cell_at(place: str, value: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def test_a_workbook_is_told_by_its_first_bytes() -> None:
    assert is_workbook(whole(workbook({"A": sheet_of(PEOPLE)})))
    assert not is_workbook(whole(b"PK,a\n"))


def test_numbers_days_and_times_are_what_excel_shows() -> None:
    cells = [number(71.5), number(120000), number(4915112345678), number(1.234), number(46279, DAY)]
    cells += [number(46279.5868055556, INSTANT), number(46279, INSTANT), '<c t="b"><v>1</v></c>']
    cells += ['<c t="str"><f>A1</f><v>sum</v></c>', '<c t="e"><v>#N/A</v></c>', text("'=1+1")]
    header = row(*(text(f"c{n}") for n in range(len(cells))))
    shown = ["71.5", "120000", "4915112345678", "1.2340", "2026-09-14", "2026-09-14 14:05:00", "2026-09-14"]
    shown += ["true", "sum", "", "=1+1"]
    assert read(workbook({"A": sheet_of(header, row(*cells))})) == [(2, shown, "")]


def test_days_are_right_in_workbooks_that_count_from_1904() -> None:
    sheet = sheet_of(row(text("Day")), row(number(46279 - 1462, DAY)))
    assert read(workbook({"A": sheet}, date1904=True)) == [(2, ["2026-09-14"], "")]


def test_a_row_has_its_number_in_the_sheet_and_blank_ones_are_none() -> None:
    sheet = sheet_of(
        row(cell_at("B3", "Email"), cell_at("C3", "Name"), number=3),
        row(cell_at("B5", "a@x.example"), number=5),
        row(cell_at("B7", " "), number=7),
        row(cell_at("B9", "b@x.example"), cell_at("D9", "more"), number=9),
    )
    assert read(workbook({"A": sheet}))[0] == (5, ["a@x.example", ""], "")
    assert read(workbook({"A": sheet}))[-1] == (
        9,
        ["b@x.example", "", "more"],
        "3 cells where the header has 2",
    )


def test_the_first_visible_sheet_with_rows_is_taken_unless_another_is_told() -> None:
    sheets = {name: sheet_of(row(text(name)), row(text(f"of {name}"))) for name in ("Old", "People", "Firms")}
    data = workbook({"Empty": sheet_of(), **sheets}, hidden=["Old"])
    table = read_workbook(whole(data))
    assert (table.sheet, table.header) == ("People", ["People"])
    assert table.sheets == ("Empty", "Old", "People", "Firms")
    assert read(data, "Old") == [(2, ["of Old"], "")]
    for sheet, reason in (("None", "there is no sheet “None”"), ("Empty", "the sheet is empty")):
        with pytest.raises(Unreadable, match=reason):
            read_workbook(whole(data), sheet)


def zipped(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


CELLS_OF_ALL = row(cell_at("A1", "email"), number=1) + row(cell_at("XFD1048576", "x"), number=1048576)
ENTITY = row('<c t="inlineStr"><is><t>&e8;</t></is></c>')
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "aaaaaaaaaa"}">' for n in range(9))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04" + bytes(100), "damaged or cut off"),
        (workbook({"A": sheet_of(PEOPLE)})[:-60], "damaged or cut off"),
        (zipped(letter__txt="x"), "no workbook but another packed file"),
        (workbook({"A": sheet_of()}), "no sheet with anything in it"),
        (workbook({"A": "<worksheet><sheetData><row>"}), "the workbook|no sheet"),
        (workbook({"A": sheet_of(PEOPLE, row(text("x" * 50_000_000)))}), "too large when it is unpacked"),
        (workbook({"A": sheet_of(CELLS_OF_ALL)}), "too large to be read here; save its sheet as CSV"),
        (
            workbook(
                {
                    "A": f"<!DOCTYPE l [{ENTITIES}]>"
                    + sheet_of(row('<c t="inlineStr"><is><t>&e8;</t></is></c>'))[21:]
                }
            ),
            "the workbook cannot be read|no sheet|damaged",
        ),
    ],
    ids=["junk", "cut", "archive", "blank", "broken", "bomb", "wide", "entities"],
)
def test_what_is_no_workbook_or_does_harm_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_workbook(whole(data))
