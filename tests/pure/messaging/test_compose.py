"""A mail from its templates: what is added, what is kept apart, what is never added."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from messaging.compose import Text, Tracking, compose
from messaging.headers import new_message_id
from messaging.liquid import MissingPlaceholder, prepare
from messaging.mime import Heading
from messaging.tokens import CLICK, OPEN, UNSUBSCRIBE, Links, Signer

SIGNER = Signer(["a secret"])
TRACKING = Tracking(
    Links(SIGNER, "https://t.example", "https://app.example", 7, 42), postal_address="Acme\nMain St 1"
)
HEADING = Heading(
    message_id=new_message_id("mia@us.example"),
    date=datetime(2026, 3, 27, 8, tzinfo=UTC),
    from_address="mia@us.example",
    from_name="Mia",
    to_address="ann@acme.example",
)
TEXT = Text(
    subject=prepare("Hello {{ first_name }}", html=False),
    body=prepare(
        '<p>Hi {{ first_name }}, <a href="https://x.example/?a=1&b=2">look</a> or <a href="tel:+1">call</a></p>',
        html=True,
    ),
    signature=prepare("<p>{{ sender.name }}</p>", html=True),
)
VALUES = {"contact.first_name": "Ann", "sender.name": "Mia"}


def parts(raw: bytes) -> tuple[str, str]:
    text, html = email.message_from_bytes(raw, policy=email.policy.default).iter_parts()
    return text.get_content(), html.get_content()


def tokens(text: str) -> list[str]:
    return re.findall(r"https://(?:t|app)\.example/[tu]/([\w.-]+)", text)


def test_links_footer_and_pixel():
    composed = compose(HEADING, TEXT, VALUES, TRACKING)
    assert composed.subject == "Hello Ann"
    assert composed.links == ("https://x.example/?a=1&b=2",)
    assert not composed.clipped
    text, html = parts(composed.raw)
    tickets = [SIGNER.read(token, CLICK, OPEN, UNSUBSCRIBE) for token in tokens(html)]
    assert [(ticket.tenant, ticket.message, ticket.purpose, ticket.n) for ticket in tickets] == [
        (7, 42, CLICK, 0), (7, 42, UNSUBSCRIBE, None), (7, 42, OPEN, None),
    ]  # fmt: skip
    assert 'href="tel:+1"' in html
    assert "<p>Mia</p>" in html
    assert tokens(text) == tokens(html)[:2], "the text part has the same links and no pixel"
    assert "Acme\r\nMain St 1\r\nUnsubscribe <https://app.example/u/" in text


def test_the_one_click_header_is_the_link_of_the_footer():
    composed = compose(HEADING, TEXT, VALUES, TRACKING)
    message = email.message_from_bytes(composed.raw, policy=email.policy.default)
    (header,) = tokens(message["List-Unsubscribe"])
    assert header == tokens(parts(composed.raw)[1])[1]


@pytest.mark.parametrize("off", ["opens", "clicks", "unsubscribe"])
def test_each_can_be_off(off):
    composed = compose(HEADING, TEXT, VALUES, replace(TRACKING, **{off: False}))
    purposes = {
        SIGNER.read(token, CLICK, OPEN, UNSUBSCRIBE).purpose for token in tokens(parts(composed.raw)[1])
    }
    assert purposes == {OPEN, CLICK, UNSUBSCRIBE} - {
        {"opens": OPEN, "clicks": CLICK, "unsubscribe": UNSUBSCRIBE}[off]
    }
    assert (b"List-Unsubscribe" in composed.raw) == (off != "unsubscribe")
    assert ("https://x.example" in parts(composed.raw)[1]) == (off == "clicks")


def test_a_copy_for_a_colleague_is_the_mail_without_anything_of_the_contact():
    composed = compose(HEADING, TEXT, VALUES, None)
    text, html = parts(composed.raw)
    assert tokens(text + html) == []
    assert b"List-Unsubscribe" not in composed.raw
    assert "https://x.example/?a=1&amp;b=2" in html
    original = email.message_from_bytes(compose(HEADING, TEXT, VALUES, TRACKING).raw)
    copy = email.message_from_bytes(composed.raw)
    for field in ("From", "To", "Subject", "Date", "Message-ID"):
        assert copy[field] == original[field]


def test_an_answer_has_the_subject_of_its_thread():
    assert compose(HEADING, replace(TEXT, answers="Re: First"), VALUES, None).subject == "Re: First"


@pytest.mark.parametrize("missing", VALUES)
def test_nothing_leaves_with_a_gap(missing):
    with pytest.raises(MissingPlaceholder) as raised:
        compose(HEADING, TEXT, {**VALUES, missing: " "}, TRACKING)
    assert raised.value.field == missing


def test_values_cannot_add_links_headers_or_markup():
    values = {
        **VALUES,
        "contact.first_name": 'A\r\nBcc: eve@evil.example <a href="https://evil.example">{{ x }}</a>',
    }
    composed = compose(HEADING, TEXT, values, TRACKING)
    assert composed.links == ("https://x.example/?a=1&b=2",)
    assert email.message_from_bytes(composed.raw)["Bcc"] is None
    assert "&lt;a href=" in parts(composed.raw)[1]


def test_a_long_mail_says_that_it_will_be_clipped():
    long = replace(TEXT, body=prepare("<p>" + "word " * 25_000 + "</p>", html=True))
    assert compose(HEADING, long, VALUES, TRACKING).clipped


def test_who_sends_stands_in_the_footer_once_with_a_link_or_without():
    for unsubscribe in (True, False):
        tracking = replace(TRACKING, identity="Kite & Co", unsubscribe=unsubscribe)
        text, html = parts(compose(HEADING, TEXT, VALUES, tracking).raw)
        assert "Kite & Co\r\nAcme\r\nMain St 1" in text
        assert ("Unsubscribe" in html) is unsubscribe
    tracking = replace(TRACKING, identity="ACME")
    assert "ACME" not in parts(compose(HEADING, TEXT, VALUES, tracking).raw)[1], "the address says it already"


def test_a_label_and_an_address_are_text():
    tracking = replace(TRACKING, postal_address="<b>Acme & Co</b>", unsubscribe_label="Abmelden & <raus>")
    _, html = parts(compose(HEADING, TEXT, VALUES, tracking).raw)
    assert "&lt;b&gt;Acme &amp; Co&lt;/b&gt;" in html
    assert "Abmelden &amp; &lt;raus&gt;</a>" in html
