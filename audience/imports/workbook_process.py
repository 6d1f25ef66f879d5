"""A workbook's sheet as lines of JSON, in a process of its own. Run by audience.imports.workbook; imports no Django.

The library has the whole sheet in memory, and a small file can ask for more than there is (a bomb). So this process
limits its own memory and time before it opens the file: what is too large ends it, and nobody else.

Says first ``{"sheets": [...], "sheet": name}``, then ``[line, cells]`` for each row that is not blank, and last
``{"rows": n}``; or ``{"error": why}``.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY = 1024 * 1024 * 1024
SECONDS = 40
MOST_UNPACKED = 1024 * 1024 * 1024
MOST_PARTS = 10_000
MOST_CHARACTERS = 100_000_000
PACKED_AT_MOST = 1000
"""What is packed more densely than this is made to harm: XML comes to about 20."""
WHOLE_UP_TO = 10**15


class Unfit(Exception):
    """The workbook cannot be read; the message is fit for a person."""


def main(path: str, told: str) -> None:
    """Say the rows of a sheet: the one told, else the first visible one that has any."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        _check(path)
        _say_rows(path, told)
    except Unfit as unfit:
        _say({"error": str(unfit)})


def _check(path: str) -> None:
    """Refuse what is no workbook, locked, or unpacks to too much. Raises Unfit."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Unfit("this is no workbook that can be read: it is damaged or cut off") from error
    names = {part.filename.lower() for part in parts}
    if not any(name.startswith("xl/workbook.") or name == "content.xml" for name in names):
        raise Unfit("this is no workbook but another packed file")
    unpacked = sum(part.file_size for part in parts)
    dense = any(part.file_size > PACKED_AT_MOST * max(part.compress_size, 1000) for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or dense:
        raise Unfit("the workbook is too large when it is unpacked; save its sheet as CSV")


def _say_rows(path: str, told: str) -> None:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        with CalamineWorkbook.from_path(path) as workbook:
            found = [s for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
            name, rows = _chosen(workbook, found, told)
            _say({"sheets": [sheet.name for sheet in found], "sheet": name})
            said = characters = 0
            for line, cells in rows:
                characters += sum(map(len, cells))
                if characters > MOST_CHARACTERS:
                    raise Unfit("the sheet holds too much text; save it as CSV")
                _say([line, cells])
                said += 1
            _say({"rows": said})
    except PasswordError as error:
        raise Unfit("the workbook is locked by a password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Unfit(f"the workbook cannot be read: {error}") from error


def _chosen(workbook: Any, found: list[Any], told: str) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    from python_calamine import SheetVisibleEnum

    names = [sheet.name for sheet in found]
    if told and told not in names:
        raise Unfit(f"there is no sheet “{told}”")
    visible = [sheet.name for sheet in found if sheet.visible == SheetVisibleEnum.Visible]
    for name in [told] if told else [*visible, *names]:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is not None and sheet.height:
            return name, _rows(sheet)
    raise Unfit("the sheet is empty" if told else "the workbook has no sheet with anything in it")


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each row that is not blank; the library begins at A1, whatever stands there."""
    for line, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_text(value) for value in row]
        if any(cells):
            yield line, cells


def _text(value: Any) -> str:
    """A cell as a file would have it: numbers with a point, days and times as ISO 8601 writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, datetime):
        at = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return at.date().isoformat() if at.time() == time() else at.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) < WHOLE_UP_TO:
        return str(int(value))
    text = repr(float(value))
    # 1.234 could be thousands to who reads the file; 1.2340 could not.
    return f"{text}0" if len(text.partition(".")[2]) == 3 and "e" not in text else text


def _say(something: Any) -> None:
    sys.stdout.write(json.dumps(something, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
