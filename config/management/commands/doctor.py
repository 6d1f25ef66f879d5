"""``manage.py doctor``: what Stepwise needs, and whether it is there."""

import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from config.looks import LOOKS, take
from config.senders import Finding, findings


class Command(BaseCommand):
    help = "Looks at database, Redis, beat, workers, mailboxes and the DNS of senders. Exit 1 if anything is wrong."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        is_well = True
        for finding in self._findings():
            self.stdout.write(f"{'ok  ' if finding.well else 'FAIL'} {finding.name:<10} {finding.line}")
            is_well = is_well and finding.well
        if not is_well:
            sys.exit(1)

    def _findings(self) -> Iterator[Finding]:
        for name, look in LOOKS.items():
            found = Finding(name, *take(look))
            yield found
            if name == "migrations" and not found.well:
                return  # without its tables there is nothing more to look at
        yield from findings()
