"""Reading files of people as they come (interface: Import)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience.imports.decoding import Unreadable, encoding_of, texts, whole
from audience.imports.reader import LONGEST_ROW, TOO_LONG, UNCLOSED, read_table

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4


def read(text: str | bytes, **options: str) -> list[tuple[int, list[str], str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(row.line, row.cells, row.fault) for row in read_table(data, **options).rows()]


def decoded(data: bytes, told: str | None = None) -> tuple[str, str]:
    found = encoding_of(whole(data), told)
    return "".join(texts(whole(data), found)), found


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_the_encoding_is_found(encoding: str) -> None:
    text, _ = decoded("Vorname;Straße\r\nJosé;Größe\r\n".encode(encoding))
    assert text == "Vorname;Straße\nJosé;Größe\n"


def test_the_encoding_can_be_told() -> None:
    assert decoded("Zoë".encode("cp850"), "cp850") == ("Zoë", "cp850")
    assert decoded(b"\xef\xbb\xbfa,b", "utf-8")[0] == "a,b"
    with pytest.raises(Unreadable, match="there is no encoding “klingon”"):
        decoded(b"a,b", "klingon")
    with pytest.raises(Unreadable, match="no encoding of text"):
        decoded(b"a,b", "base64")
    with pytest.raises(Unreadable, match="not in the encoding utf-8"):
        decoded(b"caf\xe9", "utf-8")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \r\n ", "the file is empty"),
        (PNG, "an image .PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)), "an image .JPEG"),
        (b"GIF89a" + bytes(200), "an image .GIF"),
        (b"BM\x36\x00\x00\x00" + bytes(range(256)), "an image .BMP"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\x00" + bytes(100), "a packed file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Excel"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9000) + "EncryptedPackage".encode("utf-16-le"),
            "the workbook is locked by a password",
        ),
        (bytes(range(256)) * 20, "full of control characters"),
        (b"a,b\n\x81\x8d\x8f\x90\x9d", "save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_table(data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["name", "note", "e-mail"], ["Ruiz, Reed; Co", "a|b", "a@x.example"], ["b", "", "c"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    table = read_table(out.getvalue().encode())
    assert (table.delimiter, table.header) == (delimiter, rows[0])
    assert [row.cells for row in table.rows()] == rows[1:]


def test_one_column_needs_no_delimiter() -> None:
    assert read("email\na@x.example\n") == [(2, ["a@x.example"], "")]


def test_excel_may_say_its_delimiter_on_a_line_of_its_own() -> None:
    assert read("sep=;\r\na;b,c\r\n1;2\r\n") == [(3, ["1", "2"], "")]


def test_a_row_has_the_number_of_the_line_on_which_it_begins() -> None:
    text = 'id,note\r\n1,"one\r\ntwo\nthree"\r\n\r\n2,x\r3,"y"\n'
    assert read(text) == [(2, ["1", "one\ntwo\nthree"], ""), (6, ["2", "x"], ""), (7, ["3", "y"], "")]


def test_blank_lines_are_no_rows_and_rows_of_nothing_are() -> None:
    assert read("a,b\n\n   \n,\n1,2") == [(4, ["", ""], ""), (5, ["1", "2"], "")]


def test_a_row_with_another_number_of_cells_is_named() -> None:
    assert read("a,b\n1\n1,2,3\n1,2\n") == [
        (2, ["1"], "1 cell where the header has 2"),
        (3, ["1", "2", "3"], "3 cells where the header has 2"),
        (4, ["1", "2"], ""),
    ]


def test_quotes_are_read_as_people_write_them() -> None:
    text = 'a,b\n"said ""call me"", later", "x, y" \n5" pipe,"Acme" Ltd\n"","""q"""\n'
    assert read(text) == [
        (2, ['said "call me", later', "x, y "], ""),
        (3, ['5" pipe', "Acme Ltd"], ""),
        (4, ["", '"q"'], ""),
    ]


def test_an_unclosed_quote_at_the_end_spoils_its_own_row_only() -> None:
    assert read('a,b\n1,2\n"unclosed,3\n') == [(2, ["1", "2"], ""), (3, ['"unclosed,3'], UNCLOSED)]


def test_an_unclosed_quote_in_the_middle_swallows_nothing() -> None:
    text = 'a,b\n1,"open\n2,x\n3,"Ruiz, Reed"\n4,""\n5,"two\nlines"\n6,"again\n7,y\n'
    assert read(text) == [
        (2, ['1,"open'], UNCLOSED),
        (3, ["2", "x"], ""),
        (4, ["3", "Ruiz, Reed"], ""),
        (5, ["4", ""], ""),
        (6, ["5", "two\nlines"], ""),
        (8, ['6,"again'], UNCLOSED),
        (9, ["7", "y"], ""),
    ]


def test_a_header_that_cannot_be_read_is_no_table() -> None:
    with pytest.raises(Unreadable, match="the header cannot be read"):
        read_table(b'"a,b\n1,2\n')


def test_a_file_has_so_many_columns() -> None:
    with pytest.raises(Unreadable, match="501 columns; at most 500"):
        read_table(b"," * 500)


def test_a_delimiter_is_one_character() -> None:
    with pytest.raises(Unreadable, match="cannot be a delimiter"):
        read_table(b"a,b", delimiter=", ")


def test_cells_that_were_made_harmless_are_as_they_were() -> None:
    assert read("a,b\n'=1+1,''@x\n'+49 30,'tis\n") == [
        (2, ["=1+1", "'@x"], ""),
        (3, ["+49 30", "'tis"], ""),
    ]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_alike_in_pieces_of_any_size(size: int, encoding: str) -> None:
    data = 'naïve;b\r\n1;"two\r\nlines"\r\n\r\n"open;3\r\n4;é\r\n'.encode(encoding)
    table = read_table(lambda: (data[n : n + size] for n in range(0, len(data), size)))
    assert table.header == ["naïve", "b"]
    assert [(row.line, row.cells, row.fault) for row in table.rows()] == [
        (2, ["1", "two\nlines"], ""),
        (5, ['"open;3'], UNCLOSED),
        (6, ["4", "é"], ""),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_without_end_spoils_itself_only(quote: str) -> None:
    long = quote + "x" * (3 * LONGEST_ROW)
    pieces = [b"a,b\n1,2\n", *(long[n : n + 65536].encode() for n in range(0, len(long), 65536)), b"\n3,4\n"]
    found = [(row.line, row.cells, row.fault) for row in read_table(lambda: iter(pieces)).rows()]
    assert [found[0], found[2]] == [(2, ["1", "2"], ""), (4, ["3", "4"], "")]
    assert (found[1][0], found[1][2]) == (3, TOO_LONG)
    assert len(found[1][1][0]) == 200


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy."""
CELLS = st.text(st.sampled_from("aé,;|\t\"' \n=1@"), max_size=8).map(lambda cell: f"x{cell}x")


@UNHURRIED
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_the_standard_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["a", "b", "c"], *rows])
    table = read_table(out.getvalue().encode(), delimiter=delimiter)
    found = list(table.rows())
    assert [row.cells for row in found] == rows
    lines = out.getvalue().replace("\r\n", "\n").split("\n")
    assert [lines[row.line - 1][:1] in ("x", '"') for row in found] == [True] * len(rows)


@UNHURRIED
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_no_line_is_lost(data: bytes) -> None:
    try:
        table = read_table(data)
    except Unreadable:
        return
    lines = decoded(data)[0].split("\n")
    named = {row.line for row in table.rows()}
    assert all(1 < line <= len(lines) for line in named)
