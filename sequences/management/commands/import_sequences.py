"""``manage.py import_sequences``: bring the sequences of a YAML file into a workspace, as drafts."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from audience.commands.views import CannotSave
from messaging.templating import TemplateRefused
from sequences.commands.files import arriving, import_library, known_to
from sequences.files.library import read_library
from sequences.files.scenario import FaultyFile
from sequences.refusals import Refused
from tenants.instants import WRONG_ARGUMENT
from tenants.models import Member, Tenant
from tenants.wall import use


class Command(BaseCommand):
    help = "Bring the sequences of a YAML file into a workspace, as drafts of a member."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--as", required=True, metavar="EMAIL", dest="member", help="whose they become")
        parser.add_argument("--dry-run", action="store_true", help="say what would be made and do nothing")

    def handle(self, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no workspace “{options['tenant']}”", returncode=WRONG_ARGUMENT)
        try:
            text = Path(options["file"]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{options['file']} cannot be read: {error}", returncode=WRONG_ARGUMENT
            ) from error
        with use(tenant):
            by = Member.objects.filter(user__email=options["member"].strip().lower(), is_active=True).first()
            if by is None:
                raise CommandError(f"there is no member “{options['member']}”", returncode=WRONG_ARGUMENT)
            self._bring(text, by, options)

    def _bring(self, text: str, by: Member, options: dict[str, Any]) -> None:
        try:
            library = read_library(text, file=options["file"], known=known_to(by))
            names = [name for _, name in arriving(library, by=by).sequences]
            if not options["dry_run"]:
                names = [one.name for one in import_library(library=library, by=by, now=now())]
        except FaultyFile as faulty:
            raise CommandError(str(faulty), returncode=WRONG_ARGUMENT) from faulty
        except PermissionDenied as denied:
            raise CommandError(f"{by.email} may not create sequences") from denied
        except (Refused, CannotSave, TemplateRefused) as refused:
            raise CommandError(str(refused)) from refused
        for name in names:
            self.stdout.write(name)
