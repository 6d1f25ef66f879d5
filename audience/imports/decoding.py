"""Bytes of a file as text: which encoding, and whether they are text at all. Pure."""

from __future__ import annotations

import codecs

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NOT_TEXT = (
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"BM", "an image (BMP)"),
    (b"II*\x00", "an image (TIFF)"),
    (b"MM\x00*", "an image (TIFF)"),
    (b"RIFF", "an image or a recording (RIFF)"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file; save it as CSV"),
    (b"PK\x03\x04", "an Excel workbook or another packed file; save it as CSV"),
    (b"\x1f\x8b", "a packed file (gzip)"),
    (b"7z\xbc\xaf", "a packed file (7z)"),
    (b"{\\rtf", "a formatted document (RTF)"),
)
SAMPLE = 4096
FEW = 0.02


class Unreadable(ValueError):
    """The file cannot be read; the message says why, fit for a person."""


def decoded(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text and the name of its encoding: the one given, else BOM, else strict UTF-8, else Windows-1252.

    Raises Unreadable: empty, no text but an image, say, or not in the encoding given.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    if encoding:
        return _in(data, _known(encoding)), encoding
    _refuse_what_is_no_text(data)
    found = _by_mark(data) or _by_zeros(data)
    if found:
        return _in(data, found), found
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return _in(data, "cp1252"), "cp1252"
    except Unreadable as error:
        raise Unreadable("the file is in no encoding that is known here; save it as UTF-8") from error


def _known(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError as error:
        raise Unreadable(f"there is no encoding “{encoding}”") from error
    if not info._is_text_encoding:
        raise Unreadable(f"“{encoding}” is no encoding of text")
    return "utf-8-sig" if info.name == "utf-8" else info.name


def _in(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise Unreadable(f"the file is not in the encoding {encoding}: {error}") from error
    return text.removeprefix("\ufeff")


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
