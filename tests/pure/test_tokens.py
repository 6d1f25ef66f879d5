"""The colours of static/css/tokens.css against WCAG 2.2: 4.5 for text, 3 for borders of controls and for signs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text()
TOKENS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+):\s*light-dark\((#[0-9a-f]{3,6}),\s*(#[0-9a-f]{3,6})\)", CSS, re.I
    )
} | {"on-brand": ("#fff", "#fff")}
GROUNDS = ("surface", "canvas", "raised", "sunken", "hover")
TEXT = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in (*GROUNDS, "active")],
    *[("link", ground) for ground in ("surface", "canvas", "raised", "brand-soft")],
    *[(verdict, ground) for verdict in ("ok", "warn", "bad") for ground in ("surface", f"{verdict}-soft")],
    *[("ink-2", ground) for ground in ("brand-soft", "ok-soft", "warn-soft", "bad-soft")],
    *[("on-brand", ground) for ground in ("brand", "brand-h", "bad-fill", "bad-fill-h")],
    *[(f"c-{c}", f"c-{c}-s") for c in ("email", "call", "linkedin", "sms", "task", "manual", "plain")],
]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, theme: int) -> None:
    assert contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "raised"])
def test_the_border_of_a_control_can_be_seen(ground: str, theme: int) -> None:
    assert contrast(TOKENS["ctl"][theme], TOKENS[ground][theme]) >= 3
