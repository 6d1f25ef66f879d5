"""Where this database sent last."""

from __future__ import annotations

from django.db import models


class Origin(models.Model):
    """A single row, outside the wall. Written by messaging.restored alone."""

    place = models.TextField(help_text="number of the cluster and of the database in it")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_origin")]

    def __str__(self) -> str:
        return self.place
