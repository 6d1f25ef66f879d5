"""Templates ready to be rendered many times: compiled once, kept as long as they are in use."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from liquid.exceptions import LiquidError

from messaging.liquid.environment import Template
from messaging.liquid.syntax import Reading, line_of, read, told
from messaging.markup import sanitise


class TemplateFault(Exception):
    """A template that cannot be rendered. The message is fit for a person."""


class MissingPlaceholder(Exception):
    """A needed field is empty. ``fields`` are all that are, ``field`` the first of them by name."""

    def __init__(self, fields: Collection[str]) -> None:
        self.fields = tuple(sorted(fields))
        self.field = self.fields[0]
        super().__init__(f"No value for {', '.join(self.fields)}")


class Prepared:
    """A compiled template. ``needed`` and ``used`` are paths of fields, as in an Analysis."""

    __slots__ = ("_bare", "_html", "_static", "_template", "needed", "used")

    def __init__(self, reading: Reading, template: Template, static: str | None, *, html: bool) -> None:
        self._template, self._static, self._html = template, static, html
        self._bare = frozenset(reading.bare)
        self.needed = frozenset(reading.needed)
        self.used = frozenset(reading.fields)

    def render(self, values: Mapping[str, object], *, lenient: bool = False) -> str:
        """The text for these values, by path: ``{"contact.first_name": "Ann"}``. HTML comes sanitised.

        A value is never read as a template. Empty ones (semantics 6.3) count as missing. MissingPlaceholder
        where a needed one is; with ``lenient`` (titles, reminders, previews) it stays empty. TemplateFault
        where the template oversteps its limits with these values.
        """
        if not lenient and self.needed:
            missing = [name for name in self.needed if is_blank(values.get(name))]
            if missing:
                raise MissingPlaceholder(missing)
        if self._static is not None:
            return self._static
        return self._finish(self._rendered(values))

    def _rendered(self, values: Mapping[str, object]) -> str:
        try:
            return self._template.render(context_of(values, self.used, self._bare))
        except LiquidError as error:
            raise TemplateFault(f"Line {line_of(error.token) or 1}: {told(error)}") from error
        except RecursionError as error:
            raise TemplateFault("It is nested too deeply.") from error

    def _finish(self, text: str) -> str:
        return sanitise(text) if self._html else text


@lru_cache(maxsize=1024)
def prepare(source: str, *, html: bool) -> Prepared:
    """Compiles ``source`` (a body or signature with ``html``; subjects, SMS and titles without).

    TemplateFault where it is unreadable or does what templates may not. Unknown fields are not looked for
    here (``analyse`` does): one that was deleted since is just empty. The last thousand are kept.
    """
    reading = read(source, html=html)
    if reading.faults or reading.template is None:
        reason, line = reading.faults[0]
        raise TemplateFault(f"Line {line}: {reason}")
    plain = "{{" not in source and "{%" not in source
    static = (sanitise(source) if html else source) if plain else None
    return Prepared(reading, reading.template, static, html=html)


def is_blank(value: object) -> bool:
    """Empty as everywhere: missing, only blanks, an empty list (semantics 6.3). False and 0 are values."""
    if value is None or value is False:
        return value is None
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | tuple | set | frozenset) and not value


def context_of(values: Mapping[str, object], used: Collection[str], bare: Collection[str]) -> dict[str, Any]:
    """The values that a template names, nested as it names them; empty ones left out."""
    context: dict[str, Any] = {}
    for path in used:
        value = values.get(path)
        if is_blank(value):
            continue
        head, _, name = path.partition(".")
        context.setdefault(head, {})[name] = _shown(value)
    contact = context.get("contact")
    if contact and bare:
        for name in bare:
            if name in contact:
                context[name] = contact[name]
    return context


def _shown(value: object) -> object:
    """A value as a person would write it: 5000, not 5000.0; a moment without its zone and fractions."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return value
