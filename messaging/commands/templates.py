"""Copying, archiving and bringing back templates. Writing them is messaging.templating.save_template."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Value

from messaging.models import Template, TemplateVersion
from messaging.templating import save_template
from tenants.commands import audit
from tenants.fields import Lowered
from tenants.models import Member
from tenants.naming import free_name
from tenants.policy import can, require

LONGEST_NAME = 200


def may_change(member: Member, template: Template) -> bool:
    """One's own personal templates by ``template.personal``, shared ones by ``template.shared``."""
    if template.is_shared:
        return can(member, "template.shared")
    return template.owner_id == member.pk and can(member, "template.personal")


@transaction.atomic
def copy_template(*, template: Template, by: Member, now: datetime) -> TemplateVersion:
    """A personal copy with a name of its own."""
    require(by, "template.personal")
    version = template.current
    return save_template(
        by=by,
        name=free_name(template.name, is_name_free, is_copy=True, most=LONGEST_NAME),
        subject=version.subject if version else "",
        body=version.body if version else "",
        channel=template.channel,
        is_shared=False,
        now=now,
    )


@transaction.atomic
def set_archived(*, template: Template, by: Member, now: datetime, archived: bool) -> bool:
    """Take a template out of the pickers, or put it back; whether that changed anything. Steps that name it keep it."""
    row = Template.objects.select_for_update(no_key=True).get(pk=template.pk)
    if (row.archived_at is not None) == archived:
        return False
    row.archived_at = now if archived else None
    row.save(update_fields=["archived_at"])
    audit(by=by, verb=f"template.{'archived' if archived else 'brought_back'}", obj=row, at=now)
    return True


def is_name_free(name: str) -> bool:
    """Whether no template of the workspace is called so, without case."""
    return not Template.objects.filter(name_norm=Lowered(Value(name))).exists()
