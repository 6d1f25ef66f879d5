"""Bytes of a file as text: which encoding, and whether they are text at all. Pure."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator

Chunks = Callable[[], Iterator[bytes]]
"""The bytes of a file piece by piece, each time from the start: a file need not fit into memory."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
COMPOUND = b"\xd0\xcf\x11\xe0"
LOCKED = "EncryptedPackage".encode("utf-16-le")
"""What a workbook with a password holds, in a file of the old kind (MS-OFFCRYPTO 2.3.4)."""
NOT_TEXT = (
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"BM", "an image (BMP)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"RIFF", "an image or a recording (RIFF)"),
    (b"%PDF", "a PDF document"),
    (COMPOUND, "an old Excel or Word file; save it as CSV"),
    (b"PK\x03\x04", "a packed file (ZIP)"),
    (b"\x1f\x8b", "a packed file (gzip)"),
    (b"7z\xbc\xaf", "a packed file (7z)"),
    (b"{\\rtf", "a formatted document (RTF)"),
)
SAMPLE = 4096
FEW = 0.02


class Unreadable(ValueError):
    """The file cannot be read; the message says why, fit for a person."""


def whole(data: bytes) -> Chunks:
    """Bytes that are in memory already, as chunks."""
    return lambda: iter((data,))


def encoding_of(chunks: Chunks, told: str | None = None) -> str:
    """The name of the encoding: the one told, else by BOM, else UTF-8 where all of it is, else Windows-1252.

    Raises Unreadable: empty, no text but an image, say, or in no encoding that is known here.
    """
    sample = head_of(chunks, SAMPLE)
    if not sample:
        raise Unreadable("the file is empty")
    if told:
        _known(told)
        return told
    if sample.startswith(COMPOUND) and any(LOCKED in data for data in chunks()):
        raise Unreadable("the workbook is locked by a password")
    _refuse_what_is_no_text(sample)
    found = _by_mark(sample) or _by_zeros(sample)
    if found:
        return found
    for encoding in ("utf-8", "cp1252"):
        if _is_all(chunks, encoding):
            return encoding
    raise Unreadable("the file is in no encoding that is known here; save it as UTF-8")


def texts(chunks: Chunks, encoding: str) -> Iterator[str]:
    """The text piece by piece, its lines ended by newlines whatever ended them. Raises Unreadable."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(_known(encoding))(), translate=True)
    is_first = True
    try:
        for data in chunks():
            if piece := decoder.decode(data):
                yield piece.removeprefix("\ufeff") if is_first else piece
                is_first = False
        if piece := decoder.decode(b"", final=True):
            yield piece.removeprefix("\ufeff") if is_first else piece
    except UnicodeError as error:
        raise Unreadable(f"the file is not in the encoding {encoding}: {error}") from error


def head_of(chunks: Chunks, size: int) -> bytes:
    """The first bytes of a file, at least ``size`` where it has as many."""
    found = b""
    for data in chunks():
        found += data
        if len(found) >= size:
            break
    return found


def _known(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError as error:
        raise Unreadable(f"there is no encoding “{encoding}”") from error
    if not info._is_text_encoding:
        raise Unreadable(f"“{encoding}” is no encoding of text")
    return "utf-8-sig" if info.name == "utf-8" else info.name


def _is_all(chunks: Chunks, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for data in chunks():
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_what_is_no_text(data: bytes) -> None:
    for mark, what in NOT_TEXT:
        if data.startswith(mark) and (len(mark) > 2 or b"\x00" in data[:SAMPLE]):
            raise Unreadable(f"this is no CSV file but {what}")
    controls = sum(data.count(code, 0, SAMPLE) for code in range(1, 32) if code not in b"\t\n\r")
    if controls > FEW * min(len(data), SAMPLE):
        raise Unreadable("this is no CSV file: it is full of control characters")


def _by_mark(data: bytes) -> str | None:
    return next((encoding for bom, encoding in BOMS if data.startswith(bom)), None)


def _by_zeros(data: bytes) -> str | None:
    """UTF-16 without a mark: in western text every other byte is zero."""
    sample = data[: SAMPLE - SAMPLE % 2]
    half = len(sample) / 2
    if half and sample[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    return "utf-16-be" if half and sample[0::2].count(0) > half * 0.6 else None
