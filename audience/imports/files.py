"""The file of an import, in the database: kept in pieces, so that nobody ever has the whole of it in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import partial

from audience.imports.decoding import Chunks
from audience.imports.reader import Table, read_table
from audience.imports.workbook import is_workbook, read_workbook
from audience.models import ImportFile, ImportJob

PIECE = 1024 * 1024
"""Bytes that are read and kept at a time."""


def keep(job: ImportJob, pieces: Iterable[bytes]) -> None:
    """Keep the bytes of a file, which come in pieces of any size, in pieces of about a megabyte."""
    held, number = bytearray(), 0
    for piece in pieces:
        held += piece
        while len(held) >= PIECE:
            _keep_piece(job, number, bytes(held[:PIECE]))
            del held[:PIECE]
            number += 1
    if held:
        _keep_piece(job, number, bytes(held))


def _keep_piece(job: ImportJob, number: int, data: bytes) -> None:
    ImportFile.objects.create(job=job, number=number, data=zlib.compress(data, 1))


def chunks_of(job: ImportJob) -> Iterator[bytes]:
    """The bytes of the file of an import that is not over."""
    number = 0
    while found := ImportFile.objects.filter(job=job, number=number).values_list("data", flat=True):
        yield zlib.decompress(found[0])
        number += 1


def table_of(job: ImportJob) -> Table:
    """The file as a table, read as the import says, each piece when it is needed. Raises Unreadable."""
    return _table(job, partial(chunks_of, job))


def table_held(job: ImportJob) -> Table:
    """As ``table_of``, with the packed pieces in memory: it can be read beside the database's work."""
    pieces = list(ImportFile.objects.filter(job=job).order_by("number").values_list("data", flat=True))
    return _table(job, lambda: map(zlib.decompress, pieces))


def _table(job: ImportJob, chunks: Chunks) -> Table:
    if is_workbook(chunks):
        return read_workbook(chunks, job.sheet)
    return read_table(chunks, job.encoding or None, job.delimiter or None)


def forget(job: ImportJob) -> None:
    """Delete the bytes; the import is over."""
    ImportFile.objects.filter(job=job).delete()
