"""Tokens in links cannot be guessed, changed or used for something else (R-057, R-059)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.tokens import CLICK, LONGEST_URL, OPEN, UNSUBSCRIBE, Links, Signer, Ticket

SIGNER = Signer(["a secret"])


@given(st.integers(1, 2**62), st.integers(1, 2**62), st.integers(0, 99_999))
def test_what_is_signed_can_be_read(tenant, message, n):
    assert SIGNER.read(SIGNER.token(tenant, message, CLICK, n), CLICK) == Ticket(tenant, message, CLICK, n)
    assert SIGNER.read(SIGNER.token(tenant, message, OPEN), CLICK, OPEN) == Ticket(tenant, message, OPEN)


def test_changing_any_letter_makes_it_worthless():
    token = SIGNER.token(12, 345, CLICK, 6)
    letters = "0123456789abcxyzABCXYZ._-+ %é"
    for position in range(len(token)):
        for letter in letters:
            changed = token[:position] + letter + token[position + 1 :]
            if changed != token:
                assert SIGNER.read(changed, CLICK, OPEN, UNSUBSCRIBE) is None


@pytest.mark.parametrize(
    "token",
    ["", ".", "1.2.c.3", "1.2.c.3.", "01.2.o." + "a" * 24, "1.2.x." + "a" * 24, "١.2.o." + "a" * 24,
     "1.2.o." + "a" * 23, "1.2.o." + "a" * 25, "9" * 5000, "1.2.o.." + "a" * 24],
)  # fmt: skip
def test_what_is_no_token_is_nothing(token):
    assert SIGNER.read(token, CLICK, OPEN, UNSUBSCRIBE) is None


def test_a_token_serves_one_purpose():
    assert SIGNER.read(SIGNER.token(1, 2, UNSUBSCRIBE), OPEN, CLICK) is None
    assert SIGNER.read(SIGNER.token(1, 2, CLICK), CLICK) is None
    assert SIGNER.read(SIGNER.token(1, 2, OPEN, 3), OPEN) is None


def test_signatures_cannot_be_moved_between_tokens():
    other = SIGNER.token(2, 345, UNSUBSCRIBE).rpartition(".")[2]
    mine = SIGNER.token(1, 345, UNSUBSCRIBE).rpartition(".")[0]
    assert SIGNER.read(f"{mine}.{other}", UNSUBSCRIBE) is None


def test_keys_can_be_changed():
    old = SIGNER.token(1, 2, OPEN)
    both = Signer(["a newer secret", "a secret"])
    assert both.read(old, OPEN) == Ticket(1, 2, OPEN)
    assert both.token(1, 2, OPEN) != old
    assert Signer(["a newer secret"]).read(old, OPEN) is None


@pytest.mark.parametrize("keys", [[], [""], ["a", ""]])
def test_there_is_no_signing_without_a_key(keys):
    with pytest.raises(ValueError, match="at least one key"):
        Signer(keys)


def test_each_link_has_its_address():
    links = Links(SIGNER, "https://t.example", "https://app.example", 1, 2)
    assert links.click(3) == f"https://t.example/t/{SIGNER.token(1, 2, CLICK, 3)}"
    assert links.open() == f"https://t.example/t/{SIGNER.token(1, 2, OPEN)}"
    assert links.unsubscribe() == f"https://app.example/u/{SIGNER.token(1, 2, UNSUBSCRIBE)}"


def test_an_unsubscribe_link_knows_its_address_and_does_not_tell_it():
    token = SIGNER.token(1, 2, UNSUBSCRIBE, address="ann@acme.example")
    assert SIGNER.read(token, UNSUBSCRIBE) == Ticket(1, 2, UNSUBSCRIBE, None, "ann@acme.example")
    assert SIGNER.token(1, 2, UNSUBSCRIBE, address="ann@acme.example") == token
    assert "ann" not in token and SIGNER.read(token, OPEN) is None
    both = Signer(["a newer secret", "a secret"])
    assert both.read(token, UNSUBSCRIBE) == Ticket(1, 2, UNSUBSCRIBE, None, "ann@acme.example")
    for position in range(len(token)):
        changed = token[:position] + ("x" if token[position] != "x" else "y") + token[position + 1 :]
        assert SIGNER.read(changed, UNSUBSCRIBE) is None
    longest = "a" * 64 + "@" + "b" * 250
    assert SIGNER.read(SIGNER.token(1, 2, UNSUBSCRIBE, address=longest), UNSUBSCRIBE).address == longest


def test_a_link_knows_where_it_leads_and_does_not_tell_it():
    url = "https://acme.example/offer?for=Zo\u00eb#prices"
    token = SIGNER.token(1, 2, CLICK, 3, url=url)
    assert SIGNER.read(token, CLICK) == Ticket(1, 2, CLICK, 3, url=url)
    assert SIGNER.token(1, 2, CLICK, 3, url=url) == token
    assert "acme" not in token and SIGNER.read(token, OPEN, UNSUBSCRIBE) is None
    assert Signer(["a newer secret", "a secret"]).read(token, CLICK).url == url
    for position in range(len(token)):
        changed = token[:position] + ("x" if token[position] != "x" else "y") + token[position + 1 :]
        assert SIGNER.read(changed, CLICK) is None
    other = SIGNER.token(1, 2, CLICK, 4, url="https://evil.example/")
    mixed = ".".join([*token.split(".")[:4], *other.split(".")[4:]])
    assert SIGNER.read(mixed, CLICK) is None, "a target is of one link of one mail"
    longest = "https://x.example/" + "a" * (LONGEST_URL - 18)
    assert SIGNER.read(SIGNER.token(1, 2, CLICK, 3, url=longest), CLICK).url == longest
    assert SIGNER.token(1, 2, CLICK, 3, url=longest + "a") == SIGNER.token(1, 2, CLICK, 3)
