from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.server import start
from config.demo.store import MailStore
from config.embedded import ports


class Command(BaseCommand):
    help = "Run the SMTP server of the demonstration mailbox on loopback, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "production":
            raise CommandError("The demonstration mailbox exists in demonstration mode only.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            listening = ports.handed_over() or ports.listen(settings.DEMO_SMTP_PORT)
        except OSError as error:
            raise CommandError(f"Port {settings.DEMO_SMTP_PORT}: {error.strerror}") from error
        controller = start(MailStore(settings.DEMO_MAIL_DIR), listening)
        self.stdout.write(f"demonstration mailbox: SMTP on 127.0.0.1:{ports.number_of(listening)}")
        stop.wait()
        controller.stop()
