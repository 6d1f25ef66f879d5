"""Countries as people write them, as ISO 3166 codes. Pure."""

from __future__ import annotations

import gettext
from functools import lru_cache

import pycountry

LANGUAGES = ("de", "fr", "es", "it", "nl")
ALIASES = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "america": "US",
    "south korea": "KR",
    "north korea": "KP",
    "russia": "RU",
    "iran": "IR",
    "syria": "SY",
    "turkey": "TR",
    "czech republic": "CZ",
    "holland": "NL",
    "ivory coast": "CI",
    "swaziland": "SZ",
    "macedonia": "MK",
    "burma": "MM",
    "cape verde": "CV",
    "palestine": "PS",
    "brunei": "BN",
    "laos": "LA",
}


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    catalogues = [
        gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        for language in LANGUAGES
    ]
    for country in pycountry.countries:
        own = [getattr(country, name, "") for name in ("name", "common_name", "official_name", "alpha_3")]
        translated = [catalogue.gettext(name) for catalogue in catalogues for name in own[:2] if name]
        for name in filter(None, (*own, *translated)):
            found.setdefault(name.lower(), country.alpha_2)
    return found | ALIASES | {country.alpha_2.lower(): country.alpha_2 for country in pycountry.countries}


def code_of(country: str) -> str | None:
    """The two letters of a country given by code, or by name in English or one of the LANGUAGES; None if it is none."""
    return _codes().get(country.strip().lower())
