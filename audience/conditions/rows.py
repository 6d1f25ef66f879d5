"""The rows of a builder: as a page posts them, and as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audience.conditions.typed import Options, Typed
from audience.fields import RECORDS, SEQUENCE


@dataclass(frozen=True)
class Row:
    """One row as it is shown. ``input``: none, text, lines, number, date, between, choice, choices.

    ``is_searched``: the choices are too many to show, and stand behind a search.
    """

    typed: Typed
    ops: Options = ()
    input: str = "none"
    unit: str = ""
    choices: Options = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    is_searched: bool = False

    @property
    def field(self) -> str:
        return self.typed.field

    @property
    def op(self) -> str:
        return self.typed.op

    @property
    def error(self) -> str:
        """What is wrong with it, at whichever of its three parts."""
        words = "; ".join(self.faults.values())
        return words and f"{words[0].upper()}{words[1:]}."

    @property
    def value(self) -> str | tuple[str, ...]:
        if self.input == "choices":
            return self.typed.values
        if self.input == "lines":
            return "\n".join(self.typed.values)
        return self.typed.values[0] if self.typed.values else ""

    @property
    def value2(self) -> str:
        """The second value of a range."""
        return self.typed.values[1] if len(self.typed.values) > 1 else ""


def renamed(name: str, before: str, now: str) -> str:
    """The same field where bare names have become those of another record: ``city`` → ``contact.city``."""
    if before == now or before not in RECORDS or not name:
        return name
    if "." not in name:
        return name if name == SEQUENCE.key else f"{before}.{name}"
    return name.removeprefix(f"{now}.")


def read_row(data: Any, name: str) -> Typed:
    """What a page posted of a row; ``name`` is ``<prefix>-N``."""
    typed = [*data.getlist(f"{name}-value"), *data.getlist(f"{name}-value2")]
    values = [value.replace("\x00", "") for value in typed]
    find = data.get(f"{name}-find", "").replace("\x00", "").strip()
    return Typed(
        data.get(f"{name}-field", "").strip(), data.get(f"{name}-op", "").strip(), tuple(values), find
    )
