"""Mails as people write them: messaging.written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.liquid import analyse_text
from messaging.written import as_html, as_written, is_html


def test_blank_lines_part_paragraphs_and_line_ends_stay() -> None:
    text = "Hi Ann,\nhow are you?\n\nBest"
    assert as_html(text) == "<p>Hi Ann,<br>\nhow are you?</p>\n\n<p>Best</p>"
    assert as_written(as_html(text)) == text


def test_what_looks_like_html_but_is_none_is_escaped() -> None:
    assert as_html("Fish & chips, 3 < 4") == "<p>Fish &amp; chips, 3 &lt; 4</p>"


def test_placeholders_stay_as_they_are() -> None:
    text = "Hi {{ first_name | default: 'you & I' }}{% if score > 3 %}!{% endif %}"
    assert as_html(text) == f"<p>{text}</p>"


def test_web_addresses_become_links() -> None:
    made = as_html("See https://x.example/a?b=1&c=2. Thanks")
    link = '<a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>'
    assert made == f"<p>See {link}. Thanks</p>"


def test_words_can_be_linked_and_bold() -> None:
    text = "Read **this** [guide](https://x.example/g?a=1&b=2), {{ first_name }}"
    made = as_html(text)
    assert made == (
        '<p>Read <strong>this</strong> <a href="https://x.example/g?a=1&amp;b=2">guide</a>, {{ first_name }}</p>'
    )
    assert as_written(made) == text


def test_paragraphs_that_others_wrote_are_shown_as_text() -> None:
    body = '<p>Hi {{ first_name }},</p>\n<p>two\nlines <br/>three, see\n<a href="https://x.example/a">here</a>.</p>'
    assert as_written(body) == ("Hi {{ first_name }},\n\ntwo lines\nthree, see [here](https://x.example/a).")


HTML = [
    "<div>Own</div>",
    "<p>One</p>\n<table></table>",
    "Text with <b>bold</b>",
    "",
    '<p class="x">A</p>',
    "<p><i>A</i></p>",
]


@pytest.mark.parametrize("body", HTML)
def test_html_is_left_as_it_is(body: str) -> None:
    assert as_html(body) == body
    assert as_written(body) == body


def test_a_line_stays_the_same_line() -> None:
    text = "\nOne\n\nTwo\nThree {{ contact.nonsense }}"
    (fault,) = analyse_text(as_html(text), (), html=True).faults
    assert fault.line == 5


PIECES = ["a", " ", "<", ">", "&", "amp;", "'", '"', "\n", ".", "https://x.example/", "{{ a }}", "{%", "["]
PIECES += ["](", ")", "**", "p", "br"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def seen(body: str) -> str:
    """A body without the blanks that nobody sees."""
    return re.sub(r"\s+", " ", re.sub(r"\s*(<p>|</p>|<br>)\s*", r"\1", body)).strip()


@given(WORDS)
def test_what_was_written_comes_back(text: str) -> None:
    if is_html(text):
        return
    made = as_html(text)
    # Whatever is shown to be edited again makes a body that reads the same.
    assert seen(as_html(as_written(made))) == seen(made)
