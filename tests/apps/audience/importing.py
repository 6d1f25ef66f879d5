"""An import from file to result: what its tests share."""

from __future__ import annotations

from typing import Any

from audience.catalogue import catalogue
from audience.fields import Field
from audience.imports import jobs
from audience.imports.jobs import Choices
from audience.imports.work import Work
from audience.models import ImportJob
from tests.factories import NOW


def opened(text: str | bytes, kind: str = "contact", **options: Any) -> ImportJob:
    data = text if isinstance(text, bytes) else text.encode()
    return jobs.open_import(by=None, data=data, file_name="people.csv", kind=kind, at=NOW, **options)


def begin(job: ImportJob, columns: list[str] | None = None, **options: Any) -> None:
    jobs.choose(job, Choices(job.columns if columns is None else columns, **options), by=None)
    jobs.start(job, by=None, at=NOW)


def worked(job: ImportJob, size: int = 2000) -> ImportJob:
    work = Work(job.pk, size=size)
    while work.step(now=NOW):
        pass
    job.refresh_from_db()
    return job


def imported(text: str | bytes, kind: str = "contact", size: int = 2000, **options: Any) -> ImportJob:
    job = opened(text, kind)
    begin(job, **options)
    return worked(job, size)


def counts(job: ImportJob) -> dict[str, int]:
    found = {name: getattr(job, name) for name in ("created", "updated", "skipped", "refused")}
    assert sum(found.values()) == job.done == job.total, refusals(job)
    return {name: count for name, count in found.items() if count}


def refusals(job: ImportJob) -> list[tuple[int, str]]:
    return list(job.refusals.order_by("line").values_list("line", "reason"))


def field(key: str) -> Field:
    found = catalogue().get("contact", key)
    assert found
    return found
