"""Public holidays by country, to fill the list of a sequence's days without a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays
import pycountry


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """Pairs of code and name of every country whose holidays are known, by name."""
    names = {country.alpha_2: country.name for country in pycountry.countries}
    codes = [code for code in holidays.list_supported_countries() if code in names]
    return sorted(((code, names[code]) for code in codes), key=lambda pair: pair[1])


@lru_cache(maxsize=64)
def public_holidays(country: str, years: tuple[int, ...]) -> list[str]:
    """The public holidays of a country in these years as YYYY-MM-DD; of a country that is not known, none."""
    if country not in dict(countries()):
        return []
    return sorted(day.isoformat() for day in holidays.country_holidays(country, years=years))


def filled(days: Iterable[str], country: str, today: date) -> list[str]:
    """The list with the holidays of this year and the next beside what stands there, without days that are over."""
    found = public_holidays(country, (today.year, today.year + 1))
    return sorted({*days, *(day for day in found if day >= today.isoformat())})
