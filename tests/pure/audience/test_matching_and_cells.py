"""Columns found by their names and cells read as people write them (interface: Import)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audience.conditions.types import FieldType
from audience.conditions.values import Refused
from audience.fields import Catalogue, Field
from audience.imports import cells
from audience.imports.cells import Writing, read_addresses, read_cell, split_name, suggested_type
from audience.imports.matching import match_columns

BERLIN = Writing(ZoneInfo("Europe/Berlin"))
GERMAN = Writing(ZoneInfo("Europe/Berlin"), decimal_comma=True)
CUSTOM = [Field("contact", "nps", "Net promoter score", FieldType.NUMBER, is_custom=True)]


def matched(kind: str, header: str, sign: str = ",") -> dict[str, str]:
    columns = header.split(sign)
    return dict(zip(columns, match_columns(kind, columns, Catalogue(CUSTOM)).keys, strict=True))


def test_columns_of_freshsales_are_found() -> None:
    header = (
        "Id,First name,Last name,Emails,Work,Mobile,Job title,Sales accounts,Lifecycle stage,Country,City,Created at,"
        "Score,Sales owner,Recent note"
    )
    assert matched("contact", header) == {
        "Id": "",
        "First name": "first_name",
        "Last name": "last_name",
        "Emails": "email",
        "Work": "phone",
        "Mobile": "mobile",
        "Job title": "job_title",
        "Sales accounts": "account",
        "Lifecycle stage": "lifecycle_stage",
        "Country": "country",
        "City": "city",
        "Created at": "created_at",
        "Score": "score",
        "Sales owner": "owner",
        "Recent note": "",
    }


def test_a_field_of_ones_own_takes_no_column_from_a_standard_one() -> None:
    own = [Field("contact", "e_mail", "E-Mail", FieldType.TEXT, is_custom=True)]
    assert match_columns("contact", ["E-Mail", "City"], Catalogue(own)).keys == ["email", "city"]


def test_columns_of_hubspot_are_found() -> None:
    header = (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Company,Lifecycle Stage,"
        "Create Date"
    )
    assert list(matched("contact", header).values()) == [
        "",
        "first_name",
        "last_name",
        "email",
        "phone",
        "owner",
        "account",
        "lifecycle_stage",
        "created_at",
    ]


def test_german_columns_are_found() -> None:
    header = "Vorname;Nachname;E-Mail;Telefon;Firma;Phase;Angelegt am;Bewertung"
    assert list(matched("contact", header, ";").values()) == [
        "first_name",
        "last_name",
        "email",
        "phone",
        "account",
        "lifecycle_stage",
        "created_at",
        "score",
    ]


def test_columns_of_companies_are_found() -> None:
    header = "Name,Website,Industry type,Number of employees,Country,Phone"
    assert list(matched("account", header).values()) == [
        "name",
        "website",
        "industry",
        "employees",
        "country",
        "phone",
    ]


def test_a_field_of_ones_own_is_found_by_key_and_label() -> None:
    assert matched("contact", "NPS") == {"NPS": "nps"}
    assert matched("contact", "net promoter-score") == {"net promoter-score": "nps"}


def test_fields_that_events_keep_are_not_filled_by_a_file() -> None:
    assert matched("contact", "last replied,last_contacted_mode") == {
        "last replied": "",
        "last_contacted_mode": "",
    }


def test_of_several_columns_the_first_is_taken_and_the_other_named() -> None:
    found = match_columns("contact", ["email", "first name", "First Name", "E-Mail", "", "Id"], Catalogue())
    assert found.keys == ["email", "first_name", "", "", "", ""]
    assert found.warnings == [
        "There are several columns “First Name”; the first is taken.",
        "There are several columns “E-Mail”; the first is taken.",
        "Column 5 has no name and is left out.",
    ]
    found = match_columns("contact", ["Work", "Phone number"], Catalogue())
    assert found.keys == ["phone", ""]
    assert found.warnings == ["The columns “Work” and “Phone number” are one field; the first is taken."]


@pytest.mark.parametrize(
    ("text", "writing", "expected"),
    [
        ("71,5", BERLIN, 71.5),
        ("71.5", GERMAN, 71.5),
        ("1,234", BERLIN, 1234),
        ("1,234", GERMAN, 1.234),
        ("1.234", BERLIN, 1.234),
        ("1.234", GERMAN, 1234),
        ("1.234,50", BERLIN, 1234.5),
        ("1,234.50", GERMAN, 1234.5),
        ("1.234.567", BERLIN, 1234567),
        ("12 345,5", BERLIN, 12345.5),
        ("1'234.5", BERLIN, 1234.5),
        ("1\u00a0234", BERLIN, 1234),
        ("€ 1.000,00", GERMAN, 1000),
        ("-5", BERLIN, -5),
        (" 7 ", BERLIN, 7),
        ("5 EUR", BERLIN, 5),
        ("1e3", BERLIN, 1000),
    ],
)
def test_numbers(text: str, writing: Writing, expected: float) -> None:
    assert cells.read_number(text, writing) == expected


@pytest.mark.parametrize("text", ["abc", "1 2", "12%", "1,2,3", "--5", "5.", "nan", "inf", "٣", "1..2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no number"):
        cells.read_number(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", datetime(2024, 2, 28, 23, 0, tzinfo=UTC)),
        ("2026-08-30 14:05", datetime(2026, 8, 30, 12, 5, tzinfo=UTC)),
        ("16.06.2024", datetime(2024, 6, 15, 22, 0, tzinfo=UTC)),
        ("1.2.2024 9:30 Uhr", datetime(2024, 2, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-01-05T10:00:30.123Z", datetime(2026, 1, 5, 10, 0, 30, tzinfo=UTC)),
        ("2026-01-05T10:00:00+02:00", datetime(2026, 1, 5, 8, 0, tzinfo=UTC)),
    ],
)
def test_moments_are_local_to_the_zone_or_have_an_offset(text: str, expected: datetime) -> None:
    assert cells.read_instant(text, BERLIN) == expected


@pytest.mark.parametrize(
    "text", ["31/02/2025", "01/02/2025", "31.02.2025", "2025-13-01", "soon", "2025", "0000-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no date"):
        cells.read_date(text, BERLIN)


def test_a_time_that_no_day_has_is_refused() -> None:
    with pytest.raises(Refused, match="is no time"):
        cells.read_instant("2025-01-01 25:00", BERLIN)


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        (FieldType.YES_NO, "Ja", True),
        (FieldType.YES_NO, "FALSE", False),
        (FieldType.TAGS, "Sales;Marketing, New |", ["Sales", "Marketing", "New"]),
        (FieldType.DATE, "14.09.2026", date(2026, 9, 14)),
        (FieldType.TEXT, "=1+1", "=1+1"),
    ],
)
def test_cells_are_typed(type_: FieldType, text: str, expected: Any) -> None:
    assert read_cell(Field("contact", "x", "x", type_), text, BERLIN) == expected


def test_several_addresses_in_one_cell() -> None:
    assert read_addresses(" Ann@X.example ") == ["Ann@X.example"]
    assert read_addresses("a@x.example; b@x.example,A@X.EXAMPLE") == ["a@x.example", "b@x.example"]
    assert read_addresses("a@x.example b@x.example") == ["a@x.example", "b@x.example"]
    assert read_addresses("p@collinschen.exämple") == ["p@collinschen.exämple"]
    with pytest.raises(Refused, match="is no email address"):
        read_addresses("ra.gsiarz151 at portersmith.example")
    with pytest.raises(Refused, match="has “nonsense”"):
        read_addresses("a@x.example; nonsense")


def test_names_are_split() -> None:
    assert split_name("Ann van Dyk") == ("Ann", "van Dyk")
    assert split_name("Dyk, Ann") == ("Ann", "Dyk")
    assert split_name("Madonna") == ("Madonna", "")


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("Seats", ["5", "", "1.234,5"], FieldType.NUMBER),
        ("Renewal", ["2026-01-01", "14.09.2026"], FieldType.DATE),
        ("VIP", ["ja", "nein"], FieldType.YES_NO),
        ("Id", ["100", "101"], FieldType.TEXT),
        ("Record ID", ["100", "101"], FieldType.TEXT),
        ("Phone", ["+49301234", "0301234"], FieldType.TEXT),
        ("Note", ["5", "five"], FieldType.TEXT),
        ("Nothing", ["", " "], FieldType.TEXT),
    ],
)
def test_the_type_of_a_new_field_is_suggested(name: str, values: list[str], expected: FieldType) -> None:
    assert suggested_type(name, values) is expected
