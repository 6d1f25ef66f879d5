"""Gives the ready roles of each tenant the action sending.stop, which there was not before."""

from typing import Any, ClassVar

from django.db import migrations

from tenants.operations import each_tenant

GIVEN = {"admin": "all", "sales_manager": "team", "sequence_manager": "all", "sales_rep": "own"}


def give(apps: Any) -> None:
    for role in apps.get_model("tenants", "Role").objects.filter(key__in=GIVEN):
        role.permissions.setdefault("sending.stop", GIVEN[role.key])
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tenants", "0002_sending")]

    operations: ClassVar = [each_tenant(give)]
