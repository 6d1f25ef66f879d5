from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo.seed import seed


class Command(BaseCommand):
    help = "Fill the demonstration's workspaces where they are missing, and print who can sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "production":
            raise CommandError("The demonstration exists in demonstration mode only.")
        for sign_in in seed(now=timezone.now()):
            self.stdout.write(str(sign_in))
