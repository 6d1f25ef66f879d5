"""Mails as people write them: messaging.written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.liquid import analyse_text
from messaging.written import as_html, as_written, is_html


def test_blank_lines_part_paragraphs_and_line_ends_stay() -> None:
    assert as_html("Hi Ann,\nhow are you?\n\nBest") == "<p>Hi Ann,<br>\nhow are you?</p>\n\n<p>Best</p>"


def test_what_looks_like_html_but_is_none_is_escaped() -> None:
    assert as_html("Fish & chips, 3 < 4") == "<p>Fish &amp; chips, 3 &lt; 4</p>"


def test_placeholders_stay_as_they_are() -> None:
    text = "Hi {{ first_name | default: 'you & I' }}{% if score > 3 %}!{% endif %}"
    assert as_html(text) == f"<p>{text}</p>"


def test_web_addresses_become_links() -> None:
    made = as_html("See https://x.example/a?b=1&c=2. Thanks")
    assert (
        made
        == '<p>See <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>. Thanks</p>'
    )


@pytest.mark.parametrize(
    "body", ["<div>Own</div>", "<p>One</p>\n<table></table>", "Text with <b>bold</b>", ""]
)
def test_html_is_left_as_it_is(body: str) -> None:
    assert as_html(body) == body
    assert as_written(body) == body


def test_a_line_stays_the_same_line() -> None:
    text = "\nOne\n\nTwo\nThree {{ contact.nonsense }}"
    (fault,) = analyse_text(as_html(text), (), html=True).faults
    assert fault.line == 5


WORDS = st.text(st.sampled_from("ab <>&;'\"\n.https://x.example/{}%pr"), max_size=80)


@given(WORDS)
def test_what_was_written_comes_back(text: str) -> None:
    kept = text.replace("\r", "")
    if is_html(kept):
        return
    made = as_html(kept)
    # Whatever is shown to be edited again makes the same body.
    assert as_html(as_written(made)) == made
