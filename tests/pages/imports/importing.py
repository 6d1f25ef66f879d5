"""An import by page, step by step: what its tests share."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from audience.imports.work import Work
from audience.models import ImportJob
from tenants.wall import use
from tests.pages.somebody import Somebody, words

PEOPLE = "email,first name,Topics,Note\na@x.example,Ann,Sales;Hot,=1+1\nnobody,Ben,,\nc@x.example,Cas,,\n"
FORM = {"column-0": "email", "column-1": "first_name", "on_duplicate": "update"}


def upload(me: Somebody, text: str | bytes = PEOPLE, kind: str = "contact") -> str:
    """The address of the import of a file."""
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("people.csv", data)
    response = me.client.post("/imports/new/", {"file": file, "kind": kind})
    assert response.status_code == 302
    return response["Location"]


def started(me: Somebody, text: str = PEOPLE, **form: str) -> str:
    path = upload(me, text)
    response = me.client.post(f"{path}start/", FORM | form)
    assert response.status_code == 302, words(response.content.decode())
    return path


def work(me: Somebody, path: str, size: int = 2000, steps: int = 1000) -> None:
    doing = Work(int(path.split("/")[-2]), size=size)
    for _ in range(steps):
        with use(me.tenant):
            if not doing.step(now=now()):
                break


def counts_of(job: ImportJob) -> list[int]:
    job.refresh_from_db()
    return [job.created, job.updated, job.skipped, job.refused]
