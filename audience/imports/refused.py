"""The refused rows of an import as a file that a person mends and imports again."""

from __future__ import annotations

import csv
import io
from tempfile import TemporaryFile
from typing import BinaryIO

from audience.formulas import guarded
from audience.imports.matching import LINE, REASON
from audience.models import ImportJob

ROWS_AT_A_TIME = 2000


def refused_rows(job: ImportJob) -> BinaryIO:
    """The rows under the header of the file, each with its line and reason first; on disk, as they may be many."""
    file = TemporaryFile()  # noqa: SIM115 (whoever answers with it closes it)
    with_mark = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)  # Excel wants it
    writer = csv.writer(with_mark)
    writer.writerow([LINE, REASON, *map(guarded, job.header)])
    for row in job.refusals.order_by("line", "pk").iterator(chunk_size=ROWS_AT_A_TIME):
        writer.writerow([row.line, row.reason, *map(guarded, row.cells)])
    with_mark.detach()
    file.seek(0)
    return file
