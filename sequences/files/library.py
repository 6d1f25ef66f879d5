"""Reading a file of sequences into a workspace that exists: views, templates, sequences (semantics 6.1). Pure.

A whole scenario may be read so, too: its people and what happens to them are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from audience.conditions.faults import Fault, Place
from audience.fields import Catalogue
from messaging.liquid import analyse_text
from sequences.files import reading
from sequences.files.reading import Keys, Names
from sequences.files.records import names_once
from sequences.files.scenario import read_templates, read_views, understood
from sequences.files.sequences import read_sequence
from sequences.files.setting import Setting
from sequences.files.specs import SequenceSpec, TemplateSpec, ViewSpec

LEFT_OUT = (
    *("scenario", "now", "until", "limits", "users", "accounts", "contacts", "opportunities"),
    *("timeline", "expect"),
)
"""Keys of a scenario that are no part of a library."""

LONGEST_VIEW, LONGEST_TEMPLATE, LONGEST_SEQUENCE = 100, 200, 120
"""Characters of a name, as the forms of the pages have them (a test holds them together)."""

PEOPLE = ("owner", "from", "assignee")
"""Keys that name a member; one who is none here is left out, and said."""


@dataclass(frozen=True)
class Known:
    """What there is in the workspace: what a file may name without having it itself.

    ``views`` maps names to records; ``reader`` is the address of who reads, the owner where none is named.
    """

    timezone: ZoneInfo
    catalogue: Catalogue
    reader: str
    users: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    views: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """``left_out``: keys of the file that nothing is made of; ``strangers``: addresses that no member here has."""

    views: tuple[ViewSpec, ...]
    templates: tuple[TemplateSpec, ...]
    sequences: tuple[SequenceSpec, ...]
    left_out: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


def read_library(text: str, *, file: str, known: Known) -> Library:
    """The sequences of a file, with what they need. Raises FaultyFile (sequences.files.scenario)."""
    return understood(text, file=file, read=lambda raw, faults: _library(raw, faults, known))


def _library(raw: Any, faults: list[Fault], known: Known) -> Library:
    strangers: dict[str, None] = {}
    keys = Keys(_among_us({} if raw is None else raw, known.users, strangers), (), faults)
    left_out = tuple(key for key in LEFT_OUT if keys.has(key))
    for key in LEFT_OUT:
        keys.raw(key)
    setting = _setting(keys, faults, known)
    views = read_views(keys, setting)
    setting.views = {**known.views, **setting.views}
    templates = read_templates(keys, setting)
    names = [template.name for template in templates]
    setting.templates = Names.of("template", [*names, *known.templates])
    items = keys.items("sequences")
    if not items:
        keys.fault("there is no sequence in it", "sequences")
    sequences = tuple(
        read_sequence(Keys(item, place, faults), setting, known.reader) for item, place in items
    )
    names_once([spec.name for spec in sequences], keys, "sequences")
    for number, view in enumerate(views):
        _check_name(view.name, LONGEST_VIEW, ("views", number, "name"), faults)
    for template in templates:
        _check_name(template.name, LONGEST_TEMPLATE, ("templates", template.name), faults)
    for number, sequence in enumerate(sequences):
        _check_name(sequence.name, LONGEST_SEQUENCE, ("sequences", number, "name"), faults)
    keys.done()
    return Library(views, templates, sequences, left_out, tuple(strangers))


def _check_name(name: str, longest: int, place: Place, faults: list[Fault]) -> None:
    """What the forms of the pages would not take as a name either."""
    if len(name) > longest:
        faults.append(Fault(place, f"a name has at most {longest} characters; this one has {len(name)}"))
    elif not name.isprintable():
        faults.append(Fault(place, "a name stands on one line, without characters that cannot be seen"))


def _setting(keys: Keys, faults: list[Fault], known: Known) -> Setting:
    zone = keys.take("timezone", reading.zone, known.timezone)
    fields = frozenset(one.name for one in known.catalogue)
    items = keys.left.get("sequences")
    named = (
        [str(item.get("name") or "").strip() for item in items or () if isinstance(item, Mapping)]
        if isinstance(items, list)
        else []
    )
    return Setting(
        zone,
        faults,
        catalogue=known.catalogue,
        is_open=False,
        users=Names.of("user", [known.reader, *known.users]),
        sequences=Names.of("sequence", [*filter(None, named), *known.sequences]),
        check=lambda source, *, html: [f.reason for f in analyse_text(source, fields, html=html).faults],
    )


def _among_us(raw: Any, users: frozenset[str], strangers: dict[str, None]) -> Any:
    """The values without members of other workspaces; their addresses are collected."""
    if isinstance(raw, list):
        return [_among_us(item, users, strangers) for item in raw]
    if not isinstance(raw, Mapping):
        return raw
    kept = {}
    for key, value in raw.items():
        if (
            key in PEOPLE
            and isinstance(value, str)
            and "@" in value
            and value.strip().casefold() not in users
        ):
            strangers[value.strip()] = None
        else:
            kept[key] = _among_us(value, users, strangers)
    return kept
