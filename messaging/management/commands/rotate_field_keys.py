"""``manage.py rotate_field_keys``: encrypt every stored secret anew with the first of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from messaging.models import Mailbox
from tenants.models import Tenant
from tenants.secrets import Unreadable, rotate
from tenants.wall import use


class Command(BaseCommand):
    help = (
        "Encrypts the passwords of all mailboxes with the first key. Afterwards older keys can be taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, 0
        for tenant in Tenant.objects.order_by("pk"):
            with use(tenant):
                for mailbox in Mailbox.objects.exclude(smtp_password="").select_for_update().order_by("pk"):
                    try:
                        mailbox.smtp_password = rotate(mailbox.smtp_password)
                    except Unreadable as wrong:
                        self.stderr.write(f"{tenant.slug}: {mailbox.email}: {wrong}")
                        unreadable += 1
                    else:
                        mailbox.save(update_fields=["smtp_password"])
                        done += 1
        self.stdout.write(f"{done} encrypted with the first key, {unreadable} not readable")
        if unreadable:
            sys.exit(1)
