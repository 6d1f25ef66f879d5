"""A tenant's own fields, choices and views."""

from __future__ import annotations

from django.db import models

from tenants.fields import TenantForeignKey, lowered
from tenants.models import Member, TenantModel


class CustomField(TenantModel):
    """A field that the tenant added to a record; its values stand in the slot column ``column``."""

    record = models.TextField(help_text="contact, account or opportunity")
    key = models.TextField(help_text="its name in conditions and templates")
    label = models.TextField()
    type = models.TextField(help_text="a name of audience.conditions.types")
    column = models.TextField(
        blank=True, help_text="the slot; empty for tags, which have a table of their own"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "record", "key"], name="custom_field_once"),
            models.UniqueConstraint(
                fields=["tenant", "record", "column"], condition=~models.Q(column=""), name="slot_used_once"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Choice(TenantModel):
    """One value of a choice field of this tenant: lifecycle stage, opportunity stage, a custom choice."""

    record = models.TextField()
    field = models.TextField(help_text="the field's key")
    value = models.TextField()
    value_norm = lowered("value")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "record", "field", "value_norm"], name="choice_once")
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.value


class SavedView(TenantModel):
    """A named condition group over one kind of record. Without conditions it is everyone (semantics 2.9)."""

    name = models.TextField()
    name_norm = lowered("name")
    record = models.TextField(default="contact")
    match = models.TextField(default="all")
    conditions = models.JSONField(default=list)
    owner = TenantForeignKey(Member, models.SET_NULL, null=True, blank=True)
    is_shared = models.BooleanField(default=False)
    columns = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="names of the fields that its list shows; empty: the usual",
    )
    sort = models.TextField(
        default="",
        db_default="",
        blank=True,
        help_text="name of a field, with - the greatest first; empty: the newest",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "record", "name_norm"], name="view_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class KeptFilter(TenantModel):
    """Conditions that are too long for an address, as that would have them (audience.kept)."""

    key = models.TextField(help_text="made of the content; stands in the address")
    asked = models.TextField(help_text="the conditions as parameters of an address")
    used_on = models.DateField(help_text="when it was asked for last (UTC)")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="kept_filter_once")]

    def __str__(self) -> str:
        return self.key
