"""The filters that templates may use: those of Liquid that can neither hang nor fill the memory.

Left out on purpose: ``safe`` and what decodes (they undo escaping), ``map``, ``where``, ``sort`` and the like
(nothing here has a structure), ``base64_*``. ``date`` is our own: Liquid's reads the clock and guesses.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_environment
from liquid.undefined import is_undefined
from markupsafe import Markup, soft_str

LONGEST = 100_000  # characters of any one value
LARGEST = 10**15  # of any one number
DIRECTIVES = re.compile(r"(?:[^%]|%-?[YymdeBbhAaHIMSpjuwUVGZ%])*")


def refuse(reason: str) -> FilterArgumentError:
    return FilterArgumentError(reason, token=None)


def format_date(value: object, pattern: object = "%Y-%m-%d") -> str:
    """A date or date-time, or a text that begins like one (2026-03-30), in the form of ``pattern``."""
    form = str(pattern)
    if len(form) > 100 or not DIRECTIVES.fullmatch(form):
        raise refuse(f"“{form[:40]}” is no form for a date")
    moment: object = value
    if isinstance(value, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value.strip())
    if isinstance(moment, date):
        return moment.strftime(form)
    return "" if value is None or is_undefined(value) else str(value)


def replace(value: object, old: object = "", new: object = "") -> str:
    """All of ``old`` by ``new``. The length is known before the work is done."""
    text = value if isinstance(value, str) else str(value)
    old, new = soft_str(old), soft_str(new)
    if len(text) + text.count(old) * max(0, len(new) - len(old)) > LONGEST:
        raise refuse("the text becomes too long")
    return text.replace(old, new)


def join(value: object, separator: object = " ") -> str:
    """The items of a list, one after the other."""
    items = value if isinstance(value, list | tuple) else [value]
    texts = ["" if item is None else soft_str(item) for item in items]
    glue = soft_str(separator)
    if sum(map(len, texts)) + len(glue) * len(texts) > LONGEST:
        raise refuse("the text becomes too long")
    if isinstance(glue, Markup):
        return glue.join(texts)
    return glue.join(texts)


def first(value: object) -> object:
    """The first item of a list, the first letter of a text."""
    return value[0] if isinstance(value, list | str) and value else None


def last(value: object) -> object:
    """The last item of a list, the last letter of a text."""
    return value[-1] if isinstance(value, list | str) and value else None


@with_environment
def newline_to_br(value: object, *, environment: Any) -> str:
    """Line ends as ``<br>``; in a text without HTML they stay."""
    if not environment.autoescape:
        return str(value)
    made: str = string.newline_to_br(value, environment=environment)
    return made


FILTERS: dict[str, Callable[..., Any]] = {
    "default": misc.default,
    "date": format_date,
    "append": string.append,
    "prepend": string.prepend,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "upcase": string.upcase,
    "strip": string.strip,
    "lstrip": string.lstrip,
    "rstrip": string.rstrip,
    "squish": string.squish,
    "strip_newlines": string.strip_newlines,
    "newline_to_br": newline_to_br,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "replace": replace,
    "replace_first": string.replace_first,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "slice": string.slice_,
    "escape": string.escape,
    "url_encode": string.url_encode,
    "split": string.split,
    "join": join,
    "first": first,
    "last": last,
    "size": misc.size,
    "reverse": array.reverse,
    "plus": math.plus,
    "minus": math.minus,
    "times": math.times,
    "divided_by": math.divided_by,
    "modulo": math.modulo,
    "round": math.round_,
    "ceil": math.ceil,
    "floor": math.floor,
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
}
