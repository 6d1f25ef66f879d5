"""``manage.py prepare``: bring the database up to date and, in demonstration mode, fill it."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrates; in demonstration mode also fills the demonstration and prints its sign-ins."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.MODE == "demo":
            call_command("seed_demo", stdout=self.stdout)
