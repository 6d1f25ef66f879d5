"""An import of 500,000 people beside a bare COPY and INSERT … SELECT of the same file, and what memory it takes.

The import reads, checks and names each row, finds who is known, makes the companies and counts; the floor takes what it
gets. Both are committed, both write to the same table with all its indexes, behind the wall. An import has a process of
its own, whose highest mark is kept. The same file is uploaded through the page to a web of one process.
"""

from __future__ import annotations

import http.client
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from audience.imports.files import PIECE
from audience.models import Contact, ImportJob
from bench.engine import expect, say
from bench.harness import Figure, in_turn, median, seconds
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.processes import Running

ROWS, COMPANIES, RUNS = 500_000, 20_000, 2
HEADER = "Email,First name,Last name,Job title,Mobile,Company,Lifecycle stage,Country,City,Created at,Score"
STAGES = ("Lead", "Prospect", "Customer", "")
PLACES = (("Germany", "Berlin", "+49 151 "), ("France", "Lyon", "+33 6 "), ("Spain", "Sevilla", "+34 6 "))

ALONE = """
import sys, time, django
from django.core.management import call_command
django.setup()
start = time.perf_counter()
call_command("import_records", *sys.argv[1:])
print(time.perf_counter() - start, next(line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line))
"""
"""The kernel's own highest mark: that of wait() has the parent's memory in it, too."""
BOUNDARY = "bench-of-imports"
Result = TypeVar("Result")

FLOOR = """
INSERT INTO audience_account (name, created_at) SELECT DISTINCT company, now() FROM bench_stage;
ANALYZE bench_stage, audience_account (tenant_id, name);
INSERT INTO audience_contact (email, email_norm, first_name, last_name, job_title, mobile, sms_number, account_id,
                              lifecycle_stage, country, city, created_at, score)
SELECT s.email, lower(s.email), s.first_name, s.last_name, s.job_title, s.mobile, replace(s.mobile, ' ', ''), a.id,
       coalesce(s.stage, ''), s.country, s.city, s.created_at, s.score
FROM bench_stage s JOIN audience_account a ON a.name = s.company
"""
STAGE = """
CREATE TEMPORARY TABLE bench_stage (email text, first_name text, last_name text, job_title text, mobile text,
                                    company text, stage text, country text, city text, created_at timestamptz,
                                    score float8) ON COMMIT DROP
"""


def measure(rows: int = ROWS, runs: int = RUNS) -> Iterator[list[Figure]]:
    """import, import_mb and import_upload_mb."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        write_people(file, rows)
        say(f"importing {rows:,} rows, {file.stat().st_size / 1e6:.0f} MB, {runs} times ...")
        marks: list[float] = []
        ours, theirs = in_turn(
            runs,
            partial(among_nobody, lambda tenant: product(tenant, file, rows, marks)),
            partial(among_nobody, lambda tenant: seconds(partial(floor, tenant, file, rows))),
        )
        note = f"{rows:,} rows, {file.stat().st_size / 1e6:.0f} MB; beside COPY and INSERT … SELECT of them"
        yield [
            Figure("import", median(ours), "s", 2.5, floor=median(theirs), runs=ours, note=note),
            Figure("import_mb", max(marks), "MB", 400, runs=marks, note="peak of the process that imports"),
        ]
        say("uploading it ...")
        peak, before = among_nobody(partial(upload, file, Path(folder)))
        note = f"peak of the web's process while the file is uploaded; {before:.0f} before"
        yield [Figure("import_upload_mb", peak, "MB", 400, runs=[peak], note=note)]


def write_people(file: Path, rows: int) -> None:
    """A file as systems export it: about 160 bytes a row, some quotes, few values that are not plain."""
    drawn = random.Random(1)
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(f"{HEADER}\r\n")
        for n in range(rows):
            country, city, code = PLACES[n % 3]
            company = f"Company {drawn.randrange(COMPANIES)}"
            company = f'"{company}, Inc."' if n % 5 == 0 else f"{company} GmbH"
            out.write(
                f"First{n % 1000}.Last{n % 5000}.{n}@{'long' if n % 2 else 'longer'}-company-name.example,"
                f"First{n % 1000},Lästname{n % 5000},Head of Procurement,{code}{10_000_000 + n},{company},"
                f"{STAGES[n % 4]},{country},{city},2026-0{1 + n % 9}-{1 + n % 28:02} 14:05,{n % 100}.5\r\n"
            )


def product(tenant: Tenant, file: Path, rows: int, marks: list[float]) -> float:
    """Seconds for the whole way of a file: kept, matched, started, worked to its end. Its memory is added to marks."""
    command = [sys.executable, "-c", ALONE, str(file), "--tenant", tenant.slug, "--kind", "contact"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    took, kilobytes = said.splitlines()[-1].split()
    with use(tenant):
        expect(ImportJob.objects.get().created, rows)
    marks.append(int(kilobytes) / 1024)
    return float(took)


def floor(tenant: Tenant, file: Path, rows: int) -> None:
    """The same rows by COPY into a table without keys and one INSERT."""
    with use(tenant), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(STAGE)
        with file.open("rb") as data, cursor.copy("COPY bench_stage FROM STDIN (FORMAT csv, HEADER)") as copy:
            while piece := data.read(PIECE):
                copy.write(piece)
        cursor.execute(FLOOR)
    with use(tenant):
        expect(Contact.objects.count(), rows)


def upload(file: Path, logs: Path, tenant: Tenant) -> tuple[float, float]:
    """Megabytes that the web's process has at most by then, after the file was uploaded through the page; and before.

    The page answers when the file is kept, read and its columns are matched.
    """
    with use(tenant):
        member = make_member("admin")
    client = Client()
    client.force_login(member.user)
    cookies = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    with Running(logs, "web") as running:
        web = http.client.HTTPConnection("127.0.0.1", running.port, timeout=120)
        page = _ask(web, "GET", cookies)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text[:500]
        before = _peak(running)
        body = [_part("csrfmiddlewaretoken", token[1]), _part("kind", "contact"), *_file_part(file)]
        size = str(sum(map(len, body)) + file.stat().st_size)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": size}
        answer = _ask(web, "POST", f"{cookies}; {page.cookie}", _pieces(body, file), headers)
        if answer.status != 302:
            raise SystemExit(f"the upload was answered with {answer.status}: {answer.text[:500]}")
        return _peak(running), before


class Answer:
    """What the web said."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.text = response.status, response.read().decode()
        self.cookie = (response.headers.get("Set-Cookie") or "").partition(";")[0]


def _ask(
    web: http.client.HTTPConnection, method: str, cookies: str, body: object = None, headers: object = None
) -> Answer:
    web.request(method, "/imports/new/", body=body, headers={"Cookie": cookies} | (headers or {}))  # type: ignore[arg-type, operator]
    return Answer(web.getresponse())


def _part(name: str, value: str) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _file_part(file: Path) -> list[bytes]:
    """What stands before and behind the bytes of the file, and a place for those between."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
    return [f"{head}Content-Type: text/csv\r\n\r\n".encode(), b"", f"\r\n--{BOUNDARY}--\r\n".encode()]


def _pieces(body: list[bytes], file: Path) -> Iterator[bytes]:
    for part in body:
        if part:
            yield part
            continue
        with file.open("rb") as data:
            yield from iter(partial(data.read, PIECE), b"")


def _peak(running: Running) -> float:
    """Megabytes at most, of the largest of the web's processes."""
    master = psutil.Process(running.group.processes["web"].pid)
    found = [master, *master.children(recursive=True)]
    marks = [Path(f"/proc/{one.pid}/status").read_text() for one in found]
    return max(int(re.search(r"VmHWM:\s+(\d+)", mark)[1]) for mark in marks if "VmHWM" in mark) / 1024  # type: ignore[index]


def among_nobody(work: Callable[[Tenant], Result]) -> Result:
    """Do the work in a new workspace with empty tables. To delete what was there takes longer than any import."""
    call_command("flush", interactive=False, verbosity=0)
    return work(make_tenant("imports"))
