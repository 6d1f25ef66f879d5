"""Small charts as SVG, drawn on the server: they take the colours of the theme and need no script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def spark(values: Sequence[float], width: int = 180, height: int = 28) -> Markup:
    """A line through ``values`` with its area, scaled to their own range. Decoration: the number stands beside it."""
    if len(values) < 2:
        return Markup("")
    low, span = min(values), (max(values) - min(values)) or 1
    step = width / (len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{height - 2 - (v - low) / span * (height - 5):.1f}" for i, v in enumerate(values)
    )
    return Markup(
        f'<svg class="spark" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'<polygon class="area" points="0,{height} {points} {width},{height}"/>'
        f'<polyline class="line" points="{points}"/></svg>'
    )


def meter(value: float, of: float, label: str = "", tone: str = "") -> Markup:
    """A bar filled to ``value / of``. With a ``label`` it is read out, without it is decoration."""
    share = min(100.0, max(0.0, 100 * value / of)) if of else 0.0
    what = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="meter{f" meter-{tone}" if tone else ""}" viewBox="0 0 100 6" preserveAspectRatio="none" {what}>'
        f'<rect class="track" width="100" height="6"/>'
        f'<rect class="fill" width="{share:.1f}" height="6"/></svg>'
    )


def columns(pairs: Sequence[tuple[str | int, int]], label: str) -> Markup:
    """Columns with their values above and names below; ``label`` says what they are, the values are added to it."""
    if not pairs:
        return Markup("")
    slot = 34
    top = max(value for _, value in pairs) or 1
    bars = []
    for i, (name, value) in enumerate(pairs):
        height = round(54 * value / top, 1)
        bars.append(
            f'<g transform="translate({i * slot} 0)">'
            f'<rect x="5" y="{72 - height:.1f}" width="24" height="{height}" rx="3"/>'
            f'<text class="value" x="17" y="{67 - height:.1f}">{value:,}</text>'
            f'<text x="17" y="88">{escape(name)}</text></g>'
        )
    said = "; ".join(f"{name}: {value:,}" for name, value in pairs)
    width = slot * max(len(pairs), 7)
    return Markup(
        f'<svg class="columns" viewBox="0 0 {width} 92" role="img" aria-label="{escape(label)}. {escape(said)}">'
        f"{''.join(bars)}</svg>"
    )
