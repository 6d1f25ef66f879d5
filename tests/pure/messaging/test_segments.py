"""How many segments a text message takes: messaging.segments (3GPP TS 23.038)."""

import pytest

from messaging.segments import segments_of


@pytest.mark.parametrize(
    "text, used, count, each",
    [
        ("", 0, 0, 160),
        ("a" * 160, 160, 1, 160),
        ("a" * 161, 161, 2, 153),
        ("a" * 306, 306, 2, 153),
        ("a" * 307, 307, 3, 153),
        ("€" * 80, 160, 1, 160),
        ("€" * 81, 162, 2, 153),
        ("ñäöü@£", 6, 1, 160),
        ("ç" * 70, 70, 1, 70),
        ("ç" * 71, 71, 2, 67),
        ("🙂", 2, 1, 70),
        ("a\r\nb", 3, 1, 160),
    ],
)
def test_characters_are_counted_in_their_alphabet(text: str, used: int, count: int, each: int) -> None:
    found = segments_of(text)
    assert (found.used, found.count, found.each) == (used, count, each)


def test_what_makes_it_dear_is_named() -> None:
    assert segments_of("It’s “good”").odd == ("’", "“", "”")
    assert segments_of("It's good").odd == ()


def test_placeholders_are_not_counted_but_told() -> None:
    found = segments_of("Hi {{ contact.first_name | default: 'there' }}{% if x %}!{% endif %}")
    assert (found.used, found.placeholders) == (4, 3)


def test_what_is_left_is_of_the_last_segment() -> None:
    assert (segments_of("").left, segments_of("a" * 150).left, segments_of("a" * 161).left) == (160, 10, 145)
