"""What a template needs and what is wrong with it, asked when it is saved and when a sequence is activated."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from liquid.exceptions import LiquidError

from messaging.liquid.prepared import context_of
from messaging.liquid.source import Fault
from messaging.liquid.syntax import OBJECTS, PEOPLE_FIELDS, Reading, line_of, read, told

SAMPLE = "1"  # a value that every filter can work with


@dataclass(frozen=True)
class Analysis:
    """``needed``: the fields that hold a contact where they are empty (semantics 2.31), such as
    ``contact.first_name``. ``used``: all that are named. ``faults``: why it cannot be saved, in reading order.
    """

    needed: frozenset[str]
    used: frozenset[str]
    faults: tuple[Fault, ...]


def analyse(subject: str, body: str, known_fields: Collection[str], *, signature: str = "") -> Analysis:
    """An e-mail's template, with its sender's signature where that is known.

    ``known_fields`` are full paths, custom fields included: ``{"contact.first_name", "account.name", …}``.
    ``owner`` and ``sender`` (name, email) are known of themselves.
    """
    parts = [
        analyse_text(subject, known_fields, place="subject"),
        analyse_text(body, known_fields, place="body", html=True),
        analyse_text(signature, known_fields, place="signature", html=True),
    ]
    return Analysis(
        needed=frozenset().union(*(part.needed for part in parts)),
        used=frozenset().union(*(part.used for part in parts)),
        faults=tuple(fault for part in parts for fault in part.faults),
    )


def analyse_text(
    source: str, known_fields: Collection[str], *, place: str = "text", html: bool = False
) -> Analysis:
    """One text: of an SMS, a title, a reminder (whose empty placeholders stay empty: look only at ``faults``)."""
    reading = read(source, html=html)
    faults = list(reading.faults)
    for name, line in reading.fields.items():
        if name not in known_fields and name not in PEOPLE_FIELDS:
            faults.append((_unknown(name, known_fields), line))
    if not faults:
        faults += _try_out(reading)
    return Analysis(
        needed=frozenset(reading.needed),
        used=frozenset(reading.fields),
        faults=tuple(Fault(place, reason, line) for reason, line in sorted(faults, key=lambda f: f[1])),
    )


def _unknown(name: str, known_fields: Collection[str]) -> str:
    head = name.partition(".")[0]
    if head not in OBJECTS:
        return f"There is no record “{head}”; there are {', '.join(sorted(OBJECTS))}."
    near = difflib.get_close_matches(name, [*known_fields, *PEOPLE_FIELDS], n=1, cutoff=0.75)
    return f"There is no field “{name}”" + (f"; is “{near[0]}” meant?" if near else ".")


def _try_out(reading: Reading) -> list[tuple[str, int]]:
    """Renders once with a value in every field: finds filters that are given what they cannot take, and loops
    without measure."""
    if reading.template is None:
        return []
    try:
        reading.template.render(
            context_of(dict.fromkeys(reading.fields, SAMPLE), reading.fields, reading.bare)
        )
    except LiquidError as error:
        return [(told(error), line_of(error.token) or 1)]
    except RecursionError:
        return [("It is nested too deeply.", 1)]
    return []
