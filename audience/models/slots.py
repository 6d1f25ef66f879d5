"""Typed slot columns for custom fields.

A row of the catalogue (CustomField) maps a tenant's field to one of these columns. Typed columns, not jsonb: behind
the wall an index is used for leakproof comparisons of plain types only.
"""

from __future__ import annotations

from django.db import models

from tenants.fields import lowered

TEXT = [f"text_{n:02}" for n in range(1, 21)]
NUMBER = [f"number_{n:02}" for n in range(1, 13)]
DATE = [f"date_{n:02}" for n in range(1, 9)]
DATE_TIME = [f"datetime_{n:02}" for n in range(1, 5)]
YES_NO = [f"yesno_{n:02}" for n in range(1, 9)]


class Slots(models.Model):
    """The slot columns of a record; a text slot has its lowered twin ``…_norm``."""

    class Meta:
        abstract = True


for name in TEXT:
    Slots.add_to_class(name, models.TextField(null=True, blank=True))
    Slots.add_to_class(f"{name}_norm", lowered(name))
for name in NUMBER:
    Slots.add_to_class(name, models.FloatField(null=True, blank=True))
for name in DATE:
    Slots.add_to_class(name, models.DateField(null=True, blank=True))
for name in DATE_TIME:
    Slots.add_to_class(name, models.DateTimeField(null=True, blank=True))
for name in YES_NO:
    Slots.add_to_class(name, models.BooleanField(null=True, blank=True))
