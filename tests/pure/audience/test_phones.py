"""Telephone numbers in E.164."""

import pytest

from audience.phones import normalise_phone


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+4915112345678", None, "+4915112345678"),
        ("0049 (0)151 1234-5678", None, "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("0151 12345678", "de", "+4915112345678"),
        ("06 99 90 37 74", "FR", "+33699903774"),
        ("(202) 555-0143x1234", "US", "+12025550143"),
        ("202.555.0143 ext. 12", "US", "+12025550143"),
        ("+49 30 1234", "US", "+49301234"),
    ],
)
def test_a_number_is_brought_into_one_form(text, region, number):
    assert normalise_phone(text, region) == number


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", "DE"),
        ("call me", "DE"),
        ("0151 12345678", None),
        ("12", "DE"),
        ("+4915112345678901234", None),
        ("9" * 500, "US"),
        ("0151 12345678", "XX"),
        ("=1+1", "DE"),
    ],
)
def test_what_cannot_be_dialled_has_no_form(text, region):
    assert normalise_phone(text, region) is None
