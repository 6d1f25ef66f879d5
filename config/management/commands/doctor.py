"""``manage.py doctor``: what Stepwise needs, and whether it is there."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.health import LOOKS, take


class Command(BaseCommand):
    help = (
        "Looks at database, role, encoding, migrations, Redis, beat and workers. Exit 1 if anything is wrong."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = {name: take(look) for name, look in LOOKS.items()}
        for name, (well, line) in found.items():
            self.stdout.write(f"{'ok  ' if well else 'FAIL'} {name:<11}{line}")
        if not all(well for well, _ in found.values()):
            sys.exit(1)
