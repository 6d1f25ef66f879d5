"""What this floor keeps that names fields: templates and signatures."""

from __future__ import annotations

from collections.abc import Iterator

from audience.fields import Field
from audience.uses import Use
from messaging.liquid.syntax import read
from messaging.models import Template
from tenants.models import Member


def texts_of_field(field: Field) -> Iterator[Use]:
    """The templates that are in use, and the signatures, that name a field."""
    for template in Template.objects.filter(archived_at=None).select_related("current"):
        version = template.current
        if version and (
            is_written(field, version.subject)
            or is_written(field, version.body, html=template.channel == "email")
        ):
            yield Use("template", template.name, f"/templates/{template.pk}/")
    for member in Member.objects.filter(is_active=True).exclude(signature="").select_related("user"):
        if is_written(field, member.signature, html=True):
            yield Use("signature of", member.name)


def is_written(field: Field, text: str, *, html: bool = False) -> bool:
    """Whether a text names the field. Only what its key stands in is read."""
    return field.key in text and field.name in read(text, html=html).fields
