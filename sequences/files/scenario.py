"""Reading a whole scenario file, or saying everything that is wrong with it (semantics 6.1, 6.10). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from audience.conditions.faults import Fault, Place, spelled
from audience.fields import CONTACT, RECORDS, Catalogue
from sequences.files import reading
from sequences.files.document import Document, NotYaml, read_document
from sequences.files.placeholders import check_template
from sequences.files.reading import Keys, Names
from sequences.files.records import (
    PLURALS,
    custom_fields,
    names_once,
    read_records,
    read_users,
    user_names,
)
from sequences.files.sequences import read_sequence
from sequences.files.setting import Setting, TemplateCheck
from sequences.files.specs import Scenario, TemplateSpec, ViewSpec
from sequences.files.timeline import Timeline
from sequences.trace import trace_lines
from tenants.localtime import zone_named

T = TypeVar("T")

DEFAULT_LIMIT = 500
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_SAID = 60
"""Characters of a name by which a place is called; one with more goes by its number."""

NAMED_BY = ("key", "id", "name", "email")


@dataclass(frozen=True)
class FileFault:
    """One thing in a file that cannot be understood."""

    file: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.reason}"


class FaultyFile(Exception):
    """A file that cannot be understood; ``faults`` has everything that is wrong with it."""

    def __init__(self, faults: list[FileFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def read_scenario(text: str, *, file: str, check: TemplateCheck = check_template) -> Scenario:
    """The scenario of a file's text; ``check`` says what is wrong with a template. Raises FaultyFile."""
    return understood(text, file=file, read=lambda raw, faults: _scenario(raw, faults, check))


def understood(text: str, *, file: str, read: Callable[[Any, list[Fault]], T]) -> T:
    """What ``read`` makes of a file's plain values, where it names no fault. Raises FaultyFile."""
    try:
        document = read_document(text)
    except NotYaml as wrong:
        place = f"line {wrong.line}" if wrong.line else "file"
        raise FaultyFile([FileFault(file, place, wrong.reason)]) from None
    faults = list(document.faults)
    found = read(document.value, faults)
    if faults:
        faults.sort(key=lambda fault: document.line_of(fault.place))
        raise FaultyFile([FileFault(file, _where(fault.place, document), fault.reason) for fault in faults])
    return found


def _where(place: Place, document: Document) -> str:
    """``line 14, sequences.Outbound.steps.bump.conditions[1].op``: items by their names where they have one."""
    named: list[str | int] = []
    value = document.value
    for part in place:
        value = _inside(value, part)
        named.append(_name_of(value, part) if isinstance(part, int) else part)
    return f"line {document.line_of(place)}" + (f", {spelled(tuple(named))}" if named else "")


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and part < len(value) else None
    return value.get(part) if isinstance(value, Mapping) else None


def _name_of(value: Any, index: int) -> str | int:
    if not isinstance(value, Mapping) or "do" in value:
        return index
    for key in NAMED_BY:
        name = value.get(key)
        if isinstance(name, str) and 0 < len(name) <= LONGEST_SAID and not any(c in name for c in ".:\n"):
            return name
    return index


def _scenario(raw: Any, faults: list[Fault], check: TemplateCheck) -> Scenario:
    keys = Keys({} if raw is None else raw, (), faults)
    timezone = keys.need("timezone", reading.zone, zone_named("UTC"))
    moment = reading.moment(timezone)
    now = keys.need("now", moment, EPOCH)
    until = keys.need("until", moment, now)
    if until < now:
        keys.fault("it is before the clock starts", "until")
    limit = _limit(keys)
    fields = custom_fields(keys.left)
    setting = Setting(timezone, faults, catalogue=Catalogue(fields), check=check)
    _know_names(keys.left, setting)
    users = read_users(keys, limit, setting)
    setting.users = user_names(users)
    records = read_records(keys, setting)
    views = read_views(keys, setting)
    templates = read_templates(keys, setting)
    sequences = tuple(
        read_sequence(Keys(item, place, faults), setting, users[0].email)
        for item, place in keys.items("sequences")
    )
    names_once([spec.name for spec in sequences], keys, "sequences")
    scenario = Scenario(
        title=keys.take("scenario", reading.text, ""),
        now=now,
        timezone=timezone,
        until=until,
        limit=limit,
        users=users,
        accounts=records["account"],
        contacts=records["contact"],
        opportunities=records["opportunity"],
        views=views,
        templates=templates,
        sequences=sequences,
        timeline=Timeline(keys, sequences, setting).read(now, until),
        custom_fields=tuple(fields),
        expect=_expect(keys),
    )
    keys.done()
    return scenario


def _limit(keys: Keys) -> int:
    raw = keys.raw("limits")
    limits = Keys({} if raw is None else raw, ("limits",), keys.faults)
    limit = limits.take("emails_per_user_per_day", reading.whole(0, 1_000_000), DEFAULT_LIMIT)
    limits.done()
    return limit


def _expect(keys: Keys) -> tuple[str, ...] | None:
    if not keys.has("expect"):
        return None if keys.raw("expect") is None else ()
    return tuple(trace_lines(keys.take("expect", reading.text, "")))


def _know_names(raw: Mapping[str, Any], setting: Setting) -> None:
    """Names that are used before they stand in the file: sequences, and records that conditions refer to."""
    setting.sequences = Names.of(
        "sequence", [str(item["name"]).strip() for item in _named(raw, "sequences", "name")]
    )
    events = raw.get("timeline")
    sources = [
        raw,
        *(event for event in (events if isinstance(events, list) else []) if isinstance(event, dict)),
    ]
    for record, plural in PLURALS.items():
        ids = {str(item["id"]) for source in sources for item in _named(source, plural, "id")}
        setting.references[record] = frozenset(ids)


def _named(raw: Mapping[str, Any], key: str, name: str) -> list[Mapping[str, Any]]:
    items = raw.get(key)
    found = [item for item in (items if isinstance(items, list) else []) if isinstance(item, Mapping)]
    return [item for item in found if item.get(name) is not None]


def read_views(keys: Keys, setting: Setting) -> tuple[ViewSpec, ...]:
    """The saved views of a file; from then on its sequences may name them."""
    views = tuple(_view(Keys(raw, place, keys.faults), setting) for raw, place in keys.items("views"))
    names_once([view.name for view in views], keys, "views")
    setting.views = {view.name: view.record for view in reversed(views)}
    return views


def _view(keys: Keys, setting: Setting) -> ViewSpec:
    name = keys.need("name", reading.written, "").strip()
    record = keys.take("record", reading.one_of(*RECORDS), CONTACT)
    raw = {key: keys.raw(key) for key in ("match", "conditions") if keys.has(key)}
    group = setting.group(raw, setting.scope(record, None), keys.place)
    keys.done()
    return ViewSpec(name, record, group)


def read_templates(keys: Keys, setting: Setting) -> tuple[TemplateSpec, ...]:
    """The templates of a file, likewise."""
    raw = keys.raw("templates")
    all_keys = Keys({} if raw is None else raw, ("templates",), keys.faults)
    names = list(all_keys.left)
    templates = tuple(
        _template(name, Keys(all_keys.raw(name), ("templates", name), keys.faults), setting) for name in names
    )
    names_once(names, keys, "templates")
    setting.templates = Names.of("template", names)
    return templates


def _template(name: str, keys: Keys, setting: Setting) -> TemplateSpec:
    parts = {part: keys.take(part, reading.text, "") for part in ("subject", "body")}
    for part, source in parts.items():
        setting.template(source, (*keys.place, part), html=part == "body")
    keys.done()
    return TemplateSpec(name, parts["subject"], parts["body"])
