"""How many segments a text message takes (3GPP TS 23.038: GSM 7-bit; else UCS-2). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters that take two places each."""

PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)


@dataclass(frozen=True)
class Segments:
    """``used`` places (characters of the alphabet) in ``count`` segments of ``each``; ``odd``: what made it UCS-2."""

    used: int
    count: int
    each: int
    odd: tuple[str, ...] = ()
    placeholders: int = 0

    @property
    def left(self) -> int:
        """Places left in the last segment."""
        return max(self.count, 1) * self.each - self.used


def segments_of(text: str) -> Segments:
    """Of a text as it is sent; of a template without its placeholders, whose values come on top."""
    plain, placeholders = PLACEHOLDER.subn("", text.replace("\r\n", "\n"))
    odd = tuple(dict.fromkeys(char for char in plain if char not in GSM and char not in GSM_EXTENSION))
    if odd:
        used = len(plain.encode("utf-16-be")) // 2
        alone, joined = 70, 67
    else:
        used = sum(2 if char in GSM_EXTENSION else 1 for char in plain)
        alone, joined = 160, 153
    if used <= alone:
        return Segments(used, 1 if used else 0, alone, odd, placeholders)
    return Segments(used, -(-used // joined), joined, odd, placeholders)
