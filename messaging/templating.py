"""Templates: checked when they are saved, versioned, shown as any contact would get them (semantics 2.31, 2.32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import TextField, Value

from audience.catalogue import catalogue
from audience.fields import RECORDS
from audience.models import Contact, Opportunity
from messaging import values
from messaging.headers import LONGEST_SUBJECT, cleaned
from messaging.liquid import Analysis, Fault, Prepared, analyse, analyse_text, is_blank, prepare
from messaging.models import Template, TemplateVersion
from messaging.plaintext import plaintext
from tenants.commands import audit
from tenants.fields import Lowered
from tenants.models import Member

LONGEST_NAME = 200


class TemplateRefused(Exception):
    """A template is not saved. ``faults`` say where and why; places are name, subject, body, text."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Preview:
    """A template as one contact would get it. ``missing``: needed fields that are empty; it would be held for them."""

    subject: str
    html: str
    text: str
    missing: tuple[str, ...]


def known_fields() -> frozenset[str]:
    """What templates of this tenant may name: every field of the catalogue, as ``contact.first_name``."""
    known = catalogue()
    return frozenset(field.name for record in RECORDS for field in known.of(record))


@transaction.atomic
def save_template(
    *,
    by: Member,
    name: str,
    body: str,
    now: datetime,
    subject: str = "",
    template: Template | None = None,
    channel: str = "email",
    is_shared: bool = True,
) -> TemplateVersion:
    """Make or change a template; its current version. The next run sends it (F-27), messages made before keep theirs.

    ``body`` is HTML with Liquid, of an SMS the text. A text that did not change makes no version. Raises
    TemplateRefused.
    """
    name = cleaned(name, LONGEST_NAME)
    analysis = _check(name, subject, body, template, channel)
    made = template is None
    template = template or Template(channel=channel, owner=by)
    template.name, template.is_shared = name, is_shared
    template.save()
    version = _version(template, subject, body, analysis, by, now)
    audit(
        by=by,
        verb="template.made" if made else "template.changed",
        obj=template,
        at=now,
        number=version.number,
    )
    return version


def preview(
    subject: str,
    body: str,
    *,
    contact: Contact,
    sender: Member | None = None,
    opportunity: Opportunity | None = None,
    signature: str | None = None,
) -> Preview:
    """What this contact would get; empty placeholders stay empty. Raises liquid.TemplateFault.

    ``signature``: by default the sender's.
    """
    signed = (sender.signature if sender else "") if signature is None else signature
    parts = [prepare(subject, html=False), prepare(body, html=True), prepare(signed, html=True)]
    found = values_of(parts, contact=contact, sender=sender, opportunity=opportunity)
    head, *rest = (part.render(found, lenient=True) for part in parts)
    html = "\n".join(part for part in rest if part.strip())
    needed = frozenset().union(*(part.needed for part in parts))
    missing = tuple(sorted(path for path in needed if is_blank(found.get(path))))
    return Preview(cleaned(head, LONGEST_SUBJECT), html, plaintext(html), missing)


def values_of(
    parts: list[Prepared],
    *,
    contact: Contact,
    sender: Member | None = None,
    opportunity: Opportunity | None = None,
) -> values.Values:
    """The values that these texts name, for a contact outside of any message."""
    paths = {path for part in parts for path in part.used}
    zone = sender.timezone if sender else None
    of = {head: {p for p in paths if p.startswith(f"{head}.")} for head in ("opportunity", "sender")}
    found = values.read(
        Contact.objects.filter(pk=contact.pk),
        paths - of["opportunity"] - of["sender"],
        values.OF_CONTACT,
        zone,
    ).get(contact.pk, {})
    for head, row in (("opportunity", opportunity), ("sender", sender)):
        if row is not None and of[head]:
            rows: Any = type(row)._default_manager.filter(pk=row.pk)
            found |= values.read(rows, of[head], {head: ""}, zone).get(row.pk, {})
    return found


def _check(name: str, subject: str, body: str, template: Template | None, channel: str) -> Analysis:
    faults = []
    if not name:
        faults.append(Fault("name", "A template needs a name."))
    else:
        same = Template.objects.filter(name_norm=Lowered(Value(name, output_field=TextField())))
        if (same.exclude(pk=template.pk) if template else same).exists():
            faults.append(Fault("name", f"There is a template “{name}” already."))
    if channel == "email" and not subject.strip():
        faults.append(Fault("subject", "An email needs a subject."))
    if not body.strip():
        faults.append(Fault("body" if channel == "email" else "text", "There is nothing in it."))
    analysis = (
        analyse(subject, body, known_fields()) if channel == "email" else analyse_text(body, known_fields())
    )
    if faults or analysis.faults:
        raise TemplateRefused((*faults, *analysis.faults))
    return analysis


def _version(
    template: Template, subject: str, body: str, analysis: Analysis, by: Member, now: datetime
) -> TemplateVersion:
    current = template.current
    if current is not None and (current.subject, current.body) == (subject, body):
        return current
    last = template.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = TemplateVersion.objects.create(
        template=template, number=last + 1, subject=subject, body=body, needed=sorted(analysis.needed),
        made_at=now, made_by=by,
    )  # fmt: skip
    template.current = version
    template.save(update_fields=["current"])
    return version
