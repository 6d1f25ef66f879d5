"""The beginning of a mail as a step's card shows it."""

from __future__ import annotations

import pytest

from sequences.reading.timeline import LONGEST_TEXT, shortened

WORDS = "word " * (LONGEST_TEXT // 5 - 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Hi {{ contact.first_name }}", "Hi {{ contact.first_name }}"),
        ("a" * LONGEST_TEXT, "a" * LONGEST_TEXT),
        ("a" * (LONGEST_TEXT + 1), "a" * LONGEST_TEXT + " …"),
        (f"{WORDS}notwithstanding all that", f"{WORDS}…"),
        (f"{WORDS}{{{{ contact.first_name }}}} and you", f"{WORDS}…"),
    ],
)
def test_words_and_placeholders_stay_whole(text: str, shown: str) -> None:
    assert shortened(text) == shown
