"""An import of 500,000 people beside a bare COPY and INSERT … SELECT of the same file.

The import reads, checks and names each row, finds who is known, makes the companies and counts; the floor takes what it
gets. Both are committed, both write to the same table with all its indexes, behind the wall.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from audience.imports import jobs
from audience.imports.files import PIECE
from audience.imports.work import Work
from audience.models import Contact, ImportJob
from bench.engine import expect
from bench.harness import Figure, in_turn, median, seconds
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_tenant

ROWS, COMPANIES, RUNS = 500_000, 20_000, 3
HEADER = "Email,First name,Last name,Job title,Mobile,Company,Lifecycle stage,Country,City,Created at,Score"
STAGES = ("Lead", "Prospect", "Customer", "")
PLACES = (("Germany", "Berlin", "+49 151 "), ("France", "Lyon", "+33 6 "), ("Spain", "Sevilla", "+34 6 "))

ALONE = """
import sys, django
from django.core.management import call_command
django.setup()
call_command("import_records", *sys.argv[1:])
print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""The kernel's own highest mark: that of wait() has the parent's memory in it, too."""

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
    """import and import_memory of the issue's table."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        write_people(file, rows)
        print(f"importing {rows:,} rows, {file.stat().st_size / 1e6:.0f} MB, {runs} times ...", flush=True)
        ours, theirs = in_turn(
            runs,
            partial(among_nobody, lambda tenant: seconds(partial(product, tenant, file, rows))),
            partial(among_nobody, lambda tenant: seconds(partial(floor, tenant, file, rows))),
        )
        megabytes = among_nobody(partial(memory, file))
    yield [
        Figure("import", median(ours), "s", 2.5, floor=median(theirs), runs=ours, note=f"{rows:,} rows"),
        Figure("import_memory", megabytes, "MB", 400, note="peak of the process that imports"),
    ]


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


def product(tenant: Tenant, file: Path, rows: int) -> None:
    """The whole way of a file: kept, matched, started, worked to its end."""
    with file.open("rb") as data, use(tenant):
        pieces = iter(partial(data.read, PIECE), b"")
        job = jobs.open_import(by=None, data=pieces, file_name=file.name, kind="contact", at=now())
        assert all(job.columns), job.columns
        jobs.start(job, by=None, at=now(), is_worked_here=True)
    work, more = Work(job.pk), True
    while more:
        with use(tenant):
            more = work.step(now=now())
    with use(tenant):
        expect(ImportJob.objects.get(pk=job.pk).created, rows)


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


def memory(file: Path, tenant: Tenant) -> float:
    """Megabytes that a process of its own has at most, from its start to the end of the import."""
    command = [sys.executable, "-c", ALONE, str(file), "--tenant", tenant.slug, "--kind", "contact"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(said.split()[-2]) / 1024


def among_nobody(work: Callable[[Tenant], float]) -> float:
    """Do the work in a new workspace with empty tables. To delete what was there takes longer than any import."""
    call_command("flush", interactive=False, verbosity=0)
    return work(make_tenant("imports"))
