"""``manage.py tick``: work every instant that is due, synchronously (interface.md)."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from messaging import restored
from sequences import ticking
from sequences.engine.adaptive.instant import is_kept
from sequences.ticking import Failed, Worked
from tenants.instants import WRONG_ARGUMENT, moment
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Works every run that is due, in order, and prints a line for each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            metavar="ISO",
            help="work what is due by then, each instant as on time (not in production)",
        )
        parser.add_argument("--tenant", metavar="SLUG", help="of this workspace only")
        parser.add_argument("--json", action="store_true", help="one object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        at = moment(options["at"])
        has_failed = False
        if restored.look(now=at or now()):
            self.stderr.write(f"All sending is stopped: {restored.REASON}.")
        for tenant in tenants(options["tenant"], at or now()):
            done, failed = ticking.work_tenant(tenant.pk, now=at or now(), is_on_time=at is not None)
            for worked in done:
                if not is_kept(worked.run):
                    continue  # an instant of an adaptive sequence at which there was nothing to do
                self.stdout.write(as_json(tenant, worked) if options["json"] else as_line(tenant, worked))
            for failure in failed:
                self.stderr.write(said(tenant, failure))
            has_failed = has_failed or bool(failed)
        for line in waiting(options["tenant"], at or now()):
            self.stderr.write(line)
        if has_failed:
            sys.exit(1)


def tenants(slug: str | None, by: datetime) -> list[Tenant]:
    """Those in which something is due, or the one that is named."""
    if slug is None:
        due = ticking.tenants_due(by)
        found = Tenant.objects.in_bulk(due)
        return [found[pk] for pk in due if pk in found]
    named = Tenant.objects.filter(slug=slug).first()
    if named is None:
        raise CommandError(f"there is no workspace “{slug}”", returncode=WRONG_ARGUMENT)
    return [named]


def as_json(tenant: Tenant, worked: Worked) -> str:
    run = worked.run
    return json.dumps(
        {
            "tenant": tenant.slug,
            "sequence": worked.sequence.name,
            "scheduled_for": run.scheduled_for.astimezone(worked.sequence.timezone).isoformat(),
            "entered": run.entered,
            "executed": run.executed,
            "skipped": run.skipped,
            "held": run.held,
            "exited": run.exited,
            "missed": run.ordinal is None,
        },
        ensure_ascii=False,
    )


def as_line(tenant: Tenant, worked: Worked) -> str:
    run, sequence = worked.run, worked.sequence
    local = f"{run.scheduled_for.astimezone(sequence.timezone):%Y-%m-%d %H:%M}"
    if run.ordinal is None:
        return f"{tenant.slug}  {sequence.name}  {local}  missed"
    counts = ("entered", "executed", "skipped", "held", "exited")
    return f"{tenant.slug}  {sequence.name}  {local}  " + "  ".join(f"{getattr(run, n)} {n}" for n in counts)


def waiting(slug: str | None, by: datetime) -> Iterator[str]:
    """A line for each run that failed and waits for its next try."""
    named = Tenant.objects.get(slug=slug) if slug else None
    for sequence, retry_at in ticking.put_off_until(by, named.pk if named else None):
        until = f"{retry_at.astimezone(sequence.timezone):%Y-%m-%d %H:%M:%S}"
        yield f"{sequence.tenant.slug}: {sequence.name}: its run failed and is tried again at {until}"


def said(tenant: Tenant, failure: Failed) -> str:
    return f"{tenant.slug}: {failure}: {failure.__cause__}"
