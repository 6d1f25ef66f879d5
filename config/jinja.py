"""The Jinja2 environment of the pages: what every template may call, and nothing that reads the database."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from heroicons.jinja import heroicon_micro, heroicon_mini, heroicon_outline
from jinja2 import Environment, StrictUndefined

from config import charts, filters

KEPT = 1000
"""So many different icons are kept as they are drawn: a list has hundreds of a few."""


def environment(**options: Any) -> Environment:
    """Jinja2 as the pages use it: an undefined name is an error, also under DEBUG (where Django would print it)."""
    env = Environment(**options | {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})
    env.globals.update(
        static=static,
        url=url,
        icon=icon,
        mini=lru_cache(maxsize=KEPT)(heroicon_mini),
        micro=lru_cache(maxsize=KEPT)(heroicon_micro),
        spark=charts.spark,
        meter=charts.meter,
        columns=charts.columns,
        query=filters.query,
    )
    env.filters.update(
        num=filters.num,
        percent=filters.percent,
        plural=filters.plural,
        hue=filters.hue,
        initials=filters.initials,
        ago=filters.ago,
        local=filters.local,
        clock=filters.clock,
        day=filters.day,
        tokens=filters.tokens,
        attrs=filters.attrs,
        device=filters.device,
    )
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """The address of a named URL: ``url("sequence", sequence.pk)``."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


@lru_cache(maxsize=KEPT)
def icon(name: str, size: int = 18, stroke_width: str = "1.7", **attrs: object) -> str:
    """An outline icon of heroicons; 16 in lines of facts, 18 in the sidebar."""
    return heroicon_outline(name, size=size, stroke_width=stroke_width, **attrs)
