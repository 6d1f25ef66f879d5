"""``manage.py export_sequences``: sequences as a YAML file, to stdout."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Value

from sequences.files.exporting import export
from sequences.models import Sequence
from sequences.refusals import Refused
from tenants.fields import Lowered
from tenants.instants import WRONG_ARGUMENT
from tenants.models import Tenant
from tenants.wall import use


class Command(BaseCommand):
    help = "Print sequences as a YAML file that a workspace can read, with their views and templates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="of sequences; else all of them")
        parser.add_argument("--tenant", required=True, metavar="SLUG")

    def handle(self, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no workspace “{options['tenant']}”", returncode=WRONG_ARGUMENT)
        with use(tenant):
            try:
                self.stdout.write(export(_named(options["names"])), ending="")
            except Refused as refused:
                raise CommandError(refused.message) from refused


def _named(names: list[str]) -> list[Sequence]:
    every = Sequence.objects.select_related("owner__user", "sender__user", "plan").order_by("pk")
    if not names:
        return list(every)
    found = {name: every.filter(name_norm=Lowered(Value(name))).first() for name in names}
    if missing := [name for name, sequence in found.items() if sequence is None]:
        raise CommandError(f"there is no sequence “{missing[0]}”", returncode=WRONG_ARGUMENT)
    return [sequence for sequence in found.values() if sequence]
