"""``manage.py import_records``: the import of the screens, by command (interface: Commands)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audience.catalogue import CannotMakeField
from audience.conditions.types import FieldType
from audience.fields import ACCOUNT, CONTACT
from audience.imports import jobs
from audience.imports.cells import DAY_FIRST, MONTH_FIRST, suggested_type
from audience.imports.checking import Check
from audience.imports.decoding import Unreadable
from audience.imports.jobs import CannotImport, Choices, NewField
from audience.imports.work import Turns, Work
from audience.models import ImportJob
from tenants.models import Tenant
from tenants.wall import use

PIECE = 1024 * 1024


class DryRun(Exception):
    """Rolls back what a dry run did."""


class Command(BaseCommand):
    help = "Import contacts or companies from a CSV or Excel file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--kind", required=True, choices=(CONTACT, ACCOUNT))
        parser.add_argument(
            "--on-duplicate",
            default=ImportJob.UPDATE,
            choices=(ImportJob.UPDATE, ImportJob.SKIP, ImportJob.CREATE),
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="a field that there is not yet is made: FIELD:TYPE, or the type of its cells; COLUMN= leaves it out",
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE", help="the same for every row"
        )
        parser.add_argument("--encoding")
        parser.add_argument("--delimiter")
        parser.add_argument("--sheet", help="of a workbook; else the first that has rows")
        parser.add_argument("--dates", choices=(DAY_FIRST, MONTH_FIRST), help="what 01/02/2026 begins with")
        parser.add_argument("--decimal", choices=(",", "."), help="the decimal sign of numbers like 1.234")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and do nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no workspace “{options['tenant']}”", returncode=2)
        try:
            if options["dry_run"]:
                result = self._try(tenant, options)
            else:
                with use(tenant):
                    job = self._chosen(options)
                    jobs.start(job, by=None, at=timezone.now(), is_worked_here=True)
                result = self._work(tenant, Work(job.pk))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}", returncode=2) from error
        except (Unreadable, CannotMakeField, CannotImport) as error:
            raise CommandError(f"{options['file']}: {error}", returncode=2) from error
        self._print(result, options)

    def _try(self, tenant: Tenant, options: dict[str, Any]) -> dict[str, Any]:
        """What would happen. No record is touched, and of the import itself nothing stays."""
        result: dict[str, Any] = {}
        try:
            with use(tenant):
                job = self._chosen(options)
                jobs.check(job, at=timezone.now(), is_worked_here=True)
                result = self._work(tenant, Check(job.pk))
                raise DryRun
        except DryRun:
            return result

    def _chosen(self, options: dict[str, Any]) -> ImportJob:
        path = Path(options["file"])
        with path.open("rb") as file:
            job = jobs.open_import(
                by=None,
                data=iter(partial(file.read, PIECE), b""),
                file_name=path.name,
                kind=options["kind"],
                at=timezone.now(),
                encoding=options["encoding"],
                delimiter=_delimiter(options["delimiter"]),
                sheet=options["sheet"],
            )
        columns, new = _mapped(job, options["map"])
        constants = dict(_pair(given) for given in options["set"])
        for key in constants:
            if key not in columns and not jobs.is_field(job, key) and key not in new:
                new[key] = NewField(key, key.replace("_", " "), suggested_type(key, [constants[key]]))
        choices = Choices(
            columns,
            constants,
            options["on_duplicate"],
            new.values(),
            options["dates"] or "",
            options["decimal"] or "",
        )
        jobs.choose(job, choices, by=None)
        return job

    def _work(self, tenant: Tenant, turns: Turns) -> dict[str, Any]:
        more = True
        while more:
            with use(tenant):
                more = turns.step(now=timezone.now())
        with use(tenant):
            job = ImportJob.objects.get(pk=turns.job_id)
            if job.is_under_way:
                raise CommandError("a worker has taken the import over; its page shows how far it is")
            return {
                "created": job.created,
                "updated": job.updated,
                "skipped": job.skipped,
                "refused": list(job.refusals.order_by("line").values("line", "reason")),
                "warnings": job.warnings + job.forecast.get("warnings", []),
            }

    def _print(self, result: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        for warning in result["warnings"]:
            self.stderr.write(f"warning: {warning}")
        for refusal in result["refused"]:
            self.stderr.write(f"line {refusal['line']}: {refusal['reason']}")
        counts = (f"{result[name]:,} {name}" for name in ("created", "updated", "skipped"))
        would = "would be: " if options["dry_run"] else ""
        self.stdout.write(f"{would}{', '.join(counts)}, {len(result['refused']):,} refused")


def _delimiter(given: str | None) -> str | None:
    return {"\\t": "\t", "tab": "\t"}.get(given, given) if given else None


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.rpartition("=") if given.endswith("=") else given.partition("=")
    if not equals:
        raise CannotImport(f"“{given}” is not NAME=VALUE.")
    return name, value


def _mapped(job: ImportJob, given: list[str]) -> tuple[list[str], dict[str, NewField]]:
    """The field of each column, matched by itself or by hand, and the fields to be made."""
    columns, new = list(job.columns), {}
    for pair in given:
        name, field = _split_mapping(pair, job.header)
        place = jobs.column_named(job, name)
        key, _, type_ = field.strip().removeprefix(f"{job.kind}.").partition(":")
        columns = [other if other != key or n == place else "" for n, other in enumerate(columns)]
        columns[place] = key
        if key and not jobs.is_field(job, key):
            cells = (row[place] for row in job.sample)
            new[key] = NewField(key, name.strip(), _type(type_) if type_ else suggested_type(name, cells))
    return columns, new


def _split_mapping(pair: str, header: list[str]) -> tuple[str, str]:
    """``Column=field``; a column may have an equals sign in its name."""
    for name in header:
        if pair.startswith(f"{name}="):
            return name, pair.removeprefix(f"{name}=")
    return _pair(pair)


def _type(name: str) -> FieldType:
    try:
        return FieldType(name.replace("-", "_"))
    except ValueError as error:
        raise CannotImport(f"There is no type “{name}”.") from error
