from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.server import start
from config.demo.store import MailStore


class Command(BaseCommand):
    help = "Run the SMTP server of the demonstration mailbox on loopback, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "production":
            raise CommandError("The demonstration mailbox exists in demonstration mode only.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        controller = start(MailStore(settings.DEMO_MAIL_DIR), settings.DEMO_SMTP_PORT)
        self.stdout.write(f"demonstration mailbox: SMTP on 127.0.0.1:{settings.DEMO_SMTP_PORT}")
        stop.wait()
        controller.stop()
