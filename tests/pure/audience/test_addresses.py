"""Addresses are compared trimmed, NFC, lowered, the domain in its IDNA form (semantics 2.11)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audience.addresses import normalise_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@acme.example", "ann@acme.example"),
        (" ANN@Acme.Example\t", "ann@acme.example"),
        ("\ufeffann@acme.example\u200b", "ann@acme.example"),
        ("ann+tag_1.x@mail.acme.example", "ann+tag_1.x@mail.acme.example"),
        ("o'brien@acme.example", "o'brien@acme.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@acme。example", "ann@acme.example"),
        ("ann@acme.example.", "ann@acme.example"),
        ("JÜRGEN@acme.example", "jürgen@acme.example"),
        ("ju\u0308rgen@acme.example", "jürgen@acme.example"),
        ("山本@例え.テスト", "山本@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_different_spellings_of_an_address_are_one(text, address):
    assert normalise_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ann",
        "ann@",
        "@acme.example",
        "ann@acme",
        "ann at acme.example",
        "ann@@acme.example",
        "ann@acme@example.com",
        "ann@acme..example",
        "ann@-acme.example",
        "ann@acme_corp.example",
        "ann@[127.0.0.1]",
        ".ann@acme.example",
        "an..n@acme.example",
        "ann.@acme.example",
        '"ann b"@acme.example',
        "Ann <ann@acme.example>",
        "ann@acme.example, bob@acme.example",
        "ann@acme.example\r\nBcc: eve@evil.example",
        "an\x00n@acme.example",
        "an\u2028n@acme.example",
        "an n@acme.example",
        "ann@ac me.example",
        "\udcffnn@acme.example",
        "a" * 65 + "@acme.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_what_is_no_address_has_no_normal_form(text):
    assert normalise_address(text) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_normalising_twice_is_normalising_once(local, domain):
    address = normalise_address(f"{local}@{domain}.example")
    if address is not None:
        assert normalise_address(address) == address
        assert unicodedata.is_normalized("NFC", address)
        assert address.rpartition("@")[2].isascii()
        assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in address)
