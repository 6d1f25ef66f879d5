"""``manage.py deliver``: send what is due, synchronously (interface.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from messaging import due, reaper, restored
from messaging.delivery import Clock, visit
from messaging.leaving import in_order
from messaging.models import Message
from tenants.instants import WRONG_ARGUMENT, moment
from tenants.models import Tenant
from tenants.wall import use

STATES = ("sent", "failed", "pending", "cancelled", "expired", "unknown")


class Command(BaseCommand):
    help = "Sends what is due, and prints how many messages came to which state; pending: how many wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--drain", action="store_true", help="go on until nothing is due")
        parser.add_argument("--at", metavar="ISO", help="what is due by then (not in production)")
        parser.add_argument("--tenant", metavar="SLUG", help="of this workspace only")
        parser.add_argument("--json", action="store_true", help="one object")

    def handle(self, *args: Any, **options: Any) -> None:
        at = moment(options["at"])
        clock: Clock = now if at is None else lambda: at
        tenants = _tenants(options["tenant"])
        if restored.look(now=clock()):
            self.stderr.write(f"All sending is stopped: {restored.REASON}.")
        counts: Counter[str] = Counter()
        with in_order() as is_told:
            while done := sum((deliver(tenant_id, clock, is_told) for tenant_id in tenants), Counter()):
                counts += done
                if is_told() or not options["drain"]:
                    break
        counts["pending"] = sum(_waiting(tenant_id) for tenant_id in tenants)
        found = {state: counts[state] for state in STATES}
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            self.stdout.write("  ".join(f"{count} {state}" for state, count in found.items()))


def deliver(tenant_id: int, clock: Clock, ending: Callable[[], bool]) -> Counter[str]:
    """One round: what is overdue, then a visit to each mailbox that has something to do."""
    counts = reaper.reap(tenant_id, now=clock())
    for _, mailbox_id in due.mailboxes(now=clock(), tenant_id=tenant_id):
        counts += visit(tenant_id, mailbox_id, clock=clock, ending=ending)
    return counts


def _tenants(slug: str | None) -> list[int]:
    if slug is None:
        return list(Tenant.objects.filter(is_scratch=False).order_by("pk").values_list("pk", flat=True))
    found = Tenant.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"there is no workspace “{slug}”", returncode=WRONG_ARGUMENT)
    return [found]


def _waiting(tenant_id: int) -> int:
    with use(tenant_id):
        return Message.objects.filter(state__in=["pending", "leased"]).count()
